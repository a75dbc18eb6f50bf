"""Illumination: a few distant lights, one of which casts shadows, in an environment of low frequency."""

import math
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from ..arrays import Booleans, Floats, Integers
from ..compilation import inlined, kernel
from .rasteriser import draw_depth

SHADOW_SIZE = 448
SHADOW_EXTENT = 380.0
SHADOW_BIAS = 4.0
NO_SHADOW = -1e9
# Columns of what is lit.
POSITION, NORMAL, ALBEDO, OPENNESS, GLOSS, SHARPNESS, SOFTNESS, SURFACE = 0, 3, 6, 9, 10, 11, 12, 13
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
def irradiance(environment: Floats, channel: int, nx: float, ny: float, nz: float) -> float:
    """What the environment sends to a surface with a unit normal."""
    linear = environment[channel, 1] * nx + environment[channel, 2] * ny + environment[channel, 3] * nz
    mixed = environment[channel, 4] * nx * ny + environment[channel, 5] * ny * nz + environment[channel, 6] * nx * nz
    squares = environment[channel, 7] * (nx * nx - ny * ny) + environment[channel, 8] * (3 * nz * nz - 1)
    return max(environment[channel, 0] + linear + mixed + squares, 0.03)


@kernel
def light_reaching(surface: Floats, visible: Booleans, lighting: Lighting) -> Floats:
    """Share of the first light that reaches each visible point, (S, S).

    It is the share of nine samples of the shadow map that are not nearer to the light (percentage-closer filtering).
    `surface` (S, S, k) begins with the columns of POSITION.
    """
    basis, depth, softness = lighting.shadow_basis, lighting.shadow_depth, lighting.shadow_softness
    scale = SHADOW_SIZE / SHADOW_EXTENT
    size = visible.shape[0]
    reaching = np.ones((size, size), np.float32)
    for row in range(size):
        for column in range(size):
            if not visible[row, column]:
                continue
            x, y, z = surface[row, column, 0], surface[row, column, 1], surface[row, column, 2]
            map_x = (basis[0, 0] * x + basis[0, 1] * y + basis[0, 2] * z) * scale + SHADOW_SIZE / 2
            map_y = (basis[1, 0] * x + basis[1, 1] * y + basis[1, 2] * z) * scale + SHADOW_SIZE / 2
            height = basis[2, 0] * x + basis[2, 1] * y + basis[2, 2] * z + SHADOW_BIAS
            blocked, taken = 0, 0
            for tap in range(9):
                i, j = SHADOW_TAPS[tap]
                map_column, map_row = int(map_x + i * softness), int(map_y + j * softness)
                inside = 0 <= map_column < SHADOW_SIZE and 0 <= map_row < SHADOW_SIZE
                if inside and depth[map_row, map_column] > height:
                    blocked += 1
                taken += 1
                if tap == 3 and (blocked == 0 or blocked == 4):
                    break
            reaching[row, column] = 1 - blocked / taken
    return reaching


@kernel
def illuminate(surface: Floats, visible: Booleans, reaching: Floats, lighting: Lighting) -> Floats:
    """Linear colours (S, S, 3) of a surface (S, S, SURFACE) where it is visible.

    Diffuse light wraps around into the shade by the surface's softness, red most as in skin; the highlight is that of
    Blinn and Phong with a Fresnel factor. `reaching` (S, S) is the share of the first light that is not in shadow.
    """
    directions, colours, environment = lighting.directions, lighting.colours, lighting.environment
    size = visible.shape[0]
    result = np.zeros((size, size, 3), np.float32)
    for row in range(size):
        for column in range(size):
            if not visible[row, column]:
                continue
            nx, ny, nz = (
                surface[row, column, NORMAL],
                surface[row, column, NORMAL + 1],
                surface[row, column, NORMAL + 2],
            )
            length = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
            nx, ny, nz = nx / length, ny / length, nz / length
            openness, gloss = surface[row, column, OPENNESS], surface[row, column, GLOSS]
            sharpness, softness = surface[row, column, SHARPNESS], surface[row, column, SOFTNESS]
            fresnel = gloss * openness * (0.3 + 0.7 * (1 - max(0.0, nz)) ** 3) * (sharpness + 8) / 30
            red = irradiance(environment, 0, nx, ny, nz) * openness
            green = irradiance(environment, 1, nx, ny, nz) * openness
            blue = irradiance(environment, 2, nx, ny, nz) * openness
            glint_red, glint_green, glint_blue = 0.0, 0.0, 0.0
            for i in range(len(directions)):
                lz = directions[i, 2]
                facing = nx * directions[i, 0] + ny * directions[i, 1] + nz * lz
                share = reaching[row, column] if i == 0 else 1.0
                diffuse = share * (0.5 + 0.5 * openness)
                red += colours[i, 0] * diffuse * max(0.0, (facing + softness) / (1 + softness))
                green += colours[i, 1] * diffuse * max(0.0, (facing + 0.4 * softness) / (1 + 0.4 * softness))
                blue += colours[i, 2] * diffuse * max(0.0, (facing + 0.25 * softness) / (1 + 0.25 * softness))
                aligned = (facing + nz) / (math.sqrt(max(2 + 2 * lz, 0.0)) + 1e-6)
                if fresnel > 0 and facing > 0 and aligned > 0 and sharpness * (1 - aligned) < 6:
                    glint = share * fresnel * aligned**sharpness
                    glint_red += colours[i, 0] * glint
                    glint_green += colours[i, 1] * glint
                    glint_blue += colours[i, 2] * glint
            result[row, column, 0] = surface[row, column, ALBEDO] * red + glint_red
            result[row, column, 1] = surface[row, column, ALBEDO + 1] * green + glint_green
            result[row, column, 2] = surface[row, column, ALBEDO + 2] * blue + glint_blue
    return result
