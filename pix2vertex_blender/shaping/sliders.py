"""The shape sliders of a head, from the file that ships."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..data_files import DAMAGED, check
from ..errors import DataFileError
from ..geometry.similarity import fit_similarity
from ..paths import SLIDERS_FILE
from ..template import load_template
from .names import ASYMMETRY, SLIDER_NAMES
from .symmetry import asymmetry


@cache
def load_sliders() -> dict[str, NDArray[np.float64]]:
    """What each slider at 1 adds (n, 3) to the template's head, in millimetres.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or belongs to another template.
    """
    check(SLIDERS_FILE)
    try:
        with np.load(SLIDERS_FILE, allow_pickle=False) as file:
            if str(file["template_version"]) != load_template().version:
                raise ValueError("not the sliders of this template")
            return dict(zip(file["names"].tolist(), file["offsets"].astype(np.float64), strict=True))
    except (OSError, KeyError, ValueError) as error:
        raise DataFileError(DAMAGED.format(file=SLIDERS_FILE.name)) from error


def slider_offsets(head: NDArray[np.floating]) -> dict[str, NDArray[np.float64]]:
    """What each slider at 1 adds (n, 3) to a head (n, 3) at level 0, at its size and turned like it, in millimetres."""
    template, known = load_template(), load_sliders()
    pose = fit_similarity(template.vertices, head, template.groups["face"])
    turned = {name: pose.scale * offset @ pose.rotation.T for name, offset in known.items()}
    turned[ASYMMETRY] = asymmetry(head)
    return {name: turned[name] for name in SLIDER_NAMES}
