"""Skin relief: pores, and wrinkles that deepen where the expression folds the skin."""

import numpy as np
from numpy.random import Generator

from ...arrays import Floats
from ...data.noise import NoiseBank
from ..drawing import blur, draw_lines
from ..surface import TEXTURE_SIZE, texture_row

# Which expression shapes fold which wrinkles.
FOLDS: dict[str, tuple[str, ...]] = {
    "forehead": ("browInnerUp", "browOuterUp"),
    "glabella": ("browDown",),
    "crow's feet": ("cheekSquint", "eyeSquint", "mouthSmile"),
    "under the eyes": ("cheekRaiser", "eyeSquint", "cheekSquint"),
    "nose": ("noseSneer",),
    "nasolabial": ("mouthSmile", "noseSneer", "cheekRaiser", "mouthUpperUp"),
    "mouth corners": ("mouthFrown", "mouthStretch", "mouthDimple"),
    "chin": ("mouthShrugLower", "mouthPress"),
}


def sample_relief(
    landmarks: Floats, expression: dict[str, float], bank: NoiseBank, generator: Generator
) -> tuple[Floats, Floats]:
    """Draw the skin's height in millimetres and, in [0, 1], how deep in a wrinkle each point is.

    Parameters
    ----------
    landmarks : (68, 2) float32
        In the texture.
    expression : dict of str to float
    bank : NoiseBank
    generator : Generator

    Returns
    -------
    height, depth : (TEXTURE_SIZE, TEXTURE_SIZE) float32
    """
    age = generator.beta(1, 1.6)
    pores = bank.pores[generator.integers(len(bank.pores))] - 0.5
    lumps = bank.blotches[generator.integers(len(bank.blotches))] - 0.5
    height = (generator.uniform(0.02, 0.1) * pores).astype(np.float32)
    height += generator.uniform(0.05, 0.6) * (0.3 + age) * lumps
    depth = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    for name, shapes in FOLDS.items():
        folded = max(max(expression.get(shape + side, 0.0) for side in ("", "_L", "_R")) for shape in shapes)
        strength = age * generator.uniform(0, 0.9) + folded * generator.uniform(0.3, 1.1) * (0.4 + age)
        if strength > 0.08:
            _draw_group(depth, name, landmarks, min(strength, 1.5), generator)
    depth = blur(depth, generator.uniform(1.0, 2.0))
    height -= generator.uniform(0.5, 1.2) * depth
    return height, np.clip(depth, 0, 1)


def _draw_group(depth: Floats, name: str, landmarks: Floats, strength: float, generator: Generator) -> None:
    """Draw the lines of one group of wrinkles on both sides."""
    if name == "forehead":
        for _ in range(generator.integers(1, 6)):
            row, half = texture_row(generator.uniform(68, 105)), generator.uniform(60, 110)
            columns = 256 + half * np.linspace(-1, 1, 5)
            rows = row + np.array([4, 0, 3, 0, 4])
            _draw(depth, np.stack([columns, rows], 1), generator.integers(1, 3), strength, generator)
        return
    for side in (-1, 1):
        for points, width in _side_lines(name, landmarks, side, generator):
            _draw(depth, points, width, strength * generator.uniform(0.5, 1.1), generator)


def _side_lines(name: str, landmarks: Floats, side: int, generator: Generator) -> list[tuple[Floats, int]]:
    """Lines (k, 2) in the texture and their widths of the wrinkles on one side, -1 for the left of the picture."""
    right = side > 0
    corner = landmarks[54 if right else 48]
    eye = landmarks[42:48] if right else landmarks[36:42]
    outer_eye = landmarks[45 if right else 36]
    nostril = landmarks[35 if right else 31]

    def line(origin: Floats, *steps: tuple[float, float]) -> Floats:
        return np.asarray(origin + np.array(steps) * [side, 1], np.float32)

    if name == "glabella":
        return [(line(landmarks[27], (5, 0), (6, -14)), 2), (line(landmarks[27], (9, -3), (11, -12)), 1)]
    if name == "crow's feet":
        count = generator.integers(1, 5)
        return [
            (line(outer_eye, (6, generator.uniform(-6, 8)), (22, generator.uniform(-14, 16))), 1) for _ in range(count)
        ]
    if name == "under the eyes":
        count = generator.integers(1, 4)
        middle = eye.mean(0)
        return [(line(middle, (-16, 10 + 4 * i), (0, 17 + 5 * i), (16, 10 + 4 * i)), 2) for i in range(count)]
    if name == "nose":
        return [(line(landmarks[28], (3 + 3 * i, 4 * i), (10 + 3 * i, 2 + 6 * i)), 1) for i in range(3)]
    if name == "nasolabial":
        fold = np.concatenate([line(nostril, (5, -8), (16, 10)), line(corner, (9, -6), (10, 14))])
        return [(fold, int(generator.integers(2, 5)))]
    if name == "mouth corners":
        return [(line(corner, (3, -2), (8, 8), (8, 22)), 2), (line(corner, (16, -14), (19, 2), (16, 16)), 2)]
    chin = (landmarks[8] + landmarks[57]) / 2
    return [(line(chin, (0, -4), (14, -8), (22, 2)), 3)]


def _draw(depth: Floats, points: Floats, width: int, strength: float, generator: Generator) -> None:
    jittered = points + generator.normal(0, 2.5, points.shape)
    knots, steps = np.linspace(0, 1, len(points)), np.linspace(0, 1, 20)
    curve = np.stack([np.interp(steps, knots, jittered[:, k]) for k in range(2)], 1)
    draw_lines(depth, curve[None], float(strength), int(width))
