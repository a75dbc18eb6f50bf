"""Hands that touch or cover the face, with a forearm and a sleeve."""

import numpy as np
from numpy.random import Generator

from ...arrays import Floats, Integers
from ...face_sampling import Head
from ..colours import sample_dye
from ..surface import AXIS_Z, HeadSurface
from .props import Prop, join_props, make_prop, tube

# A hand lies in its own frame: x across the palm, y towards the fingertips, z out of its back; millimetres.
PALM_HALF_WIDTH, PALM_HALF_LENGTH = 41.0, 48.0
# Base of each finger across the palm, its length and radius, from the little finger to the index finger.
FINGERS = ((-31.0, 60.0, 7.5), (-11.0, 75.0, 8.5), (10.0, 80.0, 9.0), (31.0, 73.0, 8.8))
THUMB_LENGTH, THUMB_RADIUS = 68.0, 10.5
BONES = (0.0, 0.45, 0.75, 1.0)


def sample_hand(surface: HeadSurface, head: Head, tone: Floats, generator: Generator) -> Prop:
    """Draw a hand at a random place of the face, with the wrist below or beside it.

    Parameters
    ----------
    surface : HeadSurface
    head : Head
    tone : (3,) array
        The face's skin colour; the hand's is near it.
    generator : Generator
    """
    parts = (
        [_finger(index, generator) for index in range(len(FINGERS))] if generator.random() < 0.8 else _fist(generator)
    )
    parts += [_thumb(generator), _palm()]
    colour = tone * generator.uniform(0.75, 1.15) * np.exp(generator.normal(0, 0.05, 3))
    skin = [make_prop(vertices, triangles, colour, generator.uniform(0, 0.3), True) for vertices, triangles in parts]
    skin = [_with_knuckles(part, generator) for part in skin]
    hand = join_props([*skin, *_forearm(colour, generator)])
    size = generator.uniform(0.85, 1.12)
    mirror = np.array([generator.choice([-1.0, 1.0]), 1, 1])
    triangles = hand.triangles if mirror[0] > 0 else hand.triangles[:, ::-1]
    placed = _place(hand.vertices * size * mirror, surface, head, generator)
    return hand._replace(vertices=placed, triangles=np.ascontiguousarray(triangles))


def _finger(index: int, generator: Generator) -> tuple[Floats, Integers]:
    across, length, radius = FINGERS[index]
    splay = 0.006 * across * generator.uniform(0, 1.6) + generator.normal(0, 0.05)
    curl = np.clip(generator.normal(0.25, 0.3, 3), -0.15, 1.3)
    return _bent(np.array([across, PALM_HALF_LENGTH - 8, 0.0]), splay, curl, length, radius)


def _fist(generator: Generator) -> list[tuple[Floats, Integers]]:
    """Some fingers stretched, the others curled."""
    stretched = generator.random(len(FINGERS)) < 0.4
    fingers = []
    for (across, length, radius), straight in zip(FINGERS, stretched, strict=True):
        curl = generator.normal(0.1, 0.1, 3) if straight else generator.normal(1.35, 0.15, 3)
        fingers.append(_bent(np.array([across, PALM_HALF_LENGTH - 8, 0.0]), 0.0, curl, length, radius))
    return fingers


def _thumb(generator: Generator) -> tuple[Floats, Integers]:
    base = np.array([PALM_HALF_WIDTH - 9, -14.0, -6.0])
    return _bent(base, generator.uniform(0.2, 1.1), generator.uniform(0, 0.5, 3), THUMB_LENGTH, THUMB_RADIUS)


