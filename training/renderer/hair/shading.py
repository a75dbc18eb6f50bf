"""What light makes of hair: its colour at each pixel, and the highlights across its strands."""

import math

import numpy as np

from ...arrays import Booleans, Floats
from ...compilation import inlined, kernel
from ..lighting import Lighting, irradiance
from .strands import HairMesh

# Columns of the attributes of hair's vertices.
POSITION, NORMAL, TANGENT, COORDINATES, BRIGHTNESS, HIDES = 0, 3, 6, 9, 11, 12


def hair_attributes(mesh: HairMesh) -> Floats:
    """The vertices' attributes (n, 13) for `shade_hair`."""
    columns = (
        mesh.vertices,
        mesh.normals,
        mesh.tangents,
        mesh.coordinates,
        mesh.brightness[:, None],
        mesh.hides[:, None],
    )
    return np.concatenate(columns, 1).astype(np.float32)


@inlined
def _diffuse(lighting: Lighting, normal: tuple[float, float, float], channel: int, reaching: float) -> float:
    """Wrapped diffuse light of one channel, from all around and from each light, of the first as far as it reaches."""
    nx, ny, nz = normal
    light = irradiance(lighting.environment, channel, nx, ny, nz)
    for i in range(len(lighting.directions)):
        share = 0.25 + 0.75 * reaching if i == 0 else 1.0
        lx, ly, lz = lighting.directions[i, 0], lighting.directions[i, 1], lighting.directions[i, 2]
        light += 0.8 * share * lighting.colours[i, channel] * max(0.0, (nx * lx + ny * ly + nz * lz + 0.3) / 1.3)
    return light


@inlined
def _glint(
    normal: tuple[float, float, float], tangent: tuple[float, float, float], light: tuple[float, float, float]
) -> float:
    """The highlight of one light across strands (Kajiya and Kay 1989, equation 9)."""
    (nx, ny, nz), (tx, ty, tz), (lx, ly, lz) = normal, tangent, light
    along = (tx * lx + ty * ly + tz * (lz + 1)) / (math.sqrt(max(2 + 2 * lz, 0.0)) + 1e-6)
    return max(0.0, nx * lx + ny * ly + nz * lz + 0.2) * max(0.0, 1 - along * along) ** 20


@kernel
def shade_hair(
    attributes: Floats,
    visible: Booleans,
    reaching: Floats,
    strands: Floats,
    colour: Floats,
    gloss: float,
    lighting: Lighting,
) -> Floats:
    """Linear colours (S, S, 3): wrapped diffuse, and highlights across strands unless the gloss is 0, as of cloth."""
    size = visible.shape[0]
    height, width = strands.shape
    result = np.zeros((size, size, 3), np.float32)
    for row in range(size):
        for column in range(size):
            if not visible[row, column]:
                continue
            pixel, reached = attributes[row, column], reaching[row, column]
            normal = (pixel[NORMAL], pixel[NORMAL + 1], pixel[NORMAL + 2])
            tangent = (pixel[TANGENT], pixel[TANGENT + 1], pixel[TANGENT + 2])
            shade = strands[int(pixel[COORDINATES + 1]) % height, int(pixel[COORDINATES]) % width]
            tint = pixel[BRIGHTNESS] * (0.6 + 0.6 * shade) if gloss > 0 else 0.8 + 0.3 * shade
            for k in range(3):
                result[row, column, k] = colour[k] * tint * _diffuse(lighting, normal, k, reached)
            if gloss <= 0:
                continue
            for i in range(len(lighting.directions)):
                direction = lighting.directions[i]
                share = 0.25 + 0.75 * reached if i == 0 else 1.0
                glint = _glint(normal, tangent, (direction[0], direction[1], direction[2]))
                for k in range(3):
                    amount = 0.12 * gloss * shade * share * glint
                    result[row, column, k] += amount * lighting.colours[i, k] * (0.3 + colour[k])
    return result
