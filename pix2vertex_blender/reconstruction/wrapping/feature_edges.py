"""The edges of brows, lids and lips, and where they belong in a picture of a scan (Beyond 3DMM, eq. 9).

The paper detects dense landmarks around eyes, brows and mouth with a network. Here the picture itself is asked
(`corrections/picture_edges.py`).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from ...geometry.mesh import triangulate, unique_edges
from ...template import load_template
from ..corrections.picture_edges import LIP, Array, EdgeKind, FeatureEdge, find_edge, joined_goals
from .scan import Scan
from .scan_surface import ScanSurface
from .viewing import Picture

#: Parts of the line from one landmark of a brow to the next.
PARTS = 4
#: Points farther behind what is seen than this (mm) are hidden.
HIDDEN = 3.0

BROW = EdgeKind(redness=0.0, brightness=-1.0, least=0.15, width=1.75, reach=6.0, least_facing=0.35, outside=0.0)
UPPER_LID = EdgeKind(redness=0.0, brightness=-1.0, least=0.25, width=1.0, reach=3.0, least_facing=-1.0, outside=-0.35)
LOWER_LID = replace(UPPER_LID, outside=0.6)


@cache
def feature_edges() -> tuple[FeatureEdge, ...]:
    """The upper edges of the brows, the lids' and the lips' outer ones, densely.

    The morphable model's brows lie some 4 mm above those of people, and above where annotators see them: a brow's edge
    runs through the annotators' points.
    """
    template = load_template()
    marks = template.landmarks_68
    mouth = marks[60:68]
    edges = [
        FeatureEdge(vertex_points(_between(marks[48:55])[2:-2]), mouth, LIP),
        FeatureEdge(vertex_points(_between(marks[[*range(54, 60), 48]])[2:-2]), mouth, LIP),
    ]
    seen = template.landmark_points(template.vertices)
    for brow, eye in ((slice(17, 22), range(36, 42)), (slice(22, 27), range(42, 48))):
        lids = marks[list(eye)]
        edges.append(FeatureEdge(_along(seen[brow]), lids, BROW))
        edges.append(FeatureEdge(vertex_points(_between(lids[:4])[1:-1]), lids, UPPER_LID))
        edges.append(FeatureEdge(vertex_points(_between(lids[[3, 4, 5, 0]])[1:-1]), lids, LOWER_LID))
    return tuple(edges)


def vertex_points(vertices: NDArray[np.integer]) -> sparse.csr_matrix:
    """Vertices (k,) of level 0 as points (k, n)."""
    rows = np.arange(len(vertices))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, vertices)), (len(rows), len(load_template().vertices)))


def _along(marks: Array) -> sparse.csr_matrix:
    """Points (k, n) of the template, some 2.5 mm apart, along lines from each of some places (m, 3) to the next."""
    template = load_template()
    shares = np.arange(PARTS * (len(marks) - 1) + 1) / PARTS
    places = np.column_stack([np.interp(shares, np.arange(len(marks)), column) for column in marks.T])
    triangles = triangulate(template.faces)
    found = ScanSurface(Scan(template.vertices, triangles)).nearest(places)
    rows = np.repeat(np.arange(len(places)), 3)
    entries = found.weights.ravel(), (rows, triangles[found.triangles].ravel())
    return sparse.csr_matrix(entries, (len(places), len(template.vertices)))


def edge_goals(vertices: Array, picture: Picture, edges: Sequence[FeatureEdge]) -> tuple[sparse.csr_matrix, Array]:
    """Which points (k, n) of edges, as means of vertices, belong at which pixels (k, 2) of a picture.

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0, in millimetres in the camera's axes.
    picture : Picture
    edges : sequence of FeatureEdge
    """
    camera = picture.viewpoint.camera
    used = []
    for edge in edges:
        points = edge.points @ vertices
        found = find_edge(vertices, picture.pixels, camera, edge)
        used.append((edge, found.goals, found.sure & ~hidden_behind(points, camera.project(points), picture)))
    return joined_goals(used)


def _between(marks: NDArray[np.integer]) -> NDArray[np.intp]:
    """Vertices along the shortest way over the template's edges from each of some vertices (k,) to the next."""
    template = load_template()
    ends = unique_edges(template.faces)
    lengths = np.linalg.norm(template.vertices[ends[:, 0]] - template.vertices[ends[:, 1]], axis=1)
    graph = sparse.csr_matrix((lengths, ends.T), (len(template.vertices),) * 2)
    _, before = dijkstra(graph, directed=False, indices=marks[1:], return_predecessors=True)
    path = [int(marks[0])]
    for goal, towards in zip(marks[1:], before, strict=True):
        while path[-1] != goal:
            path.append(int(towards[path[-1]]))
    return np.array(path, dtype=np.intp)


def hidden_behind(points: Array, places: Array, picture: Picture) -> NDArray[np.bool_]:
    """Which points (k, 3), seen at pixels (k, 2), lie farther than `HIDDEN` behind what the picture shows there."""
    height, width = picture.depth.shape
    columns, rows = np.clip(places.astype(np.int64), 0, (width - 1, height - 1)).T
    with np.errstate(invalid="ignore"):
        hidden: NDArray[np.bool_] = points[:, 2] < picture.depth[rows, columns] - HIDDEN
    return hidden
