import numpy as np
import pytest

from pix2vertex_blender.geometry.mesh import (
    boundary_edges,
    normalise,
    sum_to_vertices,
    triangle_normals,
    triangulate,
    unique_edges,
    vertex_areas,
    vertex_normals,
)

CUBE = np.array(np.meshgrid([-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0], indexing="ij")).reshape(3, -1).T
CUBE_QUADS = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])


def test_quads_become_two_triangles_each_that_run_the_same_way():
    triangles = triangulate(CUBE_QUADS)
    assert triangles.shape == (12, 3)
    np.testing.assert_array_equal(triangles[::2], CUBE_QUADS[:, :3])
    np.testing.assert_allclose(triangle_normals(CUBE, triangles)[::2], triangle_normals(CUBE, triangles)[1::2])


def test_triangles_stay_as_they_are_and_other_polygons_are_named():
    triangles = triangulate(CUBE_QUADS)
    assert triangulate(triangles) is triangles
    with pytest.raises(ValueError, match=r"\(2, 5\)"):
        triangulate(np.zeros((2, 5), dtype=int))


def test_a_convex_mesh_has_outward_normals_and_its_own_area():
    normals = vertex_normals(CUBE, CUBE_QUADS)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    assert ((normals * CUBE).sum(axis=1) > 0.9).all()
    assert vertex_areas(CUBE, CUBE_QUADS).sum() == pytest.approx(24.0)


def test_normals_of_a_closed_mesh_add_to_nothing_and_scale_with_area():
    triangles = triangulate(CUBE_QUADS)
    np.testing.assert_allclose(triangle_normals(CUBE, triangles).sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(triangle_normals(3 * CUBE, triangles), 9 * triangle_normals(CUBE, triangles))


def test_a_vertex_without_faces_has_a_zero_normal():
    vertices = np.vstack([CUBE, [5.0, 5.0, 5.0]])
    np.testing.assert_array_equal(vertex_normals(vertices, CUBE_QUADS)[-1], 0)
    np.testing.assert_array_equal(normalise(np.zeros((2, 3))), 0)


def test_sums_reach_every_corner():
    triangles = np.array([[0, 1, 2], [2, 1, 3]])
    values = np.array([[1.0, 10.0], [2.0, 20.0]])
    expected = [[1, 10], [3, 30], [3, 30], [2, 20], [0, 0]]
    np.testing.assert_array_equal(sum_to_vertices(values, triangles, 5), expected)


def test_edges_are_listed_once_and_a_hole_has_a_border():
    assert len(unique_edges(CUBE_QUADS)) == 12
    assert len(boundary_edges(CUBE_QUADS)) == 0
    border = boundary_edges(CUBE_QUADS[1:])
    assert sorted(map(tuple, np.sort(border, axis=1))) == [(0, 1), (0, 2), (1, 3), (2, 3)]
