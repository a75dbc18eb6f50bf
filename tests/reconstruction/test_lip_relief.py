"""Thin lips stand out less than full ones, and nothing else of the face changes with them."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.corrections.lip_relief import in_proportion, lip_heights
from pix2vertex_blender.template import load_template

Points = NDArray[np.float64]


def slid(share: float) -> Points:
    """The template with lips of this share of their height: its skin has slid along the vertical from their opening."""
    template = load_template()
    lips = template.groups["upper_lip"] + template.groups["lower_lip"] > 0.5
    opening = template.landmark_points(template.vertices)[[61, 62, 63, 65, 66, 67], 1].mean()
    vertices = template.vertices.copy()
    vertices[lips, 1] = opening + share * (vertices[lips, 1] - opening)
    return vertices


def foremost(lip: str) -> int:
    """The vertex of a lip that stands out farthest."""
    template = load_template()
    return int(np.where(template.groups[lip] > 0.5, template.vertices[:, 2], -np.inf).argmax())


@pytest.mark.parametrize("lip", ["upper_lip", "lower_lip"])
@pytest.mark.parametrize("share", [0.7, 1.3])
def test_lips_stand_out_as_much_more_as_they_are_higher(share: float, lip: str) -> None:
    forwards = (in_proportion(slid(share), load_template().vertices) - slid(share))[foremost(lip), 2]
    assert forwards * (share - 1) > 0
    assert 0.1 < abs(forwards) < 2


def test_lips_that_have_not_slid_stay() -> None:
    vertices = load_template().vertices
    np.testing.assert_array_equal(in_proportion(vertices, vertices), vertices)


def test_the_rest_of_the_face_stays() -> None:
    template = load_template()
    changed = np.linalg.norm(in_proportion(slid(0.7), template.vertices) - slid(0.7), axis=1)
    far = np.linalg.norm(template.vertices - template.landmark_points(template.vertices)[62], axis=1) > 50
    assert changed.max() > 0.3
    assert changed[far].max() < 0.02


def test_a_turned_head_of_another_size_gets_the_same_lips() -> None:
    turn = Similarity(1.0, np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), np.array([5.0, -3.0, 80.0]))
    before, vertices = load_template().vertices, slid(0.7)
    expected = turn.apply(in_proportion(vertices, before))
    np.testing.assert_allclose(in_proportion(turn.apply(vertices), turn.apply(before)), expected, atol=1e-8)


def test_lips_are_measured_by_their_height() -> None:
    template = load_template()
    np.testing.assert_allclose(lip_heights(slid(0.7)) / lip_heights(template.vertices), 0.7, atol=0.12)


def test_no_lip_turns_inside_out() -> None:
    """However thin it is, the skin looks to the same side as before."""
    template = load_template()
    triangles = triangulate(template.faces)
    lips = (template.groups["upper_lip"] + template.groups["lower_lip"] > 0.5)[triangles].all(axis=1)
    corners = [vertices[triangles[lips]] for vertices in (slid(0.2), in_proportion(slid(0.2), template.vertices))]
    before, after = (np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]) for c in corners)
    assert (np.einsum("tc,tc->t", before, after) > 0).all()
