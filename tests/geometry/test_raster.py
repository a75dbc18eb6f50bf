import numpy as np
import pytest

from pix2vertex_blender.geometry.raster import interpolate, rasterise


@pytest.fixture
def scene():
    generator = np.random.default_rng(3)
    points = generator.uniform(-5, 45, (60, 2))
    depth = generator.uniform(0, 1, 60)
    return points, depth, generator.permuted(np.tile(np.arange(60), (1, 1)), axis=1).reshape(20, 3)


def test_each_pixel_sees_the_nearest_triangle(scene):
    points, depth, triangles = scene
    triangle, barycentric = rasterise(points, depth, triangles, (40, 30))
    for row, column in np.ndindex(40, 30):
        best, nearest = -1, -np.inf
        for index, corners in enumerate(triangles):
            system = np.vstack([points[corners].T, np.ones(3)])
            weights = np.linalg.solve(system, [column + 0.5, row + 0.5, 1.0])
            if weights.min() >= 0 and weights @ depth[corners] > nearest:
                best, nearest = index, weights @ depth[corners]
        assert triangle[row, column] == best
        if best >= 0:
            assert barycentric[row, column] @ depth[triangles[best]] == pytest.approx(nearest)


def test_adjacent_triangles_leave_no_holes():
    angles = np.linspace(0, 2 * np.pi, 13)[:-1]
    points = np.vstack([[16.3, 15.8], 14 * np.column_stack([np.cos(angles), np.sin(angles)]) + 16])
    fan = np.array([[0, 1 + k, 1 + (k + 1) % 12] for k in range(12)])
    triangle, _ = rasterise(points, np.zeros(13), fan, (32, 32))
    rows, columns = np.indices((32, 32))
    inner = np.hypot(rows - 15.5, columns - 15.5) < 13
    assert (triangle[inner] >= 0).all()


def test_a_linear_function_is_interpolated_exactly(scene):
    points, depth, triangles = scene
    triangle, barycentric = rasterise(points, depth, triangles, (40, 30))
    values = interpolate(points, triangles, triangle, barycentric)
    rows, columns = np.nonzero(triangle >= 0)
    np.testing.assert_allclose(values[rows, columns], np.column_stack([columns + 0.5, rows + 0.5]), atol=1e-9)
    assert np.isnan(values[triangle < 0]).all()


def test_nothing_to_draw():
    triangle, barycentric = rasterise(np.zeros((3, 2)), np.zeros(3), np.array([[0, 1, 2]]), (4, 5))
    assert (triangle == -1).all()
    assert barycentric.shape == (4, 5, 3)
