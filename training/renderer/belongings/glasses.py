"""Spectacles: frame, temples and lenses. The face is labelled through them."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from ...arrays import Floats, Integers
from ...face_model import LANDMARKS_68
from ...face_sampling import Head
from ..colours import sample_dye
from .props import Prop, join_props, make_prop, tube

RIM_POINTS = 40


class Lenses(NamedTuple):
    """Two flat lenses in the head frame.

    Attributes
    ----------
    vertices : (n, 3) float32
        Millimetres.
    triangles : (m, 3) int32
    tint : (3,) float32
        Linear RGB of what the lens adds.
    opacity : float
        Share of what is behind that it takes away.
    reflection : float
        Strength of the surroundings' mirror image.
    """

    vertices: Floats
    triangles: Integers
    tint: Floats
    opacity: float
    reflection: float


def sample_glasses(head: Head, generator: Generator) -> tuple[Prop, Lenses]:
    """Draw spectacles or sunglasses that sit on the nose and the ears of a head."""
    points = head.vertices[LANDMARKS_68]
    eyes = (points[36:42].mean(0), points[42:48].mean(0))
    bridge = points[28]
    depth = bridge[2] + generator.uniform(1, 8)
    drop = generator.uniform(-12, 1)
    half_width, half_height = generator.uniform(20, 30), generator.uniform(13, 24)
    squareness = generator.choice([2.0, 2.6, 4.0, 6.0])
    thickness = float(generator.uniform(0.4, 2.4))
    colour = generator.uniform(0, 0.08, 3) if generator.random() < 0.6 else sample_dye(generator)
    gloss = float(generator.uniform(0, 0.8))
    rimless = generator.random() < 0.15
    curve = generator.uniform(0.0, 0.004)

    parts: list[tuple[Floats, Integers]] = []
    outlines = []
    for eye, side in zip(eyes, (-1, 1), strict=True):
        centre = np.array([eye[0] + 1.5 * side, eye[1] + drop, depth])
        outline = _outline(centre, half_width, half_height, squareness, curve)
        outlines.append(outline)
        if not rimless:
            closed = np.concatenate([outline, outline[:2]])
            parts.append(tube(closed, np.full(len(closed), thickness), 6))
        ear = points[0 if side < 0 else 16]
        hinge = centre + np.array([side * (half_width + 1.5), 0.5 * half_height, -10])
        temple = np.array([hinge, [ear[0] + 5 * side, eye[1] + 3, 50], [ear[0] + 6 * side, eye[1], 15]])
        parts.append(tube(temple, np.full(3, max(thickness, 0.8)), 6))
        corner = outline[0 if side > 0 else RIM_POINTS // 2]
        parts.append(tube(np.array([corner + np.array([0, 0.4 * half_height, 0]), hinge]), np.full(2, thickness), 6))
    middle = (eyes[0] + eyes[1]) / 2
    inner_right = eyes[0] + [half_width - 1.5, drop + 0.4 * half_height, 0]
    inner_left = eyes[1] + [1.5 - half_width, drop + 0.4 * half_height, 0]
    nose_piece = np.array([inner_right, [middle[0], middle[1] + drop + 0.6 * half_height, 0], inner_left])
    nose_piece[:, 2] = depth + np.array([0, 2, 0])
    parts.append(tube(nose_piece, np.full(3, thickness), 6))
    frame = join_props([make_prop(vertices, triangles, colour, gloss, False) for vertices, triangles in parts])
    return frame, _lenses(outlines, generator)


def _outline(centre: Floats, half_width: float, half_height: float, squareness: float, curve: float) -> Floats:
    """A superellipse (RIM_POINTS, 3) that bends back towards the temples."""
    angles = np.linspace(0, 2 * np.pi, RIM_POINTS, endpoint=False)
    cosine, sine = np.cos(angles), np.sin(angles)
    x = half_width * np.sign(cosine) * np.abs(cosine) ** (2 / squareness)
    y = half_height * np.sign(sine) * np.abs(sine) ** (2 / squareness)
    return np.stack([centre[0] + x, centre[1] + y, centre[2] - curve * (centre[0] + x) ** 2], 1)


def _lenses(outlines: list[Floats], generator: Generator) -> Lenses:
    vertices = np.concatenate([np.concatenate([outline.mean(0, keepdims=True), outline]) for outline in outlines])
    rim = np.arange(RIM_POINTS)
    fan = np.stack([np.zeros_like(rim), 1 + rim, 1 + (rim + 1) % RIM_POINTS], 1)
    triangles = np.concatenate([fan, fan + RIM_POINTS + 1])
    dark = generator.random() < 0.3
    return Lenses(
        vertices.astype(np.float32),
        triangles.astype(np.int32),
        (generator.uniform(0, 0.06, 3) if dark else generator.uniform(0.3, 0.9, 3)).astype(np.float32),
        float(generator.uniform(0.6, 0.98) if dark else generator.uniform(0, 0.1)),
        float(generator.uniform(0, 0.5)) if generator.random() < 0.4 else 0.0,
    )
