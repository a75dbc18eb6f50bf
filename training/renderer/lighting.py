"""Illumination: a few distant lights, one of which casts shadows, in an environment of low frequency."""

import math
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from ..arrays import Floats, Integers
from .compilation import inlined
from .rasteriser import draw_depth

SHADOW_SIZE = 448
SHADOW_EXTENT = 380.0
SHADOW_BIAS = 4.0
NO_SHADOW = -1e9
# Where the shadow map is sampled; if the four corners agree, the others are taken to agree too.
SHADOW_TAPS = ((-1, -1), (1, -1), (-1, 1), (1, 1), (0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


class Lighting(NamedTuple):
    """Light in the camera's axes.

    Attributes
    ----------
    directions : (n, 3) float32
        Unit vectors towards the lights.
    colours : (n, 3) float32
        Their linear RGB strength.
    environment : (3, 9) float32
        For each colour the coefficients of 1, x, y, z, xy, yz, xz, x² - y², 3 z² - 1 of a normal's irradiance.
    shadow_basis : (3, 3) float32
        Rows: the shadow map's x and y and the direction towards the first light.
    shadow_depth : (R, R) float32
        Distance towards that light of the nearest surface, very small where there is none, as everywhere if nothing
        casts shadows.
    shadow_softness : float
        Distance of the shadow map's samples in pixels.
    """

    directions: Floats
    colours: Floats
    environment: Floats
    shadow_basis: Floats
    shadow_depth: Floats
    shadow_softness: float


class Light(NamedTuple):
    """Light leaving a point towards the viewer per unit of albedo, and its highlight."""

    red: float
    green: float
    blue: float
    glint_red: float
    glint_green: float
    glint_blue: float


def sample_lighting(generator: Generator) -> Lighting:
    """Draw soft to hard and neutral to coloured light, a frontal flash one time in five."""
    flash = generator.random() < 0.2
    count = int(generator.integers(0, 4)) if generator.random() < 0.9 else 0
    count = max(count, 1) if flash else count
    directions = np.array([_direction(generator) for _ in range(max(count, 1))])
    if flash:
        directions[0] = [generator.normal(0, 0.15), generator.normal(0.1, 0.15), 1.0]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    tint = 0.25 if generator.random() < 0.05 else 0.05
    strengths = generator.gamma(2, 0.5, len(directions)) if count else np.zeros(1)
    colours = strengths[:, None] * np.clip(1 + tint * generator.standard_normal((len(directions), 3)), 0.05, 3)
    return Lighting(
        directions.astype(np.float32),
        colours.astype(np.float32),
        _environment(generator, lit=count > 0),
        _basis_towards(directions[0]),
        np.full((SHADOW_SIZE, SHADOW_SIZE), NO_SHADOW, np.float32),
        float(np.exp(generator.uniform(np.log(0.6), np.log(6.0)))),
    )


def _direction(generator: Generator) -> Floats:
    """From in front and above as a rule, at times from the side or from behind."""
    direction = generator.standard_normal(3)
    direction[1] += 0.5
    direction[2] = 1.2 * abs(direction[2]) + (0.1 if generator.random() < 0.8 else -0.8)
    if generator.random() < 0.25:
        direction[2] *= 0.25
    return direction


def _environment(generator: Generator, lit: bool) -> Floats:
    strength = generator.uniform(0.15, 1.3) if lit else generator.uniform(0.6, 1.2)
    shape = generator.normal(0, 0.35, 9)
    shape[4:] *= 0.5
    shape[0] = 1
    shape[2] += 0.25
    shape[3] += 0.1
    tint = 0.02 if generator.random() < 0.92 else 0.07
    return (strength * (shape + tint * generator.standard_normal((3, 9)))).astype(np.float32)


def _basis_towards(direction: Floats) -> Floats:
    right = np.cross([0.01, 1, 0.02], direction)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(direction, right), direction]).astype(np.float32)


