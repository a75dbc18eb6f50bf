"""Shape Own Head: the active face onto the artist's own head, whatever its topology."""

from typing import Any

import bpy

from ...errors import SceneError
from ..process import session
from ..scene.face_object import active_face
from ..scene.face_update import LINKED
from ..scene.own_head import set_face_key
from ..scene.record import has_record, read_record
from ..scene.scan_object import read_unmodified
from ..scene.watched_face import WatchedFace
from ..translations import translate
from .worker_operator import Work, WorkerOperator

NO_FACE = "Select a face made by pix2vertex"
NO_HEAD = "Choose the mesh object that gets the face's shape."
IS_FACE = "{name} is a face made by pix2vertex: choose a head of your own."
SHAPED = "{head} has the shape key {key} with the shape of {face}"


class PIX2VERTEX_OT_shape_own_head(WorkerOperator, bpy.types.Operator):
    """Give a head of your own topology the active face's shape, as a shape key"""

    bl_idname = "pix2vertex.shape_own_head"
    bl_label = "Shape Own Head"
    bl_options = {"UNDO"}

    head: bpy.props.StringProperty(
        name="Own Head",
        description="Name of the mesh object that gets the shape; the scene's if empty",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo or a scan."""
        if active_face(context) is None:
            cls.poll_message_set(translate(NO_FACE))
            return False
        return True

    def work(self) -> Work:
        """Have our template wrapped to the head and the face's shape carried over, and write the key."""
        from ...exchange.arrays import read_arrays, write_arrays

        face, head = active_face(bpy.context), self._head()
        assert face is not None  # as `poll_idle` says
        watched, name = WatchedFace.of(head), face.name
        source, mesh, result = (self.temporary_file(end) for end in ("_source.npz", "_head.npz", ".npz"))
        read_record(face).save(source)
        scan = read_unmodified(head, bpy.context)
        write_arrays(mesh, **scan.arrays)
        request: dict[str, Any] = {"mesh": str(mesh), "source": str(source), "result": str(result)}
        if scan.texture is not None:
            request["texture"] = str(scan.texture)
        options = {"device": bpy.context.scene.pix2vertex.device, "detail_level": 0}
        yield session.worker().submit("carry", options=options, **request)
        head = watched.find_to_change()
        after = read_arrays(result, 1 << 32)["vertices"]
        key = set_face_key(head, name, scan.arrays["vertices"], after)
        return SHAPED.format(head=head.name, key=key.name, face=name)

    def _head(self) -> bpy.types.Object:
        chosen = bpy.context.scene.pix2vertex_wrap.head
        head = bpy.data.objects.get(self.head) if self.head else chosen
        if head is None or head.type != "MESH":
            raise SceneError(NO_HEAD)
        if has_record(head):
            raise SceneError(IS_FACE.format(name=head.name))
        if not (head.is_editable and head.data.is_editable):
            raise SceneError(LINKED.format(name=head.name))
        return head


CLASSES = (PIX2VERTEX_OT_shape_own_head,)
