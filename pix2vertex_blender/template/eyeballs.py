"""The two eyeballs: where they are in a head, against whose lids they lie, and each as a mesh of its own."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..geometry.similarity import fit_similarity

if TYPE_CHECKING:
    from .template import Eyeballs, Template

Points = NDArray[np.float64]

#: The radius of an adult's eyeball, that of the iris's edge, and how far forward the cornea bulges, all in mm.
RADIUS, LIMBUS, CORNEA_APEX = 12.0, 5.9, 12.7
#: How far (mm) the inner border of the lids lies in front of the ball.
CLEARANCE = 0.3
#: How much farther apart (mm each) the balls are than the axes of sight between the lids, so that the outer corners of
#: the eyes lie on them.
OUTWARDS = 1.3
#: So far (mm) from the axis of sight the lids lie against the ball; the corners of the eye reach beyond it.
LID_REACH = 10.5
#: From so many mm from the axis on, lids are lowered onto the ball less and less, and not at all from so many on: there
#: it turns away from the line of sight, and the inner corner of the eye goes on beyond it.
LID_FADE = (7.5, 10.5)
#: Landmarks that no expression moves much along the line of sight: of brows, nose and eyes.
FIRM_LANDMARKS = slice(17, 48)

_HALF_CHORD = CORNEA_APEX - float(np.sqrt(RADIUS**2 - LIMBUS**2))
_CORNEA_RADIUS = (LIMBUS**2 + _HALF_CHORD**2) / (2 * _HALF_CHORD)
_CORNEA_CENTRE = CORNEA_APEX - _CORNEA_RADIUS


@dataclass(frozen=True)
class Ball:
    """An eyeball in a head, looking along +z: a sphere with a cornea.

    Attributes
    ----------
    centre : (3,)
        In millimetres.
    radius : float
        Of the sphere, in millimetres.
    rotation : (3, 3)
        Turns z into the direction in which the face looks.
    """

    centre: Points
    radius: float
    rotation: Points

    @property
    def forwards(self) -> Points:
        """The direction (3,) in which the face looks."""
        return self.rotation[:, 2]

    def reach(self, points: NDArray[np.floating]) -> Points:
        """How far from the centre (n,) the ball's surface is in the directions of points (n, 3)."""
        away = np.asarray(points, dtype=np.float64) - self.centre
        along = (away @ self.forwards) / np.maximum(np.linalg.norm(away, axis=1), 1e-9)
        # Where a ray from the centre leaves the cornea's sphere; the cornea is what lies outside the ball's own.
        root = np.maximum(_CORNEA_RADIUS**2 - _CORNEA_CENTRE**2 * (1 - along**2), 0.0)
        cornea = _CORNEA_CENTRE * along + np.sqrt(root)
        return np.where(along > 0, np.maximum(cornea, RADIUS), RADIUS) * (self.radius / RADIUS)

    def gaps(self, points: NDArray[np.floating]) -> Points:
        """How far (n,) points (n, 3) are in front of where lids lie, along the line of sight; less and less where the
        ball turns away, and 0 beyond it."""
        away = np.asarray(points, dtype=np.float64) - self.centre
        depth = away @ self.forwards
        distance = np.linalg.norm(away - depth[:, None] * self.forwards, axis=1)
        near = np.clip((LID_FADE[1] - distance) / (LID_FADE[1] - LID_FADE[0]), 0.0, 1.0)
        result: Points = near * (depth - _surface(distance, CLEARANCE))
        return result

    def depths(self, points: NDArray[np.floating]) -> Points:
        """How deep (n,) points (n, 3) lie inside, along the radius; negative outside."""
        distance: Points = np.linalg.norm(np.asarray(points, dtype=np.float64) - self.centre, axis=1)
        return self.reach(points) - distance


def place_balls(template: "Template", vertices: NDArray[np.floating]) -> tuple[Ball, Ball]:
    """The left and the right eyeball of a head (n, 3) with the template's topology, of any level.

    They are of one size in every head. Across the face they are where those of the template are in their lids; as deep
    as the inner border of the lids above and below the iris lies against them.
    """
    vertices = np.asarray(vertices, dtype=np.float64)
    firm = template.landmarks_68[FIRM_LANDMARKS]
    turn = fit_similarity(template.vertices[firm], vertices[firm]).rotation
    left, right = (
        _against(vertices[lids], _axis_in(template, side, vertices[lids], turn), turn)
        for side, lids in enumerate(template.eyeballs.lids)
    )
    return left, right


