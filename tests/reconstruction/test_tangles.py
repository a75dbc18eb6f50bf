"""Lips that corrections have driven into each other."""

import numpy as np
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
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


def test_a_head_without_crossings_stays_in_any_frame(template: Template) -> None:
    turned = Similarity(0.9, Rotation.from_euler("yx", [40, 20], degrees=True).as_matrix(), np.array([1.0, 50, 900]))
    head = turned.apply(template.vertices * (1.05, 0.97, 1.1))
    np.testing.assert_allclose(untangled(head), head, atol=1e-6)
