"""The panel of the photo and of the face in it."""

import bpy

from ...exchange.confidence import doubts
from ...paths import SAMPLE_PORTRAIT
from ..operators.face_box import PIX2VERTEX_OT_draw_face_box
from ..operators.photo import (
    PIX2VERTEX_OT_choose_photo,
    PIX2VERTEX_OT_find_faces,
    PIX2VERTEX_OT_next_face,
    PIX2VERTEX_OT_one_photo,
    PIX2VERTEX_OT_use_open_image,
)
from ..process.photo_search import Search, is_file, photo_of, search_of
from ..properties.scene import PIX2VERTEX_PG_settings
from ..translations import translate
from ..views.thumbnail import THUMBNAILS
from .sidebar import Sidebar, draw_sentence

NO_FACE = "No face was found: choose another photo, turn this one upright, or draw a box around the face."
SEARCHING_FOR_FACES = "Looking for faces; or draw a box"
MORE_PHOTOS = "And {count} more of the same person"
NO_FILE = "There is no file at this path."
_THUMBNAIL_SCALE = 7.0


class PIX2VERTEX_PT_photo(Sidebar, bpy.types.Panel):
    """The photo to work from"""

    bl_idname = "PIX2VERTEX_PT_photo"
    bl_label = "Photo"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        settings = context.scene.pix2vertex
        row = layout.row(align=True)
        row.prop(settings, "photo", text="", placeholder=translate("Portrait photo"))
        # Beside the folder of the field itself, for several photos.
        row.operator(PIX2VERTEX_OT_choose_photo.bl_idname, text="", icon="COMMUNITY")
        row.operator(PIX2VERTEX_OT_use_open_image.bl_idname, text="", icon="IMAGE_DATA")
        if not settings.photo:
            sample = layout.operator(PIX2VERTEX_OT_choose_photo.bl_idname, text="Try the Sample Portrait", icon="USER")
            sample.filepath = str(SAMPLE_PORTRAIT)
            return
        if settings.others:
            row = layout.row(align=True)
            row.label(text=translate(MORE_PHOTOS.format(count=len(settings.others))), icon="COMMUNITY", translate=False)
            row.operator(PIX2VERTEX_OT_one_photo.bl_idname, text="", icon="X")
        search = search_of(settings)
        if search is None and not is_file(photo_of(settings)):
            draw_sentence(layout, context, NO_FILE)
            return
        if search is None:
            layout.operator(PIX2VERTEX_OT_find_faces.bl_idname, icon="VIEWZOOM")
            return
        self._draw_photo(settings, search)
        self._draw_face(context, settings, search)
        self._draw_box(settings)

    def _draw_photo(self, settings: PIX2VERTEX_PG_settings, search: Search) -> None:
        if search.pixels is None:
            return
        faces = [face.box for face in search.faces]
        chosen = faces[_chosen(settings, search)] if faces else None
        if settings.use_face_box:
            chosen = tuple(settings.face_box)
        name = f"{search.photo} {search.modified}"
        icon = THUMBNAILS.icon(name, search.pixels, search.size[0], chosen, faces)
        if icon:
            self.layout.template_icon(icon, scale=_THUMBNAIL_SCALE)

    def _draw_face(self, context: bpy.types.Context, settings: PIX2VERTEX_PG_settings, search: Search) -> None:
        """What is known about the faces."""
        layout = self.layout
        if search.is_running:
            if not settings.use_face_box:
                layout.progress(factor=search.job.fraction, text=translate(SEARCHING_FOR_FACES), translate=False)
        elif search.sentence:
            draw_sentence(layout, context, search.sentence)
            layout.operator(PIX2VERTEX_OT_find_faces.bl_idname, icon="VIEWZOOM")
        elif settings.use_face_box:
            return
        elif search.skipped:
            layout.operator(PIX2VERTEX_OT_find_faces.bl_idname, icon="VIEWZOOM")
        elif not search.faces:
            draw_sentence(layout, context, NO_FACE)
        else:
            chosen = _chosen(settings, search)
            row = layout.row(align=True)
            row.label(text=translate(_count_text(chosen, len(search.faces))))
            if len(search.faces) > 1:
                row.operator(PIX2VERTEX_OT_next_face.bl_idname, text="", icon="TRIA_LEFT").step = -1
                row.operator(PIX2VERTEX_OT_next_face.bl_idname, text="", icon="TRIA_RIGHT").step = 1
            face = search.faces[chosen]
            for sentence in doubts(face.confidence, face.outside):
                draw_sentence(layout, context, sentence)

    def _draw_box(self, settings: PIX2VERTEX_PG_settings) -> None:
        """The artist's own box."""
        column = self.layout.column(align=True)
        row = column.row(align=True)
        row.prop(settings, "use_face_box", toggle=True)
        row.operator(PIX2VERTEX_OT_draw_face_box.bl_idname, text="Draw", icon="SELECT_SET")
        if settings.use_face_box:
            for first, names in ((0, ("Left", "Top")), (2, ("Width", "Height"))):
                row = column.row(align=True)
                for offset, name in enumerate(names):
                    row.prop(settings, "face_box", index=first + offset, text=name)


def _chosen(settings: PIX2VERTEX_PG_settings, search: Search) -> int:
    """The index of the chosen face; the largest one if none was chosen."""
    return min(max(settings.face, 1), len(search.faces)) - 1


def _count_text(chosen: int, count: int) -> str:
    return "One face found" if count == 1 else f"Face {chosen + 1} of {count}"
