"""What all panels of the sidebar tab share."""

import textwrap

import bpy

from ..operators.worker_operator import PIX2VERTEX_OT_cancel
from ..session import SESSION

_PIXELS_PER_CHARACTER = 7.0
BUTTON_HEIGHT = 1.5


class Sidebar:
    """Mixed into a panel, it puts the panel into the extension's tab of the 3D view's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "pix2vertex"


def draw_operator(layout: bpy.types.UILayout, context: bpy.types.Context, operator: str, **button: str) -> None:
    """Draw the button of a `WorkerOperator`; while its work runs, a bar with Cancel, and after a failure the sentence.

    Parameters
    ----------
    operator : str
        Its `bl_idname`.
    button
        What `UILayout.operator` takes, such as `text` and `icon`.
    """
    row = layout.row(align=True)
    row.scale_y = BUTTON_HEIGHT
    if SESSION.operator == operator:
        row.progress(factor=SESSION.fraction, text=SESSION.text or "Starting")
        row.operator(PIX2VERTEX_OT_cancel.bl_idname, text="", icon="X")
    else:
        row.operator(operator, **button)
    if SESSION.error and SESSION.last_operator == operator:
        draw_sentence(layout, context, SESSION.error)


def draw_sentence(layout: bpy.types.UILayout, context: bpy.types.Context, sentence: str) -> None:
    """Draw a sentence over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale
    characters = max(16, int(context.region.width / (_PIXELS_PER_CHARACTER * scale)) - 4)
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(sentence, characters)):
        column.label(text=line, icon="NONE" if number else "ERROR")
