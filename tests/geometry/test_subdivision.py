import numpy as np
import pytest

from pix2vertex_blender.geometry.mesh import boundary_edges, triangulate, vertex_normals
from pix2vertex_blender.geometry.subdivision import catmull_clark, split_corners

CUBE = np.array([[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]])
CUBE_CORNERS = np.array(
    [[-1, -1, -1], [1, -1, -1], [1, 1, -1], [-1, 1, -1], [-1, -1, 1], [1, -1, 1], [1, 1, 1], [-1, 1, 1]], dtype=float
)


def grid(columns: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    index = np.arange((columns + 1) * (rows + 1)).reshape(rows + 1, columns + 1)
    faces = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    return faces, np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


def test_cube_follows_the_published_rule():
    step = catmull_clark(CUBE, 8)
    points = step.matrix @ CUBE_CORNERS
    assert points.shape == (26, 3)
    np.testing.assert_allclose(points[:8], CUBE_CORNERS * 5 / 9)
    np.testing.assert_allclose(np.sort(np.abs(points[8:20]), axis=1), np.tile([0, 0.75, 0.75], (12, 1)), atol=1e-12)
    np.testing.assert_allclose(np.sort(np.abs(points[20:]), axis=1), np.tile([0, 0, 1], (6, 1)), atol=1e-12)


def test_rows_sum_to_one_so_that_moving_the_mesh_moves_the_result():
    faces, _ = grid(3, 2)
    step = catmull_clark(faces, 12)
    np.testing.assert_allclose(np.asarray(step.matrix.sum(axis=1)).ravel(), 1)


def test_interior_of_a_regular_grid_stays_regular():
    faces, points = grid(6, 6)
    step = catmull_clark(faces, len(points))
    fine = step.matrix @ points
    inner = (points[:, :2] > 0.5).all(axis=1) & (points[:, :2] < 5.5).all(axis=1)
    np.testing.assert_allclose(fine[: len(points)][inner], points[inner], atol=1e-12)


def test_border_becomes_a_cubic_spline():
    faces, points = grid(4, 2)
    points[:5, 1] = [0, 1, 0, 0, 0]
    fine = catmull_clark(faces, len(points)).matrix @ points
    assert fine[1, 1] == pytest.approx(6 / 8)
    assert fine[2, 1] == pytest.approx(1 / 8)


def test_faces_keep_their_direction_and_their_border():
    step = catmull_clark(CUBE, 8)
    fine = step.matrix @ CUBE_CORNERS
    normals = vertex_normals(fine, triangulate(step.faces))
    assert (np.einsum("nc,nc->n", normals, fine) > 0).all()
    assert len(boundary_edges(step.faces)) == 0
    faces, points = grid(3, 2)
    assert len(boundary_edges(catmull_clark(faces, len(points)).faces)) == 20


def test_corner_values_of_parts_meet_where_faces_meet():
    faces, points = grid(3, 2)
    step = catmull_clark(faces, len(points))
    split = split_corners(points[faces])
    by_vertex = np.full((step.matrix.shape[0], 3), np.nan)
    by_vertex[step.faces] = split
    np.testing.assert_allclose(by_vertex[step.faces], split)
    np.testing.assert_allclose(split[:, 0], points[faces].reshape(-1, 3))


def test_triangles_are_refused():
    with pytest.raises(ValueError, match=r"\(1, 3\)"):
        catmull_clark(np.array([[0, 1, 2]]), 3)


def test_edge_of_three_faces_is_refused():
    with pytest.raises(ValueError, match="more than two"):
        catmull_clark(np.array([[0, 1, 2, 3], [0, 1, 4, 5], [0, 1, 6, 7]]), 8)
