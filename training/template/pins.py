"""Turn the anatomical places into positions of vertices of the half head."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from training.template import anatomy
from training.template.anatomy import Place
from training.template.layout import COLUMNS, HOLES, ROWS, HalfLayout, Hole
from training.template.surface import MeanHead, Surface

Points = NDArray[np.float64]
Pins = dict[int, Points]
AXES = {"front": (2, 1), "back": (2, -1), "side": (0, 1), "below": (1, -1), "top": (1, 1)}
HOLE = {hole.name: hole for hole in HOLES}


def locate(place: Place, skin: Surface) -> Points:
    """Surface point (3,) of an anatomical place."""
    view, *numbers = place
    if view == "near":
        return skin.closest(np.array([numbers]))[0][0]
    axis, sign = AXES[view]
    first, second = numbers
    return skin.cast((second, first) if view == "side" else (first, second), axis, sign)


def all_pins(layout: HalfLayout, head: MeanHead) -> Pins:
    """Positions of every vertex that anatomy fixes, by vertex."""
    pins: Pins = {}
    pins |= _grid_pins(layout, head.skin)
    pins |= _neck_pins(layout, head.skin)
    pins |= _ring_pins(layout, head.skin, HOLE["nostril"], anatomy.NOSTRIL_STEPS, anatomy.NOSTRIL)
    pins |= _ring_pins(layout, head.skin, HOLE["ear"], anatomy.EAR_STEPS, anatomy.EAR)
    pins |= _ring_pins(layout, head.skin, HOLE["mouth"], anatomy.LIP_STEPS, anatomy.LIPS)
    pins |= _eye_pins(layout, head)
    pins |= _inner_lip_pins(layout, head)
    return pins


def _column(name: str | int) -> int:
    return COLUMNS[name] if isinstance(name, str) else name


def _row(name: str | int) -> int:
    return ROWS[name] if isinstance(name, str) else name


def _grid_pins(layout: HalfLayout, skin: Surface) -> Pins:
    pins = {layout.grid(_column(column), _row(row)): locate(place, skin) for column, row, place in anatomy.GRID}
    return pins | {layout.crown(column, row): locate(place, skin) for column, row, place in anatomy.CROWN}


def _neck_pins(layout: HalfLayout, skin: Surface) -> Pins:
    columns = [_column(column) for column, _ in anatomy.NECK]
    azimuths = CubicSpline(columns, [azimuth for _, azimuth in anatomy.NECK])(np.arange(COLUMNS["back"] + 1))
    return {
        layout.grid(column, ROWS["neck"]): _neck_point(np.radians(azimuth), skin)
        for column, azimuth in enumerate(azimuths)
    }


def _neck_point(azimuth: float, skin: Surface) -> Points:
    """Point of the neck's plane in a direction from the neck's axis, found by bisection between axis and outside."""
    (front_y, front_z), (back_y, back_z) = anatomy.NECK_PLANE
    direction = np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])
    radii = np.linspace(20, 90, 141)
    points = np.array([0, 0, anatomy.NECK_AXIS]) + radii[:, None] * direction
    points[:, 1] = front_y + (points[:, 2] - front_z) / (back_z - front_z) * (back_y - front_y)
    places, _ = skin.closest(points)
    return places[np.argmin(np.linalg.norm(places - points, axis=1))]


def spline(steps: NDArray[np.int64], points: Points, count: int, closed: bool) -> Points:
    """Points (count, 3) at steps 0..count-1 on a cubic spline through `points` (k, 3) at `steps` (k,)."""
    if closed:
        steps, points = np.append(steps, steps[0] + count), np.vstack([points, points[:1]])
        return CubicSpline(steps, points, bc_type="periodic")(np.arange(count))
    return CubicSpline(steps, points)(np.arange(count))


def _ring_pins(
    layout: HalfLayout, skin: Surface, hole: Hole, steps: tuple[int, ...], rings: dict[int, tuple[Place, ...]]
) -> Pins:
    pins: Pins = {}
    count = len(hole.path())
    for ring, places in rings.items():
        control = np.array([locate(place, skin) for place in places])
        points, _ = skin.closest(spline(np.array(steps), control, count, not hole.on_midline))
        pins |= {layout.ring(hole, ring, step): point for step, point in enumerate(points)}
    return pins


def resample(curve: Points, count: int) -> Points:
    """Points (count, 3) at equal distances along an open polyline (k, 3), its ends included."""
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    wanted = np.linspace(0, lengths[-1], count)
    return np.stack([np.interp(wanted, lengths, curve[:, axis]) for axis in range(3)], axis=1)


def eye_ring(inner: Points, outer: Points, lower: Points, upper: Points) -> Points:
    """Order lid points as the eye's ring: lower and upper run from the inner to the outer corner without the corners.

    The ring starts four steps before the inner corner.
    """
    from_inner = np.vstack([inner[None], lower, outer[None], upper[::-1]])
    return np.roll(from_inner, CANTHUS_STEP, axis=0)


CANTHUS_STEP = (HOLE["eye"].bottom - HOLE["eye"].top) // 2
LID_STEPS = len(HOLE["eye"].path()) // 2


def _eye_pins(layout: HalfLayout, head: MeanHead) -> Pins:
    border = lid_border_ring(head)
    edge = lid_edge_ring(head, border)
    pins: Pins = {}
    centre, radius = head.eyeball_centre, head.eyeball_radius
    for offset, (lift, widen) in enumerate(((0.0, 0.0), (0.3, 2.0), (0.6, 4.0), (0.9, 6.5))):
        directions = border - centre
        lengths = np.linalg.norm(directions, axis=1)
        axis = directions.mean(axis=0) / np.linalg.norm(directions.mean(axis=0))
        away = directions - (directions @ axis)[:, None] * axis
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        moved = directions + widen * away
        moved *= (np.maximum(lengths, radius + 0.4) + lift)[:, None] / np.linalg.norm(moved, axis=1, keepdims=True)
        points = border if offset == 0 else centre + moved
        ring = anatomy.LID_BORDER_RING + offset
        pins |= {layout.ring(HOLE["eye"], ring, step): point for step, point in enumerate(points)}
    pins |= {layout.ring(HOLE["eye"], anatomy.LID_EDGE_RING, step): point for step, point in enumerate(edge)}
    return pins


def lid_border_ring(head: MeanHead) -> Points:
    """The inner border of the lids as the eye's ring (38, 3)."""
    loop = head.lid_border
    inner, outer = int(np.argmin(loop[:, 0])), int(np.argmax(loop[:, 0]))
    first, second = sorted((inner, outer))
    arcs = [loop[first : second + 1], np.vstack([loop[second:], loop[: first + 1]])]
    lower, upper = sorted(arcs, key=lambda arc: arc[:, 1].mean())
    lower, upper = (arc if arc[0, 0] < arc[-1, 0] else arc[::-1] for arc in (lower, upper))
    lower, upper = resample(lower, LID_STEPS + 1), resample(upper, LID_STEPS + 1)
    return eye_ring(lower[0], lower[-1], lower[1:-1], upper[1:-1])


