"""What a rigging artist asks of the shipped mesh."""

import hashlib

import numpy as np
import pytest

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import boundary_edges, triangulate, unique_edges
from pix2vertex_blender.paths import TEMPLATE_FILE
from pix2vertex_blender.reconstruction.corrections.eyelids import clear_eyeballs
from pix2vertex_blender.template import Template
from tests.template.quality import corner_angles, quad_areas, valences
from training.template.surface import border_loops

# The order of vertices and faces never changes within a version; a change is a new version and a new line here.
CHECKSUMS = {"1.0": "db0c464d317be8bc11b30111deb4a5953a79fd2a7742937995cdda14d761554f"}


def regular(template: Template) -> np.ndarray:
    """Vertices where four edges meet, or three on the border."""
    valence = valences(template.faces, len(template.vertices))
    border = np.zeros(len(template.vertices), dtype=bool)
    border[boundary_edges(template.faces)] = True
    return valence == np.where(border, 3, 4)


def opening(template: Template, name: str) -> list[int]:
    """Border loop of an opening, by the place of its centre."""
    centres = {"left eye": (31, 36, 80), "right eye": (-31, 36, 80), "mouth": (0, -34, 95), "neck": (0, -100, -8)}
    loops = border_loops(template.faces)
    distance = [np.linalg.norm(template.vertices[loop].mean(axis=0) - centres[name]) for loop in loops]
    return loops[int(np.argmin(distance))]


def rings_around(template: Template, region: set[int], count: int) -> list[set[int]]:
    """The vertices of the faces around a set of vertices, then of the faces around those, and so on."""
    rings = []
    for _ in range(count):
        touching = template.faces[np.isin(template.faces, list(region)).any(axis=1)]
        ring = set(touching.ravel().tolist()) - region
        rings.append(ring)
        region = region | ring
    return rings


def is_closed_loop(template: Template, ring: set[int]) -> bool:
    """Whether each vertex of a ring has exactly two neighbours in it, and all are connected."""
    edges = unique_edges(template.faces)
    inside = edges[np.isin(edges, list(ring)).all(axis=1)]
    if not (np.bincount(inside.ravel())[list(ring)] == 2).all():
        return False
    start = next(iter(ring))
    seen, edge_list = {start}, inside.tolist()
    for _ in range(len(ring)):
        seen |= {v for edge in edge_list if seen & set(edge) for v in edge} if len(seen) < len(ring) else set()
    return seen == ring


