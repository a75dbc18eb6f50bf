"""Bake Maps: the fine detail as images, for heads that are not subdivided."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import bpy
import numpy as np

from ...errors import MeshError
from ...exchange.arrays import write_arrays
from ...exchange.progress import STAGE_LABELS
from ..images.images import keep_image
from ..process import session
from ..process.job import Job
from ..properties.face import FORMATS, MAPS_KINDS, MAPS_LEVELS, SIZES, STORAGES, WIRINGS
from ..scene.axes import from_blender
from ..scene.expressions import photo_coordinates
from ..scene.face_object import BASIS_KEY, DETAIL_KEY, active_face, detail_key
from ..scene.mesh_object import mesh_coordinates
from ..scene.record import has_record, read_record
from ..scene.texture_material import has_own_material, show_on_head, use_displacement, use_normal_map
from ..scene.watched_face import KEYS_GONE, WatchedFace
from ..translations import translate
from ..views.arrival import show_texture
from .texture import DISPLACEMENT, NORMALS, TEXTURE, poll_editable, take_settings
from .worker_operator import Work, WorkerOperator

BAKED = "Maps baked: {normal} and {displacement}, from black to white {range} mm"
BAKED_AND_USED = "Maps baked and used in the material, in place of the Detail key"

#: The artist's words for the stages.
BAKE_STAGES = {**STAGE_LABELS, "bake": "Baking the maps"}


@dataclass(frozen=True)
class MapChoices:
    """What maps are to be made; the fields are identifiers of `properties.face`.

    Attributes
    ----------
    size : str
        The side in texels.
    file_format : str
    level : str
        The coarsest level whose detail will do.
    kind : str
    """

    size: str
    file_format: str = "png"
    level: str = "2"
    kind: str = "WHOLE"


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
            cls.poll_message_set(translate("Select a face with the shape key Detail"))
            return False
        return poll_editable(cls, face)

    def work(self) -> Work:
        """Have the maps drawn, keep them and wire them as asked."""
        names = {"size": "maps_size", "file_format": "maps_format", "storage": "storage"}
        names |= {name: f"maps_{name}" for name in ("level", "kind", "wiring")}
        take_settings(self, bpy.context.scene.pix2vertex_texture, names)
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


@dataclass(frozen=True)
class BakedMaps:
    """Files of the maps, and how the displacement is read; see `reconstruction.detail.map_files`."""

    normals: Path
    displacement: Path
    middle: float
    range_mm: float


def bake(
    operator: WorkerOperator, face: bpy.types.Object, choices: MapChoices, base: np.ndarray | None = None
) -> Generator[Job, Job, BakedMaps]:
    """Work of an operator: have the maps of a face drawn into files, which are deleted when the operator ends.

    Parameters
    ----------
    operator : WorkerOperator
    face : bpy.types.Object
    choices : MapChoices
    base : (b, 3) metres, optional
        A coarser mesh of the same head that they are for; the face's own if None.
    """
    suffixes = [f"_{name}.{choices.file_format}" for name in ("normal", "displacement")]
    source, normals, displacement = operator.temporary_files(".npz", *suffixes)
    record = ""
    vertices, registered, detail, strength = _shape_in_millimetres(face)
    arrays = {"vertices": vertices, "registered": registered, "detail": detail}
    write_arrays(source, **arrays, **({} if base is None else {"base": from_blender(base)}))
    if has_record(face):
        path = operator.temporary_file("_record.npz")
        read_record(face).save(path)
        record = str(path)
    sliders = face.pix2vertex_detail
    job = yield session.worker().submit(
        "bake_maps",
        source=str(source),
        face=record,
        scale=sliders.scale,
        smoothing=sliders.smoothing,
        strength=strength,
        level=int(choices.level),
        maps_kind=choices.kind,
        size=int(choices.size),
        stem=str(source.with_suffix("")),
        file_format=choices.file_format,
    )
    return BakedMaps(normals, displacement, job.result["middle"], job.result["range_mm"])


def _shape_in_millimetres(face: bpy.types.Object) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The smooth head (n, 3), the same as in the photo, its detail (n, 3), and how strong that is shown.

    Detail that is switched off counts as at full strength.

    Raises
    ------
    MeshError
        If the face's shape keys are gone.
    """
    key = detail_key(face)
    if key is None:
        raise MeshError(KEYS_GONE.format(basis=BASIS_KEY, detail=DETAIL_KEY, name=face.name))
    basis = face.data.shape_keys.reference_key
    smooth = mesh_coordinates(basis.data)
    detail = mesh_coordinates(key.data) - smooth
    strength = key.value if key.value > 0 and not key.mute else 1.0
    return from_blender(smooth), from_blender(photo_coordinates(face, basis)), from_blender(detail), strength


def _let_see(face: bpy.types.Object, image: bpy.types.Image) -> None:
    """Show an image in an open Image Editor, and on the head if that has a material of ours."""
    for area in (area for window in bpy.context.window_manager.windows for area in window.screen.areas):
        if area.ui_type == "IMAGE_EDITOR":
            area.spaces.active.image = image
    if has_own_material(face):
        show_on_head(face, image, texture=face.get(TEXTURE))
        show_texture(face, NORMALS, bpy.context)


CLASSES = (PIX2VERTEX_OT_bake_maps,)
