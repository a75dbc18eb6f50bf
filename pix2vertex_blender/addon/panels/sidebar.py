"""What all panels of the sidebar tab share."""

import textwrap

import bpy

_PIXELS_PER_CHARACTER = 7.0
BUTTON_HEIGHT = 1.5


class Sidebar:
    """Mixed into a panel, it puts the panel into the extension's tab of the 3D view's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "pix2vertex"


def draw_sentence(layout: bpy.types.UILayout, context: bpy.types.Context, sentence: str) -> None:
    """Draw a sentence over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale
    characters = max(16, int(context.region.width / (_PIXELS_PER_CHARACTER * scale)) - 4)
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(sentence, characters)):
        column.label(text=line, icon="NONE" if number else "ERROR")
