"""What a photo says of the eyes, on its way to Blender."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Arrays


@dataclass(frozen=True)
class EyeLook:
    """Gaze and colour.

    Attributes
    ----------
    gaze : (2, 2)
        Of the left and of the right eye: radians towards positive x of the head frame and upwards, from straight ahead.
    iris : (3,) or None
        sRGB from 0 to 255; None where the photo does not show it.
    """

    gaze: NDArray[np.float64]
    iris: NDArray[np.float64] | None


def look_arrays(look: EyeLook | None) -> Arrays:
    """As named arrays, for a file."""
    if look is None:
        return {}
    return {"eyes.gaze": look.gaze} | ({"eyes.iris": look.iris} if look.iris is not None else {})


def look_from(arrays: Mapping[str, NDArray]) -> EyeLook | None:
    """What `look_arrays` made; None if there is nothing."""
    return EyeLook(arrays["eyes.gaze"], arrays.get("eyes.iris")) if "eyes.gaze" in arrays else None
