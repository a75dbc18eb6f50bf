"""The likeliest head in the place of the registered one."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.similarity import Similarity, fit_similarity
from pix2vertex_blender.reconstruction.likeness.emphasis import SPREAD, spread
from pix2vertex_blender.reconstruction.likeness.estimate import (
    AGREEING,
    CONTRARY,
    Likeness,
    agreement_strength,
    blend,
    disagreement,
    estimate,
    estimate_coefficients,
    likeness_strength,
)
from pix2vertex_blender.reconstruction.likeness.likeliest import PROPORTIONS, likeliest
from pix2vertex_blender.reconstruction.likeness.model import LikenessModel, face_vertices, load_likeness
from pix2vertex_blender.reconstruction.likeness.shown import shown_deviations, shown_points
from pix2vertex_blender.template import Template, load_template

#: What an identity network says that is not listened to.
UNREAD = np.full((2, 1), 1e3)


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
    maps_alone = np.array([[1.0], [0.0]]), np.zeros(1)
    return LikenessModel(points, np.zeros((count, 3)), np.ones(count), 3.0, regression, np.zeros(1), depth, *maps_alone)


def likely_in(view, template: Template, model: LikenessModel, strength: float = 1.0) -> Likeness:
    found = shown_deviations(view.maps, template, model.points)
    assert found is not None
    return Likeness(estimate_coefficients(model, *found), strength)


def as_view(maps) -> np.ndarray:
    """What a network would have to say for these maps, (8, S, S)."""
    half = len(maps.mask) / 2 / maps.camera.scale
    return np.concatenate(
        [
            np.where(maps.mask, 5.0, -5.0)[None],
            np.moveaxis(np.nan_to_num(maps.correspondence), -1, 0),
            np.moveaxis(np.nan_to_num(maps.geometry), -1, 0) / half,
            np.full((1, *maps.mask.shape), -5.0),
        ]
    ).astype(np.float32)


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


def test_what_people_do_not_differ_in_goes(template, model, look_at) -> None:
    """A pimple that only the maps show, on a head whose depth is half taken back: its depth goes, as far as trusted."""
    view = look_at(template.vertices, 0)
    pimple = np.zeros_like(template.vertices)
    tip = template.landmarks_68[33]
    pimple[tip] = (1.0, 0.0, 2.0)
    registered = view.truth + pimple
    strong, weak, none = (
        likeliest(registered, view.maps.camera, likely_in(view, template, model, strength), model)
        for strength in (1.0, 0.5, 0.0)
    )
    np.testing.assert_allclose(none, registered, atol=1e-9)
    np.testing.assert_allclose(weak - registered, (strong - registered) / 2, atol=1e-9)
    near = np.linalg.norm(template.vertices - template.vertices[tip], axis=1) < 8
    change = strong - registered
    left = pimple[tip] + change[tip] - change[near & (np.arange(len(near)) != tip)].mean(axis=0)
    assert abs(left[2]) < 0.5, "nothing of its depth"
    assert 0.1 < left[0] < 0.5, "in the picture a quarter of it"


def test_what_is_nearer_stays_where_the_photo_shows_it(template, model, look_at) -> None:
    view = look_at(template.vertices, 0)
    shallow = view.truth * (1.0, 1.0, 0.8)
    deeper = likeliest(shallow, view.maps.camera, likely_in(view, template, model), model)
    camera = view.maps.camera
    in_picture = np.linalg.norm(camera.project(deeper) - camera.project(shallow), axis=1) / camera.scale
    tip, ear = template.landmarks_68[33], template.landmarks_68[0]
    deepened = np.ptp(deeper[[tip, ear], 2]) - np.ptp(shallow[[tip, ear], 2])
    assert deepened > 2, "as deep as the maps say"
    assert in_picture[face_vertices(template)].max() < 0.25 * deepened


@pytest.mark.parametrize(("place", "least"), [(0, 0.8), (PROPORTIONS, 2.0)])
def test_what_is_beside_its_place_is_drawn_to_it(template, model, look_at, place, least) -> None:
    """People who differ in how wide the face is: one that is too narrow is widened, less if that is its proportions."""
    view = look_at(template.vertices, 0)
    wide = np.zeros((place + 1, *model.basis.shape[1:]))
    wide[place, :, 0] = template.vertices[:, 0]
    wide /= np.linalg.norm(wide[place][face_vertices(template)])
    model = dataclasses.replace(model, basis=wide)
    narrow = view.truth * (0.95, 1.0, 1.0)
    widened = likeliest(narrow, view.maps.camera, Likeness(np.zeros(place + 1), 1.0), model)
    ears = template.landmarks_68[[0, 16]]
    assert least < np.ptp(widened[ears, 0]) - np.ptp(narrow[ears, 0]) < 3 * least


def test_a_picture_and_its_mirror_image_are_weighed_alike(template, model, look_at) -> None:
    one, other = (as_view(look_at(template.vertices * (1, 1, depth), 10).maps) for depth in (1.0, 1.05))
    alone = [estimate(np.stack([view, view]), UNREAD, 1.0, model) for view in (one, other)]
    both = estimate(np.stack([one, other]), UNREAD, 1.0, model)
    assert both is not None and both.strength == 1.0
    expected = np.mean([likeness.coefficients for likeness in alone if likeness is not None], axis=0)
    np.testing.assert_allclose(both.coefficients, expected)


def test_a_head_that_picture_and_mirror_image_tell_differently_is_not_followed(template, model, look_at) -> None:
    """The less, the more they differ: here each shows a head of another depth."""
    views = [as_view(look_at(template.vertices * (1, 1, depth), 10).maps) for depth in (1.0, 1.05, 1.6)]
    same, near, far = (estimate(np.stack([views[0], other]), UNREAD, 1.0, model) for other in views)
    assert same is not None and near is not None and far is not None
    assert same.apart == pytest.approx(0.0, abs=1e-6)
    assert 0.05 < near.apart < AGREEING < CONTRARY < far.apart
    assert (same.strength, near.strength, far.strength) == (1.0, 1.0, 0.0)
    strengths = [agreement_strength(apart) for apart in (0.0, AGREEING, (AGREEING + CONTRARY) / 2, CONTRARY, 9.0)]
    assert strengths == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])


def joined(model: LikenessModel, share: float) -> NDArray[np.float64]:
    """What makes so much of each coefficient the network's and the rest that of the maps."""
    same = np.eye(len(model.basis))
    return np.concatenate([(1 - share) * same, share * same])


