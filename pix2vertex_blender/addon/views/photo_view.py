"""The scene's camera stands where the photographer stood, with the photo behind the mesh."""

from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from ..scene.face_object import Provenance
from .arrival import show_alone
from .camera import Window, add_crop_camera, add_photo_camera
from .changed_views import leave_views
from .looks import CAMERAS, LOOK, PHOTO, PINS, begin_in_scene, cameras_in_use, follow_camera, settle

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

CAMERA_NAME = "Photo Camera"

#: How much a map, and the photo while the face is dragged, hide the face that they are laid over.
MAP_OPACITY, DRAGGED_OPACITY = 0.75, 0.5

#: How large the camera is drawn, in metres.
_DISPLAY_SIZE = 0.1

#: Points along each side of the crop at which the photo's file is compared with it, the blocks over which their
#: differences are averaged, and the largest that remains if it is the same picture.
_COMPARED, _BLOCKS, _LARGEST_DIFFERENCE = 32, 4, 0.03


def show_over_photo(
    face: bpy.types.Object,
    record: "Reconstruction",
    provenance: Provenance,
    crop: bpy.types.Image,
    context: bpy.types.Context,
) -> bpy.types.Object:
    """Make the scene's camera match the photo of a face.

    The camera's picture is the whole photo where its file is as it was, and as Blender shows it: Blender does not turn
    photos upright. Otherwise it is the crop kept with the face. The render gets the size of the background.
    """
    photo = _upright_photo(provenance, crop, record)
    if photo is not None:
        camera = add_photo_camera(
            CAMERA_NAME,
            face,
            provenance.frame,
            provenance.photo_size,
        )
        _look_through(face, camera, photo, provenance.photo_size, context, PHOTO)
        return camera
    return show_over_crop(face, record, crop, tuple(crop.size), context)


def show_over_crop(
    face: bpy.types.Object,
    record: "Reconstruction",
    picture: bpy.types.Image,
    size: tuple[int, int],
    context: bpy.types.Context,
    look: str = PHOTO,
) -> bpy.types.Object:
    """Make the scene's camera match a picture of the crop, such as one of the maps, behind the face.

    `look` says for what: the camera of another look stays, and is the scene's again when this one ends.
    """
    height, width = record.view.maps.mask.shape
    window = Window(0.0, 0.0, width, height)
    camera = add_crop_camera(CAMERA_NAME, face, record.view.head_to_camera, record.view.camera, window)
    _look_through(face, camera, picture, size, context, look)
    return camera


def lay_over_face(camera: bpy.types.Object, opacity: float) -> None:
    """Lay a camera's picture over the face instead of behind it, so that both are seen.

    X-ray would show both as well, and the teeth and eyeballs behind the skin with them.
    """
    background = camera.data.background_images[0]
    background.display_depth, background.alpha = "FRONT", opacity


def hide_camera(face: bpy.types.Object, look: str, scene: bpy.types.Scene) -> None:
    """Delete the cameras through which a look shows a face, or any that the scene has of it; what was there comes back.

    It comes back first: Blender has views leave a camera that is deleted, which then look as if the artist had.
    Another face's pins are shown through their own camera again.
    """
    cameras = {face.get(CAMERAS[look]), *(camera for camera in cameras_in_use(scene) if look == PHOTO)}
    ended = [camera for camera in cameras if camera is not None and camera.get(LOOK) == look]
    for item in scene.objects:
        if item.get(CAMERAS[look]) in ended:
            del item[CAMERAS[look]]
    settle()
    if look == PINS and (scene.camera is None or scene.camera in ended):
        others = (item.get(CAMERAS[PINS]) for item in scene.objects if CAMERAS[PINS] in item)
        scene.camera = next((camera for camera in others if camera is not None and camera.users_scene), None)
        follow_camera(scene)
    for camera in ended:
        _remove_camera(camera)
    settle()
    leave_views()


def shows_photo(scene: bpy.types.Scene) -> bool:
    """Whether a scene's camera is one that shows a photo."""
    return any(camera.get(LOOK) == PHOTO for camera in cameras_in_use(scene))


def _look_through(
    face: bpy.types.Object,
    camera: bpy.types.Object,
    picture: bpy.types.Image,
    size: tuple[int, int],
    context: bpy.types.Context,
    look: str,
) -> None:
    """Put a new camera in the place of the face's last one, with a picture behind it, and make it the scene's."""
    scene = context.scene
    begin_in_scene(look, scene)
    last = face.get(CAMERAS[look])
    if last is not None and last.name in bpy.data.objects and last.users_scene:
        _remove_camera(last)
        camera.name = CAMERA_NAME
    face[CAMERAS[look]] = camera
    camera[LOOK] = look
    background = camera.data.background_images.new()
    background.image = picture
    background.alpha = 1.0
    camera.data.show_background_images = True
    camera.data.display_size = _DISPLAY_SIZE * face.matrix_world.median_scale
    scene.collection.objects.link(camera)
    scene.camera = camera
    if context.area is not None and context.area.type == "VIEW_3D":
        show_alone(face, camera, context.area, CAMERAS[look], context)
    follow_camera(scene)
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100


def _remove_camera(camera: bpy.types.Object) -> None:
    lens = camera.data
    bpy.data.objects.remove(camera)
    if lens is not None and lens.users == 0:
        bpy.data.cameras.remove(lens)


def _upright_photo(provenance: Provenance, crop: bpy.types.Image, record: "Reconstruction") -> bpy.types.Image | None:
    """The photo's file as an image, if it is there and Blender shows it as it was reconstructed."""
    path = Path(bpy.path.abspath(provenance.photo))
    known = set(bpy.data.images)
    try:
        photo = bpy.data.images.load(str(path), check_existing=True)
    except RuntimeError:
        return None
    if tuple(photo.size) == tuple(provenance.photo_size) and _shows(photo, crop, provenance, record):
        return photo
    if photo not in known:
        bpy.data.images.remove(photo)
    return None


def _shows(photo: bpy.types.Image, crop: bpy.types.Image, provenance: Provenance, record: "Reconstruction") -> bool:
    """Whether the crop is cut from the photo as it is shown."""
    fractions = (np.arange(_COMPARED) + 0.5) / _COMPARED
    across, down = (each.ravel() for each in np.meshgrid(fractions, fractions))
    in_crop = _colours(crop, across, down)
    affine = provenance.frame.crop_to_photo
    height, width = record.view.maps.mask.shape
    points = np.column_stack([across * width, down * height]) @ affine[:, :2].T + affine[:, 2]
    x, y = (points / provenance.photo_size).T
    inside = (x > 0) & (x < 1) & (y > 0) & (y < 1)
    if inside.sum() < _COMPARED:
        return False
    difference = (_colours(photo, x, y) - in_crop) * inside[:, None]
    side = _COMPARED // _BLOCKS
    blocks = difference.reshape(_BLOCKS, side, _BLOCKS, side, 3).mean(axis=(1, 3))
    return float(np.abs(blocks).mean()) < _LARGEST_DIFFERENCE


def _colours(image: bpy.types.Image, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean colours (n, 3) of an image around places given as fractions from its left upper corner."""
    small = image.copy()
    try:
        small.scale(64, 64)
        pixels = np.empty(64 * 64 * 4, dtype=np.float32)
        small.pixels.foreach_get(pixels)
    finally:
        bpy.data.images.remove(small)
    grid = pixels.reshape(64, 64, 4)[::-1, :, :3]
    column, row = (np.clip((each * 64).astype(int), 0, 63) for each in (x, y))
    return grid[row, column].astype(np.float64)
