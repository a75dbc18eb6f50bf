"""Solid things other than the head and its hair: their meshes, primitives to build them of, and their colour."""

from typing import NamedTuple

import numpy as np

from ...arrays import Floats, Integers
from ..lighting import ALBEDO, GLOSS, NORMAL, OPENNESS, POSITION, SHARPNESS, SOFTNESS, SURFACE

# Column of the attributes after those of what is lit.
HIDES = SURFACE


class Prop(NamedTuple):
    """A thing in the head frame, millimetres.

    Attributes
    ----------
    vertices : (n, 3) float32
    triangles : (m, 3) int32
        Anticlockwise from outside.
    colours : (n, 3) float32
        Linear RGB.
    gloss : (n,) float32
    hides : (n,) float32
        1 where the face behind it is not to be labelled, 0 where it is, as with glasses.
    """

    vertices: Floats
    triangles: Integers
    colours: Floats
    gloss: Floats
    hides: Floats


def make_prop(vertices: Floats, triangles: Integers, colour: Floats, gloss: float, hides: bool) -> Prop:
    """A thing of one colour."""
    count = len(vertices)
    return Prop(
        np.ascontiguousarray(vertices, np.float32),
        np.ascontiguousarray(triangles, np.int32),
        np.broadcast_to(np.asarray(colour, np.float32), (count, 3)),
        np.full(count, gloss, np.float32),
        np.full(count, float(hides), np.float32),
    )


def join_props(props: list[Prop]) -> Prop:
    """One thing of several."""
    starts = np.cumsum([0] + [len(prop.vertices) for prop in props[:-1]])
    triangles = [prop.triangles + start for prop, start in zip(props, starts, strict=True)]
    joined = Prop(*[np.concatenate(parts) for parts in zip(*props, strict=True)])
    return joined._replace(triangles=np.concatenate(triangles).astype(np.int32))


def tube(path: Floats, radii: Floats, sides: int, flatness: float = 1.0) -> tuple[Floats, Integers]:
    """Sweep a circle, or an ellipse that is `flatness` times as thick as it is wide, along a path with closed ends.

    Parameters
    ----------
    path : (k, 3) array
        Points of the middle line.
    radii : (k,) array
        Half the width at each point.
    sides : int
        Corners of the cross-section.
    flatness : float
        The ellipse's thin direction is that of z, made perpendicular to the path.

    Returns
    -------
    vertices : (k * sides, 3) float32
    triangles : (m, 3) int32
    """
    path = np.asarray(path, np.float64)
    forward = np.gradient(path, axis=0)
    forward /= np.linalg.norm(forward, axis=1, keepdims=True) + 1e-9
    reference = np.array([0.0, 0.0, 1.0]) if np.abs(forward[:, 2]).max() < 0.9 else np.array([1.0, 0.1, 0.0])
    across = np.cross(forward, reference)
    across /= np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
    thin = np.cross(across, forward)
    angles = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = np.cos(angles)[None, :, None] * across[:, None] + flatness * np.sin(angles)[None, :, None] * thin[:, None]
    vertices = path[:, None] + ring * np.asarray(radii)[:, None, None]
    rings = np.arange(len(path) * sides).reshape(len(path), sides)
    following = np.roll(rings, -1, axis=1)
    lower, upper = rings[:-1].ravel(), rings[1:].ravel()
    lower_next, upper_next = following[:-1].ravel(), following[1:].ravel()
    walls = np.concatenate([np.stack([lower, upper, lower_next], 1), np.stack([lower_next, upper, upper_next], 1)])
    fan = np.arange(1, sides - 1)
    start = np.stack([np.zeros_like(fan), fan, fan + 1], 1)
    end = (len(path) - 1) * sides + start[:, [0, 2, 1]]
    return vertices.reshape(-1, 3).astype(np.float32), np.concatenate([walls, start, end]).astype(np.int32)


def rounded(path: Floats, radius: float) -> tuple[Floats, Floats]:
    """Path (k + 6, 3) and radii (k + 6,) of a tube around a path (k, 3), of constant radius, with half-round ends."""
    path = np.asarray(path, np.float64)
    first = path[0] - path[1]
    last = path[-1] - path[-2]
    first, last = first / np.linalg.norm(first), last / np.linalg.norm(last)
    turns = np.array([0.05, 0.35, 0.7])
    before = path[0] + first * radius * np.cos(turns * np.pi / 2)[:, None]
    after = path[-1] + last * radius * np.cos(turns * np.pi / 2)[::-1, None]
    ends = radius * np.sin(turns * np.pi / 2)
    return np.concatenate([before, path, after]), np.concatenate([ends, np.full(len(path), radius), ends[::-1]])


def ellipsoid(centre: Floats, radii: Floats, rows: int = 10, columns: int = 16) -> tuple[Floats, Integers]:
    """Vertices (n, 3) and triangles (m, 3) of an ellipsoid along the axes."""
    polar = np.linspace(0.06, np.pi - 0.06, rows)
    path = np.stack([np.zeros(rows), np.cos(polar), np.zeros(rows)], 1)
    unit, triangles = tube(path, np.sin(polar), columns)
    return (unit * radii + centre).astype(np.float32), triangles


def box(size: Floats) -> tuple[Floats, Integers]:
    """Vertices (24, 3) and triangles (12, 3) of a box around the origin: sides share none, so that edges are sharp."""
    corners = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)], np.float64)
    sides = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])
    vertices = corners[sides].reshape(-1, 3) * np.asarray(size) / 2
    first = 4 * np.arange(len(sides))[:, None]
    triangles = (first[:, None] + np.array([[0, 1, 2], [0, 2, 3]])).reshape(-1, 3)
    return vertices.astype(np.float32), triangles.astype(np.int32)


def prop_attributes(prop: Prop, vertices: Floats, normals: Floats) -> Floats:
    """What is lit at the vertices, (n, SURFACE), and whether they hide the face; both (n, 3) in the camera's axes."""
    surface = np.empty((len(vertices), SURFACE + 1), np.float32)
    surface[:, POSITION : POSITION + 3] = vertices
    surface[:, NORMAL : NORMAL + 3] = normals
    surface[:, ALBEDO : ALBEDO + 3] = prop.colours
    surface[:, OPENNESS] = 0.9
    surface[:, GLOSS] = prop.gloss
    surface[:, SHARPNESS] = 30
    surface[:, SOFTNESS] = 0.15
    surface[:, HIDES] = prop.hides
    return surface
