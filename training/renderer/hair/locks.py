"""Ribbons over the shell of a hairstyle: hanging hair, hair that sticks out, and bangs over the forehead."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ...arrays import Floats, Integers
from ...face_model import HEAD
from ..camera import View
from ..surface import HeadSurface
from .strands import Growth, HairMesh, Skull, grow, ribbons


@dataclass(frozen=True)
class Scalp:
    """Hair on the skull: `amount` (n,) in [0, 1] and `lift` (n,) in millimetres for the vertices of the head."""

    amount: Floats
    lift: Floats


@dataclass(frozen=True)
class Roots:
    """What locks grow from.

    Attributes
    ----------
    vertices, normals : (n, 3) float32
        Of the head, in its frame.
    scalp : Scalp
    skull : Skull
    view : View
    """

    vertices: Floats
    normals: Floats
    scalp: Scalp
    skull: Skull
    view: View


@dataclass(frozen=True)
class Kind:
    """What all locks of a head are like: `curl` in millimetres a step, and `frizz` in [0, 1], how much they differ."""

    curl: float
    frizz: float

    @property
    def jitter(self) -> float:
        """Of their growth."""
        return 0.01 + 0.07 * self.frizz


def sample_locks(
    surface: HeadSurface, roots: Roots, style: str, hairline: float, generator: Generator
) -> list[HairMesh]:
    """Draw the locks of a style whose hair begins at a height (mm) of the forehead."""
    covered = np.flatnonzero(roots.scalp.amount > 0.6)
    meshes: list[HairMesh] = []
    if len(covered) == 0:
        return meshes
    curl = generator.uniform(0, 5) if generator.random() < 0.4 else 0.0
    kind = Kind(curl, generator.beta(1, 2))
    if style == "long":
        meshes.append(_hanging(roots, covered, kind, hairline, generator))
    elif style == "short" or generator.random() < 0.5:
        meshes.append(_sticking_out(roots, covered, kind, generator))
    over_forehead = np.flatnonzero(
        (roots.scalp.amount > 0.5)
        & (np.abs(surface.angle[HEAD]) < 1.0)
        & (surface.model.neutral[HEAD, 1] > hairline - 25)
        & (surface.model.neutral[HEAD, 2] > 30)
    )
    if len(over_forehead) and style != "afro" and generator.random() < 0.4:
        meshes.append(_bangs(roots, over_forehead, kind, generator))
    return meshes


def _hanging(roots: Roots, covered: Integers, kind: Kind, hairline: float, generator: Generator) -> HairMesh:
    """Long hair to both sides of a parting."""
    chosen = generator.choice(covered, int(generator.uniform(500, 1300)))
    aside, count = np.sign(roots.vertices[chosen, 0]) * 0.8, len(chosen)
    drift = np.stack([aside, np.full(count, -0.1), generator.normal(-0.2, 0.1 + 0.3 * kind.frizz, count)], 1)
    parting = math.radians(generator.uniform(60, 95) if generator.random() < 0.75 else generator.uniform(34, 70))
    growth = Growth(generator.uniform(80, 340), 0.45, kind.curl, 1.02, parting, hairline - 10, kind.jitter)
    half_width = generator.uniform(1.0, 3.0)
    return _grown(roots, chosen, 0.3 * roots.normals[chosen] + drift, growth, half_width, kind, generator)


def _sticking_out(roots: Roots, covered: Integers, kind: Kind, generator: Generator) -> HairMesh:
    """Short hair, swept to one side, more or less wild."""
    chosen = generator.choice(covered, int(generator.uniform(150, 500)))
    swept = generator.normal(0, 0.5, 3)
    wild = generator.normal(0, 0.1 + 0.5 * kind.frizz, (len(chosen), 3))
    length, fall = generator.uniform(8, 40), generator.uniform(0.05, 0.4)
    growth = Growth(length, fall, kind.curl, 1.0, jitter=kind.jitter)
    half_width = generator.uniform(0.6, 1.8)
    return _grown(roots, chosen, roots.normals[chosen] + swept + wild, growth, half_width, kind, generator)


def _bangs(roots: Roots, over_forehead: Integers, kind: Kind, generator: Generator) -> HairMesh:
    """Four to 250 strands over the forehead, some of which reach the eyes."""
    chosen = generator.choice(over_forehead, int(np.exp(generator.uniform(np.log(4), np.log(250)))))
    sideways, count = generator.normal(generator.normal(0, 0.8), 0.25, len(chosen)), len(chosen)
    directions = 0.5 * roots.normals[chosen] + np.stack([sideways, np.full(count, -0.6), np.full(count, 0.7)], 1)
    longest = 130 if generator.random() < 0.2 else 65
    length, clearance = generator.uniform(25, longest), generator.uniform(1.02, 1.1)
    growth = Growth(length, 0.45, 0.5 * kind.curl, clearance, jitter=kind.jitter)
    return _grown(roots, chosen, directions, growth, generator.uniform(0.5, 2.0), kind, generator)


def _grown(
    roots: Roots,
    chosen: Integers,
    directions: Floats,
    growth: Growth,
    half_width: float,
    kind: Kind,
    generator: Generator,
) -> HairMesh:
    """Ribbons from some vertices (k,) in some directions (k, 3); they begin a little inside of the shell."""
    starts = roots.vertices[chosen] + roots.normals[chosen] * roots.scalp.lift[chosen, None] * 0.9
    strands = roots.view.to_camera(grow(starts, directions, growth, roots.skull, generator))
    centre = roots.view.to_camera(roots.skull.centre)
    return ribbons(strands, centre, half_width, 1 - 0.45 * kind.frizz, kind.frizz, True, generator)
