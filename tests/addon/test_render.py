import bpy
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.addon.headless.render import render_views
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.views.camera import camera_coordinates, window_around
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.raster import rasterise

pytestmark = pytest.mark.usefixtures("empty_file")


def data_blocks() -> dict[str, list[str]]:
    kinds = ("scenes", "objects", "cameras", "lights", "worlds", "materials", "meshes")
    return {kind: sorted(item.name for item in getattr(bpy.data, kind)) for kind in kinds}


def test_renders_show_the_face_as_the_photo_does(reconstruction: Reconstruction, tmp_path) -> None:
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=False)
    face.data.shape_keys.key_blocks["Detail"].value = 0.7
    before = data_blocks()
    registered, detailed = (np.asarray(Image.open(path)) for path in render_views(face, reconstruction, tmp_path, 96))

    assert data_blocks() == before, "the studio is gone"
    assert face.data.shape_keys.key_blocks["Detail"].value == pytest.approx(0.7)
    assert registered.shape == detailed.shape == (96, 96, 4)
    window = window_around(reconstruction)
    points = camera_coordinates(reconstruction)
    pixels = (reconstruction.view.camera.project(points) - (window.left, window.top)) * 96 / window.width
    triangles, _barycentric = rasterise(pixels, points[:, 2], triangulate(reconstruction.faces), (96, 96))
    disagreeing = ((triangles >= 0) != (registered[..., 3] > 127)).mean()
    assert disagreeing < 0.02, "silhouette in the render against the projected mesh"
    inside = (triangles >= 0) & (registered[..., 3] == 255)
    assert np.abs(registered[inside].astype(int) - detailed[inside].astype(int)).mean() > 1.0, "detail is visible"
    assert 60 < registered[inside, :3].mean() < 200, "neither black nor burnt out"
