"""What the mouse does with a face: press on it, drag, let go."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import bpy
import numpy as np
from numpy.typing import NDArray

from ..scene.face_object import read_provenance
from ..scene.face_points import FacePoints, PointDrag, pulled_at, read_points, set_points, shown_vertices
from .screen import Pixel, Screen

#: Pixels within which a pin is meant, and up to which a press without a motion is a click.
GRIP, CLICK = 10.0, 3.0

#: What a press became, as undo names it; and nothing.
ADDED, MOVED, REMOVED, NOTHING = "Add Pin", "Drag Pin", "Remove Pin", ""


@dataclass
class _Press:
    """A pressed mouse button.

    Attributes
    ----------
    drag : PointDrag
    index, twin : int
        The point under the mouse, and the one on the other side that moves likewise; -1 if none does.
    is_new : bool
        Whether the press has made the point.
    mouse : tuple of float
        Where it began.
    start : (3,)
        Where the point was seen then, in millimetres.
    before : (k, 3)
        The points' offsets then.
    moved : bool
    """

    drag: PointDrag
    index: int
    twin: int
    is_new: bool
    mouse: Pixel
    start: NDArray[np.float64]
    before: NDArray[np.float64]
    moved: bool = False


class FaceDragging:
    """Drags points of a face.

    Parameters
    ----------
    find_face : callable
        The face, which undo may have replaced since; None if it is gone.
    symmetric : callable
        Whether both sides of the face are to move alike.
    """

    def __init__(self, find_face: Callable[[], bpy.types.Object | None], symmetric: Callable[[], bool]) -> None:
        self._find_face, self._symmetric = find_face, symmetric
        self._press: _Press | None = None

    def places(self, screen: Screen) -> NDArray[np.float64]:
        """Where the pins are seen (k, 3), as `Screen.project` says."""
        face = self._find_face()
        points = read_points(face) if face is not None and self._press is None else None
        if self._press is not None:
            points = self._press.drag.points
        if face is None or points is None or not len(points):
            return np.zeros((0, 3))
        return screen.project(points.places.of(shown_vertices(face)))

    def press(self, screen: Screen, mouse: Pixel, grip: float = GRIP) -> bool:
        """Begin with the pin under the mouse, or with a new one where the mesh is; False where neither is.

        Raises
        ------
        SceneError
            If the face cannot be dragged.
        """
        face = self._find_face()
        if face is None:
            return False
        shown = shown_vertices(face)
        points = read_points(face)
        index = self._nearest(screen, points, shown, mouse, grip)
        is_new = index < 0
        if is_new:
            place = self._place_under(screen, shown, mouse)
            if place is None:
                return False
            points, index = _with_point(face, points, *place, shown)
        points, twin = _with_twin(face, points, index, shown) if self._symmetric() else (points, -1)
        start = points.places.of(shown)[index]
        self._press = _Press(PointDrag(face, points), index, twin, is_new, mouse, start, points.offsets)
        return True

    def move(self, screen: Screen, mouse: Pixel) -> bool:
        """Have the pressed point follow the mouse; returns whether anything has moved."""
        press = self._press
        if press is None:
            return False
        shift = mouse[0] - press.mouse[0], mouse[1] - press.mouse[1]
        if not press.moved and np.hypot(*shift) < CLICK:
            return False
        press.moved = True
        step = screen.beside(press.start, shift) - press.start
        if press.twin == press.index:
            step[0] = 0.0
        offsets = press.before.copy()
        offsets[press.index] += step
        if press.twin not in (-1, press.index):
            offsets[press.twin] += step * (-1.0, 1.0, 1.0)
        press.drag.move(offsets)
        return True

    def cancel(self) -> None:
        """End a drag as if it had never begun."""
        press, self._press = self._press, None
        face = self._find_face()
        if press is not None and face is not None:
            set_points(face, read_points(face))

    def release(self) -> str:
        """End: what the press became, ADDED, MOVED, REMOVED or NOTHING. A click on a pin removes it and its twin."""
        press, self._press = self._press, None
        face = self._find_face()
        if press is None or face is None:
            return NOTHING
        if press.moved or press.is_new:
            if not press.moved:
                press.drag.move(press.drag.points.offsets)
            press.drag.end()
            return MOVED if press.moved and not press.is_new else ADDED
        both = sorted({index for index in (press.index, press.twin) if index >= 0})
        set_points(face, press.drag.points.without(both))
        return REMOVED

    @staticmethod
    def _nearest(screen: Screen, points: FacePoints, shown: NDArray[np.float64], mouse: Pixel, grip: float) -> int:
        """The pin under the mouse; -1 if there is none."""
        if not len(points):
            return -1
        seen = screen.project(points.places.of(shown))
        distance = np.nan_to_num(np.linalg.norm(seen[:, :2] - mouse, axis=1), nan=np.inf)
        return int(distance.argmin()) if distance.min() < grip else -1

    @staticmethod
    def _place_under(
        screen: Screen, shown: NDArray[np.float64], mouse: Pixel
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
        from ...geometry.mesh import triangulate
        from ...template import load_template

        return screen.under(shown, triangulate(load_template().faces), mouse)


def _with_point(
    face: bpy.types.Object,
    points: FacePoints,
    corners: NDArray[np.int64],
    weights: NDArray[np.float64],
    shown: NDArray[np.float64],
) -> tuple[FacePoints, int]:
    """Points and one more, where the face is seen now; also its index."""
    provenance = read_provenance(face)
    assert provenance is not None  # every face has one
    place = replace(points.places, corners=corners[None], weights=weights[None])
    pixel = provenance.frame.to_photo(provenance.frame.to_camera(place.of(shown)))
    offset = pulled_at(face, place)
    places = replace(
        points.places,
        corners=np.concatenate([points.places.corners, place.corners]),
        weights=np.concatenate([points.places.weights, place.weights]),
    )
    offsets, pixels = np.concatenate([points.offsets, offset]), np.concatenate([points.pixels, pixel])
    return FacePoints(places, offsets, pixels), len(points)


def _with_twin(
    face: bpy.types.Object, points: FacePoints, index: int, shown: NDArray[np.float64]
) -> tuple[FacePoints, int]:
    """Points with the mirror image of one among them, and its index, which is the same for a point in the middle."""
    from ...template import load_template

    corners = load_template().mirror[points.places.corners[index]]
    weights = points.places.weights[index]
    for other, known in enumerate(points.places.corners):
        if set(known.tolist()) == set(corners.tolist()):
            order = [known.tolist().index(corner) for corner in corners.tolist()]
            if np.allclose(points.places.weights[other][order], weights, atol=0.25):
                return points, other
    points, twin = _with_point(face, points, corners, weights, shown)
    return points, twin
