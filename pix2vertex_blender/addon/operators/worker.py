"""Operators about the worker process."""

import bpy

from ..process import session
from ..translations import translate
from .worker_operator import BUSY


class PIX2VERTEX_OT_release_memory(bpy.types.Operator):
    """End the reconstruction process, which gives its memory and the graphics card's back"""

    bl_idname = "pix2vertex.release_memory"
    bl_label = "Release Memory"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while nothing is being reconstructed."""
        if session.SESSION.operator:
            cls.poll_message_set(translate(BUSY.format(label=session.SESSION.label)))
            return False
        if session.SESSION.worker is None or session.SESSION.worker.process_id is None:
            cls.poll_message_set(translate("No memory is in use"))
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """End the process."""
        session.stop_worker()
        return {"FINISHED"}


CLASSES = (PIX2VERTEX_OT_release_memory,)
