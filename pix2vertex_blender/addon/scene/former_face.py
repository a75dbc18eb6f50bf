"""A face that exists already and gets a new shape."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import SceneError
from .face_object import read_provenance
from .landmark_pins import adopt_pins, current_pins
from .obstacles import obstacle_to_update
from .record import read_record
from .reference import Reference

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

#: Two squares around faces belong to the same face if their centres are nearer than this share of a side.
_SAME_FACE = 0.25


@dataclass(frozen=True)
class FormerFace:
    """A face as it was before the worker began.

    Attributes
    ----------
    reference : Reference
        The object.
    record : Reconstruction
        What is kept with it, and its landmarks' pins as they are now.
    same_photo : bool
        Whether it was made from the photo that is now being reconstructed.
    detail : mapping
        What the sliders of its detail say, as the worker's jobs take it.
    """

    reference: Reference
    record: "Reconstruction"
    same_photo: bool = True
    detail: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, face: bpy.types.Object, photo: Path | None = None) -> "FormerFace":
        """Read what is kept with a face.

        Parameters
        ----------
        face : bpy.types.Object
        photo : Path, optional
            The photo that is reconstructed; the face's own if None.

        Raises
        ------
        RecordError
            If what is kept was written by another version.
        SceneError
            If the face cannot be updated.
        """
        record = read_record(face)
        adopt_pins(face, record)
        record = record.with_view(pins=current_pins(face, record))
        if obstacle := obstacle_to_update(face, record.detail_level):
            raise SceneError(obstacle)
        sliders = face.pix2vertex_detail
        detail = {"scale": sliders.scale, "smoothing": sliders.smoothing, "reading": sliders.reading}
        return cls(Reference.to(face), record, photo is None or comes_from(face, photo), detail)

    def pins(self) -> dict[int, list[float]]:
        """The pins that hold for the new reconstruction too: photo pixels by landmark."""
        return pins_by_landmark(self.record.view.pins) if self.same_photo else {}

    def shows_same_face(self, other: "Reconstruction") -> bool:
        """Whether another reconstruction of the photo shows this face and not the one beside it."""
        centres, sides = [], []
        for view in (self.record.view, other.view):
            side = len(view.maps.mask)
            centres.append(view.crop_to_photo @ (side / 2, side / 2, 1.0))
            sides.append(side * view.frame.enlargement)
        return float(np.linalg.norm(centres[0] - centres[1])) < _SAME_FACE * max(sides)


def comes_from(face: bpy.types.Object, photo: Path) -> bool:
    """Whether a face was made from a photo."""
    provenance = read_provenance(face)
    return provenance is not None and Path(bpy.path.abspath(provenance.photo)) == photo


def pins_by_landmark(pins: NDArray[np.float64]) -> dict[int, list[float]]:
    """The pins that exist, of (68, 2) in photo pixels, by landmark."""
    return {int(landmark): pins[landmark].tolist() for landmark in np.flatnonzero(np.isfinite(pins).all(axis=1))}
