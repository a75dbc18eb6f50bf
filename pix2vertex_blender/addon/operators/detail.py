"""The fine detail anew, as the sliders want it."""

import bpy
import numpy as np

from ...exchange.arrays import write_arrays
from ..process import session
from ..scene.axes import from_blender, to_blender
from ..scene.detail_split import write_detail
from ..scene.expressions import photo_coordinates
from ..scene.face_object import polled_face, store_detail_settings
from ..scene.record import read_record
from ..scene.watched_face import WatchedFace, unlocked_keys
from .polling import poll_detail
from .worker_operator import Work, WorkerOperator


class PIX2VERTEX_OT_update_detail(WorkerOperator, bpy.types.Operator):
    """Compute the fine detail again with the settings of the face"""

    bl_idname = "pix2vertex.update_detail"
    bl_label = "Update Detail"
    bl_options = {"UNDO"}

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo that still have their detail."""
        return poll_detail(cls, context)

    def work(self) -> Work:
        """Have the detail computed and write it into the shape key; the key's value stays."""
        face = polled_face(bpy.context)
        watched = WatchedFace.of(face)
        source, mesh, result = (self.temporary_file(f"_{name}.npz") for name in ("source", "mesh", "result"))
        read_record(face).save(source)
        basis, _detail = unlocked_keys(face)
        write_arrays(mesh, vertices=from_blender(photo_coordinates(face, basis)))
        settings = face.pix2vertex_detail
        yield session.worker().submit(
            "detail",
            source=str(source),
            mesh=str(mesh),
            result=str(result),
            scale=settings.scale,
            smoothing=settings.smoothing,
            reading=settings.reading,
        )
        face = watched.find_to_change()
        unlocked_keys(face)
        with np.load(result) as arrays:
            write_detail(face, to_blender(arrays["detail"]))
        store_detail_settings(face)
        face.data.update()
        face.update_tag()
        return "Detail updated"


CLASSES = (PIX2VERTEX_OT_update_detail,)
