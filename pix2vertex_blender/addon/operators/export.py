"""Export Face: the active face for a game engine or for another Blender file."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import bpy

from ..export.export import BLENDER, UNITY, UNREAL, export_blend, export_face, export_fbx, export_glb
from ..images.images import clean_name
from ..process.faults import explain
from ..properties.scene import EXPORT_FORMATS, EXPORT_PRESETS, usual_export_format
from ..scene.face_object import active_face
from ..translations import translate
from .polling import poll_made, poll_mode
from .settings import take_settings

_FBX_SPACES = {"UNREAL": UNREAL, "UNITY": UNITY, "BLENDER": BLENDER}
SUFFIXES = {"FBX": ".fbx", "GLB": ".glb", "BLEND": ".blend"}


class PIX2VERTEX_OT_export(bpy.types.Operator):
    """Write the active face with its shape keys and textures for another program, without applying modifiers"""

    bl_idname = "pix2vertex.export"
    bl_label = "Export Face"

    filepath: bpy.props.StringProperty(
        name="File", description="The file to write", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    preset: bpy.props.EnumProperty(
        name="For", description="The program that the file is for", items=EXPORT_PRESETS, options={"SKIP_SAVE"}
    )
    file_format: bpy.props.EnumProperty(
        name="Format", description="The kind of file", items=EXPORT_FORMATS, options={"SKIP_SAVE"}
    )
    with_eyeballs: bpy.props.BoolProperty(
        name="Eyes and Mouth",
        description="Write the visible eyeballs, teeth and tongue too",
        default=True,
        options={"SKIP_SAVE"},
    )
    move_to_origin: bpy.props.BoolProperty(
        name="At the Origin",
        description="Place the face at the origin of the file, wherever it stands in the scene",
        default=True,
        options={"SKIP_SAVE"},
    )
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.fbx;*.glb;*.blend", options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a visible face, in the mode in which exporters see what the artist sees."""
        if not (poll_made(cls, context) and poll_mode(cls, context)):
            return False
        face = active_face(context)
        if face is not None and not face.visible_get():
            cls.poll_message_set(translate("The face is hidden"))
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let the artist choose the file."""
        self._take_scene_settings(context)
        face = active_face(context)
        if not self.filepath and face is not None:
            folder = Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()
            self.filepath = str(folder / clean_name(face.name)) + SUFFIXES[self.file_format]
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Keep the file's ending that of the format."""
        path = _with_suffix(self.filepath, self.file_format)
        changed = path != self.filepath
        self.filepath = path
        return changed

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file."""
        self._take_scene_settings(context)
        if not self.filepath:
            self.report({"ERROR"}, translate("Choose a file to write first."))
            return {"CANCELLED"}
        path = Path(_with_suffix(bpy.path.abspath(self.filepath), self.file_format)).absolute()
        try:
            written = export_face(
                path,
                active_face(context),
                face_writer(self.preset, self.file_format),
                with_eyeballs=self.with_eyeballs,
                move_to_origin=self.move_to_origin,
                for_blender=self.file_format == "BLEND",
            )
        except Exception as error:
            self.report({"ERROR"}, translate(explain(error, self.bl_label)))
            return {"CANCELLED"}
        size = path.stat().st_size / 1e6
        message = "{file} written: {count} objects, {size:.1f} MB"
        self.report({"INFO"}, translate(message.format(file=path.name, count=len(written), size=size)))
        return {"FINISHED"}

    def _take_scene_settings(self, context: bpy.types.Context) -> None:
        """Use the scene's settings for what the caller did not set; a preset alone means its usual format."""
        settings = context.scene.pix2vertex.export
        if self.properties.is_property_set("preset") and not self.properties.is_property_set("file_format"):
            self.file_format = usual_export_format(self.preset)
        take_settings(self, settings, "preset", "file_format")


def face_writer(preset: str, file_format: str) -> Callable[[Path, Sequence[bpy.types.Object]], None]:
    """The function that writes objects in a format for a program."""
    if file_format == "BLEND":
        return export_blend
    return export_glb if file_format == "GLB" else partial(export_fbx, space=_FBX_SPACES[preset])


def _with_suffix(path: str, file_format: str) -> str:
    """The path with the format's ending in place of that of another format."""
    suffix = SUFFIXES[file_format]
    chosen = Path(path)
    if chosen.suffix.lower() == suffix or not chosen.name:
        return path
    stem = chosen.stem if chosen.suffix.lower() in SUFFIXES.values() else chosen.name
    return str(chosen.with_name(stem + suffix))


CLASSES = (PIX2VERTEX_OT_export,)
