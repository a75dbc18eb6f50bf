"""Hats: a crown over the top of the head, and a visor or a brim on some."""

import numpy as np
from numpy.random import Generator

from ...arrays import Floats
from ...face_model import HEAD
from ...face_sampling import Head
from ..colours import sample_dye
from ..rasteriser import vertex_normals
from ..surface import HeadSurface
from .props import Prop, join_props, make_prop

BRIM_POINTS = 64
BRIM_RINGS = 4


def sample_hat(surface: HeadSurface, head: Head, generator: Generator) -> Prop:
    """Draw a woollen hat, a cap, a brimmed hat or a helmet-like shell."""
    kind = str(generator.choice(["beanie", "cap", "brimmed", "shell"]))
    edge = generator.uniform(66, 105)
    tilt = generator.uniform(-0.35, 0.35) if kind == "beanie" else generator.uniform(-0.3, 0.05)
    lift = {"beanie": (2, 14), "cap": (3, 14), "brimmed": (4, 25), "shell": (8, 30)}[kind]
    colour = sample_dye(generator)
    gloss = float(generator.uniform(0, 0.8)) if kind == "shell" else 0.0
    parts = [_crown(surface, head, edge, tilt, generator.uniform(*lift), colour, gloss, generator)]
    if kind in ("cap", "brimmed"):
        trim = colour if generator.random() < 0.6 else sample_dye(generator)
        parts.append(_brim(surface, head, edge, tilt, kind == "brimmed", trim, generator))
    return join_props(parts)


def _crown(
    surface: HeadSurface,
    head: Head,
    edge: float,
    tilt: float,
    lift: float,
    colour: Floats,
    gloss: float,
    generator: Generator,
) -> Prop:
    """The head's triangles above an inclined plane, lifted and smoothed by taking the mean head's normals."""
    neutral = surface.model.neutral[HEAD]
    above = neutral[:, 1] - edge - tilt * (neutral[:, 2] - 50)
    offset = (1.5 + lift * np.sqrt(np.clip(above / 30, 0, 1)))[:, None]
    offset = offset * (1 + 0.12 * np.sin(neutral @ generator.normal(0, 0.08, 3) + generator.uniform(0, 6)))[:, None]
    vertices = head.vertices[HEAD] + surface.normals[HEAD] * offset
    model = surface.model
    triangles = model.triangles[model.triangles.max(1) < HEAD.stop]
    triangles = triangles[(above[triangles] > 0).all(1) & ~model.ears[triangles].any(1)]
    knit = 1 + generator.uniform(0, 0.25) * np.sin(surface.angle[HEAD] * generator.uniform(20, 60))
    stripes = np.where(np.sin(neutral[:, 1] / generator.uniform(4, 12)) > 0, 1.0, generator.uniform(0.4, 1.0))
    prop = make_prop(vertices, triangles, colour, gloss, True)
    return prop._replace(colours=(prop.colours * (knit * stripes)[:, None]).astype(np.float32))


def _brim(
    surface: HeadSurface, head: Head, edge: float, tilt: float, all_round: bool, colour: Floats, generator: Generator
) -> Prop:
    """A ring, or its front part, around the crown's edge, with an upper and a lower side."""
    angles = np.linspace(-np.pi, np.pi, BRIM_POINTS) if all_round else np.linspace(-1.15, 1.15, BRIM_POINTS)
    factors = np.ptp(head.vertices[HEAD], axis=0) / np.ptp(surface.model.neutral[HEAD], axis=0)
    width = generator.uniform(25, 75) if all_round else generator.uniform(45, 75)
    droop = generator.uniform(0.0, 0.45)
    front = 1.0 if all_round else np.cos(angles / 1.15 * np.pi / 2) ** 0.5
    rings = []
    for step in np.linspace(0, 1, BRIM_RINGS):
        radius = np.array([[80.0, 96.0]]) + (width * step * front * np.ones_like(angles))[:, None]
        x, z = radius[:, 0] * np.sin(angles), 18 + radius[:, 1] * np.cos(angles)
        y = edge + 2 + tilt * (z - 50) - droop * width * step**2 * (0.4 + 0.6 * np.abs(np.sin(angles)))
        rings.append(np.stack([x, y, z], 1) * factors)
    top = np.concatenate(rings)
    vertices = np.concatenate([top, top - [0, 2.5, 0]])
    first = (np.arange(BRIM_RINGS - 1)[:, None] * BRIM_POINTS + np.arange(BRIM_POINTS - 1)[None]).ravel()
    quads = np.stack([first, first + BRIM_POINTS, first + BRIM_POINTS + 1, first + 1], 1)
    upper = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    triangles = np.concatenate([upper, upper[:, ::-1] + len(top)])
    prop = make_prop(vertices, triangles, colour, 0.0, True)
    normals = vertex_normals(prop.vertices, prop.triangles)
    return prop._replace(colours=(prop.colours * (0.9 + 0.1 * normals[:, 1:2])).astype(np.float32))
