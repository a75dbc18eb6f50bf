"""A face for which the worker computes something while the artist goes on working."""

from dataclasses import dataclass

import bpy

from ...errors import MeshError, RecordError, SceneError
from .face_object import BASIS_KEY, DETAIL_KEY, detail_key
from .obstacles import leave_mode, locked_key
from .reference import Reference

DELETED = "The face was deleted meanwhile."
OTHER_MESH = "{name} got another mesh meanwhile, so what was computed does not fit it: run it again."
KEYS_GONE = "The shape keys {basis} and {detail} of {name} are gone: reconstruct the face again to get them back."
LOCKED = "The shape key {key} of {name} is locked: unlock it in the list of shape keys and try again."


@dataclass(frozen=True)
class WatchedFace:
    """Finds a face again when its result is there, fit to take it.

    Attributes
    ----------
    reference : Reference
        The object.
    vertices, corners : int
        How many its mesh had.
    """

    reference: Reference
    vertices: int
    corners: int

    @classmethod
    def of(cls, face: bpy.types.Object) -> "WatchedFace":
        """Watch a face from now on; what is being edited counts."""
        if face.mode == "EDIT":
            face.update_from_editmode()
        return cls(Reference.to(face), len(face.data.vertices), len(face.data.loops))

    def find(self) -> bpy.types.Object:
        """The face, in whatever mode it is.

        Raises
        ------
        RecordError
            If it was deleted.
        MeshError
            If its mesh is another one, or was remodelled.
        """
        face = self.reference.find()
        if face is None:
            raise RecordError(DELETED)
        if face.type != "MESH" or (len(face.data.vertices), len(face.data.loops)) != (self.vertices, self.corners):
            raise MeshError(OTHER_MESH.format(name=face.name))
        return face

    def find_to_change(self) -> bpy.types.Object:
        """The face, out of edit, sculpt and paint mode with what was done there, so that its mesh can be written.

        Raises
        ------
        RecordError, MeshError
            As `find`.
        SceneError
            If it cannot leave its mode.
        """
        face = self.reference.find()
        if face is not None:
            leave_mode(face, bpy.context)
        return self.find()


def unlocked_keys(face: bpy.types.Object) -> tuple[bpy.types.ShapeKey, bpy.types.ShapeKey]:
    """The face's reference key and its detail, which may be written.

    Raises
    ------
    MeshError
        If one is gone.
    SceneError
        If the detail is locked.
    """
    detail = detail_key(face)
    if detail is None or detail == face.data.shape_keys.reference_key:
        raise MeshError(KEYS_GONE.format(basis=BASIS_KEY, detail=DETAIL_KEY, name=face.name))
    if locked_key([detail]):
        raise SceneError(LOCKED.format(key=detail.name, name=face.name))
    return face.data.shape_keys.reference_key, detail
