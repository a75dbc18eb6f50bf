"""Random heads of the face model: identity, expression, gaze and deviations that the model does not span."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from .arrays import Floats
from .face_model import EYEBALLS, FaceModel


@dataclass(frozen=True)
class ShapeParameters:
    """How far heads vary.

    Attributes
    ----------
    identity_deviations : tuple of float
        Standard deviations of the identity coefficients, one of which is chosen for each head.
    largest_bumps : int
        At most this many smooth bumps deform a head beyond the model.
    bump_height : float
        Their standard deviation in millimetres.
    bump_radii : (float, float)
        Their least and greatest standard width in millimetres.
    proportion_deviation : float
        Standard deviation of the scale along each axis.
    expression : str, optional
        One of `EXPRESSIONS` that all heads show, or "neutral"; drawn for each head if None.
    """

    identity_deviations: tuple[float, ...] = (0.8, 1.1, 1.3)
    largest_bumps: int = 12
    bump_height: float = 2.2
    bump_radii: tuple[float, float] = (10.0, 60.0)
    proportion_deviation: float = 0.04
    expression: str | None = None


@dataclass(frozen=True)
class Head:
    """One head in the head frame.

    Attributes
    ----------
    vertices : (n, 3) float32
        Millimetres.
    neutral : (n, 3) float32
        The same head without its expression.
    canonical : (n, 3) float32
        The points of the mean neutral face that the vertices correspond to. Those of the eyeballs are turned with the
        gaze, so that the label of a pixel does not depend on where the eye looks.
    expression : dict of str to float
        Coefficients of the model's shapes that are not zero.
    """

    vertices: Floats
    neutral: Floats
    canonical: Floats
    expression: dict[str, float]


# Expressions that act as a whole, as the shapes they combine (both sides where a name has no side).
EXPRESSIONS: dict[str, dict[str, float]] = {
    "smile": {"mouthSmile": 0.9, "cheekSquint": 0.4, "eyeSquint": 0.3, "mouthDimple": 0.2},
    "grin": {
        "mouthSmile": 0.9,
        "mouthUpperUp": 0.75,
        "mouthLowerDown": 0.35,
        "jawOpen": 0.1,
        "mouthStretch": 0.15,
        "cheekSquint": 0.5,
        "eyeSquint": 0.3,
    },
    "laugh": {
        "mouthSmile": 1.0,
        "mouthUpperUp": 0.6,
        "mouthLowerDown": 0.5,
        "jawOpen": 0.35,
        "cheekSquint": 0.8,
        "eyeSquint": 0.6,
        "cheekRaiser": 0.5,
    },
    "surprise": {"browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.8, "jawOpen": 0.5, "mouthFunnel": 0.2},
    "anger": {
        "browDown": 1.0,
        "eyeSquint": 0.4,
        "noseSneer": 0.6,
        "mouthPress": 0.5,
        "mouthFrown": 0.3,
        "jawForward": 0.3,
    },
    "shout": {
        "jawOpen": 0.9,
        "browDown": 0.7,
        "mouthUpperUp": 0.6,
        "mouthLowerDown": 0.8,
        "noseSneer": 0.5,
        "mouthStretch": 0.5,
    },
    "disgust": {"noseSneer": 1.0, "mouthUpperUp": 0.7, "browDown": 0.6, "eyeSquint": 0.5, "mouthFrown": 0.4},
    "sadness": {"browInnerUp": 0.9, "mouthFrown": 0.8, "mouthShrugLower": 0.5, "eyeSquint": 0.2},
    "fear": {"browInnerUp": 0.9, "browDown": 0.3, "eyeWide": 0.9, "mouthStretch": 0.8, "jawOpen": 0.2},
    "kiss": {"mouthPucker": 0.9, "mouthFunnel": 0.4, "jawOpen": 0.1},
    "vowel": {"mouthFunnel": 0.8, "jawOpen": 0.4, "mouthPucker": 0.3},
    "pressed": {"mouthPress": 0.8, "mouthRollLower": 0.6, "mouthRollUpper": 0.6, "mouthShrugUpper": 0.2},
    "puffed": {"cheekPuff": 0.9, "mouthPucker": 0.3, "mouthPress": 0.3},
}
EYES_AND_PUPILS = ("eyeLook", "Pupil", "eyeBlink")


def sample_head(model: FaceModel, generator: Generator, parameters: ShapeParameters | None = None) -> Head:
    """Draw a head."""
    parameters = ShapeParameters() if parameters is None else parameters
    deviation = generator.choice(parameters.identity_deviations)
    identity = (deviation * generator.standard_normal(len(model.identity))).astype(np.float32)
    if parameters.expression is None:
        weights = sample_expression(model.expression_names, generator)
    else:
        weights = show_expression(parameters.expression, model.expression_names, generator)
    expression = np.array([weights.get(name, 0.0) for name in model.expression_names], np.float32)
    expressed = expression @ model.expression
    offsets = (identity @ model.identity + expressed).reshape(-1, 3)
    vertices = model.neutral + offsets + _smooth_bumps(model, generator, parameters)
    proportions = (1 + parameters.proportion_deviation * generator.standard_normal(3)).astype(np.float32)
    vertices *= proportions
    neutral = vertices - expressed.reshape(-1, 3) * proportions
    canonical = _canonical_after_gaze(model, expression)
    return Head(vertices.astype(np.float32), neutral.astype(np.float32), canonical, weights)


def sample_expression(names: tuple[str, ...], generator: Generator) -> dict[str, float]:
    """Draw expression coefficients by name: whole expressions, single shapes, lids and gaze, more or less symmetric."""
    weights: dict[str, float] = {}
    posed = generator.random()
    if posed < 0.75:
        chosen = "smile" if posed < 0.2 else "grin" if posed < 0.45 else str(generator.choice(list(EXPRESSIONS)))
        _add(weights, names, EXPRESSIONS[chosen], generator.uniform(0.2, 1.2), generator)
    if generator.random() < 0.5:
        singles = [
            name.removesuffix("_L")
            for name in names
            if not name.endswith("_R") and not name.startswith(EYES_AND_PUPILS)
        ]
        some = generator.choice(singles, generator.integers(1, 5), replace=False)
        _add(weights, names, {str(name): float(generator.beta(1, 2)) for name in some}, 1.0, generator)
    if generator.random() < 0.15:
        weights["jawOpen"] = float(generator.beta(1, 2))
    elif generator.random() < 0.6:
        weights["jawOpen"] = 0.2 * weights.get("jawOpen", 0.0)
    weights["mouthClose"] = min(weights.get("mouthClose", 0.0), weights.get("jawOpen", 0.0))
    for name, value in {**_lids(generator), **_gaze(generator)}.items():
        weights[name] = max(value, weights.get(name, 0.0))
    return {name: value for name, value in weights.items() if value > 0}


def show_expression(expression: str, names: tuple[str, ...], generator: Generator) -> dict[str, float]:
    """Draw how somebody shows one of `EXPRESSIONS`, or "neutral", with open eyes."""
    weights: dict[str, float] = {}
    _add(weights, names, {} if expression == "neutral" else EXPRESSIONS[expression], 1.0, generator)
    return {name: value for name, value in weights.items() if value > 0}


def _add(
    weights: dict[str, float], names: tuple[str, ...], shapes: dict[str, float], strength: float, generator: Generator
) -> None:
    """Add shapes to both sides of the face, one expression in five of them clearly stronger on one side."""
    deviation = 0.6 if generator.random() < 0.2 else 0.12
    balance = float(np.clip(generator.normal(0, deviation), -1, 1))
    sides = {"_L": min(1.0, 1 - balance), "_R": min(1.0, 1 + balance)}
    for shape, amount in shapes.items():
        amount *= strength * generator.uniform(0.7, 1.3)
        for suffix, side in {"": 1.0, **sides}.items():
            if shape + suffix in names:
                weights[shape + suffix] = float(np.clip(weights.get(shape + suffix, 0.0) + amount * side, 0, 1))


def _lids(generator: Generator) -> dict[str, float]:
    kind = generator.random()
    if kind < 0.88:
        both, wide = 0.35 * generator.beta(1, 3), max(0.0, generator.uniform(-0.6, 0.5))
        right = both * generator.uniform(0.8, 1.2)
        return {"eyeBlink_L": both, "eyeBlink_R": right, "eyeWide_L": wide, "eyeWide_R": wide}
    if kind < 0.96:
        both = generator.uniform(0.35, 1.0)
        return {"eyeBlink_L": both, "eyeBlink_R": both}
    left = generator.uniform(0.5, 1.0)
    return (
        {"eyeBlink_L": left, "eyeBlink_R": 0.1} if generator.random() < 0.5 else {"eyeBlink_L": 0.1, "eyeBlink_R": left}
    )


def _gaze(generator: Generator) -> dict[str, float]:
    if generator.random() < 0.35:
        return {}
    to_left, up = generator.normal(0, 0.4), generator.normal(0, 0.25)
    left, right, up, down = (float(np.clip(value, 0, 1)) for value in (to_left, -to_left, up, -up))
    return {
        "eyeLookOut_L": left,
        "eyeLookIn_R": left,
        "eyeLookIn_L": right,
        "eyeLookOut_R": right,
        "eyeLookUp_L": up,
        "eyeLookUp_R": up,
        "eyeLookDown_L": down,
        "eyeLookDown_R": down,
    }


def _canonical_after_gaze(model: FaceModel, expression: Floats) -> Floats:
    canonical = model.neutral.copy()
    gaze = [i for i, name in enumerate(model.expression_names) if name.startswith("eyeLook") and expression[i] > 0]
    if gaze:
        turned = model.expression[gaze].reshape(len(gaze), -1, 3)[:, EYEBALLS]
        canonical[EYEBALLS] += np.tensordot(expression[gaze], turned, 1)
    return canonical


def _smooth_bumps(model: FaceModel, generator: Generator, parameters: ShapeParameters) -> Floats:
    """Sum of Gaussian displacements around points of the face, half of the time mirrored to keep the head symmetric."""
    centres, precisions, offsets = [], [], []
    for _ in range(generator.integers(2, parameters.largest_bumps + 1)):
        centre = model.neutral[generator.choice(model.face_vertices)]
        radius = generator.uniform(*parameters.bump_radii)
        offset = generator.normal(0, parameters.bump_height, 3)
        for sign in (1, -1) if generator.random() < 0.5 else (1,):
            centres.append(centre * [sign, 1, 1])
            offsets.append(offset * [sign, 1, 1])
            precisions.append(1 / (2 * radius**2))
    middle = np.array(centres, np.float32)
    precision = np.array(precisions, np.float32)
    squared = (model.neutral**2) @ np.ones((3, 1), np.float32) - 2 * model.neutral @ middle.T + (middle**2).sum(1)
    return np.exp(-squared * precision) @ np.array(offsets, np.float32)
