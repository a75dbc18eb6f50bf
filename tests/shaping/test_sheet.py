"""Points of a head that are pulled."""

import numpy as np
import pytest
import scipy.sparse as sparse
import scipy.sparse.linalg

from pix2vertex_blender.geometry.laplacian import bilaplacian, cotangent_laplacian
from pix2vertex_blender.geometry.mesh import triangulate, vertex_areas
from pix2vertex_blender.shaping.points import Points
from pix2vertex_blender.shaping.sheet import PulledSheet, SheetParameters
from pix2vertex_blender.template import load_template


@pytest.fixture(scope="module")
def points() -> Points:
    """The tip of the nose, and places beside the mouth and on the brow, between vertices."""
    template = load_template()
    triangles = triangulate(template.faces)
    centres = template.vertices[triangles].mean(axis=1)
    places = np.array([(0, 4, 130), (40, -30, 90), (-35, 60, 98)])
    chosen = np.linalg.norm(centres[:, None] - places, axis=2).argmin(axis=0)
    return Points(triangles[chosen], np.tile([0.5, 0.3, 0.2], (3, 1)))


@pytest.fixture(scope="module")
def sheet(points: Points) -> PulledSheet:
    return PulledSheet(points)


def test_points_come_where_they_are_pulled_and_others_stay(points, sheet) -> None:
    targets = np.array([(0.0, 0.0, 6.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)])
    moved = sheet.displacement(targets)
    assert np.allclose(points.of(moved), targets, atol=0.02)
    away = np.linalg.norm(load_template().vertices - points.of(load_template().vertices)[0], axis=1) > 60.0
    assert np.linalg.norm(moved[away], axis=1).max() < 0.1


def test_it_is_the_least_energy(points, sheet) -> None:
    """Against the whole system, springs included, solved by SciPy."""
    template, parameters = load_template(), SheetParameters()
    triangles = triangulate(template.faces)
    area = vertex_areas(template.vertices, triangles)
    area = np.maximum(area, parameters.smallest_area * np.median(area))
    rows = np.repeat(np.arange(3), 3)
    at = sparse.csr_matrix((points.weights.ravel(), (rows, points.corners.ravel())), (3, len(area)))
    plate = parameters.reach**4 * bilaplacian(cotangent_laplacian(template.vertices, triangles), area)
    matrix = sparse.diags(area) + plate + parameters.strength * at.T @ at
    targets = np.random.default_rng(0).normal(size=(3, 3))
    expected = scipy.sparse.linalg.spsolve(matrix.tocsc(), parameters.strength * at.T @ targets)
    assert np.allclose(sheet.displacement(targets), expected, atol=1e-3)
