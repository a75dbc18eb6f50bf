"""What is painted on skin without any height, and what has a height that the renderer's skin lacks.

Everything is drawn into the head's texture of `training.renderer.surface`.
"""

import numpy as np
from numpy.random import Generator

from ..arrays import Floats
from ..renderer.drawing import blur, draw_lines, fill_circle
from ..renderer.skin.skin import Skin
from ..renderer.surface import TEXTURE_SIZE

#: Columns and rows of the texture within which a face is.
LEFT, RIGHT, UPPER, LOWER = 70, 442, 40, 430


def paint_marks(skin: Skin, landmarks: Floats, generator: Generator) -> tuple[Skin, Floats]:
    """Skin with moles, freckles, stubble, frames, hairs and tattoos on it, and what they cover.

    Landmarks (68, 3) are those of the neutral head in millimetres; the cover (TEXTURE_SIZE, TEXTURE_SIZE) is in [0, 1].
    """
    albedo = skin.albedo.copy()
    covered = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    dark = generator.uniform(0.01, 0.05, 3)
    brown = skin.tone * (0.6, 0.4, 0.3) * generator.uniform(0.6, 1.3)
    inks = (generator.uniform(0.01, 0.4, 3), dark, skin.tone * generator.uniform(0.25, 0.8))
    drawn = (
        (0.6, _spots(generator, int(generator.integers(3, 25)), (1, 5)), brown),
        (0.2, _specks(generator, 0.01, generator.uniform(0.2, 0.8)), brown),
        (0.4, _stubble(landmarks, generator), dark),
        (0.35, _frame(landmarks, generator), generator.uniform(0.01, 0.3, 3)),
        (0.3, _curves(generator, int(generator.integers(1, 8)), (1, 3)), dark),
        (0.25, _curves(generator, int(generator.integers(1, 6)), (2, 6)), inks[int(generator.integers(3))]),
    )
    for share, cover, colour in drawn:
        if generator.random() < share:
            cover = cover * generator.uniform(0.4, 1.0)
            albedo += cover[..., None] * (np.asarray(colour, np.float32) - albedo)
            covered = np.maximum(covered, cover)
    return skin._replace(albedo=albedo.astype(np.float32)), covered


def add_relief(skin: Skin, generator: Generator) -> Skin:
    """Skin with scars, spots that stand out, and fine wrinkles anywhere, some of which are hardly darker than it is."""
    albedo, height = skin.albedo.copy(), skin.height.copy()
    if generator.random() < 0.5:
        creases = blur(_curves(generator, int(generator.integers(2, 16)), (1, 3)), generator.uniform(0.5, 1.5))
        height -= generator.uniform(0.1, 1.0) * creases
        albedo *= 1 - generator.uniform(0, 0.35) * creases[..., None]
    if generator.random() < 0.3:
        scars = _curves(generator, int(generator.integers(1, 4)), (2, 6))
        height += generator.uniform(-0.6, 0.4) * scars
        colour = skin.tone * generator.uniform(0.8, 1.3, 3)
        albedo += generator.uniform(0, 0.7) * scars[..., None] * (colour - albedo)
    if generator.random() < 0.3:
        raised = blur(_spots(generator, int(generator.integers(1, 20)), (1, 5)), 1.0)
        height += generator.uniform(0.1, 0.6) * raised
        albedo *= 1 - raised[..., None] * generator.uniform(-0.1, 0.4) * np.array([0.2, 1.0, 1.0])
    return skin._replace(albedo=albedo.astype(np.float32), height=height.astype(np.float32))


def _empty() -> Floats:
    return np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)


def _spots(generator: Generator, count: int, radii: tuple[int, int]) -> Floats:
    image = _empty()
    for _ in range(count):
        place = int(generator.integers(LEFT, RIGHT)), int(generator.integers(UPPER, LOWER))
        fill_circle(image, place, int(generator.integers(*radii)), generator.uniform(0.5, 1.0))
    return np.clip(blur(image, generator.uniform(0.5, 1.0)), 0, 1)


def _specks(generator: Generator, density: float, opacity: float) -> Floats:
    points = (generator.random((TEXTURE_SIZE, TEXTURE_SIZE), np.float32) < density).astype(np.float32)
    return np.clip(3 * opacity * blur(points, generator.uniform(0.6, 1.2)), 0, 1)


def _stubble(landmarks: Floats, generator: Generator) -> Floats:
    """Hairs on jaw, chin and upper lip, each about a texel."""
    column, row = landmarks[8]
    columns, rows = np.arange(TEXTURE_SIZE), np.arange(TEXTURE_SIZE)[:, None]
    upper = row - generator.uniform(30, 75)
    region = (np.abs(columns - column) < generator.uniform(70, 130)) & (rows > upper) & (rows < row + 25)
    return _specks(generator, generator.uniform(0.05, 0.3), generator.uniform(0.3, 1.0)) * region


def _frame(landmarks: Floats, generator: Generator) -> Floats:
    """The rims of glasses, or the lower halves of them, with a bridge and arms on some."""
    image = _empty()
    wide, high, width = generator.uniform(30, 46), generator.uniform(22, 38), int(generator.integers(1, 6))
    start = 0.1 if generator.random() < 0.5 else -np.pi
    for first, side in ((36, -1), (42, 1)):
        centre = landmarks[first : first + 6].mean(axis=0) + generator.normal(0, 3, 2)
        angle = np.linspace(start, np.pi - 0.1, 30)
        rim = centre + np.stack([wide * np.cos(angle), high * np.sin(angle)], axis=1)
        lines = [rim, centre + side * wide * np.array([[1.0, 0.0], [2.5, -0.1]])]
        for line in lines:
            draw_lines(image, line[None].astype(np.float32), 1.0, width)
    return np.clip(blur(image, generator.uniform(0.4, 1.0)), 0, 1)


def _curves(generator: Generator, count: int, widths: tuple[int, int]) -> Floats:
    """Smooth curves anywhere."""
    image = _empty()
    for _ in range(count):
        start = np.array([generator.uniform(LEFT, RIGHT), generator.uniform(UPPER, LOWER)])
        direction, bend = generator.uniform(0, 2 * np.pi), generator.normal(0, 0.02)
        angles = direction + bend * np.arange(24) + generator.normal(0, 0.1, 24)
        steps = generator.uniform(0.7, 6) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        line = (start + np.cumsum(steps, axis=0)).astype(np.float32)
        draw_lines(image, line[None], generator.uniform(0.4, 1.0), int(generator.integers(*widths)))
    return np.clip(blur(image, generator.uniform(0.5, 1.2)), 0, 1)
