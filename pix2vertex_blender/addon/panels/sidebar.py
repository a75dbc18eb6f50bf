"""What all panels of the sidebar tab share."""

import re
import unicodedata

import bpy

from ..operators.worker_operator import PIX2VERTEX_OT_cancel
from ..process.session import SESSION
from ..scene.face_object import active_face
from ..translations import translate

_PIXELS_PER_CHARACTER = 7.0
BUTTON_HEIGHT = 1.5


class Sidebar:
    """Mixed into a panel, it puts the panel into the extension's tab of the 3D view's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "pix2vertex"


class FacePanel(Sidebar):
    """Mixed into a panel about the active face."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face made from a photo, or one of its pins."""
        return active_face(context) is not None


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
        row.progress(factor=SESSION.fraction, text=translate(SESSION.text or "Starting"), translate=False)
        row.operator(PIX2VERTEX_OT_cancel.bl_idname, text="", icon="X")
    else:
        row.operator(operator, **button)
    if SESSION.error and SESSION.last_operator == operator:
        draw_sentence(layout, context, SESSION.error)


def draw_sentence(layout: bpy.types.UILayout, context: bpy.types.Context, sentence: str) -> None:
    """Draw a sentence, in the artist's language, over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale
    characters = max(16, int(context.region.width / (_PIXELS_PER_CHARACTER * scale)) - 4)
    column = layout.column(align=True)
    for number, line in enumerate(wrap(translate(sentence), characters)):
        column.label(text=line, icon="NONE" if number else "ERROR", translate=False)


def wrap(sentence: str, characters: int) -> list[str]:
    """Break a sentence into lines: between words, and between any two characters of scripts without spaces."""
    words = re.findall(r"[\u3000-\u9fff\uff00-\uffef][^\w\s({\u201c]*|[^\s\u3000-\u9fff\uff00-\uffef]+|\s+", sentence)
    lines = [""]
    for word in words:
        while _width(word) > characters:  # a path, for instance
            rest = characters - _width(lines[-1])
            lines[-1] += word[:rest]
            lines.append("")
            word = word[rest:]
        if lines[-1] and _width(lines[-1]) + _width(word) > characters:
            lines.append("")
        lines[-1] += word if lines[-1] else word.lstrip()
    return [line.rstrip() for line in lines if line.strip()]


def _width(text: str) -> int:
    """The width of a text in Latin characters: those of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
