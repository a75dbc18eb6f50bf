"""Turn the anatomical places into positions of vertices of the half head."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from pix2vertex_blender.geometry.mesh import normalise

from . import anatomy
from .anatomy import Place
from .layout import COLUMNS, HOLES, ROWS, HalfLayout, Hole
from .surface import MeanHead, Surface

Points = NDArray[np.float64]
Pins = dict[int, Points]
AXES = {"front": (2, 1), "back": (2, -1), "side": (0, 1), "below": (1, -1), "top": (1, 1)}
TILT = np.radians(60)
UNDER = np.array([[1, 0, 0], [0, np.cos(TILT), np.sin(TILT)], [0, -np.sin(TILT), np.cos(TILT)]])


def locate(place: Place, skin: Surface) -> Points:
    """Surface point (3,) of an anatomical place."""
    view, *numbers = place
    if view == "near":
        return skin.closest(np.array([numbers]))[0][0]
    if view == "under":
        turned = Surface(skin.vertices @ UNDER.T, skin.triangles)
        return turned.cast((numbers[0], numbers[1]), 2, 1) @ UNDER
    axis, sign = AXES[view]
    first, second = numbers
    return skin.cast((second, first) if view == "side" else (first, second), axis, sign)


def all_pins(layout: HalfLayout, head: MeanHead) -> Pins:
    """Positions of every vertex that anatomy fixes, by vertex."""
    pins: Pins = {}
    pins |= _grid_pins(layout, head.skin)
    pins |= _neck_pins(layout, head.skin)
    pins |= _nostril_pins(layout, head.skin)
    pins |= _ear_pins(layout, head.skin)
    pins |= _lip_pins(layout, head.skin)
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


def place_ring(layout: HalfLayout, hole: Hole, ring: int, points: Points) -> Pins:
    """Pins of a whole ring at points (k, 3) in the order of its steps."""
    return {layout.ring(hole, ring, step): point for step, point in enumerate(points)}


def _nostril_pins(layout: HalfLayout, skin: Surface) -> Pins:
    hole = HOLES["nostril"]
    count = len(hole.path())
    control = np.array([locate(place, skin) for place in anatomy.NOSTRIL_RIM])
    steps = np.append(anatomy.NOSTRIL_STEPS, anatomy.NOSTRIL_STEPS[0] + count)
    rim = CubicSpline(steps, np.vstack([control, control[:1]]), bc_type="periodic")(np.arange(count))
    rim, _ = skin.closest(rim)
    pins = place_ring(layout, hole, anatomy.NOSTRIL_RIM_RING, rim)
    for ring, points in anatomy.WING.items():
        places, _ = skin.closest(np.array(points, dtype=np.float64))
        pins |= {layout.ring(hole, ring, anatomy.WING_STEP + k): place for k, place in enumerate(places)}
    centre = rim.mean(axis=0)
    for offset, (share, depth) in enumerate(anatomy.NOSTRIL_INSIDE, start=1):
        inside = centre + share * (rim - centre) + depth * np.array(anatomy.NOSTRIL_DIRECTION)
        pins |= place_ring(layout, hole, anatomy.NOSTRIL_RIM_RING + offset, inside)
    return pins


def _ear_pins(layout: HalfLayout, skin: Surface) -> Pins:
    hole = HOLES["ear"]
    rings = {ring: _ear_ring(hole, parts) for ring, parts in anatomy.EAR.items()}
    rings[6] = (rings[5] + rings[7]) / 2
    floor = np.array(sorted(anatomy.CONCHA_FLOOR, key=lambda point: point[1]))
    below = np.stack([np.interp(rings[7][:, 1], floor[:, 1], floor[:, axis]) for axis in range(3)], axis=1)
    rings[8] = 0.45 * rings[7] + 0.55 * below
    pins: Pins = {}
    for ring, points in rings.items():
        pins |= place_ring(layout, hole, ring, skin.closest(points)[0])
    return pins


def _ear_ring(hole: Hole, parts: tuple[anatomy.Part, ...]) -> Points:
    """Equally spaced points on each of the four parts of a smooth closed curve."""
    control = np.array([point for part in parts for point in part], dtype=np.float64)
    closed = np.vstack([control, control[:1]])
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    curve = PchipInterpolator(lengths, closed)
    corners = lengths[np.cumsum([0] + [len(part) for part in parts])]
    height, width = hole.bottom - hole.top, hole.right - hole.left
    places = [
        np.linspace(start, end, count, endpoint=False)
        for start, end, count in zip(corners[:-1], corners[1:], (height, width, height, width), strict=True)
    ]
    return curve(np.concatenate(places))


def _lip_pins(layout: HalfLayout, skin: Surface) -> Pins:
    hole = HOLES["mouth"]
    pins: Pins = {}
    for ring, places in anatomy.LIPS.items():
        control = np.array([locate(place, skin) for place in places])
        points = np.stack(
            [
                CubicSpline(anatomy.LIP_STEPS, control[:, axis], bc_type=end)(np.arange(len(hole.path())))
                for axis, end in enumerate(("natural", "clamped", "clamped"))
            ],
            axis=1,
        )
        if ring == anatomy.LIP_CONTACT_RING:
            facing = np.cos(np.pi * np.arange(len(points)) / (len(points) - 1))
            normals = normalise(np.stack([np.zeros_like(facing), facing, np.full_like(facing, 0.5)], axis=1))
            sure = np.abs(facing) > 0.4
            points[~sure], _ = skin.closest(points[~sure])
            points[sure], _ = skin.closest(points[sure], normals[sure])
        else:
            points, _ = skin.closest(points)
        pins |= place_ring(layout, hole, ring, points)
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


CANTHUS_STEP = (HOLES["eye"].bottom - HOLES["eye"].top) // 2
LID_STEPS = len(HOLES["eye"].path()) // 2


def _eye_pins(layout: HalfLayout, head: MeanHead) -> Pins:
    edge = lid_edge_ring(head)
    border = lid_border_ring(head, edge)
    pins = place_ring(layout, HOLES["eye"], anatomy.LID_EDGE_RING, edge)
    skin_ring = lid_skin_ring(edge, head.skin, 1.5)
    pins |= place_ring(layout, HOLES["eye"], anatomy.LID_EDGE_RING - 1, skin_ring)
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
        pins |= place_ring(layout, HOLES["eye"], ring, points)
    return pins


def lid_border_ring(head: MeanHead, edge: Points) -> Points:
    """The inner border of the lids as the eye's ring (38, 3), each point behind the point of the lids' front edge."""
    loop = head.lid_border
    first, second = sorted((int(np.argmin(loop[:, 0])), int(np.argmax(loop[:, 0]))))
    arcs = [loop[first : second + 1], np.vstack([loop[second:], loop[: first + 1]])]
    lower, upper = sorted(arcs, key=lambda arc: arc[:, 1].mean())
    from_inner = np.roll(edge, -CANTHUS_STEP, axis=0)
    share = (from_inner[:, 0] - from_inner[0, 0]) / (from_inner[LID_STEPS, 0] - from_inner[0, 0])
    lower, upper = (_by_share(arc, share) for arc in (lower, upper))
    ring = np.where((np.arange(2 * LID_STEPS) <= LID_STEPS)[:, None], lower, upper)
    return np.roll(ring, CANTHUS_STEP, axis=0)


def _by_share(arc: Points, share: Points) -> Points:
    """Points of an arc at these shares of the mean of its width in x and its length, which keeps the corners round."""
    arc = arc if arc[0, 0] < arc[-1, 0] else arc[::-1]
    lengths = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(arc, axis=0), axis=1))])
    across = (arc[:, 0] - arc[0, 0]) / (arc[-1, 0] - arc[0, 0])
    measure = (np.maximum.accumulate(across) + lengths / lengths[-1]) / 2
    return np.stack([np.interp(share, measure, arc[:, axis]) for axis in range(3)], axis=1)


def lid_edge_ring(head: MeanHead) -> Points:
    """The front edges of the lids, where they are nearest to each other at each x, as the eye's ring (38, 3)."""
    inner, outer = head.landmarks[42], head.landmarks[45]
    samples = np.linspace(inner[0] + 4.0, outer[0] - 1.5, 50)
    arcs = []
    for sign in (1, -1):
        points = np.array([_lid_slice(head, x, sign) for x in samples])
        points = gaussian_filter1d(np.vstack([inner, points, outer]), 2.0, axis=0, mode="nearest")
        points[0], points[-1] = inner, outer
        arcs.append(resample(points, LID_STEPS + 1)[1:-1])
    upper, lower = arcs
    return eye_ring(inner, outer, lower, upper)


