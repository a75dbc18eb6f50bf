"""The lips go to the edges of the mouth's opening, touch where there is none, and stay where they are hidden."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.completion import with_seen_lips
from pix2vertex_blender.reconstruction.corrections.mouth import MouthParameters, fit_mouth, lip_lines
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.target import build_target
from training.paths import shared_folder


def lips_of(view, vertices):
    """Pixels (2, k, 2) of the edges of upper and lower lip."""
    lines = lip_lines()
    return view.maps.camera.project(vertices[lines.ravel()]).reshape(*lines.shape, 2)


def filled(polygon, size, enlargement=8):
    """How much of each pixel of a square grid lies in a polygon (k, 2)."""
    canvas = np.zeros((size * enlargement, size * enlargement), np.uint8)
    cv2.fillPoly(canvas, [np.round((polygon - 0.5 / enlargement) * enlargement).astype(np.int32)], 255)
    return cv2.resize(canvas, (size, size), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def with_opening(view, upper, lower):
    """The view with an opening between two lines of pixels (k, 2), blurred as a network's answer is."""
    opening = filled(np.concatenate([upper, lower[::-1]]), len(view.maps.mask))
    return replace(view, maps=replace(view.maps, opening=cv2.GaussianBlur(opening, (0, 0), 0.7)))


def fit(view, parameters=None):
    return fit_mouth(view.truth, TargetIndex(build_target(view.maps)), view.maps, parameters)


def gaps(view, vertices):
    """Distances (k,) between the lips in millimetres, corners left out."""
    upper, lower = lips_of(view, vertices)
    return np.linalg.norm(upper - lower, axis=1)[1:-1] / view.maps.camera.scale


@pytest.fixture(scope="module", params=[0.0, 25.0])
def view(look_at, deformed, request):
    return look_at(deformed, yaw=request.param)


def test_each_vertex_has_its_counterpart_and_its_mirror_image(template):
    upper, lower = lip_lines()
    assert upper[0] == lower[0]
    assert upper[-1] == lower[-1]
    np.testing.assert_array_equal(template.mirror[upper], upper[::-1])
    np.testing.assert_array_equal(template.mirror[lower], lower[::-1])
    apart = template.vertices[upper] - template.vertices[lower]
    assert apart[:, 1].min() > -0.1
    assert apart[:, 1].mean() > 0.5
    assert np.abs(apart[:, 0]).max() < 1.0
    assert (template.groups["mouth_interior"][np.concatenate([upper, lower])] == 0).all()


def test_lips_without_an_opening_touch(view):
    fitted = fit(view)
    before, after = gaps(view, view.truth), gaps(view, fitted)
    assert before.mean() > 0.5
    assert after.max() < 0.4
    far = np.linalg.norm(view.truth - view.truth[lip_lines()].mean(axis=(0, 1)), axis=1) > 45
    assert np.abs(fitted - view.truth)[far].max() < 0.05


def arch(view, height, width_share=1.0):
    """Edges of an opening, `height` millimetres high, over a share of the width of the lips."""
    middle = lips_of(view, view.truth).mean(axis=0)
    count = len(middle)
    first = round((1 - width_share) / 2 * (count - 1))
    middle = middle[first : count - first]
    rise = height / 2 * view.maps.camera.scale * np.sin(np.linspace(0, np.pi, len(middle)))
    return middle - np.column_stack([0 * rise, rise]), middle + np.column_stack([0 * rise, rise])


@pytest.mark.parametrize("height", [7.0, 20.0])
def test_lips_go_to_the_edges_of_an_open_mouth(view, height):
    upper, lower = arch(view, height)
    fitted = fit(with_opening(view, upper, lower))
    for line, edge in zip(lips_of(view, fitted), (upper, lower), strict=True):
        dense = np.column_stack([np.interp(np.linspace(0, 1, 400), np.linspace(0, 1, len(edge)), e) for e in edge.T])
        distance = np.linalg.norm(line[1:-1, None] - dense, axis=2).min(axis=1)
        assert distance.mean() < 0.5, "half a pixel of the maps"
        assert distance.max() < 1.5