def _axis_in(template: "Template", side: int, lids: Points, rotation: Points) -> Points:
    """A point (3,) of the left (0) or the right ball's axis, from lids (r, 3) in a head that is turned.

    Seen along the axis, so that it stays the same when lids are moved along it.
    """
    rest = template.vertices[template.eyeballs.lids[side]]
    flat, rest_flat = lids @ rotation[:, :2], rest[:, :2]
    size = np.sqrt(((flat - flat.mean(axis=0)) ** 2).sum() / ((rest_flat - rest_flat.mean(axis=0)) ** 2).sum())
    centre = template.eyeballs.centres[side]
    place = flat.mean(axis=0) + size * (centre[:2] - rest_flat.mean(axis=0))
    place[0] += OUTWARDS if side == 0 else -OUTWARDS
    depth = (lids @ rotation[:, 2]).mean()
    point: Points = rotation @ np.array([*place, depth])
    return point


def _against(lids: Points, point: Points, rotation: Points) -> Ball:
    """The ball on the axis through a point (3,) that lids (r, 3) lie against."""
    forwards = rotation[:, 2]
    away = lids - point
    depth = away @ forwards
    distance = np.linalg.norm(away - depth[:, None] * forwards, axis=1)
    weight = np.maximum(1 - (distance / LID_REACH) ** 2, 0.0)
    gap = depth - _surface(distance, CLEARANCE)
    return Ball(point + (weight * gap).sum() / max(weight.sum(), 1e-9) * forwards, RADIUS, rotation)


def _surface(distance: Points, clearance: float) -> Points:
    """How far in front of its centre (n,) a ball's surface is at distances (n,) from its axis, with some clearance."""
    sphere = np.sqrt(np.maximum((RADIUS + clearance) ** 2 - distance**2, 0.0))
    cornea = _CORNEA_CENTRE + np.sqrt(np.maximum((_CORNEA_RADIUS + clearance) ** 2 - distance**2, 0.0))
    return np.where(distance < LIMBUS, np.maximum(sphere, cornea), sphere)


def one_eyeball(
    eyeballs: "Eyeballs", vertices: Points, side: str
) -> tuple[Points, NDArray[np.int32], NDArray[np.float32]]:
    """Vertices (e, 3), faces (f, 4) and UVs (f, 4, 2) of the `left` or the `right` eyeball.

    Parameters
    ----------
    eyeballs : Eyeballs
        Both, as the template has them.
    vertices : (2e, 3)
        Where they are, for instance from `Template.place_eyeballs`.
    side : str
        left or right.
    """
    own = eyeballs.groups[side] > 0.5
    chosen = own[eyeballs.faces].all(axis=1)
    renumbered = np.cumsum(own) - 1
    return vertices[own], renumbered[eyeballs.faces[chosen]].astype(np.int32), eyeballs.uvs[chosen].astype(np.float32)


def place_both(
    template: "Template", vertices: NDArray[np.floating]
) -> tuple[tuple[Points, NDArray[np.int32], NDArray[np.float32]], ...]:
    """Vertices, faces and UVs of the left and the right eyeball in a head (n, 3) with the template's topology."""
    balls = template.place_eyeballs(vertices)
    return tuple(one_eyeball(template.eyeballs, balls, side) for side in ("left", "right"))


def sphere_through(points: NDArray[np.floating]) -> tuple[Points, float]:
    """Centre (3,) and radius of the sphere that fits points (n, 3) best, by their squared distances."""
    middle = points.mean(axis=0)
    offsets = np.asarray(points, dtype=np.float64) - middle
    squared = (offsets**2).sum(axis=1)
    solution = np.linalg.lstsq(np.column_stack([2 * offsets, np.ones(len(points))]), squared, rcond=None)[0]
    return middle + solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))
