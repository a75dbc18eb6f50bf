"""A face moves heads of other topologies."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.wrapping.own_topology import carried
from pix2vertex_blender.reconstruction.wrapping.scan import Scan, clustered
from pix2vertex_blender.reconstruction.wrapping.wrap import WrapOptions, wrap_mesh
from pix2vertex_blender.template import load_template
from tests.reconstruction.wrapping.made_up import head_shape


def laid_over(face: NDArray[np.float64], head: NDArray[np.float64]) -> NDArray[np.float64]:
    """A face (c, 3) in the size and at the place of a head (c, 3)."""
    weights = load_template().groups["face"]
    return fit_similarity(face, head, weights).apply(face)


@pytest.mark.parametrize("kind", ["subdivided", "decimated", "rough"])
def test_vertices_land_where_they_belong(kind: str) -> None:
    """Our own head with other triangles stands for the artist's: within half a millimetre on the face."""
    template, level = load_template(), load_template(1)
    head, face = head_shape(1), 2.0 * head_shape(2) + [100.0, 0.0, 0.0]
    vertices, goals = (template.subdivide(each, 1) for each in (head, laid_over(face, head)))
    triangles = triangulate(level.faces)
    chosen = level.groups["face"] > 0.99
    if kind == "decimated":
        coarse = clustered(Scan(vertices, triangles), 6.0)
        from scipy.spatial import KDTree

        nearest = KDTree(vertices).query(coarse.vertices)[1]
        goals, chosen = goals[nearest] + coarse.vertices - vertices[nearest], chosen[nearest]
        vertices, triangles = coarse.vertices, coarse.triangles
    elif kind == "rough":
        noise = np.random.default_rng(0).normal(0, 0.3, vertices.shape)
        vertices, goals = vertices + noise, goals + noise
    moved = carried(vertices, triangles, head, face)
    away = np.linalg.norm(moved - goals, axis=1)[chosen]
    before = np.linalg.norm(vertices - goals, axis=1)[chosen]
    assert np.median(before) > 1.0
    assert np.median(away) < 0.15
    assert np.percentile(away, 95) < 0.5


def test_what_is_inside_follows_and_what_is_far_stays() -> None:
    """Teeth move as the lips in front of them, the body and the back of the head not at all."""
    template, head = load_template(), head_shape(3)
    face = head.copy()
    mouth = head[template.landmarks_68[62]]
    around = np.exp(-((head - mouth) ** 2).sum(axis=1) / (2 * 20.0**2))
    face = face + 5.0 * around[:, None] * [0.0, 1.0, 0.0]
    teeth = mouth + np.array([[0.0, 0.0, -12.0], [2.0, 0.0, -12.0], [0.0, 2.0, -12.0]])
    body = head.min(axis=0) - np.array([[0.0, 200.0, 0.0], [2.0, 200.0, 0.0], [0.0, 202.0, 0.0]])
    vertices = np.concatenate([head, teeth, body])
    extra = np.array([[0, 1, 2], [3, 4, 5]]) + len(head)
    change = carried(vertices, np.concatenate([triangulate(template.faces), extra]), head, face) - vertices
    assert (change[len(head) : len(head) + 3, 1] > 2.0).all()
    assert np.abs(change[-3:]).max() == 0
    back = np.flatnonzero(template.vertices[:, 2] < -50)
    assert np.abs(change[back]).max() < 0.2


def test_lips_do_not_pass_through_each_other() -> None:
    """A face whose lower lip lies 3 mm higher than the head's parted lips have room for."""
    template, head = load_template(), head_shape(3)
    lower = template.groups["lower_lip"] * template.groups["face"]
    face = head + 3.0 * lower[:, None] * [0.0, 1.0, 0.0]
    vertices, triangles = template.subdivide(head, 1), triangulate(load_template(1).faces)
    moved = carried(vertices, triangles, head, face)
    assert len(intersecting_triangles(vertices, triangles)) == 0
    assert len(intersecting_triangles(template.subdivide(face, 1), triangles)) > 20
    assert len(intersecting_triangles(moved, triangles)) == 0
    changed = np.linalg.norm(moved - vertices, axis=1)
    assert changed.max() > 0.5
    far = load_template(1).vertices[:, 1] > 0
    assert changed[far].max() < 0.3


@pytest.mark.slow
def test_a_head_of_the_artist_becomes_the_person() -> None:
    """Everything included: our template is wrapped to the head first."""
    template, level = load_template(), load_template(1)
    head, face = head_shape(8), head_shape(9)
    vertices, goals = (template.subdivide(each, 1) for each in (head, laid_over(face, head)))
    balls = template.place_eyeballs(head)
    triangles = np.concatenate([triangulate(level.faces), triangulate(template.eyeballs.faces) + len(vertices)])
    whole = np.concatenate([vertices, balls])
    wrapped = wrap_mesh(Scan(whole, triangles.astype(np.int32)), WrapOptions(device="cpu", detail_level=0))
    moved = carried(whole, triangles, wrapped.vertices, face)[: len(vertices)]
    chosen = level.groups["face"] > 0.99
    before, after = (np.linalg.norm(each - goals, axis=1)[chosen] for each in (vertices, moved))
    assert np.median(after) < 0.4 * np.median(before)
    assert np.median(after) < 0.75
