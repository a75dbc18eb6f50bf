"""Hair as ribbons: strands that grow from the skin and bend down, drawn as strips that face the camera."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from ...arrays import Floats, Integers

STEPS = 12
# Of the strand texture's columns across a ribbon and rows along it.
TEXELS_ACROSS, TEXELS_ALONG = 14.0, 300.0


class HairMesh(NamedTuple):
    """Triangles with the gaps between hairs, in the camera's axes.

    Attributes
    ----------
    vertices, normals, tangents : (n, 3) float32
        Millimetres and unit vectors; a tangent runs along the hair.
    triangles : (m, 3) int32
    coverage : (n,) float32
        Share of the surface that hair covers.
    coordinates : (n, 2) float32
        In the texture of strands.
    brightness : (n,) float32
        Factor on the hair's colour.
    hides : (n,) float32
        1 where the face behind it is not to be labelled, 0 where it is, as with a beard.
    """

    vertices: Floats
    normals: Floats
    tangents: Floats
    triangles: Integers
    coverage: Floats
    coordinates: Floats
    brightness: Floats
    hides: Floats


@dataclass(frozen=True)
class Skull:
    """An ellipsoid that hair does not enter; centre and radii (3,) in the head frame, millimetres."""

    centre: Floats
    radii: Floats

    def push_out(self, points: Floats, factor: float) -> Floats:
        """Move points (n, 3) that are inside of the ellipsoid times `factor` to its surface."""
        relative = (points - self.centre) / self.radii
        length = np.linalg.norm(relative, axis=1, keepdims=True)
        on_surface = self.centre + relative / np.maximum(length, 1e-3) * (factor * self.radii)
        return np.where(length < factor, on_surface, points).astype(np.float32)


@dataclass(frozen=True)
class Growth:
    """How strands run.

    Attributes
    ----------
    length : float
        Millimetres, of the longest.
    fall : float
        How much each step bends down; 1 is a full turn at once.
    curl : float
        Amplitude of the waves in millimetres per step.
    clearance : float
        Factor on the skull that the strands stay out of.
    parting : float
        Strands keep at least this angle from the middle of the face below the parting's height, radians; 0 lets them
        hang over it.
    parting_height : float
        Millimetres in the head frame.
    jitter : float
        Random bend of each step.
    """

    length: float
    fall: float
    curl: float = 0.0
    clearance: float = 1.02
    parting: float = 0.0
    parting_height: float = 0.0
    jitter: float = 0.05


def grow(roots: Floats, directions: Floats, growth: Growth, skull: Skull, generator: Generator) -> Floats:
    """Grow one strand from each root (n, 3), (n, STEPS + 1, 3) in the head frame."""
    count = len(roots)
    points = roots.astype(np.float32)
    directions = directions.astype(np.float32)
    step = (growth.length / STEPS * generator.uniform(0.55, 1.1, (count, 1))).astype(np.float32)
    frequency = generator.uniform(0.4, 1.3)
    phase = generator.uniform(0, 2 * np.pi) + generator.normal(0, 0.5, count)
    down = np.array([0, -growth.fall, 0], np.float32)
    strand = [points]
    for i in range(STEPS):
        directions /= np.linalg.norm(directions, axis=1, keepdims=True) + 1e-6
        points = points + directions * step
        if growth.curl > 0:
            angle = i * frequency + phase
            points = points + growth.curl * np.stack([np.sin(angle), np.zeros(count), np.cos(angle)], 1)
        points = skull.push_out(points.astype(np.float32), growth.clearance)
        if growth.parting > 0:
            points = _keep_from_face(points, growth, skull)
        directions = directions + down + generator.normal(0, growth.jitter, (count, 3)).astype(np.float32)
        strand.append(points)
    return np.stack(strand, 1).astype(np.float32)


def _keep_from_face(points: Floats, growth: Growth, skull: Skull) -> Floats:
    """Turn points in front of the face about the head's axis half of the way to the parting's angle."""
    relative = points - skull.centre
    angle = np.arctan2(relative[:, 0], relative[:, 2])
    in_front = (np.abs(angle) < growth.parting) & (points[:, 1] < growth.parting_height)
    radius = np.hypot(relative[:, 0], relative[:, 2])
    side = np.where(angle >= 0, growth.parting, -growth.parting)
    aside = skull.centre + np.stack([radius * np.sin(side), relative[:, 1], radius * np.cos(side)], 1)
    return np.where(in_front[:, None], 0.5 * (points + aside), points).astype(np.float32)


def ribbons(
    strands: Floats,
    skull_centre: Floats,
    half_width: float,
    coverage: float,
    unevenness: float,
    hides: bool,
    generator: Generator,
) -> HairMesh:
    """Make strips that face the camera of strands (n, STEPS + 1, 3) given in the camera's axes.

    `unevenness` in [0, 1] says how much their brightness differs.
    """
    count, knots = strands.shape[:2]
    along = np.gradient(strands, axis=1)
    tangents = along / (np.linalg.norm(along, axis=-1, keepdims=True) + 1e-6)
    sideways = np.stack([-tangents[..., 1], tangents[..., 0], np.zeros_like(tangents[..., 0])], -1)
    sideways /= np.linalg.norm(sideways, axis=-1, keepdims=True) + 1e-3
    taper = np.interp(np.linspace(0, 1, knots), [0, 0.7, 1], [1, 1, 0.25])[None, :, None]
    offset = sideways * (half_width * taper * generator.uniform(0.5, 1.5, (count, 1, 1)))
    vertices = np.stack([strands - offset, strands + offset], 2)
    outwards = strands - skull_centre
    outwards /= np.linalg.norm(outwards, axis=-1, keepdims=True) + 1e-6
    normals = outwards + np.array([0, 0, 0.8], np.float32)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True) + 1e-6
    columns = generator.uniform(0, 400, (count, 1, 1)) + np.array([0, TEXELS_ACROSS])[None, None]
    rows = generator.uniform(0, 200, (count, 1, 1)) + np.linspace(0, TEXELS_ALONG, knots)[None, :, None]
    coordinates = np.stack(np.broadcast_arrays(columns, rows), -1)
    shade = np.interp(np.linspace(0, 1, knots), [0, 0.4, 1], [0.8, 1.1, 0.9])[None, :, None]
    brightness = np.broadcast_to(
        (1 - unevenness * generator.uniform(-0.3, 0.5, (count, 1, 1))) * shade, (count, knots, 2)
    )
    total = 2 * count * knots
    return HairMesh(
        vertices.reshape(-1, 3).astype(np.float32),
        np.repeat(normals, 2, axis=1).reshape(-1, 3).astype(np.float32),
        np.repeat(tangents, 2, axis=1).reshape(-1, 3).astype(np.float32),
        _strips(count, knots),
        np.full(total, coverage, np.float32),
        coordinates.reshape(-1, 2).astype(np.float32),
        brightness.reshape(-1).astype(np.float32),
        np.full(total, float(hides), np.float32),
    )


def _strips(count: int, knots: int) -> Integers:
    """Triangles (m, 3) of so many strips, each with two vertices at every knot."""
    first = (np.arange(count)[:, None] * (2 * knots) + 2 * np.arange(knots - 1)[None]).ravel()
    triangles = np.concatenate(
        [np.stack([first, first + 1, first + 2], 1), np.stack([first + 1, first + 3, first + 2], 1)]
    )
    return triangles.astype(np.int32)


def join(meshes: list[HairMesh]) -> HairMesh:
    """One mesh of several."""
    starts = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    triangles = [mesh.triangles + start for mesh, start in zip(meshes, starts, strict=True)]
    columns = [np.concatenate(parts) for parts in zip(*meshes, strict=True)]
    joined = HairMesh(*columns)
    return joined._replace(triangles=np.concatenate(triangles).astype(np.int32))
