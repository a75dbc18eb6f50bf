"""Whole expressions, as values of ARKit's shapes. Names without a side stand for both."""

from numpy.random import Generator

from ...expression.names import ARKIT_NAMES

#: The six basic emotions (Ekman), from the action units that make them up.
EMOTIONS: dict[str, dict[str, float]] = {
    "HAPPINESS": {"mouthSmile": 0.8, "cheekSquint": 0.6, "eyeSquint": 0.3, "mouthUpperUp": 0.15, "mouthDimple": 0.1},
    "SADNESS": {"browInnerUp": 0.8, "browDown": 0.2, "mouthFrown": 0.7, "mouthShrugLower": 0.3, "eyeBlink": 0.15},
    "SURPRISE": {"browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.8, "jawOpen": 0.35, "mouthFunnel": 0.1},
    "FEAR": {"browInnerUp": 0.9, "browOuterUp": 0.3, "eyeWide": 0.9, "mouthStretch": 0.6, "jawOpen": 0.12},
    "ANGER": {"browDown": 1.0, "eyeSquint": 0.35, "noseSneer": 0.4, "mouthPress": 0.5, "mouthFrown": 0.3},
    "DISGUST": {"noseSneer": 0.9, "browDown": 0.5, "mouthUpperUp": 0.4, "eyeSquint": 0.4, "mouthFrown": 0.4},
}
PRESETS = (
    ("NEUTRAL", "Neutral", "No expression"),
    ("PHOTO", "As in Photo", "The photo's expression"),
    ("HAPPINESS", "Happiness", "Smiling with the eyes"),
    ("SADNESS", "Sadness", "Inner brows up, corners of the mouth down"),
    ("SURPRISE", "Surprise", "Brows up, eyes wide, mouth open"),
    ("FEAR", "Fear", "Brows up, eyes wide, mouth stretched"),
    ("ANGER", "Anger", "Brows down, lips pressed"),
    ("DISGUST", "Disgust", "Nose wrinkled, upper lip up"),
)
#: How many shapes, or pairs of them, a random expression has.
_FEWEST, _MOST = 3, 7


def preset_values(preset: str) -> dict[str, float]:
    """Values by ARKit's names of one of `PRESETS`."""
    return _both_sides(EMOTIONS.get(preset, {}))


def random_values(generator: Generator) -> dict[str, float]:
    """Values by ARKit's names of a random symmetric expression, without gaze and with the lips as the jaw has them."""
    all_shapes = {name.removesuffix("Left").removesuffix("Right") for name in ARKIT_NAMES}
    shapes = sorted(shape for shape in all_shapes if shape != "mouthClose" and not shape.startswith("eyeLook"))
    count = int(generator.integers(_FEWEST, _MOST + 1))
    chosen = generator.choice(len(shapes), count, replace=False)
    return _both_sides({shapes[index]: float(generator.beta(1.5, 2.0)) for index in chosen})


def _both_sides(shapes: dict[str, float]) -> dict[str, float]:
    """Values by full names; of the jaw and the mouth to one side, the left."""
    values: dict[str, float] = {}
    for shape, value in shapes.items():
        sides = ("",) if shape in ARKIT_NAMES else ("Left",) if shape in ("jaw", "mouth") else ("Left", "Right")
        values |= {shape + side: value for side in sides}
    return values