def test_quads_of_one_manifold_with_four_openings(template):
    assert template.faces.shape[1] == 4
    assert 4000 <= len(template.vertices) <= 8000
    assert len(np.unique(template.faces)) == len(template.vertices)
    directed = np.stack([template.faces, np.roll(template.faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    assert len(np.unique(directed, axis=0)) == len(directed), "two faces run along an edge in the same direction"
    edges = unique_edges(template.faces)
    characteristic = len(template.vertices) - len(edges) + len(template.faces)
    assert characteristic == 2 - 4
    assert len(border_loops(template.faces)) == 4


def test_normals_point_outwards(template):
    triangles = template.vertices[triangulate(template.faces)]
    # towards the head's middle the border loops are closed by nothing, so the volume is that of the cone over the
    # surface
    middle = np.array([0, 20, 0])
    assert np.linalg.det(triangles - middle).sum() > 0


def test_face_is_twice_as_dense_as_scalp(template):
    areas = quad_areas(template.vertices, template.faces)
    density = {}
    for name in ("face", "scalp"):
        inside = template.groups[name][template.faces].min(axis=1) > 0.5
        density[name] = inside.sum() / areas[inside].sum()
    assert density["face"] >= 2 * density["scalp"]


@pytest.mark.parametrize(("name", "inner"), [("left eye", 3), ("right eye", 3), ("mouth", 4)])
def test_openings_have_inner_rims_and_five_regular_loops_outside(template, name, inner):
    border = set(opening(template, name))
    is_regular = regular(template)
    rings = [border, *rings_around(template, border, inner + 6)]
    for ring in rings:
        assert is_closed_loop(template, ring)
        assert is_regular[list(ring)].all()
    hidden = template.groups["mouth_interior"] + template.groups["eye_socket"]
    for ring in rings[:inner]:
        assert (hidden[list(ring)] == 1).all()
    for ring in rings[inner:]:
        assert (hidden[list(ring)] == 0).all()


def test_loops_run_around_the_nose_wing(template):
    inside = set(np.flatnonzero(template.groups["nostril_interior"] * template.groups["left"]).tolist())
    rings = rings_around(template, inside, 3)
    for ring in rings:
        assert is_closed_loop(template, ring)
        assert regular(template)[list(ring)].all()
    wing = template.vertices[list(rings[2])]
    assert wing[:, 0].max() > 16


def test_a_loop_follows_the_nasolabial_fold(template):
    """From beside the nose straight on along edges: past the nose wing, around the corner of the mouth, to the chin."""
    neighbours: dict[int, set[int]] = {}
    for a, b in unique_edges(template.faces).tolist():
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    faces_of = [set() for _ in template.vertices]
    for number, face in enumerate(template.faces.tolist()):
        for vertex in face:
            faces_of[vertex].add(number)
    points = template.vertices
    start = int(np.argmin(np.linalg.norm(points - (23.5, 6, 101), axis=1)))
    path = [start, min(neighbours[start], key=lambda vertex: points[vertex][1])]
    while points[path[-1]][1] > -60:
        here, before = path[-1], path[-2]
        onward = [v for v in neighbours[here] - {before} if not faces_of[v] & faces_of[before] & faces_of[here]]
        assert len(onward) == 1, "the loop ends in a pole"
        path.append(onward[0])
    line = points[path]
    fold = np.array([[24, -5], [30, -20], [38, -37], [26, -58]])
    distance = np.linalg.norm(line[:, None, :2] - fold, axis=2).min(axis=0)
    assert distance.max() < 6


def test_poles_are_few_and_small(template):
    valence = valences(template.faces, len(template.vertices))
    assert valence.max() <= 5
    assert valence.min() >= 3
    assert np.count_nonzero(~regular(template)) <= 0.03 * len(valence)


def test_angles(template):
    angles = corner_angles(template.vertices, template.faces)
    assert ((angles < 20) | (angles > 160)).mean() <= 0.01


def test_nothing_intersects_itself_or_the_eyeballs(template):
    eyes = template.eyeballs
    head = clear_eyeballs(template, template.vertices)
    points = np.concatenate([head, template.place_eyeballs(head)])
    white = eyes.faces[eyes.groups["cornea"][eyes.faces].max(axis=1) < 0.5]  # the cornea's edge is hidden in it
    faces = np.concatenate([template.faces, white + len(template.vertices)])
    assert len(intersecting_triangles(points, triangulate(faces))) == 0


def test_vertex_order_is_that_of_the_version(template):
    digest = hashlib.sha256()
    for array in (
        template.faces,
        template.mirror,
        template.landmarks_68,
        template.eyeballs.lids,
    ):
        digest.update(array.astype("<i4").tobytes())
    assert CHECKSUMS[template.version] == digest.hexdigest()


def test_file_is_small_and_says_where_it_comes_from(template):
    assert TEMPLATE_FILE.stat().st_size < 3e6
    assert "ICT-FaceKit" in template.provenance
    assert "MIT" in template.provenance


def test_eyeballs_are_24_millimetres_with_concave_iris_pupil_and_cornea(template):
    eyes = template.eyeballs
    left, cornea = eyes.groups["left"] > 0.5, eyes.groups["cornea"] > 0.5
    assert len(border_loops(eyes.faces[~cornea[eyes.faces].any(axis=1)])) == 0
    assert valences(eyes.faces, len(eyes.around)).max() <= 4
    white = left & ~cornea & (eyes.groups["iris"] < 0.5)
    assert 23.5 <= 2 * np.linalg.norm(eyes.around[white], axis=1).max() <= 24.5
    assert np.ptp(np.linalg.norm(eyes.around[white], axis=1)) < 0.1
    iris = left & (eyes.groups["iris"] > 0.5)
    from_axis = np.linalg.norm(eyes.around[iris][:, :2], axis=1)
    assert (np.diff(eyes.around[iris][np.argsort(from_axis), 2]) > -0.02).all(), "deeper towards the pupil"
    assert (eyes.groups["pupil"] <= eyes.groups["iris"]).all()
    assert eyes.around[left & cornea][:, 2].max() > 12.5 > eyes.around[white][:, 2].max()
    np.testing.assert_allclose(eyes.around[eyes.mirror] * (-1, 1, 1), eyes.around, atol=1e-6)
