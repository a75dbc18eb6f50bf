"""Project Photo: images on the template's UVs."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Protocol

import bpy

from ...errors import SceneError
from ...exchange.progress import STAGE_LABELS
from ..images.images import keep_image
from ..images.surface_images import has_surface, surface_drawn, wear_surface
from ..images.texture_size import side_of_texture
from ..process import session
from ..properties.face import KEEP_LIGHT, LAYOUT_TEXT, LAYOUTS, STORAGES, TEXTURE_SIZES
from ..scene.face_images import DISPLACEMENT, EYES, NORMALS, ORIGIN, TEXTURE
from ..scene.face_object import polled_face, read_provenance
from ..scene.record import read_record
from ..scene.texture_material import (
    show_on_head,
    texture_eyeballs,
    texture_face,
)
from ..scene.uv_layout import layout_of
from ..scene.watched_face import WatchedFace
from ..translations import translate
from ..views.arrival import show_texture
from .face_operator import FaceOperator
from .polling import poll_face
from .settings import take_settings
from .worker_operator import Work, WorkerOperator

#: The artist's words for the stages, that of the texture too.
TEXTURE_STAGES = {**STAGE_LABELS, "texture": "Projecting the photo", "surface": "Drawing the skin's maps"}

PROJECTED = "Photo projected onto {face}"
PROJECTED_FROM_CROP = "Photo projected onto {face} from the picture kept in the file"
MAPS_OFF = "The maps of {face} were for its UVs of before and are off: bake them again"
BESIDE_OTHERS = "The texture is in a material slot of its own, since {face} has other materials"

IMAGES = (
    ("TEXTURE", "Texture", "The photo on the head"),
    ("ORIGIN", "Origin", "Where the texture comes from: red from the photo, green mirrored, blue filled"),
    ("NORMAL", "Normals", "The baked normal map"),
    ("DISPLACEMENT", "Displacement", "The baked displacement map"),
)
IMAGE_PROPERTIES = {"TEXTURE": TEXTURE, "ORIGIN": ORIGIN, "NORMAL": NORMALS, "DISPLACEMENT": DISPLACEMENT}
NOT_MADE = "There is no such image yet: project the photo or bake the maps first."


class TextureChoices(Protocol):
    """What is chosen of a texture, by the operator or in the scene; identifiers of `properties.face`."""

    size: str
    layout: str
    storage: str
    keep_light: bool


class PIX2VERTEX_OT_project_photo(WorkerOperator, bpy.types.Operator):
    """Make a texture from the photo: what it shows, the rest mirrored or filled with the colours of the skin"""

    bl_idname = "pix2vertex.project_photo"
    bl_label = "Project Photo"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = TEXTURE_STAGES

    size: bpy.props.EnumProperty(
        name="Size", description="Size of the texture", items=TEXTURE_SIZES, options={"SKIP_SAVE"}
    )
    storage: bpy.props.EnumProperty(
        name="Images", description="Where the images are kept", items=STORAGES, options={"SKIP_SAVE"}
    )
    layout: bpy.props.EnumProperty(name="UV Layout", description=LAYOUT_TEXT, items=LAYOUTS, options={"SKIP_SAVE"})
    keep_light: bpy.props.BoolProperty(name="Keep Light", description=KEEP_LIGHT, options={"SKIP_SAVE"})

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def work(self) -> Work:
        """Have the texture made and show it on the face."""
        take_settings(self, bpy.context.scene.pix2vertex_texture, "size", "layout", "storage", "keep_light")
        face = polled_face(bpy.context)
        return (yield from projected(self, face, self))


def projected(operator: WorkerOperator, face: bpy.types.Object, choices: TextureChoices) -> Work:
    """Work of an operator: have the texture of a face made, and show it on the face and in the views."""
    from ..scene.layout_change import change_layout, check_layout  # which need the template

    watched = WatchedFace.of(face)
    layout = choices.layout
    check_layout(face, layout)
    source = operator.temporary_file(".npz")
    record = read_record(face)
    record.save(source)
    provenance = read_provenance(face)
    photo = bpy.path.abspath(provenance.photo) if provenance is not None else ""
    files = texture_files(operator)
    job = yield session.worker().submit(
        "texture",
        source=str(source),
        photo=photo,
        size=side_of_texture(choices.size, record, layout),
        keep_light=choices.keep_light,
        layout=layout,
        **{name: str(file) for name, file in files.items()},
    )
    face = watched.find()
    as_it_is = has_surface(face) and layout_of(face) == layout
    surface = {} if as_it_is else (yield from surface_drawn(operator, layout))
    face = watched.find()
    if change_layout(face, layout, bpy.context):
        operator.report({"WARNING"}, translate(MAPS_OFF.format(face=face.name)))
    worn = put_on(face, files, choices.storage)
    if surface:
        wear_surface(face, surface, choices.storage)
    if not worn:
        return BESIDE_OTHERS.format(face=face.name)
    show_texture(face, TEXTURE, bpy.context)
    missing = not (job.result["from_photo"] or Path(photo).is_file())
    return (PROJECTED_FROM_CROP if missing else PROJECTED).format(face=face.name)


def texture_files(operator: WorkerOperator) -> dict[str, Path]:
    """Where the worker may write a face's texture, what comes from where, and the eyes' texture."""
    return {name: operator.temporary_file(f"_{name}.png") for name in ("colour", "origin", "eyeballs")}


def put_on(face: bpy.types.Object, files: Mapping[str, Path], storage: str) -> bool:
    """Keep `texture_files` as the face's images and have it wear them; False if other materials hide the texture."""
    colour = keep_image(face, TEXTURE, "Texture", files["colour"], storage, "sRGB")
    keep_image(face, ORIGIN, "Texture Origin", files["origin"], storage, "Non-Color")
    texture_eyeballs(face, keep_image(face, EYES, "Eyes", files["eyeballs"], storage, "sRGB"))
    return texture_face(face, colour)


class PIX2VERTEX_OT_show_image(FaceOperator, bpy.types.Operator):
    """Show one of the face's images on the head, in solid shading; what is rendered stays the same"""

    bl_idname = "pix2vertex.show_image"
    bl_label = "Show on Head"

    image: bpy.props.EnumProperty(name="Image", description="Which image", items=IMAGES)

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Show it, if it was made."""
        kept = IMAGE_PROPERTIES[self.image]
        image = face.get(kept)
        if image is None:
            raise SceneError(NOT_MADE)
        show_on_head(face, image, texture=face.get(TEXTURE))
        show_texture(face, kept, context)
        return ""


CLASSES = (PIX2VERTEX_OT_project_photo, PIX2VERTEX_OT_show_image)
