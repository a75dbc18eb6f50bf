"""Lips where the network has seen the mouth's opening: its edges are theirs, and where there is none they touch.

Correspondence and geometry say little about lips that are a few pixels wide; how far they are apart is seen by the
dark line or the teeth between them.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy import ndimage

from ...exchange.maps import OPEN, FaceMaps
from ...geometry.mesh import normalise, triangulate, unique_edges
from ...template import load_template
from ...template.canonical import SIZE
from ..registration.contacts import Folds
from ..registration.deformation import Array
from ..registration.matching import TargetIndex
from ..registration.untangling import Untangler
from .pins import PinParameters, follow_sightlines, sightlines


@dataclass(frozen=True)
class MouthParameters:
    """How lips follow the opening. Lengths are in millimetres.

    Attributes
    ----------
    shut_gap : float
        How far shut lips stay apart, so that they can be told apart.
    nearly_shut : float
        Lips whose opening is seen lower than this are shut: it is a dark line, and what is behind is not seen. From
        half of it on they are less and less, and with one and a half of it not at all.
    flat : float
        Beside an opening whose height is less than this share of the lips' width the lips touch: on rendered faces such
        openings end 8 to 18 % of the width before the corners. Higher ones end within 2 % of them.
    narrowest : float
        An opening that covers less than this share of the lips' width is not believed, unless it is flat.
    core : float
        The lips follow what is at least this share of the opening's height. The network does not always see its ends:
        corners that follow them are farther from the truth than where correspondence and geometry have them.
    smallest_area : float
        A smaller opening (square millimetres) is none.
    reach : float
        How far beyond the corners, above and below the lips the opening is looked for.
    same_place : float
        A pixel whose correspondence is farther from the lips shows something else, which hides them.
    step : float
        Distance of the places where the opening is read, in pixels.
    smoothing : float
        Standard deviation of the average along the opening's edges.
    rounds : int
        How often the lips are moved.
    strength, stiffness : float
        See `PinParameters`: less than for an artist's pins.
    """

    shut_gap: float = 0.2
    nearly_shut: float = 0.6
    flat: float = 0.05
    narrowest: float = 0.45
    core: float = 0.6
    smallest_area: float = 8.0
    reach: float = 12.0
    same_place: float = 12.0
    step: float = 0.25
    smoothing: float = 1.0
    rounds: int = 2
    strength: float = 1e3
    stiffness: float = 1e6


@dataclass(frozen=True)
class Opening:
    """The opening in the mouth's frame, in pixels: x along the mouth, y towards the upper lip.

    Attributes
    ----------
    places : (m,)
        Equidistant x from end to end.
    lower, upper : (m,)
        y of its edges.
    """

    places: Array
    lower: Array
    upper: Array

    @property
    def width(self) -> float:
        """From end to end."""
        return float(self.places[-1] - self.places[0])

    @property
    def height(self) -> float:
        """Where it is highest."""
        return float((self.upper - self.lower).max())

    def core(self, share: float) -> "Opening":
        """The part that is at least a share of its height high."""
        high = np.flatnonzero(self.upper - self.lower >= share * self.height)
        part = slice(high[0], high[-1] + 1)
        return Opening(self.places[part], self.lower[part], self.upper[part])


@dataclass(frozen=True)
class SeenLips:
    """What is known of each pair (k,) of `lip_lines`.

    Attributes
    ----------
    known : (k,)
        How far it is seen where they are, from 0 to 1: beside what is seen less and less.
    shut : (k,)
        How far they are seen to be shut or nearly, from 0 to 1.
    """

    known: Array
    shut: Array


def fit_mouth(
    vertices: NDArray[np.floating],
    target: TargetIndex,
    maps: FaceMaps,
    parameters: MouthParameters | None = None,
) -> Array:
    """Move the lips of the registered template (n, 3), in millimetres in the camera's axes, to the opening's edges.

    Lips that are hidden stay as they are.
    """
    parameters = parameters or MouthParameters()
    current = np.array(vertices, dtype=np.float64)
    lines = lip_lines()
    pins = PinParameters(strength=parameters.strength, stiffness=parameters.stiffness, rounds=1)
    for _ in range(parameters.rounds):
        pixels = maps.camera.project(current[lines.ravel()]).reshape(*lines.shape, 2)
        goals = lip_goals(pixels, maps, parameters)
        if not np.isfinite(goals).any():
            break
        goals = pixels + np.stack([fading(each) for each in goals - pixels])
        inside = slice(1, -1)
        sight = sightlines(
            _picking(lines[:, inside].ravel(), len(current)), maps.camera, goals[:, inside].reshape(-1, 2)
        )
        current = follow_sightlines(current, target, sight, pins)
    triangles = triangulate(load_template().faces)
    untangler = Untangler(np.asarray(vertices, dtype=np.float64), triangles, Folds(vertices, triangles))
    return untangler.repair(current)[0]


@cache
def lip_lines() -> NDArray[np.intp]:
    """Vertices (2, k) of level 0 along the edges of upper and lower lip, from corner to corner, left to right.

    The edges are the innermost ring that can be seen, next to the mouth's interior. Each vertex of one has its
    counterpart in the other; the corners belong to both.
    """
    template = load_template()
    edges = unique_edges(template.faces)
    interior = template.groups["mouth_interior"] > 0
    beside = np.zeros(len(interior), dtype=bool)
    for one, other in ((0, 1), (1, 0)):
        beside[edges[interior[edges[:, other]], one]] = True
    lips = (np.flatnonzero(beside & (template.groups[name] > 0)) for name in ("upper_lip", "lower_lip"))
    upper, lower = (lip[np.argsort(template.vertices[lip, 0])] for lip in lips)
    longer = upper if len(upper) > len(lower) else lower
    corners = longer[[0, -1]]
    upper, lower = (lip[~np.isin(lip, corners)] for lip in (upper, lower))
    return np.stack([np.concatenate([corners[:1], lip, corners[1:]]) for lip in (upper, lower)])


def lip_goals(lips: Array, maps: FaceMaps, parameters: MouthParameters) -> Array:
    """Where the vertices of `lip_lines`, now seen at pixels (2, k, 2), belong; NaN where that is unknown."""
    middle = lips.mean(axis=0)
    origin = middle.mean(axis=0)
    along = normalise(middle[-1:] - middle[:1])[0]
    up = np.array([along[1], -along[0]])
    if ((lips[0] - lips[1]) @ up).sum() < 0:
        up = -up
    frame = np.stack([along, up])
    # Any of them: between narrow lips the mask may have a gap.
    seen = np.any([shows_lips(pixels, maps, parameters.same_place) for pixels in (middle, *lips)], axis=0)
    own = (lips - origin) @ frame.T
    opening = find_opening(own, origin, frame, maps, parameters)
    goals = goals_in_frame(own, opening, parameters.shut_gap * maps.camera.scale, parameters)
    return np.where(seen[:, None], goals @ frame + origin, np.nan)


def seen_lips(vertices: NDArray[np.floating], maps: FaceMaps, parameters: MouthParameters | None = None) -> SeenLips:
    """What the maps say of the lips of a head (n, 3) in the camera's axes."""
    parameters = parameters or MouthParameters()
    lines = lip_lines()
    pixels = maps.camera.project(np.asarray(vertices)[lines.ravel()]).reshape(*lines.shape, 2)
    goals = lip_goals(pixels, maps, parameters)
    known = np.isfinite(goals).all(axis=(0, 2))
    apart = np.linalg.norm(np.where(known[:, None], goals[0] - goals[1], np.inf), axis=1)
    heights = apart / (parameters.nearly_shut * maps.camera.scale)
    return SeenLips(fading(np.where(known, 1.0, np.nan)), np.clip(1.5 - heights, 0.0, 1.0))


