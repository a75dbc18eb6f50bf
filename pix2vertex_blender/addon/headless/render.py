"""Clay renders of a face as its photographer saw it. Cycles on the processor, so that no graphics driver is needed."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import addon_utils
import bpy
from mathutils import Matrix, Vector

from ...exchange.result import Reconstruction
from ..export.export import face_with_children
from ..scene.face_object import DETAIL_KEY
from ..scene.material import clay_material, use_nodes
from ..views.camera import Window, add_crop_camera, window_around

_SAMPLES = 12
_SUN_STRENGTH = 2.2
_SKY_STRENGTH = 0.35


def render_views(
    face: bpy.types.Object,
    reconstruction: Reconstruction,
    folder: Path,
    size: int = 512,
    window: Window | None = None,
    turn: float = 0.0,
) -> tuple[Path, Path]:
    """Render the registered and the detailed mesh with a transparent background.

    Parameters
    ----------
    face : bpy.types.Object
        The object that `build_face_object` made; its children are rendered too.
    reconstruction : Reconstruction
        What it was made from.
    folder : Path
        Where `registered.png` and `detailed.png` are written.
    size : int
        Width in pixels; the height follows from the window.
    window : Window, optional
        The part of the crop to show; the whole head if None.
    turn : float
        Degrees by which the head is turned to its left before it is seen; 0 is the photo's view.

    Returns
    -------
    tuple of Path
        The two files.
    """
    window = window or window_around(reconstruction)
    detail = face.data.shape_keys.key_blocks[DETAIL_KEY]
    value = detail.value
    registered, detailed = folder / "registered.png", folder / "detailed.png"
    try:
        with _studio(face, reconstruction, window, turn) as scene:
            scene.render.resolution_x = size
            scene.render.resolution_y = round(size * window.height / window.width)
            for path, strength in ((registered, 0.0), (detailed, 1.0)):
                detail.value = strength
                scene.render.filepath = str(path)
                bpy.ops.render.render(scene=scene.name, write_still=True)
    finally:
        detail.value = value
    return registered, detailed


@contextmanager
def _studio(
    face: bpy.types.Object, reconstruction: Reconstruction, window: Window, turn: float
) -> Iterator[bpy.types.Scene]:
    """A scene of its own with the face, a camera, light and clay, deleted afterwards."""
    addon_utils.enable("cycles")
    scene = bpy.data.scenes.new("pix2vertex Studio")
    camera = add_crop_camera(scene.name, face, reconstruction.view.head_to_camera, reconstruction.view.camera, window)
    camera.matrix_world = _turned(face, math.radians(turn)) @ camera.matrix_world
    sun = bpy.data.objects.new(scene.name, bpy.data.lights.new(scene.name, "SUN"))
    sun.matrix_world = face.matrix_world @ _looking_from(Vector((-0.7, -1.0, 0.9)))
    sun.data.energy = _SUN_STRENGTH
    sun.data.angle = math.radians(15.0)
    world = bpy.data.worlds.new(scene.name)
    clay = clay_material()
    try:
        for item in (*face_with_children(face), camera, sun):
            scene.collection.objects.link(item)
        scene.camera = camera
        scene.world = world
        scene.view_layers[0].material_override = clay
        _set_quality(scene)
        _set_sky(world)
        yield scene
    finally:
        bpy.data.scenes.remove(scene)
        bpy.data.cameras.remove(camera.data)
        bpy.data.lights.remove(sun.data)
        bpy.data.worlds.remove(world)
        bpy.data.materials.remove(clay)


def _set_quality(scene: bpy.types.Scene) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = _SAMPLES
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 0
    scene.render.film_transparent = True
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA"
    scene.view_settings.view_transform = "Standard"


def _set_sky(world: bpy.types.World) -> None:
    use_nodes(world)
    background = next(node for node in world.node_tree.nodes if node.type == "BACKGROUND")
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    background.inputs["Strength"].default_value = _SKY_STRENGTH


def _looking_from(direction: Vector) -> Matrix:
    """A light's rotation in the face's space, shining from a direction to the origin."""
    return direction.to_track_quat("Z", "Y").to_matrix().to_4x4()


def _turned(face: bpy.types.Object, angle: float) -> Matrix:
    """The rotation of a camera about the face's vertical axis through its bounding box."""
    low, high = Vector(face.bound_box[0]), Vector(face.bound_box[6])
    centre = face.matrix_world @ ((low + high) / 2.0)
    axis = face.matrix_world.to_3x3() @ Vector((0.0, 0.0, 1.0))
    return Matrix.Translation(centre) @ Matrix.Rotation(angle, 4, axis) @ Matrix.Translation(-centre)
