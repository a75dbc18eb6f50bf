"""The extension's preferences."""

import bpy

from ..limits import CAN_LIMIT_MEMORY
from .operators.self_test import (
    PIX2VERTEX_OT_copy_self_test,
    PIX2VERTEX_OT_list_devices,
    PIX2VERTEX_OT_open_folder,
    PIX2VERTEX_OT_self_test,
)
from .operators.worker import PIX2VERTEX_OT_release_memory
from .panels.sidebar import draw_operator
from .process import session
from .process.preference_values import ADDON_PACKAGE, DEFAULT_IDLE_MINUTES
from .process.self_test import FAILS, NOT_TRIED, SELF_TEST, WORKS, device_text
from .translations import translate

_ICONS = {WORKS: "CHECKMARK", FAILS: "ERROR", NOT_TRIED: "REMOVE"}


class PIX2VERTEX_AP_preferences(bpy.types.AddonPreferences):
    """What belongs to the computer rather than to a scene."""

    bl_idname = ADDON_PACKAGE

    idle_minutes: bpy.props.IntProperty(
        name="Release Memory After (Minutes)",
        description="Minutes without work after which the memory of the reconstruction is given back",
        min=1,
        max=120,
        default=DEFAULT_IDLE_MINUTES,
    )
    threads: bpy.props.IntProperty(
        name="Threads",
        description="How many threads of the processor the reconstruction uses; all of them if zero",
        min=0,
        max=256,
    )
    memory_limit: bpy.props.FloatProperty(
        name="Memory Limit (GB)",
        description="The most main memory that the reconstruction may take; work that needs more ends with a message. "
        "No limit if zero. Only on Linux; memory of graphics cards is not limited",
        min=0.0,
        max=1024.0,
        precision=1,
    )

    frames_new_faces: bpy.props.BoolProperty(
        name="Show New Faces",
        description="Turn the view to a new face, alone if something would hide it, and show its texture; "
        "undo gives the view back",
        default=True,
    )

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the preferences."""
        layout = self.layout
        column = layout.column()
        column.use_property_split = True
        column.prop(self, "threads")
        row = column.row()
        row.enabled = CAN_LIMIT_MEMORY
        row.prop(self, "memory_limit")
        column.prop(self, "idle_minutes")
        column.prop(self, "frames_new_faces")
        column.operator(PIX2VERTEX_OT_release_memory.bl_idname)
        column.separator()
        for device in SELF_TEST.devices:
            column.label(text=device_text(device), icon="ERROR" if device["fault"] else "CHECKMARK", translate=False)
        draw_operator(column, context, PIX2VERTEX_OT_list_devices.bl_idname)
        column.separator()
        row = column.row()
        row.label(text=str(session.user_folder()), icon="FILE_FOLDER", translate=False)
        row.operator(PIX2VERTEX_OT_open_folder.bl_idname)
        column.separator()
        draw_operator(column, context, PIX2VERTEX_OT_self_test.bl_idname)
        for line in SELF_TEST.lines:
            row = column.split(factor=0.25)
            row.label(text=line.part, icon=_ICONS[line.status])
            seconds = f"{line.seconds:.2f} s" if line.status == WORKS else ""
            row.label(text=f"{seconds}  {translate(line.text)}", translate=False)
        if SELF_TEST.lines:
            column.operator(PIX2VERTEX_OT_copy_self_test.bl_idname, icon="COPYDOWN")


CLASSES = (PIX2VERTEX_AP_preferences,)