def goals_in_frame(lips: Array, opening: Opening | None, gap: float, parameters: MouthParameters) -> Array:
    """Goals (2, k, 2) of lips (2, k, 2) in the mouth's frame, by how much the opening covers; NaN if unknown."""
    width = float(lips[0, -1, 0] - lips[0, 0, 0])
    if opening is None:
        return touching(lips, gap)
    if opening.height < parameters.flat * width:
        beside = touching(lips, gap)
        return beside + np.stack([fading(each) for each in parted(lips, opening) - beside])
    if opening.width < parameters.narrowest * width:
        return np.full(lips.shape, np.nan)
    return parted(lips, opening.core(parameters.core))


def find_opening(
    lips: Array, origin: Array, frame: Array, maps: FaceMaps, parameters: MouthParameters
) -> Opening | None:
    """The largest opening around the lips (2, k, 2), which are given in the mouth's frame; None if there is none.

    Parameters
    ----------
    origin : (2,)
        Of the mouth's frame, in pixels.
    frame : (2, 2)
        Its axes as rows.
    """
    margin = parameters.reach * maps.camera.scale
    lowest, highest = lips.min(axis=(0, 1)) - margin, lips.max(axis=(0, 1)) + margin
    x, y = (np.arange(low, high, parameters.step) for low, high in zip(lowest, highest, strict=True))
    grid = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1)
    columns, rows = np.moveaxis(grid @ frame + origin, 2, 0) - 0.5
    likely = ndimage.map_coordinates(maps.opening.astype(np.float64), [rows, columns], order=1, mode="constant")
    labels, count = ndimage.label(likely >= OPEN)
    if count == 0:
        return None
    areas = np.bincount(labels.ravel())[1:]
    if areas.max() * parameters.step**2 < parameters.smallest_area * maps.camera.scale**2:
        return None
    inside = labels == 1 + int(np.argmax(areas))
    across = np.flatnonzero(inside.any(axis=1))
    lower = [_crossing(likely[i], y, int(np.argmax(inside[i])), -1) for i in across]
    upper = [_crossing(likely[i], y, len(y) - 1 - int(np.argmax(inside[i][::-1])), 1) for i in across]
    width = parameters.smoothing * maps.camera.scale / parameters.step
    return Opening(x[across], *(ndimage.gaussian_filter1d(edge, width, mode="nearest") for edge in (lower, upper)))