def test_corners_stay_where_the_maps_have_them_when_the_opening_ends_elsewhere(view):
    sideways = np.array([3.0, 0.0])
    upper, lower = (edge + sideways for edge in arch(view, 9.0))
    fitted = fit(with_opening(view, upper, lower))
    moved = lips_of(view, fitted)[0] - lips_of(view, view.truth)[0]
    assert np.linalg.norm(moved[[0, -1]], axis=1).max() < 1.2
    found = gaps(view, fitted)
    assert found[len(found) // 2] == pytest.approx(9.0, abs=1.0)


def test_a_flat_opening_parts_the_lips_in_the_middle_only(view):
    upper, lower = arch(view, 1.9, width_share=0.5)
    fitted = fit(with_opening(view, upper, lower))
    found = gaps(view, fitted)
    assert found[len(found) // 2] == pytest.approx(1.9, abs=0.7)
    assert found[:4].max() < 0.4
    assert found[-4:].max() < 0.4
    corners = lips_of(view, fitted)[0, [0, -1]] - lips_of(view, view.truth)[0, [0, -1]]
    assert np.linalg.norm(corners, axis=1).max() < 0.7


def test_a_stray_spot_is_not_believed(view):
    spotted = with_opening(view, *arch(view, 6.0, width_share=0.2))
    np.testing.assert_array_equal(fit(spotted), view.truth)


def test_an_opening_whose_ends_are_not_seen_leaves_the_corners(view):
    upper, lower = arch(view, 9.0, width_share=0.65)
    fitted = fit(with_opening(view, upper, lower))
    found = gaps(view, fitted)
    assert found[len(found) // 2] == pytest.approx(9.0, abs=1.0)
    assert np.diff(found[: len(found) // 2]).min() > -0.6, "no waist between the corner and the middle"
    corners = lips_of(view, fitted)[0, [0, -1]] - lips_of(view, view.truth)[0, [0, -1]]
    assert np.linalg.norm(corners, axis=1).max() < 1.0


@pytest.mark.parametrize(("height", "width_share", "most"), [(9.0, 0.65, 0.6), (1.9, 0.5, 1.2)])
def test_shown_lips_have_no_kink_where_an_opening_ends(view, template, height, width_share, most):
    opened = with_opening(view, *arch(view, height, width_share))
    shown = template.subdivide(with_seen_lips(fit(opened), opened, 2), 2)[: len(view.truth)]
    assert np.abs(np.diff(gaps(view, shown), 2)).max() < most


def test_hidden_lips_stay(view):
    rows = np.arange(len(view.maps.mask))[:, None]
    below_the_nose = rows > lips_of(view, view.truth)[..., 1].min() - 5
    mask = view.maps.mask & ~below_the_nose
    hidden = replace(view, maps=replace(view.maps, mask=mask))
    target = TargetIndex(build_target(view.maps))
    np.testing.assert_array_equal(fit_mouth(view.truth, target, hidden.maps), view.truth)


def test_wide_open_lips_do_not_cut_each_other(view, template):
    triangles = triangulate(template.faces)
    fitted = fit(with_opening(view, *arch(view, 20.0)))
    lips = np.isin(triangles, lip_lines()).any(axis=1)
    before = len(intersecting_triangles(view.truth, triangles[lips]))
    assert len(intersecting_triangles(fitted, triangles[lips])) <= before


@pytest.mark.slow
def test_more_rounds_do_not_change_a_settled_mouth(view):
    opened = with_opening(view, *arch(view, 10.0))
    two, five = fit(opened), fit(opened, MouthParameters(rounds=5))
    assert np.abs(two - five).max() < 0.7


@pytest.mark.slow
@pytest.mark.development_data("photos")
@pytest.mark.parametrize("name", ["lfpw_image_0202", "lfpw_image_0015"])
def test_lips_of_a_real_face_do_not_cross_with_detail_either(name):
    folder = shared_folder() / "photos"
    face = json.loads((folder / "faces.json").read_text(encoding="utf-8"))[name]
    x, y, width, height = face["box"]
    result = reconstruct(folder / face["image"], Options(device="cpu", face_box=(x, y, width, height)))
    triangles = triangulate(result.faces)
    lips = (result.groups["mouth_interior"] + result.groups["upper_lip"] + result.groups["lower_lip"])[triangles]
    near = triangles[(lips > 0).any(axis=1)]
    assert len(intersecting_triangles(result.vertices, near)) == 0
    assert len(intersecting_triangles(result.vertices + result.detail, near)) == 0
