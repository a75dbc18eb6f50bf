"""Bake Maps: the fine detail as images, for heads that are not subdivided."""

from typing import ClassVar

import bpy

from ...exchange.progress import STAGE_LABELS
from ..export.map_baking import MapChoices, bake
from ..images.images import keep_image
from ..properties.face import FORMATS, MAPS_KINDS, MAPS_LEVELS, SIZES, STORAGES, WIRINGS
from ..scene.face_images import DISPLACEMENT, NORMALS, TEXTURE
from ..scene.face_object import active_face, detail_key
from ..scene.texture_material import has_own_material, show_on_head, use_displacement, use_normal_map
from ..scene.watched_face import WatchedFace
from ..translations import translate
from ..views.arrival import show_texture
from .polling import WITHOUT_DETAIL, poll_editable
from .settings import take_settings
from .worker_operator import Work, WorkerOperator

BAKED = "Maps baked: {normal} and {displacement}, from black to white {range} mm"
BAKED_AND_USED = "Maps baked and used in the material, in place of the Detail key"

#: The artist's words for the stages.
BAKE_STAGES = {**STAGE_LABELS, "bake": "Baking the maps"}


class PIX2VERTEX_OT_bake_maps(WorkerOperator, bpy.types.Operator):
    """Draw the fine detail as a normal map and a displacement map, for heads that are not subdivided"""

    bl_idname = "pix2vertex.bake_maps"
    bl_label = "Bake Maps"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = BAKE_STAGES

    size: bpy.props.EnumProperty(
        name="Size", description="Size of the maps", items=SIZES, default="2048", options={"SKIP_SAVE"}
    )
    file_format: bpy.props.EnumProperty(
        name="Format", description="The kind of image files", items=FORMATS, options={"SKIP_SAVE"}
    )
    storage: bpy.props.EnumProperty(
        name="Images", description="Where the images are kept", items=STORAGES, options={"SKIP_SAVE"}
    )
    level: bpy.props.EnumProperty(
        name="Detail Of",
        description="How fine the detail is that the maps show",
        items=MAPS_LEVELS,
        default="2",
        options={"SKIP_SAVE"},
    )
    kind: bpy.props.EnumProperty(
        name="Maps For", description="Where the maps are to be used", items=MAPS_KINDS, options={"SKIP_SAVE"}
    )
    wiring: bpy.props.EnumProperty(
        name="Use in Material",
        description="What the face's material does with the maps",
        items=WIRINGS,
        default="NORMAL",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces with detail."""
        face = active_face(context) or context.active_object
        if face is None or detail_key(face) is None:
            cls.poll_message_set(translate(WITHOUT_DETAIL))
            return False
        return poll_editable(cls, face)

    def work(self) -> Work:
        """Have the maps drawn, keep them and wire them as asked."""
        names = {name: f"maps_{name}" for name in ("size", "level", "kind", "wiring")}
        take_settings(self, bpy.context.scene.pix2vertex_texture, "storage", file_format="maps_format", **names)
        face = active_face(bpy.context) or bpy.context.active_object
        watched = WatchedFace.of(face)
        choices = MapChoices(self.size, self.file_format, self.level, self.kind)
        baked = yield from bake(self, face, choices)
        face = watched.find()
        normal_image = keep_image(face, NORMALS, "Normal", baked.normals, self.storage, "Non-Color")
        height_image = keep_image(face, DISPLACEMENT, "Displacement", baked.displacement, self.storage, "Non-Color")
        if self.wiring == "NORMAL":
            use_normal_map(face, normal_image)
        elif self.wiring == "DISPLACEMENT":
            use_displacement(face, height_image, baked.middle, baked.range_mm)
        _let_see(face, normal_image)
        key = detail_key(face)
        if self.wiring != "NONE" and key is not None:
            key.value = 0.0
            return BAKED_AND_USED
        return BAKED.format(normal=normal_image.name, displacement=height_image.name, range=f"{baked.range_mm:.1f}")


def _let_see(face: bpy.types.Object, image: bpy.types.Image) -> None:
    """Show an image in an open Image Editor, and on the head if that has a material of ours."""
    for area in (area for window in bpy.context.window_manager.windows for area in window.screen.areas):
        if area.ui_type == "IMAGE_EDITOR":
            area.spaces.active.image = image
    if has_own_material(face):
        show_on_head(face, image, texture=face.get(TEXTURE))
        show_texture(face, NORMALS, bpy.context)


CLASSES = (PIX2VERTEX_OT_bake_maps,)
