"""Where an edge of the face runs in a picture.

Around each edge, where the registered template has it, the curve is looked for along which the picture changes most as
such an edge does, from red lips or dark hair to skin, and that bends least against the template's own edge.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...geometry.mesh import normalise, vertex_normals
from ...template import load_template

Array = NDArray[np.float64]

#: Added to display values before logarithms are taken.
DARK = 10.0


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
    """

    step: float = 0.25
    usual: float = 3.0
    straight: float = 0.25
    trust: float = 4.0


@dataclass(frozen=True)
class FoundEdge:
    """Where an edge with k points runs in a picture.

    Attributes
    ----------
    goals : (k, 2)
        Pixels at which its points belong.
    facing : (k,) bool
        Where the surface is seen well enough.
    sure : (k,) bool
        Where, of these, the picture shows the edge.
    """

    goals: Array
    facing: NDArray[np.bool_]
    sure: NDArray[np.bool_]


def find_edge(
    vertices: Array,
    pixels: NDArray[np.uint8],
    camera: Camera,
    edge: FeatureEdge,
    parameters: EdgeParameters = EdgeParameters(),
) -> FoundEdge:
    """Look for an edge in a picture.

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0, in millimetres in the camera's axes.
    pixels : (h, w, 3) uint8
    camera : Camera
        From millimetres to them.
    edge : FeatureEdge
    parameters : EdgeParameters
    """
    normals = vertex_normals(vertices, load_template().faces)
    facing = edge.points @ np.einsum("ij,ij->i", normals, towards_camera(vertices, camera)) > edge.kind.least_facing
    places = camera.project(edge.points @ vertices)
    middle = camera.project(vertices[edge.inside].mean(axis=0)[None])[0]
    outwards = _outwards(places, middle)
    offsets, changes = _changes(pixels, places, outwards, camera.scale, edge.kind, parameters)
    lengths = np.linalg.norm(np.diff(places, axis=0), axis=1) / camera.scale
    typical = max(float(np.median(changes.max(axis=1))), edge.kind.least)
    found = _most_likely(parameters.trust * changes / typical, offsets, lengths, parameters)
    clear = (changes[np.arange(len(found)), found] > edge.kind.least) & (found > 0) & (found < len(offsets) - 1)
    beyond = offsets[found] + edge.kind.outside
    return FoundEdge(places + (beyond * camera.scale)[:, None] * outwards, facing, clear & facing)


def joined_goals(
    edges: Sequence[tuple[FeatureEdge, Array, NDArray[np.bool_]]],
) -> tuple[sparse.csr_matrix, Array]:
    """Which points (k, n), as means of vertices, belong at which pixels (k, 2).

    Parameters
    ----------
    edges : sequence of (FeatureEdge, (k, 2), (k,) bool)
        Where their points belong, and which of them are used.
    """
    points = [sparse.csr_matrix((0, len(load_template().vertices)))]
    points += [edge.points[np.flatnonzero(used)] for edge, _, used in edges]
    goals = [np.zeros((0, 2))] + [places[used] for _, places, used in edges]
    return sparse.vstack(points, format="csr"), np.concatenate(goals)


def towards_camera(vertices: Array, camera: Camera) -> Array:
    """Unit vectors (n, 3) from points to the camera."""
    # Far away, if it has no perspective.
    eye = np.array([0.0, 0.0, 1 / max(camera.inverse_distance, 1e-9)])
    return normalise(eye - vertices)


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
