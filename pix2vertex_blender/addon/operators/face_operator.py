"""What operators have in common that change the active face at once, without the worker."""

from abc import abstractmethod
from typing import Any, ClassVar

import bpy

from ..process.faults import explain
from ..scene.face_object import polled_face
from ..translations import translate
from .polling import poll_face


class FaceOperator:
    """Mixed into operators whose `change` does something to the active face and returns a sentence about it.

    An exception that leaves `change` ends the operator with its sentence, as in `worker_operator.WorkerOperator`.
    """

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces that can be changed."""
        return poll_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do it; an error is a sentence."""
        face = polled_face(context)
        try:
            sentence = self.change(face, context)
        except Exception as error:
            self.report({"ERROR"}, translate(explain(error, self.bl_label)))
            return {"CANCELLED"}
        if sentence:
            self.report({"INFO"}, translate(sentence))
        return {"FINISHED"}

    # Of Blender's Operator, which the class with this mixin also has as a base.
    bl_label: ClassVar[str]
    report: Any

    @abstractmethod
    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """What the operator does; returns what to tell, if anything."""
