"""Project Photo and Bake Maps: images on the template's UVs."""

from pathlib import Path
from typing import ClassVar

import bpy
import numpy as np

from ...errors import MeshError
from ...exchange.arrays import write_arrays
from ...exchange.progress import STAGE_LABELS
from ..images.images import keep_image
from ..process import session
from ..properties.face import FORMATS, KEEP_LIGHT, SIZES, STORAGES, WIRINGS
from ..scene.axes import from_blender
from ..scene.face_object import BASIS_KEY, DETAIL_KEY, active_face, detail_key, read_provenance
from ..scene.mesh_object import mesh_coordinates
from ..scene.record import read_record
from ..scene.texture_material import (
    has_own_material,
    show_on_head,
    texture_eyeballs,
    texture_face,
    use_displacement,
    use_normal_map,
)
from ..scene.watched_face import KEYS_GONE, WatchedFace
from ..translations import translate
from ..views.arrival import show_texture
from .worker_operator import Work, WorkerOperator

#: The artist's words for the stages, that of the texture too.
TEXTURE_STAGES = {**STAGE_LABELS, "texture": "Projecting the photo"}

NOT_A_FACE = "Select a face that was reconstructed from a photo"
LINKED = "The face belongs to another file; make it local first"
PROJECTED = "Photo projected onto {face}"
PROJECTED_FROM_CROP = "Photo projected onto {face} from the picture kept in the file"
BESIDE_OTHERS = "The texture is in a material slot of its own, since {face} has other materials"
BAKED = "Maps baked: {normal} and {displacement}, from black to white {range} mm"
BAKED_AND_USED = "Maps baked and used in the material, in place of the Detail key"

#: The custom properties of a face that refer to its images.
TEXTURE, ORIGIN, EYES = "pix2vertex_texture_image", "pix2vertex_origin_image", "pix2vertex_eyes_image"
NORMALS, DISPLACEMENT = "pix2vertex_normal_image", "pix2vertex_displacement_image"

IMAGES = (
    ("TEXTURE", "Texture", "The photo on the head"),
    ("ORIGIN", "Origin", "Where the texture comes from: red from the photo, green mirrored, blue filled"),
    ("NORMAL", "Normals", "The baked normal map"),
    ("DISPLACEMENT", "Displacement", "The baked displacement map"),
)
IMAGE_PROPERTIES = {"TEXTURE": TEXTURE, "ORIGIN": ORIGIN, "NORMAL": NORMALS, "DISPLACEMENT": DISPLACEMENT}
NOT_MADE = "There is no such image yet: project the photo or bake the maps first."


def take_settings(operator: bpy.types.Operator, settings: bpy.types.PropertyGroup, names: dict[str, str]) -> None:
    """Use the scene's settings for what the caller did not set: properties of the operator by those of the settings."""
    for name, setting in names.items():
        if not operator.properties.is_property_set(name):
            setattr(operator, name, getattr(settings, setting))


