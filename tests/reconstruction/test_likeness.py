"""The likeliest head in the place of the registered one."""

import dataclasses

import numpy as np
import pytest

from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.likeness import (
    MOST,
    LikenessModel,
    estimate_coefficients,
    face_vertices,
    likeliest,
    likeness_strength,
    shown_deviations,
    shown_points,
)
from pix2vertex_blender.template import Template


@pytest.fixture(scope="module")
def model(template: Template) -> LikenessModel:
    """An estimate for which people differ in one way only: how deep the face is. It takes half of what is shown."""
    face = face_vertices(template)
    points = np.flatnonzero(face)[::8]
    depth = np.zeros((1, len(template.vertices), 3))
    depth[0, :, 2] = template.vertices[:, 2] - template.vertices[face, 2].mean()
    rotation = fit_similarity(template.vertices[face] + 0.1 * depth[0][face], template.vertices[face])
    depth[0] = 10 * (rotation.apply(template.vertices + 0.1 * depth[0]) - template.vertices)
    depth /= np.linalg.norm(depth[0][face])
    shown = depth[0][points].ravel()
    regression = np.concatenate([0.5 * shown / (shown @ shown), np.zeros(len(points))])[:, None]
    count = len(points)
    return LikenessModel(points, np.zeros((count, 3)), np.ones(count), 3.0, regression, np.zeros(1), depth)


def test_points_are_found_where_the_maps_show_them(template, look_at) -> None:
    view = look_at(template.vertices, 20)
    points = np.flatnonzero(face_vertices(template))[::20]
    places, seen = shown_points(view.maps, template.canonical[points])
    distance = np.linalg.norm(places - view.truth[points], axis=1)
    assert 0.4 < seen.mean() < 0.95 and np.median(distance[seen]) < 1.0 and np.percentile(distance[seen], 95) < 4.0


def test_pose_and_size_change_nothing_of_what_is_shown(template, model, look_at) -> None:
    straight, turned = (look_at(template.vertices, yaw) for yaw in (0, 25))
    one, other = (shown_deviations(view.maps, template, model.points) for view in (straight, turned))
    assert one is not None and other is not None
    both = one[1] & other[1]
    assert np.median(np.linalg.norm(one[0] - other[0], axis=1)[both]) < 1.5


def test_the_part_in_which_people_differ_is_replaced_and_the_rest_stays(template, model, look_at) -> None:
    """A mole of its own stays on a head whose depth is half taken back."""
    view = look_at(template.vertices, 15)
    mole = np.zeros_like(template.vertices)
    mole[template.landmarks_68[33]] = (0.0, 0.0, 2.0)
    registered = view.truth + mole
    strong = likeliest(registered, view.maps, model, 1.0)
    weak = likeliest(registered, view.maps, model, 0.5)
    np.testing.assert_allclose(likeliest(registered, view.maps, model, 0.0), registered, atol=1e-9)
    np.testing.assert_allclose(weak - registered, (strong - registered) / 2, atol=1e-9)
    change = strong - registered
    tip = template.landmarks_68[33]
    near = np.linalg.norm(template.vertices - template.vertices[tip], axis=1) < 8
    assert np.abs(change[tip] - change[near].mean(axis=0)).max() < 0.5, "smooth at the mole"


def test_every_point_stays_where_the_photo_shows_it(template, model, look_at) -> None:
    view = look_at(template.vertices, 15)
    shallow = view.truth * (1.0, 1.0, 0.8)
    deeper = likeliest(shallow, view.maps, model)
    np.testing.assert_allclose(view.maps.camera.project(deeper), view.maps.camera.project(shallow), atol=1e-9)
    tip, ear = template.landmarks_68[33], template.landmarks_68[0]
    assert np.ptp(deeper[[tip, ear], 2]) > np.ptp(shallow[[tip, ear], 2]) + 2, "as deep as the maps say"


def test_the_surer_the_maps_the_more_the_head_is_the_likeliest() -> None:
    strengths = [likeness_strength(confidence) for confidence in (0.0, 0.6, 0.7, 0.8, 1.0)]
    assert strengths == pytest.approx([0.0, 0.0, MOST / 2, MOST, MOST])


def test_too_little_of_a_face_says_nothing(template, model, look_at) -> None:
    view = look_at(template.vertices, 15)
    few = np.zeros_like(view.maps.mask)
    few[40:44, 40:60] = True
    maps = dataclasses.replace(view.maps, mask=few & view.maps.mask)
    np.testing.assert_array_equal(likeliest(view.truth, maps, model), view.truth)


def test_coefficients_are_those_of_each_head(model) -> None:
    generator = np.random.default_rng(0)
    shown = generator.normal(size=(3, len(model.points), 3))
    seen = np.ones((3, len(model.points)), dtype=bool)
    all_three = estimate_coefficients(model, shown, seen)
    np.testing.assert_allclose(all_three[1], estimate_coefficients(model, shown[1], seen[1]))
