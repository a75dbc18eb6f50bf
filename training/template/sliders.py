"""Author the shape sliders and write them: ``python -m training.template.sliders [FILE]``.

A slider is what heads have in common that differ in one measure, as the width of the nose: the conditional mean of a
head of the morphable model, given that measure. With the model's identities I_k on the template's vertices, laid over
the mean face without pose, place and size, and a linear measure g, that is sum_k (g I_k) I_k. It is made the same on
both sides, laid over the mean face again where it shall stay as it is, faded out around its region, and scaled so that
the measure changes by what the slider at 1 says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.paths import SLIDERS_FILE
from pix2vertex_blender.template import load_template

from ..face_model import load_face_model
from .authoring import write_authored
from .vertices import template_vertices

Points = NDArray[np.float64]

PROVENANCE = (
    "Differences of the identities of the ICT-FaceKit light morphable model (USC Institute for Creative Technologies, "
    "2020, MIT licence), carried to this project's own topology. The model's mesh is not used."
)
#: Offsets (mm) below this are none.
LEAST = 0.02
X, Y, Z = range(3)


@dataclass(frozen=True)
class Measure:
    """How far some places lie from others along an axis.

    Attributes
    ----------
    high, low : tuple
        Places: numbers of landmarks, or points (x, y, z) in mm of which the nearest vertex is meant.
    axis : int
    """

    high: tuple
    low: tuple
    axis: int

    def of(self, offsets: Points) -> Points:
        """What offsets (..., n, 3) change about it."""
        high, low = (offsets[..., _vertices(places), self.axis].mean(axis=-1) for places in (self.high, self.low))
        difference: Points = high - low
        return difference


@dataclass(frozen=True)
class Slider:
    """One slider.

    Attributes
    ----------
    measure : Measure
    amount : float
        By how many mm it changes the measure at 1.
    around : tuple
        Places of the region that moves.
    core, fade : float
        Up to how many mm from these places it moves fully, and over how many more it fades out.
    """

    measure: Measure
    amount: float
    around: tuple
    core: float
    fade: float


_EYES = tuple(range(36, 48))
_BROWS = tuple(range(17, 27))
_MOUTH = tuple(range(48, 68))
_CHIN = (6, 7, 8, 9, 10)
_JAW = (2, 3, 4, 5, 11, 12, 13, 14)
_CHEEKS = ((48, -12, 88), (-48, -12, 88))
_CHEEKBONES = ((62, 14, 62), (-62, 14, 62))
_FOREHEAD = ((0, 92, 98), (30, 90, 92), (-30, 90, 92))

SLIDERS: dict[str, Slider] = {
    "Nose Length": Slider(Measure((27,), (30, 33), Y), 5.0, tuple(range(28, 36)), 8.0, 24.0),
    "Nose Width": Slider(Measure((35,), (31,), X), 4.0, (30, 31, 33, 35), 12.0, 20.0),
    "Nose Bridge": Slider(Measure((28, 29), (39, 42), Z), 4.0, (27, 28, 29), 8.0, 22.0),
    "Nose Tip": Slider(Measure((30,), (31, 35), Z), 3.0, (30, 33), 12.0, 24.0),
    "Jaw Width": Slider(Measure((12, 13), (3, 4), X), 10.0, _JAW, 14.0, 50.0),
    "Chin Length": Slider(Measure((57,), (8,), Y), 5.0, _CHIN, 14.0, 52.0),
    "Chin Forward": Slider(Measure((8,), (57,), Z), 5.0, _CHIN, 12.0, 50.0),
    "Cheeks": Slider(Measure(_CHEEKS[:1], _CHEEKS[1:], X), 8.0, _CHEEKS, 16.0, 32.0),
    "Cheekbones": Slider(Measure(_CHEEKBONES[:1], _CHEEKBONES[1:], X), 8.0, _CHEEKBONES, 14.0, 30.0),
    "Brow Height": Slider(Measure(_BROWS, (27, 28), Y), 3.0, _BROWS, 8.0, 26.0),
    "Brow Ridge": Slider(Measure((18, 19, 20, 23, 24, 25), (36, 39, 42, 45), Z), 3.0, _BROWS, 8.0, 24.0),
    "Eye Size": Slider(Measure((37, 38, 43, 44), (40, 41, 46, 47), Y), 2.0, _EYES, 6.0, 16.0),
    "Eye Distance": Slider(Measure((*range(42, 48),), (*range(36, 42),), X), 4.0, _EYES, 16.0, 26.0),
    "Eye Tilt": Slider(Measure((36, 45), (39, 42), Y), 2.5, _EYES, 8.0, 20.0),
    "Mouth Width": Slider(Measure((54,), (48,), X), 6.0, _MOUTH, 8.0, 26.0),
    "Lip Fullness": Slider(Measure((50, 51, 52, 65, 66, 67), (56, 57, 58, 61, 62, 63), Y), 2.5, _MOUTH, 6.0, 18.0),
    "Forehead": Slider(Measure(_FOREHEAD, (27,), Z), 8.0, _FOREHEAD, 24.0, 44.0),
}
#: What years do: features that change, by how much of their sliders, and flesh that sinks around places, in mm.
AGE = {"Nose Length": 0.5, "Lip Fullness": -0.8, "Brow Height": -0.4, "Cheeks": -0.5, "Eye Size": -0.5}
SINKING: Sequence[tuple[tuple[float, float, float], tuple[float, float, float], float]] = (
    ((44, -52, 78), (2.0, -4.0, 1.0), 16.0),
    ((30, -46, 96), (0.5, -2.5, 0.5), 11.0),
    ((32, 16, 92), (0.0, -2.0, -1.5), 12.0),
    ((48, 34, 80), (0.0, -1.5, 0.0), 12.0),
)


@cache
def identities() -> Points:
    """The model's identities (k, n, 3) on the template's vertices, without pose, place and size."""
    model, template = load_face_model(), load_template()
    face = template.groups["face"] > 0.5
    differences = []
    for identity in model.identity.reshape(len(model.identity), -1, 3):
        head = template_vertices(model.neutral + identity)
        differences.append(fit_similarity(head[face], template.vertices[face]).apply(head) - template.vertices)
    return np.array(differences)


def slider_offset(slider: Slider) -> Points:
    """What (n, 3) a slider at 1 adds to the template's head."""
    template = load_template()
    offset = np.einsum("k,knc->nc", slider.measure.of(identities()), identities())
    offset = (offset + offset[template.mirror] * (-1, 1, 1)) / 2
    offset *= slider.amount / slider.measure.of(offset)
    weight = _region(slider)
    still = (template.groups["face"] > 0.5) & (weight == 0)
    moved = template.vertices + offset
    offset = fit_similarity(moved[still], template.vertices[still]).apply(moved) - template.vertices
    faded: Points = offset * weight[:, None]
    return faded * slider.amount / slider.measure.of(faded)


