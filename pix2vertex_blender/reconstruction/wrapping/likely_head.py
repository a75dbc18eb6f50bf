"""The likeliest head on a scan: of all that people have, the one whose surface lies on the scan's.

A registered template has slid along the surface by what the network errs, and what bends the mean head least is no
person: cheeks, jaw and forehead have no features that would hold them. How people differ tells where they belong. The
head is the mean one with coefficients of the basis of `likeness`, turned, scaled and placed; they are the maximum of
their probability given planes, the scan's surface near the head, the slopes of what is left between them, and weakly
points, the registered template's vertices.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ...geometry.mesh import vertex_normals
from ...geometry.similarity import Similarity, fit_similarity
from ...template import Template
from ...template.canonical import SIZE
from ..likeness.model import load_likeness
from ..registration.deformation import Array
from ..registration.matching import TargetIndex
from ..registration.registration import RegistrationParameters, facing
from .scan_surface import ScanSurface
from .unexplained import Pairs, UnexplainedParameters, pairs_of, told_by

#: Places in space: three axes to turn about, three to move along, and the size.
PLACE = 7


@dataclass(frozen=True)
class LikelyParameters:
    """What is known how well. Lengths are in millimetres.

    Attributes
    ----------
    rounds : int
        How often the nearest points of the scan are looked for.
    spread, bend, fall : float
        The k-th coefficient has about the standard deviation spread / (1 + k / bend)^fall (120 heads drawn as those of
        the training).
    plane, planes : float
        Standard deviation of a vertex's distance from the scan, and for how many independent measurements it counts:
        what a basis cannot say is alike in neighbours.
    unexplained : UnexplainedParameters
        How those distances differ between neighbours.
    point, points : float
        The same as for planes, for its distance from where it was registered.
    first : float
        Before there are planes, points count so many times more.
    beyond : float
        Vertices beyond the face count so much.
    reach, beyond_reach, canonical_reach, largest_angle : float
        Which points of the scan count: see `SurfaceParameters`.
    """

    rounds: int = 7
    spread: float = 190.0
    bend: float = 5.0
    fall: float = 1.25
    plane: float = 0.3
    planes: float = 0.1
    unexplained: UnexplainedParameters = field(default_factory=UnexplainedParameters)
    point: float = 2.0
    points: float = 0.02
    first: float = 10.0
    beyond: float = 0.5
    reach: float = 8.0
    beyond_reach: float = 15.0
    canonical_reach: float = 20.0
    largest_angle: float = 50.0


@dataclass(frozen=True)
class Beyond:
    """What a scan shows beyond the face.

    Attributes
    ----------
    surface : ScanSurface
        In the target's axes.
    vertices : (n,) bool
        The template's that lie on it.
    """

    surface: ScanSurface
    vertices: NDArray[np.bool_]


@dataclass(frozen=True)
class _Planes:
    """Points (k, 3) of a scan, the normals (k, 3) of the head that is near, and what they count (k,).

    Distances are measured along the head's normals: where the scan is rough, its own ones would seem to be features.
    """

    points: Array
    normals: Array
    counts: Array


def likely_head(
    registered: Array,
    template: Template,
    target: TargetIndex,
    beyond: Beyond | None = None,
    parameters: LikelyParameters = LikelyParameters(),
) -> Array:
    """The likeliest head (n, 3).

    Parameters
    ----------
    registered : (n, 3)
    template : Template
    target : TargetIndex
    beyond : Beyond, optional
    parameters : LikelyParameters
    """
    basis = load_likeness().basis
    face = np.flatnonzero(template.groups["face"] > 0.5)
    outside = np.zeros(len(template.vertices), dtype=bool) if beyond is None else _outside(template, beyond)
    others = np.flatnonzero(outside)
    rows = np.concatenate([face, others])
    own = basis[:, rows]
    place = fit_similarity(template.vertices, registered, template.groups["face"])
    pairs = pairs_of(template.vertices[rows], parameters.unexplained)
    coefficients = np.zeros(len(basis))
    for round_ in range(parameters.rounds):
        head = place.apply(template.vertices + np.tensordot(coefficients, basis, 1))
        planes = _planes(head, face, others, template, target, beyond, parameters)
        points = np.zeros(len(rows))
        points[: len(face)] = template.groups["face"][face] * parameters.points / parameters.point**2
        counts = planes.counts * (round_ > 0)
        if round_ == 0:
            points = points * parameters.first
        coefficients, place = _step(
            head[rows],
            own,
            coefficients,
            place,
            _Planes(planes.points, planes.normals, counts),
            pairs,
            (registered[rows], points),
            parameters,
        )
    moved: Array = place.apply(template.vertices + np.tensordot(coefficients, basis, 1))
    return moved


def _outside(template: Template, beyond: Beyond) -> NDArray[np.bool_]:
    return beyond.vertices & (template.groups["face"] <= 0.5)


def _planes(
    head: Array,
    face: NDArray[np.intp],
    others: NDArray[np.intp],
    template: Template,
    target: TargetIndex,
    beyond: Beyond | None,
    parameters: LikelyParameters,
) -> _Planes:
    """What of a scan is near the face's vertices, and near those beyond it."""
    normals = vertex_normals(head, template.faces)
    found = target.match_positions(head[face])
    apart = np.linalg.norm(found.canonical - template.canonical[face], axis=1) * SIZE
    distances = np.linalg.norm(found.points - head[face], axis=1)
    believed = found.inside & (distances < parameters.reach) & (apart < parameters.canonical_reach)
    believed &= facing(normals[face], found.normals, parameters.largest_angle)
    counts = template.groups["face"][face] * _robust(distances, believed)
    scale = parameters.planes / parameters.plane**2
    if beyond is None or len(others) == 0:
        return _Planes(found.points, normals[face], scale * counts)
    surface = beyond.surface
    nearest = surface.nearest(head[others])
    corners = surface.scan.vertices[surface.scan.triangles[nearest.triangles]]
    turned = surface.normals(nearest)
    near = nearest.inside & (nearest.distances < parameters.beyond_reach)
    near &= facing(normals[others], turned, parameters.largest_angle)
    return _Planes(
        np.concatenate([found.points, np.einsum("kc,kcx->kx", nearest.weights, corners)]),
        normals[np.concatenate([face, others])],
        scale * np.concatenate([counts, parameters.beyond * _robust(nearest.distances, near)]),
    )