def lid_edge_ring(head: MeanHead, border: Points) -> Points:
    """The front edges of the lids, where they are nearest to each other at each x, as the eye's ring (38, 3)."""
    inner, outer = head.landmarks[42], head.landmarks[45]
    samples = np.linspace(inner[0], outer[0], 60)[3:-3]
    arcs = []
    for sign in (1, -1):
        points = np.array([_lid_slice(head, x, sign) for x in samples])
        arcs.append(resample(np.vstack([inner, points, outer]), LID_STEPS + 1)[1:-1])
    upper, lower = arcs
    return eye_ring(inner, outer, lower, upper)


def _lid_slice(head: MeanHead, x: float, sign: int) -> Points:
    """Lowest point of the upper lid (sign 1) or highest of the lower lid (-1) in the plane of this x."""
    vertices, triangles = head.skin.vertices, head.skin.triangles
    border = head.lid_border
    inner, outer = head.landmarks[42], head.landmarks[45]
    middle = np.interp(x, [inner[0], outer[0]], [inner[1], outer[1]])
    near = (np.abs(vertices - border.mean(axis=0)) < (20, 14, 12)).all(axis=1)
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    start, end = (vertices[edges[:, i]] for i in (0, 1))
    crossing = near[edges].all(axis=1) & ((start[:, 0] - x) * (end[:, 0] - x) < 0)
    start, end = start[crossing], end[crossing]
    points = start + ((x - start[:, 0]) / (end[:, 0] - start[:, 0]))[:, None] * (end - start)
    points = points[sign * (points[:, 1] - middle) > 0]
    return points[np.argmin(sign * points[:, 1])]


def _inner_lip_pins(layout: HalfLayout, head: MeanHead) -> Pins:
    hole = HOLE["mouth"]
    count = len(hole.path())
    border = head.lip_border
    right = border[border[:, 0] > -1e-6]
    corner = right[np.argmax(right[:, 0])]
    lower = right[right[:, 1] <= corner[1]]
    upper = right[right[:, 1] >= corner[1]]
    half = count // 2
    lower = resample(lower[np.argsort(lower[:, 0])], half + 1)
    upper = resample(upper[np.argsort(upper[:, 0])], half + 1)
    ring = np.vstack([lower, upper[::-1][1:]])
    pins: Pins = {}
    for offset, (back, spread) in enumerate(((0.0, 0.0), (3.5, 1.0), (7.0, 1.5))):
        points = ring + np.array([0, 0, -back])
        points[:, 1] += (
            spread * np.sign(np.arange(count) - half)[::1] * np.sin(np.pi * np.abs(np.linspace(-1, 1, count)) / 2)
        )
        index = anatomy.LIP_BORDER_RING + offset
        pins |= {layout.ring(hole, index, step): point for step, point in enumerate(points)}
    return pins
