import dataclasses

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Euler, Matrix

from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.views.camera import Window, add_crop_camera, add_photo_camera
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.result import Reconstruction

pytestmark = pytest.mark.usefixtures("empty_file")


def seen_by(camera: bpy.types.Object, face: bpy.types.Object, width: float, height: float) -> np.ndarray:
    """Pixels (n, 2) at which Blender's camera shows every 50th vertex of the registered face."""
    scene = bpy.context.scene
    scene.collection.objects.link(camera)
    scene.render.resolution_x, scene.render.resolution_y = round(width), round(height)
    bpy.context.view_layer.update()
    basis = mesh_coordinates(face.data.shape_keys.key_blocks["Basis"].data)[::50]
    points = [world_to_camera_view(scene, camera, face.matrix_world @ Matrix.Translation(p).translation) for p in basis]
    return np.array([(point.x * width, (1.0 - point.y) * height) for point in points])


@pytest.fixture(params=["perspective", "orthographic", "scaled"])
def seen(request, reconstruction: Reconstruction) -> Reconstruction:
    """The reconstruction under each kind of camera."""
    if request.param == "orthographic":
        maps = dataclasses.replace(reconstruction.view.maps, camera=Camera(0.9, (130.0, 120.0)))
        return reconstruction.with_view(maps=maps)
    if request.param == "scaled":
        matrix = reconstruction.view.head_to_camera.copy()
        matrix[:3, :3] *= 1.3
        return reconstruction.with_view(head_to_camera=matrix)
    return reconstruction


def test_crop_camera_projects_like_the_algorithm(seen: Reconstruction) -> None:
    face = build_face_object(seen, bpy.context)
    face.matrix_world = Matrix.Translation((1.0, 2.0, 3.0)) @ Euler((0.3, 0.2, 0.9)).to_matrix().to_4x4()
    bpy.context.view_layer.update()
    window = Window(-20.0, 10.0, 300.0, 200.0)
    camera = add_crop_camera("Crop", face, seen.view.head_to_camera, seen.view.camera, window)
    expected = seen.view.camera.project(seen.view.frame.to_camera(seen.vertices))[::50] - (window.left, window.top)
    assert np.allclose(seen_by(camera, face, window.width, window.height), expected, atol=0.02)


def test_photo_camera_lays_the_mesh_over_the_photo(seen: Reconstruction) -> None:
    face = build_face_object(seen, bpy.context)
    bpy.context.view_layer.update()
    camera = add_photo_camera("Photo", face, seen.view.frame, seen.view.photo_size)
    crop_pixels = seen.view.camera.project(seen.view.frame.to_camera(seen.vertices))[::50]
    expected = crop_pixels @ seen.view.crop_to_photo[:, :2].T + seen.view.crop_to_photo[:, 2]
    assert np.allclose(seen_by(camera, face, *seen.view.photo_size), expected, atol=0.05)
