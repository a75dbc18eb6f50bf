"""Measure where annotators put the landmarks: `python -m training.template.annotation_fit MEAN_LANDMARKS`.

MEAN_LANDMARKS is a text file of 68 rows "x y", rows downwards: the mean, over many photos seen from the front, of their
landmarks in a common frame. (The offsets of `annotation.py` come from the mean over the photos of Labeled Faces in the
Wild that Carnegie Mellon University's OpenFace publishes as its alignment template, Apache licence 2.0, but for the
nose's lower half and the mouth's ends.)

The mean face of many photos has a shape of its own, smiles a little and is seen from a little below or above. So the
morphable model is fitted to the landmarks, with its identity, the mouth's and lids' expressions and the head's pitch;
brows and jaw, whose definition is in question, have little weight. What the model cannot explain is a matter of
definition.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from ..face_model import LANDMARKS_68, load_face_model
from .landmarks import MIRROR

Points = NDArray[np.float64]
MIDDLE = [8, 27, 28, 29, 30, 33, 51, 57, 62, 66]
EXPRESSIONS = (
    *("jawOpen", "mouthSmile", "mouthUpperUp", "mouthLowerDown", "mouthStretch", "eyeWide", "eyeSquint"),
    *("mouthFunnel", "mouthShrugLower", "mouthShrugUpper"),
)
IDENTITIES = 25
#: Millimetres of a landmark box's height, which the mean landmarks are scaled to at first.
HEIGHT = 130.0
CAMERA_DISTANCE = 1500.0
PITCH_DEVIATION = 8.0
#: The mean over thousands of people is close to the mean head.
IDENTITY_DEVIATION = 0.25
QUESTIONED_WEIGHT = 0.15


@dataclass(frozen=True)
class SymmetricModel:
    """Landmarks (68, 3) of the mean face in mm, and what identities and expressions (k, 68, 3) add, all symmetric."""

    neutral: Points
    components: Points

    def place(self, coefficients: Points, pitch: float, log_scale: float, height: float) -> Points:
        """Landmarks (68, 2), y upwards, of a camera in front."""
        shape = self.neutral + np.tensordot(coefficients, self.components, 1) - self.neutral[27]
        y = np.cos(pitch) * shape[:, 1] - np.sin(pitch) * shape[:, 2]
        z = np.sin(pitch) * shape[:, 1] + np.cos(pitch) * shape[:, 2]
        scale = np.exp(log_scale) * CAMERA_DISTANCE / (CAMERA_DISTANCE - z)
        return np.stack([scale * shape[:, 0], scale * y + height], axis=1)


def symmetric_model() -> SymmetricModel:
    """The morphable model at its landmarks."""
    model = load_face_model()
    rows = np.array(LANDMARKS_68)
    identity = model.identity.reshape(len(model.identity), -1, 3)[:IDENTITIES, rows].astype(np.float64)
    expression = model.expression.reshape(len(model.expression_names), -1, 3)[:, rows].astype(np.float64)
    joined = [
        expression[[name.startswith(prefix) for name in model.expression_names]].sum(axis=0) for prefix in EXPRESSIONS
    ]
    return SymmetricModel(
        _symmetric(model.neutral[rows].astype(np.float64)), _symmetric(np.concatenate([identity, np.stack(joined)]))
    )


def _symmetric(points: Points) -> Points:
    return (points + points[..., MIRROR, :] * (-1, 1, 1)) / 2


def upright(landmarks: Points) -> Points:
    """Mean of landmarks (68, 2), rows downwards, and their mirror image; y upwards, the nose's root at the origin."""
    points = (landmarks * (1, -1)) @ (1, 1j)
    mirrored = -np.conj(points[MIRROR])
    centred, other = points - points.mean(), mirrored - mirrored.mean()
    turn = np.vdot(other, centred) / np.vdot(other, other)
    mean = (centred + turn * other) / 2
    down = mean[8] - mean[27]
    mean = (mean - mean[27]) * (-1j * abs(down) / down)
    mean *= HEIGHT / (mean.imag.max() - mean.imag.min())
    return np.stack([mean.real, mean.imag], axis=1)


def annotation_offsets(landmarks: Points, model: SymmetricModel) -> Points:
    """Millimetres (68, 2) from the model's landmarks to the annotated ones, seen from the front."""
    target = upright(landmarks)
    weights = np.ones((68, 1))
    weights[:27] = QUESTIONED_WEIGHT
    count = len(model.components)
    deviations = np.where(np.arange(count) < IDENTITIES, IDENTITY_DEVIATION, 1.0)

    def residuals(unknowns: Points) -> Points:
        coefficients, (pitch, log_scale, height) = unknowns[:count], unknowns[count:]
        error = ((model.place(coefficients, pitch, log_scale, height) - target) * weights).ravel()
        robust = np.sign(error) * np.sqrt(2 * (np.sqrt(1 + error**2) - 1))
        negative = 50 * np.minimum(coefficients[IDENTITIES:], 0)  # expressions have no opposite
        prior = coefficients / deviations
        return np.concatenate([robust, prior, negative, [np.degrees(pitch) / PITCH_DEVIATION]])

    unknowns = least_squares(residuals, np.zeros(count + 3)).x
    placed = model.place(unknowns[:count], *unknowns[count:])
    offsets: Points = (target - placed) / np.exp(unknowns[count + 1])
    return offsets


def main() -> None:
    """Print the offsets in the form in which `annotation.py` has them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mean_landmarks", type=Path)
    model = symmetric_model()
    offsets = annotation_offsets(np.loadtxt(parser.parse_args().mean_landmarks).reshape(68, 2), model)
    offsets[MIDDLE, 0] = 0
    for number, (x, y) in enumerate(np.round(offsets, 1) + 0.0):
        if model.neutral[number, 0] > -0.1:
            print(f"    {number}: ({x}, {y}),")


if __name__ == "__main__":
    main()