def lid_skin_ring(edge: Points, skin: Surface, width: float) -> Points:
    """Points of the skin `width` mm outside the lids' front edge (k, 3)."""
    along = np.roll(edge, -1, axis=0) - np.roll(edge, 1, axis=0)
    outward = np.cross(along, (0.0, 0.0, 1.0))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    _, normals = skin.closest(edge + 0.3 * outward + (0, 0, 0.5))
    outward -= np.einsum("nc,nc->n", outward, normals)[:, None] * normals
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    places, _ = skin.closest(edge + width * outward, normals)
    return places


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
    hole = HOLES["mouth"]
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
    height = np.sin(np.pi * (np.arange(count) - half) / (count - 1))  # -1 at the lower midline, 1 at the upper one
    pins: Pins = {}
    for offset, (up, wider) in enumerate(anatomy.LIP_LINING):
        points = ring.copy()
        points[:, 0] *= 1 + wider
        points[:, 1] += up * height
        in_front = _before_the_teeth(points[:, 0], height)
        points[:, 2] = np.maximum(points[:, 2], in_front) if offset == 0 else in_front
        pins |= place_ring(layout, hole, anatomy.LIP_BORDER_RING + offset, points)
    return pins


def _before_the_teeth(x: Points, height: Points) -> Points:
    """The depth z (k,) of the lips' inside in front of teeth and gums, at x and heights from -1 (lower jaw) to 1."""
    upper = (height + 1) / 2
    half_x, half_z = (
        low + (high - low) * upper for low, high in zip(anatomy.LOWER_ARCH, anatomy.UPPER_ARCH, strict=True)
    )
    room = anatomy.LINING_ROOM + anatomy.CORNER_ROOM * (1 - np.abs(height)) ** 2
    depth: Points = anatomy.ARCH_DEPTH + half_z * np.sqrt(1 - (x / half_x) ** 2) + room
    return depth
