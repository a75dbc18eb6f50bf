"""Where the edges of brows, lids and lips run in a picture, and the template drawn to them (Beyond 3DMM, eq. 9).

The paper detects dense landmarks around eyes, brows and mouth with a network. Here the picture itself is asked: around
each edge, where the registered template has it, the curve is looked for along which the picture changes most as such an
edge does, from red lips or dark hair to skin, and that bends least against the template's own edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from ...exchange.camera import Camera
from ...geometry.mesh import normalise, triangulate, unique_edges, vertex_normals
from ...template import load_template
from .scan import Scan
from .scan_surface import ScanSurface
from .viewing import Picture

Array = NDArray[np.float64]

#: Added to display values before logarithms are taken.
DARK = 10.0
#: Parts of the line from one landmark of a brow to the next.
PARTS = 4


@dataclass(frozen=True)
class EdgeKind:
    """How an edge of the face looks from its inside, lips or hair, to the skin outside of it.

    Attributes
    ----------
    redness : float
        The channel is this times the logarithm of red over green ...
    brightness : float
        ... plus this times the logarithm of the brightness; it falls from inside to outside.
    least : float
        By how much, at least.
    width : float
        What lies so far inside (mm) is compared with what lies so far outside.
    reach : float
        It is looked for no farther than this (mm) from where the registration has it.
    least_facing : float
        The surface is seen well enough from this cosine of the angle to the line of sight on; the normals of lids'
        edges say nothing of it.
    outside : float
        How far (mm) outside of the strongest change the template's edge runs: on 150 rendered heads, whose truth is
        known, changes of lips and lids were found so far inside in the median.
    """

    redness: float
    brightness: float
    least: float
    width: float
    reach: float
    least_facing: float
    outside: float


LIP = EdgeKind(redness=1.0, brightness=0.0, least=0.05, width=1.75, reach=6.0, least_facing=0.35, outside=0.0)
BROW = EdgeKind(redness=0.0, brightness=-1.0, least=0.15, width=1.75, reach=6.0, least_facing=0.35, outside=0.0)
UPPER_LID = EdgeKind(redness=0.0, brightness=-1.0, least=0.25, width=1.0, reach=3.0, least_facing=-1.0, outside=-0.35)
LOWER_LID = replace(UPPER_LID, outside=0.6)


@dataclass(frozen=True)
class FeatureEdge:
    """An edge of the template.

    Attributes
    ----------
    points : (k, n) sparse
        Along the edge, as weighted means of the vertices of level 0.
    inside : (j,)
        Vertices whose middle lies inside.
    kind : EdgeKind
    """

    points: sparse.csr_matrix
    inside: NDArray[np.intp]
    kind: EdgeKind


@dataclass(frozen=True)
class EdgeParameters:
    """How edges are looked for. Lengths are in millimetres.

    Attributes
    ----------
    step : float
        Of the places that are tried.
    usual : float
        Standard deviation of the registration's errors.
    straight : float
        By how much the distance from the template's edge changes in a millimetre along it, typically.
    trust : float
        How much the strongest change at a place speaks for an edge there, as a logarithm of likelihoods.
    hidden : float
        Vertices farther behind what is seen than this are hidden.
    """

    step: float = 0.25
    usual: float = 3.0
    straight: float = 0.25
    trust: float = 4.0
    hidden: float = 3.0


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


def edge_goals(
    vertices: Array,
    picture: Picture,
    edges: Sequence[FeatureEdge],
    parameters: EdgeParameters = EdgeParameters(),
) -> tuple[sparse.csr_matrix, Array]:
    """Which points (k, n) of edges, as means of vertices, belong at which pixels (k, 2) of a picture.

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0, in millimetres in the camera's axes.
    picture : Picture
    edges : sequence of FeatureEdge
    parameters : EdgeParameters
    """
    camera = picture.viewpoint.camera
    normals = vertex_normals(vertices, load_template().faces)
    facing = np.einsum("ij,ij->i", normals, towards_camera(vertices, camera))
    chosen, goals = [sparse.csr_matrix((0, len(vertices)))], [np.zeros((0, 2))]
    for edge in edges:
        points = edge.points @ vertices
        places = camera.project(points)
        middle = camera.project(vertices[edge.inside].mean(axis=0)[None])[0]
        outwards = _outwards(places, middle)
        offsets, changes = _changes(picture.pixels, places, outwards, camera.scale, edge.kind, parameters)
        lengths = np.linalg.norm(np.diff(places, axis=0), axis=1) / camera.scale
        typical = max(float(np.median(changes.max(axis=1))), edge.kind.least)
        found = _most_likely(parameters.trust * changes / typical, offsets, lengths, parameters)
        rows = np.arange(len(found))
        sure = (changes[rows, found] > edge.kind.least) & (found > 0) & (found < len(offsets) - 1)
        sure &= edge.points @ facing > edge.kind.least_facing
        sure &= ~hidden_behind(points, places, picture, parameters.hidden)
        chosen.append(edge.points[np.flatnonzero(sure)])
        beyond = offsets[found] + edge.kind.outside
        goals.append((places + (beyond * camera.scale)[:, None] * outwards)[sure])
    return sparse.vstack(chosen, format="csr"), np.concatenate(goals)


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


def towards_camera(vertices: Array, camera: Camera) -> Array:
    """Unit vectors (n, 3) from points to the camera."""
    # Far away, if it has no perspective.
    eye = np.array([0.0, 0.0, 1 / max(camera.inverse_distance, 1e-9)])
    return normalise(eye - vertices)


def hidden_behind(points: Array, places: Array, picture: Picture, depth: float) -> NDArray[np.bool_]:
    """Which points (k, 3), seen at pixels (k, 2), lie farther behind what the picture shows there than a depth."""
    height, width = picture.depth.shape
    columns, rows = np.clip(places.astype(np.int64), 0, (width - 1, height - 1)).T
    with np.errstate(invalid="ignore"):
        hidden: NDArray[np.bool_] = points[:, 2] < picture.depth[rows, columns] - depth
    return hidden


def _outwards(places: Array, middle: Array) -> Array:
    """Unit vectors (k, 2) across a curve (k, 2), away from a point."""
    along = normalise(np.gradient(places, axis=0))
    across = np.column_stack([along[:, 1], -along[:, 0]])
    side = np.sign(np.einsum("kc,kc->k", across, places - middle))
    # All to the side on which most of them are: near its ends a curve may turn towards the point.
    outwards: Array = across * (1.0 if side.sum() >= 0 else -1.0)
    return outwards


def _changes(
    pixels: NDArray[np.uint8], places: Array, outwards: Array, scale: float, kind: EdgeKind, parameters: EdgeParameters
) -> tuple[Array, Array]:
    """Offsets (m,) in millimetres and how much the channel falls there (k, m) from inside to outside."""
    count = round(kind.reach / parameters.step)
    margin = round(kind.width / parameters.step)
    steps = np.arange(-count - margin, count + margin + 1) * parameters.step
    grid = (places[:, None] + scale * steps[None, :, None] * outwards[:, None] - 0.5).astype(np.float32)
    shown = cv2.remap(pixels, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    values = np.log(shown.astype(np.float64) + DARK)
    channel = kind.redness * (values[..., 0] - values[..., 1]) + kind.brightness * values.mean(axis=-1)
    total = np.cumsum(np.pad(channel, ((0, 0), (1, 0))), axis=1)
    # The means of `margin` samples on both sides of each place.
    sums = total[:, margin:] - total[:, :-margin]
    falls = (sums[:, : -margin - 1] - sums[:, margin + 1 :]) / margin
    return steps[margin:-margin], falls


def _most_likely(strengths: Array, offsets: Array, lengths: Array, parameters: EdgeParameters) -> NDArray[np.intp]:
    """Which offset (k,) each place of a curve has, by Viterbi's algorithm.

    Parameters
    ----------
    strengths : (k, m)
        How much each looks like an edge.
    offsets : (m,)
    lengths : (k - 1,)
        From place to place.
    parameters : EdgeParameters
    """
    cost = 0.5 * (offsets / parameters.usual) ** 2 - np.minimum(strengths, 1.5 * parameters.trust)
    apart = (offsets[:, None] - offsets[None]) ** 2
    best, origins = cost[0], []
    for number, length in enumerate(np.maximum(lengths, 0.1), start=1):
        reached = best[None] + 0.5 * apart / (parameters.straight**2 * length * max(length, 1.0))
        origins.append(np.argmin(reached, axis=1))
        best = reached.min(axis=1) + cost[number]
    path = [int(np.argmin(best))]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1], dtype=np.intp)
