"""The scene's camera stands where the photographer stood, with the photo behind the mesh."""

from pathlib import Path

import bpy

from ...errors import PhotoError
from .camera import add_photo_camera
from .face_object import Provenance

CAMERA_NAME = "Photo Camera"


def show_over_photo(face: bpy.types.Object, provenance: Provenance, context: bpy.types.Context) -> bpy.types.Object:
    """Add a camera that matches the photo of a face and make it the scene's; the render gets the photo's size.

    Raises
    ------
    PhotoError
        If the photo is no longer where it was.
    """
    photo = _load_photo(provenance)
    camera = add_photo_camera(
        CAMERA_NAME,
        face,
        provenance.head_to_camera,
        provenance.camera,
        provenance.crop_to_photo,
        provenance.photo_size,
    )
    background = camera.data.background_images.new()
    background.image = photo
    background.alpha = 1.0
    camera.data.show_background_images = True
    scene = context.scene
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y = provenance.photo_size
    scene.render.resolution_percentage = 100
    return camera


def _load_photo(provenance: Provenance) -> bpy.types.Image:
    path = Path(bpy.path.abspath(provenance.photo))
    try:
        return bpy.data.images.load(str(path), check_existing=True)
    except RuntimeError as error:
        raise PhotoError(f"{path} cannot be opened; put the photo back or reconstruct the face again.") from error
