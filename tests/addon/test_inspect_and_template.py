from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.usefixtures("addon")


@pytest.fixture
def photo(tmp_path: Path, reconstruction: Reconstruction) -> tuple[np.ndarray, Reconstruction]:
    """A photo (480, 640, 3) and a reconstruction whose crop is cut from it."""
    width, height = reconstruction.view.photo_size
    rows, columns = np.indices((height, width))
    pixels = np.stack([columns / 3, rows / 2, (columns * rows) % 250], axis=-1).astype(np.uint8)
    side = 40
    rows, columns = (np.indices((side, side)) + 0.5) / side
    grid = reconstruction.view.maps.mask.shape
    points = np.column_stack([columns.ravel() * grid[1], rows.ravel() * grid[0]])
    affine = reconstruction.view.crop_to_photo
    x, y = np.floor(points @ affine[:, :2].T + affine[:, 2]).astype(int).T
    crop = pixels[y, x].reshape(side, side, 3)
    crop_png = cv2.imencode(".png", crop[..., ::-1])[1].tobytes()
    return pixels, reconstruction.with_view(crop_png=crop_png)


def test_camera_of_the_photo_has_the_photo_behind_the_mesh(photo, tmp_path: Path) -> None:
    pixels, seen = photo
    path = tmp_path / "someone.png"
    Image.fromarray(pixels).save(path)
    build_face_object(seen, bpy.context, photo=path)
    for _click in range(2):
        assert bpy.ops.pix2vertex.show_over_photo() == {"FINISHED"}
        scene = bpy.context.scene
        assert (scene.render.resolution_x, scene.render.resolution_y) == seen.view.photo_size
        [background] = scene.camera.data.background_images
        assert scene.camera.data.show_background_images
        assert tuple(background.image.size) == seen.view.photo_size
    assert len([item for item in bpy.data.objects if item.type == "CAMERA"]) == 1


@pytest.mark.parametrize("kind", ["turned", "another", "gone"])
def test_crop_is_behind_the_mesh_where_the_file_does_not_show_it(photo, tmp_path: Path, kind: str) -> None:
    pixels, seen = photo
    path = tmp_path / "someone.jpg"
    if kind == "turned":  # upright only for programs that read the EXIF data
        exif = Image.Exif()
        exif[0x0112] = 3
        Image.fromarray(pixels[::-1, ::-1].copy()).save(path, exif=exif)
    elif kind == "another":
        Image.new("RGB", seen.view.photo_size, "teal").save(path)
    build_face_object(seen, bpy.context, photo=path)
    images = set(bpy.data.images)
    assert bpy.ops.pix2vertex.show_over_photo() == {"FINISHED"}
    [background] = bpy.context.scene.camera.data.background_images
    assert tuple(background.image.size) == (40, 40)
    assert set(bpy.data.images) == images
    assert (bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y) == (40, 40)


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
    names = {child.name for child in head.children}
    parts = {"Teeth Upper", "Teeth Lower", "Tongue", "Mouth Bag", "Lashes", "Tear Lines", "Eye Corners"}
    assert names == {"Eyeball Left", "Eyeball Right"} | parts
    eye_heights = [child.location.z for child in head.children if child.name.startswith("Eyeball")]
    assert np.ptp(coordinates[:, 2]) > 0.2
    assert coordinates[:, 2].min() < min(eye_heights) <= max(eye_heights) < coordinates[:, 2].max()


def test_template_head_comes_without_eyeballs_on_request() -> None:
    bpy.ops.pix2vertex.add_template_head(with_eyeballs=False)
    assert not bpy.context.active_object.children
