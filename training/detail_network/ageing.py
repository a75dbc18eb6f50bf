"""What skin has that is older than the renderer's: deeper folds, and fields of fine creases that run side by side."""

import numpy as np
from numpy.random import Generator

from ..arrays import Floats
from ..data.noise import noise_bank
from ..renderer.drawing import blur, draw_lines
from ..renderer.skin.skin import Skin
from ..renderer.skin.wrinkles import sample_relief
from ..renderer.surface import TEXTURE_SIZE

#: Of so many drawn sets of wrinkles the deepest is taken: the oldest of so many people.
OLDEST_OF = 3
#: Most fields of creases on a face, and how many lines are in one.
FIELDS, LINES = 9, (3, 12)
#: Texels from line to line, and along each half of a line.
SPACING, LENGTH = (3.5, 9.0), (8.0, 34.0)
#: Millimetres by which folds and creases are deep, and the largest share of the colour that is lost in them.
FOLDED, DEPTH, DARKER = (0.4, 1.0), (0.06, 0.45), 0.3
#: Columns and rows within which creases are drawn.
COLUMNS, ROWS = (90, 422), (50, 420)


def add_age(skin: Skin, landmarks: Floats, expression: dict[str, float], generator: Generator) -> Skin:
    """Skin of somebody older.

    Parameters
    ----------
    skin : Skin
    landmarks : (68, 2) float32
        In the texture.
    expression : dict of str to float
        Which folds the skin.
    generator : Generator
    """
    drawn = [sample_relief(landmarks, expression, noise_bank(), generator) for _ in range(OLDEST_OF)]
    folds = max((depth for _height, depth in drawn), key=lambda depth: float(depth.mean()))
    creases = _creases(generator)
    height = skin.height - generator.uniform(*FOLDED) * folds - generator.uniform(*DEPTH) * creases
    darker = np.maximum(generator.uniform(0, DARKER) * folds, generator.uniform(0, DARKER) * creases)
    albedo = skin.albedo * (1 - darker[..., None])
    return skin._replace(albedo=albedo.astype(np.float32), height=height.astype(np.float32))


def _creases(generator: Generator) -> Floats:
    """How deep in a crease each texel is, in [0, 1]."""
    image = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    for _ in range(int(generator.integers(1, FIELDS + 1))):
        _draw_field(image, generator)
    return np.clip(blur(image, generator.uniform(0.8, 1.5)), 0, 1)


def _draw_field(image: Floats, generator: Generator) -> None:
    """A few lines side by side, bent alike, each a little off."""
    centre = np.array([generator.uniform(*COLUMNS), generator.uniform(*ROWS)])
    angle, bend, strength = generator.uniform(0, np.pi), generator.normal(0, 0.015), generator.uniform(0.3, 1.0)
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]])
    spacing, width = generator.uniform(*SPACING), int(generator.integers(1, 3))
    count = int(generator.integers(*LINES))
    for number in range(count):
        half = generator.uniform(*LENGTH)
        steps = np.linspace(-half, half, 9)[:, None] + generator.normal(0, 3)
        offset = (number - count / 2) * spacing + generator.normal(0, 0.8) + bend * steps**2
        line = centre + steps * along + (offset + generator.normal(0, 0.5, steps.shape)) * across
        draw_lines(image, line[None].astype(np.float32), strength * generator.uniform(0.5, 1.0), width)