def cast_shadows(lighting: Lighting, vertices: Floats, triangles: Integers) -> None:
    """Draw what stands in the first light's way, in the camera's axes, into the shadow map."""
    points = vertices @ lighting.shadow_basis.T
    points[:, :2] = points[:, :2] * (SHADOW_SIZE / SHADOW_EXTENT) + SHADOW_SIZE / 2
    draw_depth(points, triangles, lighting.shadow_depth)


@inlined
def irradiance(lighting: Lighting, channel: int, nx: float, ny: float, nz: float) -> float:
    """What the environment sends to a surface with a unit normal."""
    c = lighting.environment[channel]
    linear = c[0] + c[1] * nx + c[2] * ny + c[3] * nz
    quadratic = c[4] * nx * ny + c[5] * ny * nz + c[6] * nx * nz + c[7] * (nx * nx - ny * ny) + c[8] * (3 * nz * nz - 1)
    return max(linear + quadratic, 0.03)


@inlined
def light_reaching(lighting: Lighting, x: float, y: float, z: float) -> float:
    """Share of the first light that reaches a point: nine samples of the shadow map (percentage-closer filtering)."""
    basis = lighting.shadow_basis
    scale = SHADOW_SIZE / SHADOW_EXTENT
    map_x = (basis[0, 0] * x + basis[0, 1] * y + basis[0, 2] * z) * scale + SHADOW_SIZE / 2
    map_y = (basis[1, 0] * x + basis[1, 1] * y + basis[1, 2] * z) * scale + SHADOW_SIZE / 2
    height = basis[2, 0] * x + basis[2, 1] * y + basis[2, 2] * z + SHADOW_BIAS
    blocked = 0
    for n in range(9):
        i, j = SHADOW_TAPS[n]
        column, row = int(map_x + i * lighting.shadow_softness), int(map_y + j * lighting.shadow_softness)
        if 0 <= column < SHADOW_SIZE and 0 <= row < SHADOW_SIZE and lighting.shadow_depth[row, column] > height:
            blocked += 1
        if n == 3 and (blocked == 0 or blocked == 4):
            return 1.0 - blocked / 4.0
    return 1.0 - blocked / 9.0


@inlined
def lit(
    lighting: Lighting,
    x: float,
    y: float,
    z: float,
    nx: float,
    ny: float,
    nz: float,
    openness: float,
    softness: float,
    gloss: float,
    sharpness: float,
) -> Light:
    """Light from a surface: diffuse, wrapped most for red as in skin, and a Blinn-Phong highlight with Fresnel."""
    red = irradiance(lighting, 0, nx, ny, nz) * openness
    green = irradiance(lighting, 1, nx, ny, nz) * openness
    blue = irradiance(lighting, 2, nx, ny, nz) * openness
    glint_red, glint_green, glint_blue = 0.0, 0.0, 0.0
    for i in range(len(lighting.directions)):
        lx, ly, lz = lighting.directions[i]
        colour = lighting.colours[i]
        facing = nx * lx + ny * ly + nz * lz
        reaching = light_reaching(lighting, x, y, z) if i == 0 else 1.0
        diffuse = reaching * (0.5 + 0.5 * openness)
        red += colour[0] * diffuse * max(0.0, (facing + softness) / (1 + softness))
        green += colour[1] * diffuse * max(0.0, (facing + 0.4 * softness) / (1 + 0.4 * softness))
        blue += colour[2] * diffuse * max(0.0, (facing + 0.25 * softness) / (1 + 0.25 * softness))
        if facing > 0 and gloss > 0:
            half = math.sqrt(max(2 + 2 * lz, 0.0)) + 1e-6
            aligned = (nx * lx + ny * ly + nz * (lz + 1)) / half
            if aligned <= 0 or sharpness * (1 - aligned) > 6:
                continue
            fresnel = 0.3 + 0.7 * (1 - max(0.0, nz)) ** 3
            glint = gloss * aligned**sharpness * fresnel * reaching * openness * (sharpness + 8) / 30
            glint_red += colour[0] * glint
            glint_green += colour[1] * glint
            glint_blue += colour[2] * glint
    return Light(red, green, blue, glint_red, glint_green, glint_blue)
