"""Where a head's bones are, and how its jaw moves."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..expression.shapes import load_expressions
from ..geometry.similarity import Similarity, fit_similarity
from ..template import load_template

Array = NDArray[np.float64]

#: Places in the template's head, in millimetres: the joint between neck and skull, a little below and behind the ear
#: canals, the foot of the neck, the crown, and the axis about which `jawOpen` turns the chin, at the ear canals.
SKULL_BASE, NECK_BASE, CROWN = (0.0, -12.0, -8.0), (0.0, -118.0, -15.0), (0.0, 145.0, -8.0)
JAW_AXIS = (0.0, 13.0, -1.5)
#: The tongue's root and tip, from the middle between the corners of the mouth.
TONGUE_ROOT, TONGUE_TIP = (0.0, -12.0, -48.0), (0.0, 5.0, -11.0)

#: Expressions that move the jaw itself.
JAW_EXPRESSIONS = ("jawOpen", "jawForward", "jawLeft", "jawRight")

#: By how much an eye turns with each `eyeLook` at 1, in radians: 30 degrees, about as ARKit's own transforms of eyes.
GAZE = float(np.radians(30.0))

_EYE_BONE = 24.0
_CHIN = 8  # of the 68 landmarks


@dataclass(frozen=True)
class Joint:
    """A bone at rest.

    Attributes
    ----------
    head, tail : (3,) mm
    parent : str
        The bone that it hangs on; empty for the root.
    up : (3,)
        Where its local Z axis points to, about.
    """

    head: Array
    tail: Array
    parent: str
    up: Array


@dataclass(frozen=True)
class JawMotion:
    """How the jaw moves with an expression at 1.

    Attributes
    ----------
    angle : float
        Radians that it turns downwards about `JAW_AXIS`.
    shift : (3,) mm
        What it is moved by besides.
    """

    angle: float
    shift: Array


def joints(
    vertices: Array, eyes: Array | None = None, *, with_neck: bool = True, tongue_on: str = "jaw_skin"
) -> dict[str, Joint]:
    """The bones of a head, each after the one that it hangs on.

    Parameters
    ----------
    vertices : (n, 3) mm
        The neutral head, of any level.
    eyes : (2, 3) mm, optional
        Centres of the eyeballs, the left one first; where the template's would be if None.
    with_neck : bool
        Whether there is a bone in the neck; otherwise the head is the root.
    tongue_on : str
        The bone that carries the tongue's.
    """
    template = load_template()
    place = head_place(vertices)
    skull, foot, crown, axis = place.apply(np.array([SKULL_BASE, NECK_BASE, CROWN, JAW_AXIS]))
    up, forward = place.rotation @ (0.0, 1.0, 0.0), place.rotation @ (0.0, 0.0, 1.0)
    chin = template.landmark_points(vertices)[_CHIN]
    mouth = vertices[[template.corners["left_mouth"], template.corners["right_mouth"]]].mean(axis=0)
    root, tip = mouth + place.scale * np.array([TONGUE_ROOT, TONGUE_TIP]) @ place.rotation.T
    eyes = eye_centres(vertices) if eyes is None else eyes
    found = {"neck": Joint(foot, skull, "", forward)} if with_neck else {}
    found["head"] = Joint(skull, crown, "neck" if with_neck else "", forward)
    found["jaw"] = Joint(axis, chin, "head", up)
    found["jaw_skin"] = found["jaw"]
    for side, centre in zip(("left", "right"), eyes, strict=True):
        found[f"{side}_eye"] = Joint(centre, centre + _EYE_BONE * place.scale * forward, "head", up)
    found["tongue"] = Joint(root, tip, tongue_on, up)
    return found


def head_place(vertices: Array) -> Similarity:
    """How the template's head lies on a head (n, 3)."""
    template = load_template()
    return fit_similarity(template.vertices, vertices[: len(template.vertices)])


def eye_centres(vertices: Array) -> Array:
    """Where the centres (2, 3) of the template's eyeballs are in a head (n, 3), the left one first."""
    template = load_template()
    balls, groups = template.place_eyeballs(vertices), template.eyeballs.groups
    bulging = sum(groups[name] for name in ("iris", "pupil", "cornea") if name in groups) > 0
    return np.stack([_sphere_centre(balls[(groups[side] > 0.5) & ~bulging]) for side in ("left", "right")])


def _sphere_centre(points: Array) -> Array:
    """The centre (3,) of the sphere that fits points (n, 3) best, by their squared distances."""
    middle = points.mean(axis=0)
    away = points - middle
    equations = np.column_stack([2 * away, np.ones(len(points))])
    solution = np.linalg.lstsq(equations, (away**2).sum(axis=1), rcond=None)[0]
    centre: Array = middle + solution[:3]
    return centre


def jaw_motion(name: str, vertices: Array, offsets: NDArray[np.floating]) -> JawMotion:
    """The rigid motion nearest to what an expression (n, 3) does to the chin and the lower lip of a head (n, 3).

    Only `jawOpen` turns the jaw; the others shift it.
    """
    chin = _chin()
    axis = head_place(vertices).apply(np.array([JAW_AXIS]))[0]
    before = vertices[chin] - axis
    after = before + offsets[chin]
    if name != "jawOpen":
        return JawMotion(0.0, offsets[chin].mean(axis=0))
    centred, moved = (points - points.mean(axis=0) for points in (before, after))
    down = centred[:, 2] * -moved[:, 1] + centred[:, 1] * moved[:, 2]
    along = centred[:, 1] * moved[:, 1] + centred[:, 2] * moved[:, 2]
    angle = float(np.arctan2(down.sum(), along.sum()))
    return JawMotion(angle, after.mean(axis=0) - before.mean(axis=0) @ turned_down(angle).T)


def turned_down(angle: float) -> Array:
    """The rotation (3, 3) by which what is in front goes down."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[1.0, 0.0, 0.0], [0.0, cosine, -sine], [0.0, sine, cosine]])


def template_jaw_motion(name: str) -> JawMotion:
    """What an expression does to the jaw of the template."""
    return jaw_motion(name, load_template().vertices, load_expressions().of(name).astype(np.float64))


@cache
def _chin() -> NDArray[np.intp]:
    """Vertices of the template that move as the lower teeth do."""
    groups = load_template().groups
    return np.flatnonzero((groups["chin"] > 0.9) | (groups["lower_lip"] > 0.9))
