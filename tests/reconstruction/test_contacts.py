import numpy as np
import pytest

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.registration.contacts import Folds, facing_rims, openings
from pix2vertex_blender.reconstruction.registration.registration import register
from pix2vertex_blender.reconstruction.registration.target import make_target


@pytest.fixture(scope="module")
def triangles(template):
    return triangulate(template.faces)


@pytest.fixture(scope="module")
def rims(template, triangles):
    return facing_rims(template.vertices, triangles, 0.2)


def shut(template, overlap):
    """The template with each lip and lid moved `overlap` mm past where it meets its counterpart."""
    x, y, z = template.vertices.T
    moved = template.vertices.copy()
    mouth = np.exp(-((x / 25) ** 2) - ((y + 34) / 12) ** 2 - ((z - 108) / 20) ** 2)
    moved[:, 1] -= overlap * mouth * np.tanh((y + 33.6) / 1.0)
    return moved


def test_the_mesh_has_two_eyes_and_a_mouth(template, triangles):
    found = openings(triangles, len(template.vertices))
    middles = sorted(template.vertices[loop].mean(axis=0)[0] for loop in found)
    assert len(found) == 3
    assert middles[0] < -20
    assert abs(middles[1]) < 1
    assert middles[2] > 20


def test_pairs_lie_above_one_another(template, rims):
    assert len(rims.gaps) > 50
    apart = template.vertices[rims.upper] - template.vertices[rims.lower]
    assert (np.einsum("ij,ij->i", rims.directions, apart) >= 0).all()
    assert np.abs(rims.directions[:, 1]).min() > 0.7
    assert np.abs(apart[:, 0]).max() < 3
    assert (rims.overlaps(template.vertices) <= 1e-9).all()


def test_crossing_lips_are_driven_apart(template, triangles, rims):
    crossing = shut(template, 8.0)
    assert rims.overlaps(crossing).max() > 1.0
    target = make_target(crossing, triangles, template.canonical)
    arguments = (template.vertices, template.faces, template.canonical, target)
    result = register(*arguments, weights=template.groups["face"])
    assert rims.overlaps(result.vertices).max() < 0.5
    assert result.intersecting == 0
    assert len(intersecting_triangles(result.vertices, triangles)) == 0


def test_a_fold_is_found_and_freed(template, triangles):
    folds = Folds(template.vertices, triangles)
    assert not folds.find(template.vertices).any()
    folded = template.vertices.copy()
    cheek = np.linalg.norm(folded - folded[template.landmarks_68[30]] - [35, 0, -25], axis=1) < 9
    folded[cheek, 0] += 22.0 * np.sign(-folded[cheek, 0])
    assert folds.find(folded).any()
    target = make_target(folded, triangles, template.canonical)
    arguments = (template.vertices, template.faces, template.canonical, target)
    result = register(*arguments, weights=template.groups["face"])
    assert result.folded == 0
