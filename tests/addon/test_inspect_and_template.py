from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.reconstruction.result import Reconstruction
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.usefixtures("addon")


def test_camera_of_the_photo_has_the_photo_behind_the_mesh(reconstruction: Reconstruction, tmp_path: Path) -> None:
    photo = tmp_path / "someone.png"
    Image.new("RGB", reconstruction.photo_size, "teal").save(photo)
    build_face_object(reconstruction, bpy.context, photo=photo)
    assert bpy.ops.pix2vertex.show_over_photo() == {"FINISHED"}
    scene = bpy.context.scene
    assert (scene.render.resolution_x, scene.render.resolution_y) == reconstruction.photo_size
    [background] = scene.camera.data.background_images
    assert scene.camera.data.show_background_images
    assert tuple(background.image.size) == reconstruction.photo_size


def test_missing_photo_is_a_sentence_and_no_camera(reconstruction: Reconstruction, tmp_path: Path) -> None:
    build_face_object(reconstruction, bpy.context, photo=tmp_path / "gone.png")
    with pytest.raises(RuntimeError, match=r"gone\.png cannot be opened"):
        bpy.ops.pix2vertex.show_over_photo()
    assert bpy.context.scene.camera is None


def test_photo_view_is_only_for_faces_of_ours() -> None:
    bpy.ops.mesh.primitive_cube_add()
    assert not bpy.ops.pix2vertex.show_over_photo.poll()


def test_template_head_is_the_template() -> None:
    bpy.context.scene.cursor.location = (0.0, 1.0, 0.0)
    assert bpy.ops.pix2vertex.add_template_head() == {"FINISHED"}
    template = load_template()
    head = bpy.context.active_object
    assert tuple(head.location) == (0.0, 1.0, 0.0)
    assert head.data.shape_keys is None
    coordinates = mesh_coordinates(head.data.vertices)
    assert len(coordinates) == len(template.vertices) and len(head.data.polygons) == len(template.faces)
    mirrored = coordinates[template.mirror] * (-1.0, 1.0, 1.0)
    assert np.allclose(coordinates, mirrored, atol=1e-5), "symmetric about Blender's X"
    assert {group.name for group in head.vertex_groups} == set(template.groups)
    assert len(head.children) == 2
    eye_heights = [mesh_coordinates(eyeball.data.vertices)[:, 2].mean() for eyeball in head.children]
    assert np.ptp(coordinates[:, 2]) > 0.2
    assert coordinates[:, 2].min() < min(eye_heights) <= max(eye_heights) < coordinates[:, 2].max()


def test_template_head_comes_without_eyeballs_on_request() -> None:
    bpy.ops.pix2vertex.add_template_head(with_eyeballs=False)
    assert not bpy.context.active_object.children