def age_offset(offsets: dict[str, Points]) -> Points:
    """What (n, 3) years add, from the other sliders' offsets."""
    template = load_template()
    offset = np.sum([share * offsets[name] for name, share in AGE.items()], axis=0)
    for place, direction, radius in SINKING:
        for side in (1.0, -1.0):
            squared = ((template.vertices - np.array(place) * (side, 1, 1)) ** 2).sum(axis=1)
            offset += np.exp(-squared / (2 * radius**2))[:, None] * np.array(direction) * (side, 1, 1)
    result: Points = offset
    return result


def author() -> dict[str, NDArray]:
    """The arrays of the file."""
    offsets = {name: slider_offset(slider) for name, slider in SLIDERS.items()}
    offsets["Age"] = age_offset(offsets)
    arrays = np.array(list(offsets.values()))
    arrays[np.abs(arrays).max(axis=2) < LEAST] = 0.0
    return {
        "names": np.array(list(offsets)),
        "offsets": arrays.astype(np.float16),
        "template_version": np.array(load_template().version),
        "provenance": np.array(PROVENANCE),
    }


def _region(slider: Slider) -> Points:
    """How far (n,) each vertex moves with a slider: 1 in its region, smoothly less around it."""
    vertices = load_template().vertices
    seeds = vertices[_vertices(slider.around)]
    distance = np.linalg.norm(vertices[:, None] - seeds, axis=2).min(axis=1)
    left = np.clip((slider.core + slider.fade - distance) / slider.fade, 0.0, 1.0)
    return left * left * (3 - 2 * left)


def _vertices(places: tuple) -> NDArray[np.int64]:
    """The vertices that places mean."""
    template = load_template()
    return np.array(
        [
            template.landmarks_68[place]
            if isinstance(place, int)
            else np.linalg.norm(template.vertices - place, axis=1).argmin()
            for place in places
        ]
    )


def main() -> None:
    """Write the sliders."""
    write_authored(author, SLIDERS_FILE, __doc__)


if __name__ == "__main__":
    main()
