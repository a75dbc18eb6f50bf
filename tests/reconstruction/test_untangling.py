import numpy as np
import pytest

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.registration.contacts import Folds
from pix2vertex_blender.reconstruction.registration.untangling import Untangler, affine_displacement


@pytest.fixture(scope="module")
def triangles(template):
    return triangulate(template.faces)


@pytest.fixture(scope="module")
def untangler(template, triangles):
    return Untangler(template.vertices, triangles, Folds(template.vertices, triangles))


def test_a_mesh_without_tangles_is_left_as_it_is(template, untangler, deformed):
    for vertices in (template.vertices, deformed):
        repaired, tangles = untangler.repair(vertices)
        assert repaired is vertices
        assert not tangles.any.any()


@pytest.mark.parametrize("corner", ["right_mouth", "left_mouth"])
def test_lips_that_cross_in_a_corner_of_the_mouth_are_parted(template, triangles, untangler, corner):
    middle = template.vertices[template.corners[corner]] + [0.1 * (corner == "left_mouth") - 0.05, 0, 0]
    x, y, z = (template.vertices - middle).T
    near = np.exp(-((x / 3) ** 2) - (y / 3) ** 2 - (z / 6) ** 2)
    crossed = template.vertices - np.outer(1.6 * np.tanh(y / 0.3) * near, [0.0, 1.0, 0.0])
    assert len(intersecting_triangles(crossed, triangles)) > 0
    assert untangler.find(crossed).any.any()
    repaired, tangles = untangler.repair(crossed)
    assert not tangles.any.any()
    assert len(intersecting_triangles(repaired, triangles)) == 0
    far = np.linalg.norm(template.vertices - middle, axis=1) > 20
    np.testing.assert_array_equal(repaired[far], crossed[far])


def test_a_fold_is_smoothed(template, triangles, untangler):
    tip = template.vertices[template.landmarks_68[33]]
    near = np.linalg.norm(template.vertices - tip, axis=1) < 2.5
    folded = template.vertices.copy()
    folded[near] += [0, 0, -5.0]
    assert untangler.find(folded).folded.any()
    repaired, tangles = untangler.repair(folded)
    assert not tangles.any.any()
    assert np.linalg.norm(repaired - folded, axis=1).max() < 10


def test_an_affine_field_is_its_own_nearest():
    generator = np.random.default_rng(1)
    points = generator.normal(size=(300, 3))
    linear = 0.2 * generator.normal(size=(3, 3))
    field = points @ linear + [1, 2, 3]
    np.testing.assert_allclose(affine_displacement(points, field), field, atol=0.1)
    flat = points * [1, 1, 1e-9]
    assert np.abs(affine_displacement(flat, flat @ linear + 0.01 * generator.normal(size=(300, 3)))).max() < 2
