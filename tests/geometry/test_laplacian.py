import numpy as np
import pytest
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from pix2vertex_blender.errors import MeshError
from pix2vertex_blender.geometry.laplacian import bilaplacian, check_triangle_mesh, cotangent_laplacian, lumped_mass


def sphere(count):
    """Evenly spread points on the unit sphere and outward triangles."""
    k = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * k / count), np.pi * (1 + 5**0.5) * k
    points = np.column_stack([np.cos(turn) * np.sin(polar), np.sin(turn) * np.sin(polar), np.cos(polar)])
    triangles = ConvexHull(points).simplices
    corners = points[triangles]
    inward = (
        np.einsum("ij,ij->i", np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), corners[:, 0]) < 0
    )
    triangles[inward] = triangles[inward][:, ::-1]
    return points, triangles


@pytest.fixture(scope="module")
def ball():
    return sphere(3000)


@pytest.fixture(scope="module")
def sheet():
    """A flat square of 21 x 21 jittered vertices."""
    generator = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(21.0), np.arange(21.0))
    points = np.column_stack([x.ravel(), y.ravel(), np.zeros(441)])
    points[:, :2] += generator.uniform(-0.2, 0.2, (441, 2))
    corner = (np.arange(20)[:, None] * 21 + np.arange(20)).ravel()
    triangles = np.vstack(
        [np.column_stack([corner, corner + 1, corner + 21]), np.column_stack([corner + 1, corner + 22, corner + 21])]
    )
    inside = (np.abs(points[:, :2] - 10) < 9).all(axis=1)
    return points, triangles, inside


def test_symmetric_negative_semi_definite_and_blind_to_constants(ball):
    laplacian = cotangent_laplacian(*ball)
    assert abs(laplacian - laplacian.T).max() < 1e-12
    np.testing.assert_allclose(laplacian @ np.ones(3000), 0, atol=1e-10)
    values = np.random.default_rng(1).normal(size=(3000, 20))
    assert (np.einsum("ik,ik->k", values, laplacian @ values) < 0).all()


def test_linear_functions_have_no_laplacian_on_a_flat_mesh(sheet):
    points, triangles, inside = sheet
    image = cotangent_laplacian(points, triangles) @ (3 * points[:, 0] - 2 * points[:, 1] + 5)
    np.testing.assert_allclose(image[inside], 0, atol=1e-10)


def test_a_paraboloid_has_laplacian_four_in_the_mean(sheet):
    points, triangles, inside = sheet
    image = cotangent_laplacian(points, triangles) @ (points[:, :2] ** 2).sum(axis=1)
    assert image[inside].sum() == pytest.approx(4 * lumped_mass(points, triangles)[inside].sum(), rel=0.02)


def test_coordinates_of_the_sphere_are_eigenfunctions(ball):
    points, triangles = ball
    image = (cotangent_laplacian(points, triangles) @ points) / lumped_mass(points, triangles)[:, None]
    assert np.median(np.linalg.norm(image + 2 * points, axis=1)) < 0.05


def test_mass_is_the_area(ball, sheet):
    assert lumped_mass(*ball).sum() == pytest.approx(4 * np.pi, rel=0.01)
    points, triangles, _ = sheet
    assert lumped_mass(points, triangles).sum() == pytest.approx(400, rel=0.02)


def test_rigid_motion_changes_nothing_and_scale_only_the_mass(ball):
    points, triangles = ball
    moved = 3 * points @ Rotation.from_euler("xyz", [0.3, -1, 2]).as_matrix().T + [1, 2, 3]
    difference = cotangent_laplacian(moved, triangles) - cotangent_laplacian(points, triangles)
    assert abs(difference).max() < 1e-9
    np.testing.assert_allclose(lumped_mass(moved, triangles), 9 * lumped_mass(points, triangles))


@pytest.mark.parametrize("count", [1000, 4000])
def test_bilaplacian_energy_does_not_depend_on_the_resolution(count):
    points, triangles = sphere(count)
    mass = lumped_mass(points, triangles)
    energy = points[:, 2] @ bilaplacian(cotangent_laplacian(points, triangles), mass) @ points[:, 2]
    # The integral of (2 z)^2 over the unit sphere.
    assert energy == pytest.approx(16 * np.pi / 3, rel=0.03)


def test_a_sliver_stays_finite():
    points = np.array([[0, 0, 0], [1, 0, 0], [0.5, 1e-9, 0], [0.5, 1, 0]], dtype=float)
    laplacian = cotangent_laplacian(points, np.array([[0, 1, 2], [0, 2, 3], [2, 1, 3]]))
    assert np.isfinite(laplacian.data).all()
    assert abs(laplacian).max() < 1000


BAD_MESHES = {
    "shape": (np.zeros((4, 2)), [[0, 1, 2]], r"\(4, 2\)"),
    "no triangles": (np.eye(3), np.zeros((0, 3), int), "m > 0"),
    "index": (np.eye(3), [[0, 1, 3]], "Triangle 0 .* does not exist"),
    "not finite": (np.vstack([np.eye(3), [np.nan, 0, 0]]), [[0, 1, 2]], "Vertex 3"),
    "degenerate": (np.vstack([np.eye(3), [2, -1, 0]]), [[0, 1, 2], [0, 1, 3]], "Triangle 1 .* no area"),
    "not manifold": (
        np.vstack([np.eye(3), -np.eye(3)[:2]]),
        [[0, 1, 2], [1, 0, 3], [0, 1, 4]],
        "not manifold: .* vertices 0 and 1",
    ),
}


@pytest.mark.parametrize("case", BAD_MESHES)
def test_bad_meshes_are_named(case):
    vertices, triangles, message = BAD_MESHES[case]
    with pytest.raises(MeshError, match=message):
        check_triangle_mesh(vertices, np.array(triangles))
