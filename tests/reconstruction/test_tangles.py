"""Lips that corrections have driven into each other."""

import numpy as np
from scipy.spatial.transform import Rotation

from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.corrections.mouth import lip_lines
from pix2vertex_blender.reconstruction.corrections.tangles import untangled
from pix2vertex_blender.template import Template


def crossing_lips(template: Template) -> np.ndarray:
    """The template with the middle of its lower lip pushed into the upper one."""
    lips = template.vertices[template.landmarks_68[66]]
    near = np.exp(-((template.vertices - lips) ** 2).sum(axis=1) / (2 * 5.0**2)) * template.groups["lower_lip"]
    return template.vertices + near[:, None] * (0.0, 3.0, 0.0)


def crossings(template: Template, vertices: np.ndarray) -> int:
    triangles = triangulate(template.faces)
    lips = template.groups["mouth_interior"] + template.groups["upper_lip"] + template.groups["lower_lip"]
    return len(intersecting_triangles(vertices, triangles[(lips[triangles] > 0).any(axis=1)]))


def test_lips_part_again_and_the_rest_stays(template: Template) -> None:
    crossing = crossing_lips(template)
    assert crossings(template, crossing) > 10 and crossings(template, template.vertices) == 0
    parted = untangled(crossing)
    assert crossings(template, parted) == 0
    far = np.linalg.norm(template.vertices - template.vertices[template.landmarks_68[66]], axis=1) > 40
    np.testing.assert_allclose(parted[far], crossing[far], atol=1e-6)


def test_parted_lips_stay_apart_where_a_fold_is_smoothed_in_their_corner(template: Template) -> None:
    opened = template.vertices + 0.6 * load_expressions().of("jawOpen").astype(float)
    upper, lower = lip_lines()[:, 2]
    folded = opened.copy()
    folded[np.linalg.norm(template.vertices - template.vertices[lower] + (0.0, 2.0, 0.0), axis=1) < 2.2] += (0, 0, -4.0)
    mended = untangled(folded)
    assert np.abs(mended - folded).max() > 1.0, "there was a fold"
    before, after = (np.linalg.norm(head[upper] - head[lower]) for head in (opened, mended))
    assert after > 0.7 * before


def test_a_head_without_crossings_stays_in_any_frame(template: Template) -> None:
    turned = Similarity(0.9, Rotation.from_euler("yx", [40, 20], degrees=True).as_matrix(), np.array([1.0, 50, 900]))
    head = turned.apply(template.vertices * (1.05, 0.97, 1.1))
    np.testing.assert_allclose(untangled(head), head, atol=1e-6)
