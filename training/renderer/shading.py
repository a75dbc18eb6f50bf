"""What the head's surface is like at each pixel: skin, eyes, teeth, the mouth's inside, clothes."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from ..arrays import Floats, Integers
from ..compilation import inlined, kernel
from ..data.noise import noise_bank
from ..face_model import EYE, GUM, IRIS_CENTRE, SKIN, TOOTH
from .colours import sample_dye
from .lighting import ALBEDO, GLOSS, OPENNESS, SHARPNESS, SOFTNESS, SURFACE
from .lighting import NORMAL as LIT_NORMAL
from .lighting import POSITION as LIT_POSITION
from .skin.skin import Skin

# Columns of the attributes of the head's vertices.
CANONICAL, POSITION, NORMAL, TEXTURE, OPEN, REGION, IRIS, ATTRIBUTES = 0, 3, 6, 9, 11, 12, 13, 14

#: What is neither skin, eye, tooth nor gum lies in the corners of the eyes above this height (mm), below in the mouth.
LACRIMAL_HEIGHT = 10.0

IRIS_COLOURS = np.array(
    [
        [0.08, 0.04, 0.02],
        [0.03, 0.015, 0.01],
        [0.18, 0.10, 0.04],
        [0.10, 0.18, 0.12],
        [0.12, 0.20, 0.35],
        [0.20, 0.22, 0.24],
    ]
)
IRIS_SHARES = (0.30, 0.30, 0.12, 0.08, 0.12, 0.08)


class Eyes(NamedTuple):
    """Radii in millimetres, linear colours, and the share of light that lids and lashes leave."""

    pupil_radius: float
    iris_radius: float
    iris: Floats
    sclera: Floats
    openness: float
    height: float


class Clothing(NamedTuple):
    """What covers the neck below a height of the neutral head in millimetres, lower or higher at the sides."""

    collar: float
    slope: float
    colour: Floats
    fabric: Floats


def sample_eyes(generator: Generator) -> Eyes:
    """Draw iris, pupil and the whites."""
    iris = IRIS_COLOURS[generator.choice(len(IRIS_COLOURS), p=IRIS_SHARES)] * generator.uniform(0.6, 1.4)
    white = generator.uniform(0.32, 0.6) * np.array([1.0, generator.uniform(0.86, 0.96), generator.uniform(0.8, 0.95)])
    return Eyes(
        float(generator.uniform(1.3, 3.6)),
        float(generator.uniform(5.4, 6.6)),
        iris.astype(np.float32),
        white.astype(np.float32),
        float(generator.uniform(0.5, 1.0)),
        IRIS_CENTRE[1],
    )


def sample_clothing(generator: Generator) -> Clothing:
    """Draw collar and cloth."""
    fabrics = noise_bank().strands
    fabric = fabrics[generator.integers(len(fabrics))]
    return Clothing(
        float(generator.uniform(-165, -95)),
        float(generator.uniform(-0.0015, 0.0045)),
        sample_dye(generator),
        fabric,
    )


@inlined
def sample_texture(texture: Floats, column: float, row: float) -> float:
    """Bilinear look-up that repeats the border."""
    height, width = texture.shape
    column, row = min(max(column, 0.0), width - 1.001), min(max(row, 0.0), height - 1.001)
    i, j = int(column), int(row)
    u, v = column - i, row - j
    above = texture[j, i] * (1 - u) + texture[j, i + 1] * u
    return above * (1 - v) + (texture[j + 1, i] * (1 - u) + texture[j + 1, i + 1] * u) * v


@inlined
def _eye_colour(eyes: Eyes, distance: float) -> tuple[float, float, float]:
    """Pupil, iris with a dark rim, white."""
    if distance < eyes.pupil_radius:
        return 0.01, 0.01, 0.01
    if distance < eyes.iris_radius:
        outwards = (distance - eyes.pupil_radius) / (eyes.iris_radius - eyes.pupil_radius)
        tint = 0.7 + 0.5 * outwards if outwards < 0.8 else 1.1 - 3.5 * (outwards - 0.8)
        return eyes.iris[0] * tint, eyes.iris[1] * tint, eyes.iris[2] * tint
    edge = min(1.0, (distance - eyes.iris_radius) / 0.6)
    red_corner = 0.12 * min(1.0, distance / 14.0)
    return (
        eyes.sclera[0] * (0.6 + 0.4 * edge),
        eyes.sclera[1] * (0.6 + 0.4 * edge) * (1 - red_corner),
        eyes.sclera[2] * (0.6 + 0.4 * edge) * (1 - red_corner),
    )


@kernel
def relief(attributes: Floats, triangle: Integers, materials: Integers, height: Floats) -> Floats:
    """Height of the skin's relief at each pixel, (S, S) in millimetres."""
    size = triangle.shape[0]
    result = np.zeros((size, size), np.float32)
    for row in range(size):
        for column in range(size):
            t = triangle[row, column]
            if t >= 0 and materials[t] == SKIN:
                u, v = attributes[row, column, TEXTURE], attributes[row, column, TEXTURE + 1]
                result[row, column] = sample_texture(height, u, v)
    return result


@inlined
def _clothed(clothing: Clothing, x: float, y: float) -> bool:
    """Whether cloth covers the skin at a place of the neutral head."""
    return y < clothing.collar + clothing.slope * x * x