def test_what_the_network_reads_counts_for_the_agreement_as_it_does_for_the_head() -> None:
    """Readings that mirror each other agree, whatever the head; others differ by as many millimetres as they say."""
    shipped = load_likeness()
    shipped = dataclasses.replace(shipped, joint=joined(shipped, 1.0))
    generator = np.random.default_rng(2)
    head, nothing = generator.normal(size=len(shipped.basis)), np.zeros((2, len(shipped.basis)))
    face = face_vertices(load_template())
    size = np.linalg.norm(np.einsum("k,knc->nc", head, shipped.basis)[face]) / np.sqrt(face.sum())
    mirrored = np.stack([head, head @ shipped.mirror])
    assert disagreement(shipped, nothing, mirrored) < 0.25 * size
    assert disagreement(shipped, nothing, np.stack([head, np.zeros_like(head)])) == pytest.approx(size, rel=0.01)
    deaf = dataclasses.replace(shipped, joint=joined(shipped, 0.0))
    assert disagreement(deaf, nothing, np.stack([head, np.zeros_like(head)])) == 0


def test_the_surer_the_maps_the_more_the_head_is_the_likeliest() -> None:
    strengths = [likeness_strength(confidence) for confidence in (0.0, 0.6, 0.7, 0.8, 1.0)]
    assert strengths == pytest.approx([0.0, 0.0, 0.5, 1.0, 1.0])


