"""The artist's own head, whatever its topology, gets the active face's shape, and expressions."""

from typing import Any, ClassVar

import bpy

from ...errors import SceneError
from ...exchange.progress import STAGE_LABELS
from ..process import session
from ..properties.wrap import BASIS_DESCRIPTION, BASIS_NAME, PARTS_DESCRIPTION, PARTS_NAME
from ..rig.own_bones import armature_of, bone_ends, move_bones
from ..scene.face_object import active_face, polled_face
from ..scene.obstacles import LINKED, is_editable
from ..scene.own_head import (
    EXPRESSIONS,
    SHAPES,
    WHOLE,
    face_keys,
    set_basis,
    set_driven_keys,
    set_expression_keys,
    set_face_keys,
)
from ..scene.own_parts import arrays_of_parts, moving, parts_of, split_moves
from ..scene.record import has_record, read_record
from ..scene.reference import Reference
from ..scene.scan_object import read_unmodified
from ..scene.watched_face import WatchedFace
from ..translations import translate
from .expressions import MAKING
from .settings import take_settings
from .worker_operator import Work, WorkerOperator

NO_FACE = "Select a face made by pix2vertex"
NO_HEAD = "Choose the mesh object that gets the face's shape."
IS_FACE = "{name} is a face made by pix2vertex: choose a head of your own."
SHAPED = "{head} has the shape key {key} with the shape of {face}"
RESHAPED = "{head} has the shape of {face}"
SHAPED_BY_REGION = "{head} has {count} shape keys with the shape of {face}"
EXPRESSIVE = "{head} has the expressions"
SOME_KEPT = "{head} has the expressions; {kept} that it had already stay as they are"
BONES_GONE = "The armature was deleted meanwhile."
#: The part of the worker's arrays that are motions.
_MOVES = "moves."


class OwnHeadChoice:
    """Mixed into an operator that changes a head of the artist's own."""

    head: bpy.props.StringProperty(
        name="Own Head",
        description="Name of the mesh object that gets the shape; the scene's if empty",
        options={"SKIP_SAVE"},
    )
    with_parts: bpy.props.BoolProperty(
        name=PARTS_NAME, description=PARTS_DESCRIPTION, default=True, options={"SKIP_SAVE"}
    )

    def chosen_head(self) -> bpy.types.Object:
        """The object that was named, or else the scene's.

        Raises
        ------
        SceneError
            If there is none that can be changed.
        """
        chosen = bpy.context.scene.pix2vertex_wrap.head
        head = bpy.data.objects.get(self.head) if self.head else chosen
        if head is None or head.type != "MESH":
            raise SceneError(NO_HEAD)
        if has_record(head):
            raise SceneError(IS_FACE.format(name=head.name))
        if not is_editable(head):
            raise SceneError(LINKED.format(name=head.name))
        return head