def _bent(base: Floats, splay: float, curl: Floats, length: float, radius: float) -> tuple[Floats, Integers]:
    """A tube of three bones with thicker joints and a round tip; each bone is bent towards the palm by its angle."""
    joints = [base]
    angle = 0.0
    for start, end, bend in zip(BONES[:-1], BONES[1:], curl, strict=True):
        angle += bend
        forward = np.array([np.sin(splay) * np.cos(angle), np.cos(splay) * np.cos(angle), -np.sin(angle)])
        joints.append(joints[-1] + forward * length * (end - start))
    along = np.array([0, 0.22, 0.4, 0.45, 0.5, 0.62, 0.72, 0.75, 0.8, 0.9, 0.95, 0.985, 1.0])
    widths = radius * np.array([1.1, 0.97, 1.02, 1.06, 1.02, 0.92, 0.95, 0.98, 0.93, 0.88, 0.76, 0.48, 0.1])
    path = np.stack([np.interp(along, BONES, np.array(joints)[:, k]) for k in range(3)], 1)
    path[2:8] = (path[1:7] + 2 * path[2:8] + path[3:9]) / 4
    return tube(path, widths, 10, 0.9)


def _palm() -> tuple[Floats, Integers]:
    along = np.array([-1.05, -0.9, -0.6, -0.2, 0.3, 0.7, 0.95, 1.05])
    widths = PALM_HALF_WIDTH * np.array([0.62, 0.72, 0.86, 0.97, 1.02, 1.02, 0.95, 0.7])
    path = np.stack([np.zeros(8), PALM_HALF_LENGTH * along, np.array([0, 0, 1, 2, 2, 1, 0, -1.0])], 1)
    return tube(path, widths, 18, 0.32)


def _with_knuckles(prop: Prop, generator: Generator) -> Prop:
    """Redder and darker in bands along the hand, uneven everywhere."""
    y = prop.vertices[:, 1:2]
    bands = 0.5 + 0.5 * np.sin(y / generator.uniform(7, 14) + generator.uniform(0, 6))
    shade = 1 - 0.15 * bands * np.array([0.4, 1.0, 1.0]) + generator.normal(0, 0.03, (len(y), 1))
    return prop._replace(colours=(prop.colours * shade).astype(np.float32))


def _forearm(colour: Floats, generator: Generator) -> list[Prop]:
    bend_x, bend_z = generator.normal(0, 40), generator.normal(-30, 50)
    end = np.array([bend_x, -380.0, bend_z])
    start = np.array([0.0, -0.95 * PALM_HALF_LENGTH, 0])
    steps = np.linspace(0, 1, 6)[:, None]
    path = start + steps * (end - start)
    vertices, triangles = tube(path, np.array([26, 27, 30, 35, 39, 42]), 14, 0.8)
    arm = make_prop(vertices, triangles, colour, 0.1, True)
    if generator.random() < 0.4:
        return [arm]
    cuff = generator.uniform(0.05, 0.4)
    covered = start + np.linspace(cuff, 1, 5)[:, None] * (end - start)
    vertices, triangles = tube(covered, np.array([36, 40, 42, 46, 50]) * generator.uniform(0.95, 1.2), 16, 0.85)
    return [arm, make_prop(vertices, triangles, sample_dye(generator), 0.0, True)]


def _place(vertices: Floats, surface: HeadSurface, head: Head, generator: Generator) -> Floats:
    """Lay the palm's side on a point of the face, the wrist below it as a rule."""
    target = head.vertices[generator.choice(surface.model.face_vertices)]
    outwards = target - np.array([0, target[1] - 0.3 * (target[1] - 20), AXIS_Z])
    outwards = outwards / np.linalg.norm(outwards) + generator.normal(0, 0.15, 3)
    outwards /= np.linalg.norm(outwards)
    aside = np.sign(target[0]) * abs(generator.normal(0, 0.8)) if generator.random() < 0.8 else generator.normal(0, 1.5)
    fingers = np.array([-aside, 1.0, 0.0]) if generator.random() < 0.9 else generator.standard_normal(3)
    fingers = fingers - outwards * (fingers @ outwards)
    fingers /= np.linalg.norm(fingers) + 1e-6
    across = np.cross(fingers, outwards)
    reach = generator.uniform(-10, 115)
    origin = target + outwards * generator.uniform(6, 26) - fingers * reach
    return (origin + vertices @ np.stack([across, fingers, outwards])).astype(np.float32)