@inlined
def _cloth(clothing: Clothing, u: float, y: float) -> tuple[float, float, float]:
    """The colour of woven cloth."""
    weave = 0.7 + 0.6 * clothing.fabric[int(abs(2 * y)) % 512, int(abs(u)) % 512]
    return clothing.colour[0] * weave, clothing.colour[1] * weave, clothing.colour[2] * weave


@inlined
def _bare_skin(skin: Skin, u: float, v: float) -> tuple[float, float, float, float]:
    """The skin's colour and gloss."""
    i, j = int(min(max(u + 0.5, 0.0), 511.0)), int(min(max(v + 0.5, 0.0), 511.0))
    return skin.albedo[j, i, 0], skin.albedo[j, i, 1], skin.albedo[j, i, 2], skin.gloss[j, i]


@inlined
def _steps(height: Floats, row: int, column: int) -> tuple[float, float]:
    """By how much a height rises to the right and downwards over two pixels; nothing at the picture's edge."""
    size = height.shape[0]
    if 0 < row < size - 1 and 0 < column < size - 1:
        across = height[row, column + 1] - height[row, column - 1]
        return across, height[row + 1, column] - height[row - 1, column]
    return 0.0, 0.0


@inlined
def _inside_of_the_mouth(material: int, skin: Skin) -> tuple[float, float, float, float]:
    """The colour of a tooth, of gums, or of what lies deepest, and its gloss."""
    if material == TOOTH:
        yellow = 0.25 * skin.tooth_yellowness
        return 0.78, 0.78 * (1 - 0.4 * yellow), 0.74 * (1 - yellow), 0.3
    if material == GUM:
        return 0.45, 0.16, 0.16, 0.2
    return 0.22, 0.05, 0.045, 0.0


@inlined
def _open_to_light(material: int, y: float, openness: float, skin: Skin, eyes: Eyes) -> float:
    """What share of all directions light comes from, of a surface with an openness that lids and lips may shade."""
    if material == EYE:
        under_lid = min(max((y - eyes.height - 1.5) / 4.0, 0.0), 1.0)
        return openness * (eyes.openness * (1 - 0.45 * under_lid))
    if material == TOOTH:
        return np.sqrt(openness) * skin.mouth_openness
    if material == GUM:
        return openness * skin.mouth_openness
    if material != SKIN and y <= LACRIMAL_HEIGHT:
        return openness * (0.3 * skin.mouth_openness)
    return openness


@inlined
def _material_look(
    material: int,
    bare: bool,
    y: float,
    u: float,
    v: float,
    from_iris: float,
    skin: Skin,
    eyes: Eyes,
    clothing: Clothing,
) -> tuple[float, float, float, float, float, float]:
    """Colour, gloss, sharpness of the gloss and softness at a height of the neutral head and a place of its texture."""
    if bare:
        red, green, blue, gloss = _bare_skin(skin, u, v)
        return red, green, blue, gloss, skin.sharpness, skin.softness
    if material == SKIN:
        red, green, blue = _cloth(clothing, u, y)
        return red, green, blue, 0.0, skin.sharpness, 0.0
    if material == EYE:
        red, green, blue = _eye_colour(eyes, from_iris)
        return red, green, blue, 0.9, 250.0, 0.0
    if material in (TOOTH, GUM) or y <= LACRIMAL_HEIGHT:
        red, green, blue, gloss = _inside_of_the_mouth(material, skin)
        return red, green, blue, gloss, 60.0 if material == TOOTH else skin.sharpness, 0.0
    return 0.6 * skin.tone[0], 0.4 * skin.tone[1], 0.4 * skin.tone[2], 0.0, skin.sharpness, 0.0


@kernel
def describe_head(
    attributes: Floats,
    triangle: Integers,
    materials: Integers,
    relief_height: Floats,
    skin: Skin,
    eyes: Eyes,
    clothing: Clothing,
    pixels_per_millimetre: float,
) -> Floats:
    """What is lit at each pixel, (S, S, SURFACE), from the head's interpolated attributes (S, S, ATTRIBUTES)."""
    size = triangle.shape[0]
    result = np.zeros((size, size, SURFACE), np.float32)
    slope = 0.5 * pixels_per_millimetre
    for row in range(size):
        for column in range(size):
            t = triangle[row, column]
            if t < 0:
                continue
            material = materials[t]
            x, y = attributes[row, column, CANONICAL], attributes[row, column, CANONICAL + 1]
            u, v = attributes[row, column, TEXTURE], attributes[row, column, TEXTURE + 1]
            for k in range(3):
                result[row, column, LIT_POSITION + k] = attributes[row, column, POSITION + k]
                result[row, column, LIT_NORMAL + k] = attributes[row, column, NORMAL + k]
            bare = material == SKIN and not _clothed(clothing, x, y)
            if bare:
                across, down = _steps(relief_height, row, column)
                result[row, column, LIT_NORMAL] -= slope * across
                result[row, column, LIT_NORMAL + 1] += slope * down
            red, green, blue, gloss, sharpness, softness = _material_look(
                material, bare, y, u, v, attributes[row, column, IRIS], skin, eyes, clothing
            )
            result[row, column, ALBEDO] = red
            result[row, column, ALBEDO + 1] = green
            result[row, column, ALBEDO + 2] = blue
            result[row, column, OPENNESS] = _open_to_light(material, y, attributes[row, column, OPEN], skin, eyes)
            result[row, column, GLOSS] = gloss
            result[row, column, SHARPNESS] = sharpness
            result[row, column, SOFTNESS] = softness
    return result
