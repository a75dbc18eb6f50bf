"""Expressions: the 52 shape keys of a face, and what sets their values."""

from collections.abc import Collection, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import bpy
import numpy as np

from ...exchange.progress import STAGE_LABELS
from ..process import session
from ..process.job import Job
from ..rig.armature import rig_of
from ..scene.expression_presets import MOUTH, PRESETS, VISEMES, mirrored, preset_values, random_values
from ..scene.expressions import BASES, PHOTO_KEY, basis_of, own_keys, set_expressions
from ..scene.face_object import polled_face
from ..scene.face_update import bring_rig_along, renew_eyes_and_mouth
from ..scene.former_face import FormerFace
from ..scene.shaping_keys import bring_eyes_and_mouth_along
from ..scene.watched_face import WatchedFace
from .face_operator import FaceOperator
from .polling import poll_expressions, poll_face
from .settings import take_settings
from .worker_operator import Work, WorkerOperator

if TYPE_CHECKING:
    from ...exchange.expressions import ExpressionSet

MAKING = "Making the expressions"
ADDED = "Expressions added to {face}"
SOME_ADDED = "{count} expressions added to {face}; the others stay, since they are keys of your own"


class PIX2VERTEX_OT_add_expressions(WorkerOperator, bpy.types.Operator):
    """Give the face the 52 expressions of ARKit as shape keys, made for this head"""

    bl_idname = "pix2vertex.add_expressions"
    bl_label = "Add Expressions"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = {**STAGE_LABELS, "expressions": MAKING}

    basis: bpy.props.EnumProperty(
        name="Basis", description="What the shape key Basis is", items=BASES, options={"SKIP_SAVE"}
    )

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def work(self) -> Work:
        """Have the expressions made for this head, and write them into shape keys."""
        take_settings(self, bpy.context.scene.pix2vertex_expression, "basis")
        face = polled_face(bpy.context)
        former, watched = FormerFace.of(face), WatchedFace.of(face)
        source = self.temporary_file("_source.npz")
        former.record.save(source)
        before_basis = basis_of(face)
        after = yield from made_expressions(self, source, self.basis)
        before = after if before_basis == self.basis else None
        if before_basis and before is None:
            before = yield from made_expressions(self, source, before_basis)
        face = watched.find_to_change()
        renew_eyes_and_mouth(face, former.record, after.mouth)
        kept = set_expressions(face, self.basis, after, before)
        bring_eyes_and_mouth_along(face)
        bring_rig_along(face)
        if kept:
            return SOME_ADDED.format(count=len(after.names) - len(kept), face=face.name)
        return ADDED.format(face=face.name)


def changed_expressions(
    operator: WorkerOperator, former: FormerFace, source: Path, result: Path
) -> "Generator[Job, Job, tuple[bpy.types.Object | None, tuple[ExpressionSet, ExpressionSet] | None]]":
    """Have the expressions made anew of a face that gets another shape.

    Parameters
    ----------
    operator : WorkerOperator
        Whose jobs these are.
    former : FormerFace
    source, result : Path
        Saved reconstructions: the face as it was, and as it is to be.

    Returns
    -------
    face : bpy.types.Object or None
        As it is found when that is done; None if it has been deleted.
    expressions : (before, after) or None
        What its keys were made from and what they become; None if it has no expressions.
    """
    face = former.reference.find()
    basis = basis_of(face) if face is not None else ""
    if not basis:
        return face, None
    before = yield from made_expressions(operator, source, basis)
    after = yield from made_expressions(operator, result, basis)
    return former.reference.find(), (before, after)


def made_expressions(operator: WorkerOperator, source: Path, basis: str) -> "Generator[Job, Job, ExpressionSet]":
    """Have the expressions of a saved reconstruction made, for a basis of `BASES`."""
    result = operator.temporary_file("_expressions.npz")
    yield session.worker().submit("expressions", source=str(source), basis=basis, result=str(result))
    from ...exchange.expressions import ExpressionSet

    return ExpressionSet.load(result)


def set_values(face: bpy.types.Object, values: Mapping[str, float], only: Collection[str] = ()) -> None:
    """Give all expressions of a face, or those in `only`, their values, 0 to those that are not named."""
    for name, key in own_keys(face).items():
        if not only or name in only:
            key.value = values.get(name, 0.0)
    face.data.update_tag()


class _ValueOperator(FaceOperator):
    """Mixed into an operator that sets the values of a face's expressions."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face with expressions."""
        return poll_expressions(cls, context)


class PIX2VERTEX_OT_expression_preset(_ValueOperator, bpy.types.Operator):
    """Show an expression, and nothing else"""

    bl_idname = "pix2vertex.expression_preset"
    bl_label = "Expression Preset"

    preset: bpy.props.EnumProperty(
        name="Preset", description="What the face shows", items=PRESETS + tuple(each[:3] for each in VISEMES)
    )
    strength: bpy.props.FloatProperty(
        name="Strength", description="How much of it", default=1.0, min=0.0, max=1.0, subtype="FACTOR"
    )

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Set the values."""
        values: dict[str, Any] = {PHOTO_KEY: 1.0} if self.preset == "PHOTO" else preset_values(self.preset)
        only = MOUTH if self.preset in {each[0] for each in VISEMES} else ()
        set_values(face, {name: self.strength * value for name, value in values.items()}, only)
        return ""


class PIX2VERTEX_OT_random_expression(_ValueOperator, bpy.types.Operator):
    """Show a random expression"""

    bl_idname = "pix2vertex.random_expression"
    bl_label = "Random Expression"

    seed: bpy.props.IntProperty(name="Seed", description="Seed of the random choices", min=0)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Another one with each click."""
        self.seed += 1
        return self.execute(context)

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Set the values."""
        set_values(face, random_values(np.random.default_rng(self.seed)))
        return ""


class PIX2VERTEX_OT_mirror_expression(_ValueOperator, bpy.types.Operator):
    """Give the expressions of both sides of the face each other's values"""

    bl_idname = "pix2vertex.mirror_expression"
    bl_label = "Mirror Expression"

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Set the values."""
        values = {name: key.value for name, key in own_keys(face).items() if name != PHOTO_KEY}
        set_values(face, mirrored(values), values)
        return ""


class PIX2VERTEX_OT_reset_expression(_ValueOperator, bpy.types.Operator):
    """Set all expressions to 0, also the photo's, and the bones of the rig to rest"""

    bl_idname = "pix2vertex.reset_expression"
    bl_label = "Reset Expression"

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Set the values, and take off what was posed."""
        rig = rig_of(face)
        for bone in rig.pose.bones if rig is not None else ():
            bone.matrix_basis.identity()
        set_values(face, {})
        return ""


CLASSES = (
    PIX2VERTEX_OT_add_expressions,
    PIX2VERTEX_OT_expression_preset,
    PIX2VERTEX_OT_random_expression,
    PIX2VERTEX_OT_mirror_expression,
    PIX2VERTEX_OT_reset_expression,
)