def _robust(distances: Array, believed: NDArray[np.bool_]) -> Array:
    """Geman and McClure's weights (k,) of what is believed."""
    if not believed.any():
        return np.zeros(len(distances))
    scale = RegistrationParameters().outlier_factor * max(float(np.median(distances[believed])), 0.5)
    weights: Array = believed / (1 + (distances / scale) ** 2) ** 2
    return weights


def _step(
    places: Array,
    basis: Array,
    coefficients: Array,
    place: Similarity,
    planes: _Planes,
    pairs: Pairs,
    points: tuple[Array, Array],
    parameters: LikelyParameters,
) -> tuple[Array, Similarity]:
    """A Gauss-Newton step: coefficients (k,) and place of vertices (m, 3) with a basis (k, m, 3)."""
    centre = places.mean(axis=0)
    away = places - centre
    turns = np.stack([np.cross(axis, away) for axis in np.eye(3)])
    shifts = np.broadcast_to(np.eye(3)[:, None], (3, *places.shape))
    moves = np.concatenate([turns, shifts, away[None], basis @ (place.scale * place.rotation.T)])
    across = np.einsum("kmc,mc->km", moves, planes.normals)
    gaps = np.einsum("mc,mc->m", planes.normals, planes.points - places)
    goals, counts = points
    flat, repeated = moves.reshape(len(moves), -1), np.repeat(counts, 3)
    told = told_by(across.T, gaps, planes.counts, pairs, parameters.unexplained)
    matrix = across @ told + (flat * repeated) @ flat.T
    right = gaps @ told + (flat * repeated) @ (goals - places).ravel()
    numbers = np.arange(1, len(coefficients) + 1)
    deviations = parameters.spread / (1 + numbers / parameters.bend) ** parameters.fall
    rare = np.concatenate([np.zeros(PLACE), deviations**-2.0])
    right[PLACE:] -= rare[PLACE:] * coefficients
    step = np.linalg.solve(matrix + np.diag(rare), right)
    turn, growth = Rotation.from_rotvec(step[:3]).as_matrix(), 1 + step[6]
    translation = growth * turn @ (place.translation - centre) + centre + step[3:6]
    return coefficients + step[PLACE:], Similarity(growth * place.scale, turn @ place.rotation, translation)
