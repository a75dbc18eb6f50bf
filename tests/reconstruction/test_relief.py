"""The finer forms of the likeliest head on the coarse ones of the registered head."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.likeness import Likeness, LikenessModel, load_likeness
from pix2vertex_blender.reconstruction.relief import local_rotations, with_likely_relief
from pix2vertex_blender.reconstruction.several.evidence import averaged
from pix2vertex_blender.template import Template

TURNED = Similarity(1.1, Rotation.from_euler("xyz", [20, -35, 10], degrees=True).as_matrix(), np.array([5.0, -3, 80]))


@pytest.fixture(scope="module")
def model() -> LikenessModel:
    return load_likeness()


@pytest.fixture(scope="module")
def somebody(model) -> Likeness:
    """A person as far from the mean as people are."""
    basis_sizes = 30 * np.random.default_rng(3).standard_normal(len(model.coefficient_mean))
    return Likeness(basis_sizes / np.arange(1, len(basis_sizes) + 1) ** 0.5, 1.0)


@pytest.fixture(scope="module")
def head(template: Template, model, somebody):
    return template.vertices + np.einsum("k,knc->nc", somebody.coefficients, model.basis)


def bump(template: Template, landmark: int, width: float) -> np.ndarray:
    """A bump (n, 3) of one millimetre towards the front."""
    squared = ((template.vertices - template.vertices[template.landmarks_68[landmark]]) ** 2).sum(axis=1)
    return np.exp(-squared / (2 * width**2))[:, None] * (0.0, 0.0, 1.0)


def test_a_head_that_is_the_likeliest_one_stays_as_it_is(model, somebody, head) -> None:
    np.testing.assert_allclose(with_likely_relief(head, somebody, model), head, atol=0.02)


def test_what_is_fine_goes_and_what_is_coarse_stays(template, model, somebody, head) -> None:
    """A pimple on a cheek that only this network saw, and a cheek that is really fuller."""
    cheek = 2  # beside the jaw's landmark
    pimple, full = bump(template, cheek, 2.5), bump(template, cheek, 30.0)
    vertex = template.landmarks_68[cheek]
    left = [
        (with_likely_relief(head + form, somebody, model) - with_likely_relief(head, somebody, model))[vertex, 2]
        for form in (pimple, full)
    ]
    assert left[0] < 0.3 and left[1] > 0.6


def test_the_lips_of_a_smoothed_head_come_back(template, model, somebody, head) -> None:
    """What maps blur: the registered head has lips only as far as a smooth head has."""
    face = template.groups["face"] * (1 - template.groups["eyelids"])
    blurred = head + face[:, None] * (averaged(head, 4) - head)
    sharp = with_likely_relief(blurred, somebody, model)
    lips = (template.groups["upper_lip"] + template.groups["lower_lip"]) * face > 0.9

    def error(vertices: np.ndarray) -> float:
        return float(np.linalg.norm(vertices - head, axis=1)[lips].mean())

    assert error(sharp) < 0.5 * error(blurred)


def test_the_frame_does_not_matter(model, somebody, head) -> None:
    rough = head + np.random.default_rng(1).normal(0, 0.3, head.shape)
    expected = TURNED.apply(with_likely_relief(rough, somebody, model))
    np.testing.assert_allclose(with_likely_relief(TURNED.apply(rough), somebody, model), expected, atol=1e-6)


def test_lids_and_what_is_no_face_stay(template, model, somebody, head) -> None:
    rough = head + np.random.default_rng(1).normal(0, 0.3, head.shape)
    groups = template.groups
    kept = (groups["eyelids"] == 1) | (groups["face"] + groups["mouth_interior"] + groups["nostril_interior"] == 0)
    np.testing.assert_array_equal(with_likely_relief(rough, somebody, model)[kept], rough[kept])


def test_who_is_not_known_gets_the_mean_forms(template, model) -> None:
    rest = template.vertices
    rough = rest + np.random.default_rng(1).normal(0, 0.5, rest.shape)
    nobody = Likeness(np.full(len(model.coefficient_mean), 20.0), 0.0)
    smooth = with_likely_relief(rough, None, model)
    face = template.groups["face"] * (1 - template.groups["eyelids"]) > 0.9
    assert np.linalg.norm(smooth - rest, axis=1)[face].mean() < 0.4 * np.linalg.norm(rough - rest, axis=1)[face].mean()
    np.testing.assert_allclose(with_likely_relief(rough, nobody, model), smooth)


def test_local_rotations_are_those_of_a_rigid_motion(template) -> None:
    turns = local_rotations(template.vertices, TURNED.apply(template.vertices))
    np.testing.assert_allclose(turns, np.broadcast_to(TURNED.rotation, turns.shape), atol=1e-6)