def touching(lips: Array, gap: float) -> Array:
    """Goals (2, k, 2) of lips (2, k, 2) that are shut; NaN for the corners."""
    goals = lips.mean(axis=0) + gap / 2 * np.array([[[0.0, 1.0]], [[0.0, -1.0]]])
    goals[:, [0, -1]] = np.nan
    return goals


def parted(lips: Array, opening: Opening) -> Array:
    """Goals (2, k, 2) of the lips (2, k, 2) above and below an opening, at its edges; NaN beside it and for corners."""
    goals = np.full(lips.shape, np.nan)
    for goal, lip, edge in zip(goals, lips, (opening.upper, opening.lower), strict=True):
        inside = (lip[:, 0] >= opening.places[0]) & (lip[:, 0] <= opening.places[-1])
        inside[[0, -1]] = False
        goal[inside] = np.column_stack([lip[inside, 0], np.interp(lip[inside, 0], opening.places, edge)])
    return goals


def fading(offsets: Array) -> Array:
    """Offsets (k, ...) along a lip, of which some are NaN, that fade beside those known to zero in the corners.

    With the square of the distance from there, so that no kink is where they end; between known ones they are linear.
    """
    count, flat = len(offsets), offsets.reshape(len(offsets), -1)
    known = np.flatnonzero(np.isfinite(flat).all(axis=1))
    if len(known) == 0:
        return np.zeros(offsets.shape)
    place, last = np.arange(count), count - 1
    held = np.stack([np.interp(place, known, column[known]) for column in flat.T], axis=1)
    share = np.minimum(place / max(known[0], 1), (last - place) / max(last - known[-1], 1))
    return (np.clip(share, 0.0, 1.0)[:, None] ** 2 * held).reshape(offsets.shape)


def shows_lips(pixels: Array, maps: FaceMaps, same_place: float) -> NDArray[np.bool_]:
    """At which of the pixels (k, 2), one for each pair of `lip_lines`, the maps show what belongs there."""
    canonical = load_template().canonical
    expected = canonical[lip_lines()].mean(axis=0)
    height, width = maps.mask.shape
    columns, rows = np.floor(pixels).astype(int).T
    inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    columns, rows = columns.clip(0, width - 1), rows.clip(0, height - 1)
    apart = np.linalg.norm(maps.correspondence[rows, columns] - expected, axis=1) * SIZE
    return inside & maps.mask[rows, columns] & ((apart < same_place) | (maps.opening[rows, columns] >= OPEN))


def _crossing(likely: Array, places: Array, last: int, direction: int) -> float:
    """Where the likelihood (k,) falls below `OPEN` beyond its last place on a line."""
    beyond = last + direction
    if not 0 <= beyond < len(places):
        return float(places[last])
    share = (likely[last] - OPEN) / max(likely[last] - likely[beyond], 1e-9)
    return float(places[last] + share * (places[beyond] - places[last]))


def _picking(vertices: NDArray[np.integer], count: int) -> sparse.csr_matrix:
    """Matrix (k, count) that picks single vertices (k,)."""
    return sparse.csr_matrix((np.ones(len(vertices)), (np.arange(len(vertices)), vertices)), (len(vertices), count))
