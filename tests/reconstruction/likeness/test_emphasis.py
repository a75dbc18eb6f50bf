"""A head with more of its own."""

import numpy as np
import pytest

from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.likeness.emphasis import EMPHASIS, EYES_REACH, TOLD_WELL, emphasised
from pix2vertex_blender.reconstruction.likeness.model import LikenessModel, load_likeness, own_coefficients


@pytest.fixture(scope="module")
def model() -> LikenessModel:
    return load_likeness()


def somebody(template, model, *places: int) -> np.ndarray:
    """A head that differs from the mean one in some ways, 20 mm in all over the face."""
    coefficients = np.zeros(len(model.basis))
    coefficients[list(places)] = 20.0
    return template.vertices + np.einsum("k,knc->nc", coefficients, model.basis)


def test_the_mean_head_and_a_faces_proportions_stay(template, model) -> None:
    for head in (template.vertices, somebody(template, model, 0, 1)):
        np.testing.assert_allclose(emphasised(head, 1.0, model), head, atol=0.05)


def test_what_is_ones_own_grows_as_far_as_it_is_trusted(template, model) -> None:
    place = TOLD_WELL + 4
    head = somebody(template, model, place)
    grown = [own_coefficients(emphasised(head, strength, model), model)[0][place] for strength in (0.0, 0.5, 1.0)]
    own = grown[0]
    assert own == pytest.approx(20.0, rel=0.02)
    assert 1.0 + 0.7 * (EMPHASIS - 1) < grown[2] / own <= EMPHASIS + 1e-6, "less at the eyes"
    assert grown[1] - own == pytest.approx((grown[2] - own) / 2, rel=0.01)


def test_eyes_stay_where_they_are(template, model) -> None:
    head = somebody(template, model, *range(TOLD_WELL, 30))
    moved = np.linalg.norm(emphasised(head, 1.0, model) - head, axis=1)
    corners = template.vertices[template.landmarks_68[36:48]]
    distance = np.linalg.norm(template.vertices[:, None] - corners, axis=2).min(axis=1)
    face = template.groups["face"] > 0.5
    assert moved[distance < 0.3 * EYES_REACH].max() < 0.15 * moved[face].max()


def test_the_frame_does_not_matter(template, model) -> None:
    turned = Similarity(1.2, np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.array([5.0, 0, 300]))
    head = somebody(template, model, 8, 9)
    expected = turned.apply(emphasised(head, 1.0, model))
    np.testing.assert_allclose(emphasised(turned.apply(head), 1.0, model), expected, atol=1e-6)
