"""The rig of a face, and takes of motion capture on it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...errors import SceneError
from ..rig.armature import rig_of
from ..rig.rigify import has_rigify
from ..scene.expressions import PHOTO_KEY, own_keys
from ..scene.obstacles import REMODELLED, is_remodelled
from ..translations import translate
from .face_operator import FaceOperator
from .polling import poll_expressions, poll_mode

if TYPE_CHECKING:
    from ...animation.take import Take

NO_RIGIFY = "Enable the add-on Rigify in the preferences first"

RIGGED = "{rig} has {count} bones"
RIGGED_WITHOUT_EXPRESSIONS = "{rig} has {count} bones; add the expressions to have them move its jaw and eyes"
NO_RIG = "The rotations of head and eyes are left out: add the rig first to have them."
WITHOUT_PHOTO = "The photo's expression is set to 0, since a take holds all of what the face shows."
IMPORTED = "{take}: {count} expressions, {seconds:.1f} seconds from frame {start}"
METARIG = "Rigify's metarig lies on {face}: press Generate Rig in its properties"

BONE_NAMES = (
    ("BLENDER", "Blender", "Names with .L and .R, which Blender mirrors, and DEF-, as Rigify has them"),
    ("UNREAL", "Unreal", "The names of MetaHumans: head, neck_01, FACIAL_C_Jaw"),
    ("UNITY", "Unity Humanoid", "Names that Unity's humanoid avatar finds by itself: Head, Jaw, LeftEye"),
    ("VRM", "VRM", "The names of VRoid's models: J_Bip_C_Head, J_Adj_L_FaceEye"),
)
HEAD_ROTATIONS = (
    ("RECORDED", "As Recorded", "The head turns as in the file"),
    ("INVERTED", "Inverted", "The other way, as Live Link Face records when the telephone lies across"),
    ("NONE", "None", "The head stays still"),
)


class _RigOperator(FaceOperator):
    """Mixed into operators about the rig of the active face, which is at hand while its bones are posed, too."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces that can be changed, and in no mode that changes their mesh."""
        return super().poll(context) and poll_mode(cls, context, ("OBJECT", "POSE"))


class PIX2VERTEX_OT_add_rig(_RigOperator, bpy.types.Operator):
    """Give the face a small skeleton that agrees with its expressions, or bring the one that it has up to date"""

    bl_idname = "pix2vertex.add_rig"
    bl_label = "Add Rig"

    naming: bpy.props.EnumProperty(name="Names", description="What the bones are called", items=BONE_NAMES)
    with_neck: bpy.props.BoolProperty(name="Neck", description="Have a bone in the neck too", default=True)

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Build or update the rig."""
        from ..rig.rig import set_rig

        if is_remodelled(face):
            raise SceneError(REMODELLED.format(name=face.name))
        rig = set_rig(face, self.naming, with_neck=self.with_neck)
        sentence = RIGGED if own_keys(face) else RIGGED_WITHOUT_EXPRESSIONS
        return sentence.format(rig=rig.name, count=len(rig.data.bones))


class PIX2VERTEX_OT_add_metarig(_RigOperator, bpy.types.Operator):
    """Add the metarig of Rigify's face, placed on the landmarks of this face"""

    bl_idname = "pix2vertex.add_metarig"
    bl_label = "Add Rigify Metarig"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only where Rigify is enabled."""
        if not super().poll(context):
            return False
        if not has_rigify():
            cls.poll_message_set(translate(NO_RIGIFY))
            return False
        return True

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Add the metarig."""
        from ..rig.metarig import add_metarig

        if is_remodelled(face):
            raise SceneError(REMODELLED.format(name=face.name))
        add_metarig(face)
        return METARIG.format(face=face.name)


class PIX2VERTEX_OT_import_take(_RigOperator, bpy.types.Operator):
    """Put motion capture on the expressions and the rig: a CSV file of Live Link Face, or ARKit's values as JSON"""

    bl_idname = "pix2vertex.import_take"
    bl_label = "Import Take"

    filepath: bpy.props.StringProperty(
        name="File", description="The take: .csv or .json", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing", description="Milliseconds over which the take is averaged", default=0.0, min=0.0, max=1000.0
    )
    speed: bpy.props.FloatProperty(
        name="Speed",
        description="How fast it is played; 2 makes it half as long",
        default=1.0,
        min=0.05,
        max=20.0,
    )
    start: bpy.props.IntProperty(name="Start Frame", description="Where in the scene the take begins", default=1)
    frame_rate: bpy.props.FloatProperty(
        name="File's Frame Rate",
        description="Frames a second that the file counts; found out if 0",
        default=0.0,
        min=0.0,
        max=1000.0,
    )
    head_rotation: bpy.props.EnumProperty(
        name="Head Rotation", description="What the head's bone does", items=HEAD_ROTATIONS
    )
    filter_glob: bpy.props.StringProperty(default="*.csv;*.json", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face with expressions."""
        return super().poll(context) and poll_expressions(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let the artist choose the file."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Read the file, and animate what it holds."""
        from ...animation.reading import read_take
        from ...animation.retime import smoothed

        take = read_take(Path(bpy.path.abspath(self.filepath)), self.frame_rate)
        smooth = smoothed(self._with_head(take), self.smoothing / 1000)
        sentence, remarks = put_on(face, smooth, context.scene, self.start, self.speed)
        for kind, remark in remarks:
            self.report({kind}, translate(remark))
        return sentence

    def _with_head(self, take: "Take") -> "Take":
        """The take with the head's rotation as the artist wants it."""
        rotations = dict(take.rotations)
        if self.head_rotation == "NONE":
            rotations.pop("head", None)
        elif self.head_rotation == "INVERTED" and "head" in rotations:
            rotations["head"] = -rotations["head"]
        return replace(take, rotations=rotations)


def put_on(
    face: bpy.types.Object, take: "Take", scene: bpy.types.Scene, start: int, speed: float = 1.0
) -> tuple[str, list[tuple[str, str]]]:
    """Animate a face with expressions, and its rig, by a take at the scene's rate.

    Returns
    -------
    sentence : str
        What was done.
    remarks : list of (str, str)
        What else there is to report: its kind and a sentence.
    """
    from ...animation.retime import at_rate
    from ..rig.actions import apply_take

    timed = at_rate(take, scene.render.fps / scene.render.fps_base, speed)
    _action, count = apply_take(face, timed, start)
    remarks = []
    if (photo := own_keys(face).get(PHOTO_KEY)) is not None and photo.value:
        photo.value = 0.0
        remarks.append(("INFO", WITHOUT_PHOTO))
    scene.frame_end = max(scene.frame_end, start + len(timed.times) - 1)
    remarks += [("WARNING", note) for note in take.notes]
    if take.rotations and rig_of(face) is None:
        remarks.append(("WARNING", NO_RIG))
    return IMPORTED.format(take=take.name, count=count, seconds=timed.seconds, start=start), remarks


CLASSES = (PIX2VERTEX_OT_add_rig, PIX2VERTEX_OT_add_metarig, PIX2VERTEX_OT_import_take)
