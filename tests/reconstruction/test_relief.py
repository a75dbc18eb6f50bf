"""The finer forms of the mean head on the coarse ones of a head whose likeliest one is not known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.likeness.model import load_likeness
from pix2vertex_blender.reconstruction.relief import local_rotations, with_mean_relief
from pix2vertex_blender.reconstruction.several.evidence import averaged
from pix2vertex_blender.template import Template

TURNED = Similarity(1.1, Rotation.from_euler("xyz", [20, -35, 10], degrees=True).as_matrix(), np.array([5.0, -3, 80]))


@pytest.fixture(scope="module")
def head(template: Template):
    """Somebody as far from the mean head as people are, but for finer forms."""
    model = load_likeness()
    coefficients = np.zeros(len(model.coefficient_mean))
    coefficients[:4] = (60.0, -40.0, 30.0, 20.0)
    return template.vertices + np.einsum("k,knc->nc", coefficients, model.basis)


def bump(template: Template, landmark: int, width: float) -> np.ndarray:
    """A bump (n, 3) of one millimetre towards the front."""
    squared = ((template.vertices - template.vertices[template.landmarks_68[landmark]]) ** 2).sum(axis=1)
    return np.exp(-squared / (2 * width**2))[:, None] * (0.0, 0.0, 1.0)


def test_the_mean_head_stays_as_it_is(template) -> None:
    np.testing.assert_allclose(with_mean_relief(template.vertices, 1.0), template.vertices, atol=1e-6)


def test_what_is_fine_goes_and_what_is_coarse_stays(template, head) -> None:
    """A pimple on a cheek that only the network saw, and a cheek that is really fuller."""
    cheek = 2  # beside the jaw's landmark
    pimple, full = bump(template, cheek, 2.5), bump(template, cheek, 30.0)
    vertex = template.landmarks_68[cheek]
    left = [(with_mean_relief(head + form, 1.0) - with_mean_relief(head, 1.0))[vertex, 2] for form in (pimple, full)]
    assert left[0] < 0.3 and left[1] > 0.6


def test_the_lips_of_a_smoothed_head_come_back(template) -> None:
    """What maps blur: the registered head has lips only as far as a smooth head has."""
    sharp, face = template.vertices, template.groups["face"] * (1 - template.groups["eyelids"])
    blurred = sharp + face[:, None] * (averaged(sharp, 4) - sharp)
    lips = (template.groups["upper_lip"] + template.groups["lower_lip"]) * face > 0.9

    def error(vertices: np.ndarray) -> float:
        return float(np.linalg.norm(vertices - sharp, axis=1)[lips].mean())

    assert error(with_mean_relief(blurred, 1.0)) < 0.5 * error(blurred)


def test_half_of_it_lies_half_way(head) -> None:
    rough = head + np.random.default_rng(1).normal(0, 0.3, head.shape)
    none, half, all_of_it = (with_mean_relief(rough, share) for share in (0.0, 0.5, 1.0))
    np.testing.assert_array_equal(none, rough)
    np.testing.assert_allclose(half - rough, (all_of_it - rough) / 2, atol=1e-9)


def test_the_frame_does_not_matter(head) -> None:
    rough = head + np.random.default_rng(1).normal(0, 0.3, head.shape)
    expected = TURNED.apply(with_mean_relief(rough, 1.0))
    np.testing.assert_allclose(with_mean_relief(TURNED.apply(rough), 1.0), expected, atol=1e-6)


def test_lids_and_what_is_no_face_stay(template, head) -> None:
    rough = head + np.random.default_rng(1).normal(0, 0.3, head.shape)
    groups = template.groups
    kept = (groups["eyelids"] == 1) | (groups["face"] + groups["mouth_interior"] + groups["nostril_interior"] == 0)
    np.testing.assert_array_equal(with_mean_relief(rough, 1.0)[kept], rough[kept])


def test_local_rotations_are_those_of_a_rigid_motion(template) -> None:
    turns = local_rotations(template.vertices, TURNED.apply(template.vertices))
    np.testing.assert_allclose(turns, np.broadcast_to(TURNED.rotation, turns.shape), atol=1e-6)