def poll_face(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active object is a face made from a photo that can be changed; says why not."""
    face = active_face(context)
    if face is None:
        operator.poll_message_set(translate(NOT_A_FACE))
        return False
    return _poll_editable(operator, face)


def _poll_editable(operator: type[bpy.types.Operator], face: bpy.types.Object) -> bool:
    if not (face.is_editable and face.data.is_editable):
        operator.poll_message_set(translate(LINKED))
        return False
    return True


class PIX2VERTEX_OT_project_photo(WorkerOperator, bpy.types.Operator):
    """Make a texture from the photo: what it shows, the rest mirrored or filled with the colours of the skin"""

    bl_idname = "pix2vertex.project_photo"
    bl_label = "Project Photo"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = TEXTURE_STAGES

    size: bpy.props.EnumProperty(
        name="Size", description="Size of the texture", items=SIZES, default="2048", options={"SKIP_SAVE"}
    )
    storage: bpy.props.EnumProperty(
        name="Images", description="Where the images are kept", items=STORAGES, options={"SKIP_SAVE"}
    )
    keep_light: bpy.props.BoolProperty(name="Keep Light", description=KEEP_LIGHT, options={"SKIP_SAVE"})

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def work(self) -> Work:
        """Have the texture made and show it on the face."""
        names = ("size", "storage", "keep_light")
        take_settings(self, bpy.context.scene.pix2vertex_texture, {name: name for name in names})
        face = active_face(bpy.context)
        assert face is not None
        return (yield from projected(self, face, self.size, self.storage, keep_light=self.keep_light))


def projected(operator: WorkerOperator, face: bpy.types.Object, size: str, storage: str, *, keep_light: bool) -> Work:
    """Work of an operator: have the texture of a face made, and show it on the face and in the views."""
    watched = WatchedFace.of(face)
    source = operator.temporary_file(".npz")
    read_record(face).save(source)
    provenance = read_provenance(face)
    photo = bpy.path.abspath(provenance.photo) if provenance is not None else ""
    files = {name: operator.temporary_file(f"_{name}.png") for name in ("colour", "origin", "eyeballs")}
    job = yield session.worker().submit(
        "texture",
        source=str(source),
        photo=photo,
        size=int(size),
        keep_light=keep_light,
        **{name: str(file) for name, file in files.items()},
    )
    face = watched.find()
    colour = keep_image(face, TEXTURE, "Texture", files["colour"], storage, "sRGB")
    keep_image(face, ORIGIN, "Texture Origin", files["origin"], storage, "Non-Color")
    eyes = keep_image(face, EYES, "Eyes", files["eyeballs"], storage, "sRGB")
    texture_eyeballs(face, eyes)
    if not texture_face(face, colour):
        return BESIDE_OTHERS.format(face=face.name)
    show_texture(face, TEXTURE, bpy.context)
    missing = not (job.result["from_photo"] or Path(photo).is_file())
    return (PROJECTED_FROM_CROP if missing else PROJECTED).format(face=face.name)


class PIX2VERTEX_OT_bake_maps(WorkerOperator, bpy.types.Operator):
    """Draw the fine detail as a normal map and a displacement map, for heads that are not subdivided"""

    bl_idname = "pix2vertex.bake_maps"
    bl_label = "Bake Maps"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = {**STAGE_LABELS, "bake": "Baking the maps"}

    size: bpy.props.EnumProperty(
        name="Size", description="Size of the maps", items=SIZES, default="2048", options={"SKIP_SAVE"}
    )
    file_format: bpy.props.EnumProperty(
        name="Format", description="The kind of image files", items=FORMATS, options={"SKIP_SAVE"}
    )
    storage: bpy.props.EnumProperty(
        name="Images", description="Where the images are kept", items=STORAGES, options={"SKIP_SAVE"}
    )
    wiring: bpy.props.EnumProperty(
        name="Use in Material",
        description="What the face's material does with the maps",
        items=WIRINGS,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces with detail."""
        face = active_face(context) or context.active_object
        if face is None or detail_key(face) is None:
            cls.poll_message_set(translate("Select a face with the shape key Detail"))
            return False
        return _poll_editable(cls, face)

    def work(self) -> Work:
        """Have the maps drawn, keep them and wire them as asked."""
        names = {"size": "maps_size", "file_format": "maps_format", "storage": "storage", "wiring": "maps_wiring"}
        take_settings(self, bpy.context.scene.pix2vertex_texture, names)
        face = active_face(bpy.context) or bpy.context.active_object
        watched = WatchedFace.of(face)
        source = self.temporary_file(".npz")
        vertices, detail = shape_in_millimetres(face)
        write_arrays(source, vertices=vertices, detail=detail)
        stem = session.temporary_folder() / source.stem
        suffixes = (f"_normal.{self.file_format}", f"_displacement.{self.file_format}")
        self._files += [stem.with_name(stem.name + suffix) for suffix in suffixes]
        job = yield session.worker().submit(
            "bake_maps", source=str(source), size=int(self.size), stem=str(stem), file_format=self.file_format
        )
        face = watched.find()
        normals, displacement = (stem.with_name(stem.name + suffix) for suffix in suffixes)
        normal_image = keep_image(face, NORMALS, "Normal", normals, self.storage, "Non-Color")
        height_image = keep_image(face, DISPLACEMENT, "Displacement", displacement, self.storage, "Non-Color")
        if self.wiring == "NORMAL":
            use_normal_map(face, normal_image)
        elif self.wiring == "DISPLACEMENT":
            use_displacement(face, height_image, job.result["middle"], job.result["range_mm"])
        _let_see(face, normal_image)
        key = detail_key(face)
        if self.wiring != "NONE" and key is not None:
            key.value = 0.0
            return BAKED_AND_USED
        return BAKED.format(
            normal=normal_image.name, displacement=height_image.name, range=f"{job.result['range_mm']:.1f}"
        )


def shape_in_millimetres(face: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """The smooth head (n, 3) and its detail (n, 3) as strong as it is shown, or as it is if it is switched off.

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
    return from_blender(smooth), from_blender(detail) * strength


class PIX2VERTEX_OT_show_image(bpy.types.Operator):
    """Show one of the face's images on the head, in solid shading; what is rendered stays the same"""

    bl_idname = "pix2vertex.show_image"
    bl_label = "Show on Head"
    bl_options = {"REGISTER", "UNDO"}

    image: bpy.props.EnumProperty(name="Image", description="Which image", items=IMAGES)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show it, if it was made."""
        face = active_face(context)
        assert face is not None
        kept = IMAGE_PROPERTIES[self.image]
        image = face.get(kept)
        if image is None:
            self.report({"ERROR"}, translate(NOT_MADE))
            return {"CANCELLED"}
        show_on_head(face, image, texture=face.get(TEXTURE))
        show_texture(face, kept, context)
        return {"FINISHED"}


def _let_see(face: bpy.types.Object, image: bpy.types.Image) -> None:
    """Show an image in an open Image Editor, and on the head if that has a material of ours."""
    for area in (area for window in bpy.context.window_manager.windows for area in window.screen.areas):
        if area.ui_type == "IMAGE_EDITOR":
            area.spaces.active.image = image
    if has_own_material(face):
        show_on_head(face, image, texture=face.get(TEXTURE))
        show_texture(face, NORMALS, bpy.context)


CLASSES = (PIX2VERTEX_OT_project_photo, PIX2VERTEX_OT_bake_maps, PIX2VERTEX_OT_show_image)
