"""What a head has besides its skin, from the file that ships.

An eyeball, teeth with gums, a tongue and the bag of the mouth, and lashes, tear lines and corners of the eyes.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data_files import DAMAGED, check
from ..errors import DataFileError
from ..paths import PARTS_FILE
from .lid_parts import LID_PARTS, LidBinding

#: Names of the mouth's parts, as objects in Blender have them, by their names in the file.
MOUTH_PARTS = {
    "teeth_upper": "Teeth Upper",
    "teeth_lower": "Teeth Lower",
    "tongue": "Tongue",
    "mouth_bag": "Mouth Bag",
}
#: How much the regions of the head count where the mouth's place, size and direction are concerned.
MOUTH_REGIONS = {"upper_lip": 1.0, "lower_lip": 1.0, "chin": 0.5, "jaw": 0.3, "cheeks": 0.15, "nose": 0.3}
#: All that become children of a head, as its eyeballs do.
CHILD_PARTS = MOUTH_PARTS | LID_PARTS
#: Materials of the parts, in the order of their slots.
MATERIALS = {
    "eye": ("eye", "iris", "pupil", "cornea"),
    "teeth_upper": ("teeth", "gums"),
    "teeth_lower": ("teeth", "gums"),
    "tongue": ("tongue",),
    "mouth_bag": ("mouth",),
    "lashes": ("lashes",),
    "tear_lines": ("tears",),
    "eye_corners": ("caruncle", "conjunctiva"),
}


@dataclass(frozen=True)
class Part:
    """One part as a mesh of quads.

    Attributes
    ----------
    vertices : (n, 3) mm
        In the template's head; the eyeball around its own centre, looking along +z.
    faces : (m, 4) int64
        Anticlockwise from outside; of the mouth's bag from within, where it is seen.
    uvs : (m, 4, 2)
    groups : dict of str to (n,)
        Weights in [0, 1].
    materials : (m,) int64
        Which of `MATERIALS` each face has.
    place : (3,) mm
        Where the part's origin is in the template's head: of the left eyeball, of what turns with the jaw.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    uvs: NDArray[np.float64]
    groups: dict[str, NDArray[np.float64]]
    materials: NDArray[np.int64]
    place: NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """All parts, and how those of the mouth and on the lids move.

    Attributes
    ----------
    eye : Part
        The left eyeball.
    mouth : dict of str to Part
        By the names in `MOUTH_PARTS`.
    lids : dict of str to Part
        By the names in `LID_PARTS`.
    lid_bindings : dict of str to LidBinding
        How these are tied to the lids.
    jaw : dict of str to (3, 4)
        How the jaw moves in the template's head with each expression at 1 that moves it: a rotation, and a
        translation in mm.
    tongue_out : (t, 3) mm
        What `tongueOut` adds to the tongue.
    bag_columns, bag_depths : (b,) int64, (b,)
        Of each vertex of the bag, the vertex of `rim` that it follows, and how far inside it lies, 0 at the rim to 1.
    bag_jaw : (b,)
        How much each vertex of the bag moves with the jaw where it follows no rim.
    rim : (r,) int64
        Vertices of the head around the opening inside the lips, in their order.
    """

    eye: Part
    mouth: dict[str, Part]
    lids: dict[str, Part]
    lid_bindings: dict[str, LidBinding]
    jaw: dict[str, NDArray[np.float64]]
    tongue_out: NDArray[np.float64]
    bag_columns: NDArray[np.int64]
    bag_depths: NDArray[np.float64]
    bag_jaw: NDArray[np.float64]
    rim: NDArray[np.int64]

    def child(self, name: str) -> Part:
        """One of the parts that become a head's children, by its name in `CHILD_PARTS`."""
        return (self.mouth | self.lids)[name]


@cache
def load_parts() -> Parts:
    """Read the file; the arrays are shared and read-only.

    Raises
    ------
    DataFileError
        If it is missing or damaged.
    """
    check(PARTS_FILE)
    try:
        with np.load(PARTS_FILE, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        parts = Parts(
            eye=_part(arrays, "eye"),
            mouth={name: _part(arrays, name) for name in MOUTH_PARTS},
            lids={name: _part(arrays, name) for name in LID_PARTS},
            lid_bindings={name: _binding(arrays, name) for name in LID_PARTS},
            jaw=dict(zip(arrays["jaw_names"].tolist(), arrays["jaw_motions"].astype(np.float64), strict=True)),
            tongue_out=arrays["tongue_out"].astype(np.float64),
            bag_columns=arrays["bag_columns"].astype(np.int64),
            bag_depths=arrays["bag_depths"].astype(np.float64),
            bag_jaw=arrays["bag_jaw"].astype(np.float64),
            rim=arrays["rim"].astype(np.int64),
        )
    except (OSError, KeyError, ValueError) as error:
        raise DataFileError(DAMAGED.format(file=PARTS_FILE.name)) from error
    for part in (parts, parts.eye, *parts.mouth.values(), *parts.lids.values(), *parts.lid_bindings.values()):
        for value in vars(part).values():
            for array in value.values() if isinstance(value, dict) else [value]:
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
    return parts


def _part(arrays: dict[str, NDArray], name: str) -> Part:
    groups = arrays[f"{name}_groups"].astype(np.float64) / 255
    return Part(
        vertices=arrays[f"{name}_vertices"].astype(np.float64),
        faces=arrays[f"{name}_faces"].astype(np.int64),
        uvs=arrays[f"{name}_uvs"].astype(np.float64),
        groups=dict(zip(arrays[f"{name}_group_names"].tolist(), groups, strict=True)),
        materials=arrays[f"{name}_materials"].astype(np.int64),
        place=arrays[f"{name}_place"].astype(np.float64),
    )


def _binding(arrays: dict[str, NDArray], name: str) -> LidBinding:
    kept: dict[str, Any] = {field.name: arrays[f"{name}_{field.name}"] for field in fields(LidBinding)}
    return LidBinding(**{key: each.astype(np.int64 if key == "sides" else np.float64) for key, each in kept.items()})