class PIX2VERTEX_OT_shape_own_head(OwnHeadChoice, WorkerOperator, bpy.types.Operator):
    """Give a head of your own topology the active face's shape, as a shape key"""

    bl_idname = "pix2vertex.shape_own_head"
    bl_label = "Shape Own Head"
    bl_options = {"UNDO"}

    by_region: bpy.props.BoolProperty(
        name="By Region",
        description="A shape key for each region, so that their strengths can be set apart",
        options={"SKIP_SAVE"},
    )
    as_basis: bpy.props.BoolProperty(name=BASIS_NAME, description=BASIS_DESCRIPTION, options={"SKIP_SAVE"})
    with_bones: bpy.props.BoolProperty(
        name="Move Bones",
        description="Move the bones of the head's armature with its surface",
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
        """Have our template wrapped to the head and the face's shape carried over, and write the keys."""
        from ...exchange.arrays import read_arrays

        _take_scene_settings(self, "by_region", "as_basis", "with_parts", "with_bones")
        face, head = polled_face(bpy.context), self.chosen_head()
        watched, name = _watch(self, head), face.name
        rig = armature_of(head) if self.with_bones else None
        found = Reference.to(rig) if rig is not None else None
        source, result = self.temporary_file("_source.npz"), self.temporary_file(".npz")
        read_record(face).save(source)
        points = {"points": bone_ends(rig)} if rig is not None else {}
        by_region = self.by_region and not self.as_basis
        request = _mesh(self, head, **points) | {"source": str(source), "regions": by_region}
        yield session.worker().submit("carry", options=_options(), result=str(result), **request)
        head, *parts = (each.find_to_change() for each in watched)
        arrays = read_arrays(result, 1 << 32)
        if found is not None:
            rig = found.find()
            if rig is None:
                raise SceneError(BONES_GONE)
            move_bones(rig, arrays["points"])
        own, *others = split_moves(_moves(arrays), [head, *parts])
        if self.as_basis:
            for item, moves in zip([head, *parts], [own, *others], strict=True):
                set_basis(item, name, moves[WHOLE])
            return RESHAPED.format(head=head.name, face=name)
        keys = set_face_keys(head, name, own)
        for part, moves in zip(parts, others, strict=True):
            set_driven_keys(part, head, moving(face_keys(name, moves), max(head.dimensions)), SHAPES)
        if len(keys) > 1:
            return SHAPED_BY_REGION.format(head=head.name, count=len(keys), face=name)
        return SHAPED.format(head=head.name, key=keys[0], face=name)


class PIX2VERTEX_OT_own_head_expressions(OwnHeadChoice, WorkerOperator, bpy.types.Operator):
    """Give a head of your own topology ARKit's 52 expressions, as shape keys"""

    bl_idname = "pix2vertex.own_head_expressions"
    bl_label = "Add Expressions to Own Head"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = {**STAGE_LABELS, "expressions": MAKING}

    def work(self) -> Work:
        """Have our template wrapped to the head and its expressions carried over, and write the keys."""
        from ...exchange.arrays import read_arrays

        _take_scene_settings(self, "with_parts")
        head = self.chosen_head()
        watched, result = _watch(self, head), self.temporary_file(".npz")
        request = _mesh(self, head)
        yield session.worker().submit("carry_expressions", options=_options(), result=str(result), **request)
        head, *parts = (each.find_to_change() for each in watched)
        own, *others = split_moves(_moves(read_arrays(result, 1 << 32)), [head, *parts])
        kept = set_expression_keys(head, own)
        for part, moves in zip(parts, others, strict=True):
            made = {key: each for key, each in moves.items() if key not in kept}
            set_driven_keys(part, head, moving(made, max(head.dimensions)), EXPRESSIONS)
        if kept:
            return SOME_KEPT.format(head=head.name, kept=len(kept))
        return EXPRESSIVE.format(head=head.name)


def _options() -> dict[str, Any]:
    return {"device": bpy.context.scene.pix2vertex.device, "detail_level": 0}


def _take_scene_settings(operator: Any, *names: str) -> None:
    """Use the scene's settings, unless a script says what it wants."""
    if operator.options.is_invoke:
        take_settings(operator, bpy.context.scene.pix2vertex_wrap, *names)


def _watch(operator: OwnHeadChoice, head: bpy.types.Object) -> list[WatchedFace]:
    """The head, and the parts that move with it."""
    return [WatchedFace.of(item) for item in (head, *(parts_of(head) if operator.with_parts else []))]


def _mesh(operator: Any, head: bpy.types.Object, **points: Any) -> dict[str, Any]:
    """The part of a request that is the head, with what moves with it, as it was modelled."""
    from ...exchange.arrays import write_arrays

    mesh, scan = operator.temporary_file("_head.npz"), read_unmodified(head, bpy.context)
    parts = arrays_of_parts(parts_of(head) if operator.with_parts else [])
    write_arrays(mesh, **scan.arrays, **parts, **points)
    return {"mesh": str(mesh)} | ({"texture": str(scan.texture)} if scan.texture is not None else {})


def _moves(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(_MOVES): each for name, each in arrays.items() if name.startswith(_MOVES)}


CLASSES = (PIX2VERTEX_OT_shape_own_head, PIX2VERTEX_OT_own_head_expressions)
