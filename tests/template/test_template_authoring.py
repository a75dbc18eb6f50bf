"""The parts of the code that authors the template, on small meshes."""

import numpy as np
import pytest

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from tests.template.quality import uv_coverage
from training.template.layout import build_half, midline, whole_head
from training.template.surface import Surface, fit_sphere
from training.template.unwrap import cut, islands, slim, tutte


def dome(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Quads of a square patch bent over a sphere of radius 50."""
    index = np.arange((size + 1) ** 2).reshape(size + 1, size + 1)
    faces = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)
    x, y = np.meshgrid(*[np.linspace(-30, 30, size + 1)] * 2)
    points = np.stack([x.ravel(), y.ravel(), np.sqrt(50**2 - x**2 - y**2).ravel()], axis=1)
    return faces, points


def test_whole_head_mirrors_its_half():
    layout = build_half()
    faces, symmetry = whole_head(layout)
    np.testing.assert_array_equal(symmetry.mirror[symmetry.mirror], np.arange(len(symmetry.mirror)))
    np.testing.assert_array_equal(
        np.flatnonzero(symmetry.mirror == np.arange(len(symmetry.mirror))), np.flatnonzero(midline(layout))
    )
    mirrored = {tuple(sorted(face)) for face in symmetry.mirror[faces].tolist()}
    assert mirrored == {tuple(sorted(face)) for face in faces.tolist()}


def test_cut_along_a_seam_separates_islands():
    faces, _ = dome(4)
    seam = {(v, v + 5) for v in (2, 7, 12, 17)}
    opened = cut(faces, seam)
    assert len(opened.vertex) == 25 + 5
    assert sorted(len(rows) for rows in islands(opened.corners)) == [8, 8]


def test_flattening_turns_nothing_over_and_keeps_areas():
    faces, points = dome(10)
    places = slim(faces, points, np.ones(len(faces)), tutte(faces, points, len(points)), 20)
    corners = places[faces]
    first, second = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    areas = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
    assert areas.min() > 0
    space = points[faces]
    true = np.linalg.norm(np.cross(space[:, 2] - space[:, 0], space[:, 3] - space[:, 1]), axis=1) / 2
    assert np.abs(areas / true - 1).max() < 0.35


def test_closest_point_can_be_asked_for_one_side_of_a_thin_fold():
    low = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype=float)
    surface = Surface(np.vstack([low, np.add(low, [0, 0, 0.1])]), np.array([[0, 2, 1], [3, 4, 5]]))
    point = np.array([[0.2, 0.2, 0.02]])
    assert surface.closest(point)[0][0, 2] == pytest.approx(0)
    assert surface.closest(point, np.array([[0, 0, 1.0]]))[0][0, 2] == pytest.approx(0.1)


def test_cast_finds_the_outermost_point_and_says_when_there_is_none():
    surface = Surface(np.array([[0, 0, 0], [2, 0, 0], [0, 2, 2]], dtype=float), np.array([[0, 1, 2]]))
    np.testing.assert_allclose(surface.cast((0.5, 1.0), 2, 1), [0.5, 1.0, 1.0])
    with pytest.raises(ValueError, match="misses"):
        surface.cast((5.0, 5.0), 2, 1)


def test_sphere_is_found_again():
    points = np.random.default_rng(0).normal(size=(50, 3))
    points = 3 * points / np.linalg.norm(points, axis=1, keepdims=True) + (1, 2, 3)
    centre, radius = fit_sphere(points)
    np.testing.assert_allclose(centre, (1, 2, 3))
    assert radius == pytest.approx(3)


def test_crossing_triangles_are_found_and_neighbours_are_not():
    points = np.array(
        [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0.2, 0.2, -1], [0.3, 0.2, 1], [0.2, 0.3, 1], [1, 1, 0]], dtype=float
    )
    assert len(intersecting_triangles(points, np.array([[0, 1, 2], [3, 4, 5]]))) == 1
    assert len(intersecting_triangles(points, np.array([[0, 1, 2], [1, 6, 2]]))) == 0


def test_overlapping_texture_is_counted():
    square = np.array([[[0.1, 0.1], [0.5, 0.1], [0.5, 0.5], [0.1, 0.5]]])
    assert uv_coverage(square, 64).max() == 1
    assert uv_coverage(np.concatenate([square, square + 0.1]), 64).max() == 2