def test_too_little_of_a_face_says_nothing(template, model, look_at) -> None:
    view = look_at(template.vertices, 15)
    few = np.zeros_like(view.maps.mask)
    few[40:44, 40:60] = True
    maps = dataclasses.replace(view.maps, mask=few & view.maps.mask)
    nobody = np.full((1, 8, 64, 64), -10.0, dtype=np.float32)
    assert estimate(np.stack([as_view(maps)] * 2), UNREAD, 1.0, model) is None
    assert estimate(np.concatenate([nobody, nobody]), UNREAD, 1.0, model) is None


def test_coefficients_are_those_of_each_head(model) -> None:
    generator = np.random.default_rng(0)
    shown = generator.normal(size=(3, len(model.points), 3))
    seen = np.ones((3, len(model.points)), dtype=bool)
    all_three = estimate_coefficients(model, shown, seen)
    np.testing.assert_allclose(all_three[1], estimate_coefficients(model, shown[1], seen[1]))


def test_what_is_ones_own_grows_and_the_mean_head_stays(template, model) -> None:
    """In any frame; what the basis does not know, such as a mole, stays as it is."""
    mole = np.zeros_like(template.vertices)
    mole[template.landmarks_68[33]] = (0.0, 0.0, 2.0)
    own = 20 * model.basis[0]
    turned = Similarity(1.2, Rotation.from_euler("y", 50, degrees=True).as_matrix(), np.array([3.0, 0, 9]))
    np.testing.assert_allclose(spread(template.vertices, model), template.vertices, atol=1e-9)
    grown = turned.inverse().apply(spread(turned.apply(template.vertices + own + mole), model))
    change = grown - template.vertices - own - mole
    share = np.einsum("nc,nc->", change, model.basis[0]) / np.einsum("nc,nc->", own, model.basis[0])
    assert share == pytest.approx(SPREAD - 1, rel=0.1)
    assert np.abs(change - share * own).max() < 0.05


def test_the_mirrored_coefficients_are_those_of_the_mirrored_head(template) -> None:
    shipped = load_likeness()
    face = face_vertices(template)
    coefficients = np.random.default_rng(0).normal(size=len(shipped.basis))
    head = np.einsum("k,knc->nc", coefficients, shipped.basis)
    mirrored = np.einsum("k,knc->nc", coefficients @ shipped.mirror, shipped.basis)
    expected = (head * (-1, 1, 1))[template.mirror]
    wrong = np.linalg.norm((mirrored - expected)[face]) / np.linalg.norm(head[face])
    assert wrong < 0.2, "the basis says mirrored heads nearly as well"
    again = coefficients @ shipped.mirror @ shipped.mirror
    assert np.linalg.norm(again - coefficients) < 0.25 * np.linalg.norm(coefficients)


def test_maps_and_network_are_joined() -> None:
    shipped = load_likeness()
    count = len(shipped.basis)
    generator = np.random.default_rng(1)
    shown, picture = generator.normal(size=(2, count))
    read = np.stack([picture, picture @ shipped.mirror])
    offset = generator.normal(size=count)
    models = {
        name: dataclasses.replace(shipped, joint=joined(shipped, share), joint_offset=np.zeros(count))
        for name, share in (("maps", 0.0), ("network", 1.0), ("half", 0.5))
    }
    np.testing.assert_allclose(blend(models["maps"], shown, read), shown)
    alone = blend(models["network"], shown, read)
    assert np.linalg.norm(alone - picture) < 0.2 * np.linalg.norm(picture), "picture and mirror image agree"
    np.testing.assert_allclose(blend(models["half"], shown, read), (shown + alone) / 2)
    moved = dataclasses.replace(models["half"], joint_offset=offset)
    np.testing.assert_allclose(blend(moved, shown, read), (shown + alone) / 2 + offset)
    swapped = blend(models["network"], shown, read[::-1] @ shipped.mirror)
    assert np.linalg.norm(swapped - alone) < 0.2 * np.linalg.norm(alone), "which of the two is looked at first"
