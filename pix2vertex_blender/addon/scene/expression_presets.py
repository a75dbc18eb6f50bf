"""Whole expressions, as values of ARKit's shapes. Names without a side stand for both."""

from collections.abc import Mapping

from numpy.random import Generator

from ...expression.names import ARKIT_NAMES, REGIONS

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
#: Shapes of the mouth for speech: those of Oculus, and of VRM, whose `ee` is their `E`. What is not of the mouth stays.
SPEECH: dict[str, dict[str, float]] = {
    "SIL": {},
    "PP": {"mouthPress": 0.5, "mouthRollLower": 0.35, "mouthRollUpper": 0.3},
    "FF": {"jawOpen": 0.06, "mouthRollLower": 0.7, "mouthUpperUp": 0.25, "mouthShrugUpper": 0.15},
    "TH": {"jawOpen": 0.14, "tongueOut": 0.35, "mouthLowerDown": 0.15, "mouthUpperUp": 0.1},
    "DD": {"jawOpen": 0.14, "mouthLowerDown": 0.25, "mouthUpperUp": 0.15, "mouthStretch": 0.1},
    "KK": {"jawOpen": 0.18, "mouthLowerDown": 0.2, "mouthUpperUp": 0.2},
    "CH": {"jawOpen": 0.08, "mouthFunnel": 0.6, "mouthShrugUpper": 0.15, "mouthLowerDown": 0.15},
    "SS": {"jawOpen": 0.05, "mouthStretch": 0.3, "mouthLowerDown": 0.3, "mouthUpperUp": 0.2, "mouthSmile": 0.1},
    "NN": {"jawOpen": 0.1, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1, "mouthStretch": 0.1},
    "RR": {"jawOpen": 0.1, "mouthFunnel": 0.35, "mouthPucker": 0.2, "mouthLowerDown": 0.1},
    "AA": {"jawOpen": 0.45, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15, "mouthStretch": 0.1},
    "E": {"jawOpen": 0.22, "mouthStretch": 0.35, "mouthSmile": 0.25, "mouthLowerDown": 0.25, "mouthUpperUp": 0.15},
    "IH": {"jawOpen": 0.14, "mouthSmile": 0.35, "mouthStretch": 0.3, "mouthLowerDown": 0.2, "mouthUpperUp": 0.15},
    "OH": {"jawOpen": 0.3, "mouthFunnel": 0.55, "mouthPucker": 0.25},
    "OU": {"jawOpen": 0.15, "mouthPucker": 0.8, "mouthFunnel": 0.3},
}
#: Identifier, label, description: the names are those of the programs.
VISEMES = (
    ("SIL", "sil", "Silence: the mouth at rest"),
    ("PP", "PP", "As in put, bat, mat"),
    ("FF", "FF", "As in fat, vat"),
    ("TH", "TH", "As in think, that"),
    ("DD", "DD", "As in tip, doll"),
    ("KK", "kk", "As in call, gas"),
    ("CH", "CH", "As in chair, join, she"),
    ("SS", "SS", "As in sir, zeal"),
    ("NN", "nn", "As in lot, not"),
    ("RR", "RR", "As in red"),
    ("AA", "aa", "As in car; VRM's aa"),
    ("E", "E", "As in bed; VRM's ee"),
    ("IH", "ih", "As in tip; VRM's ih"),
    ("OH", "oh", "As in toe; VRM's oh"),
    ("OU", "ou", "As in book; VRM's ou"),
)
#: What a viseme sets.
MOUTH = (*REGIONS["jaw"], *REGIONS["mouth"], *REGIONS["tongue"], "cheekPuff")

#: How many shapes, or pairs of them, a random expression has.
_FEWEST, _MOST = 3, 7


def preset_values(preset: str) -> dict[str, float]:
    """Values by ARKit's names of one of `PRESETS` or `VISEMES`."""
    return _both_sides(EMOTIONS.get(preset) or SPEECH.get(preset, {}))


def mirrored(values: Mapping[str, float]) -> dict[str, float]:
    """The values of an expression seen in a mirror."""
    return {name: values.get(other_side(name), 0.0) for name in values}


def other_side(name: str) -> str:
    """The name of the same shape on the other side; its own if it has no side."""
    for one, other in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(one):
            return name.removesuffix(one) + other
    return name


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
