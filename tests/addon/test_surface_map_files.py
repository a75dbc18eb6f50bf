import json

import bpy
import cv2
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.geometry.tangents import tangent_frames
from pix2vertex_blender.reconstruction.detail.baking import bake_detail_maps
from pix2vertex_blender.reconstruction.detail.map_files import encode_exr, write_detail_maps
from pix2vertex_blender.template import load_template


@pytest.fixture(scope="module")
def maps():
    level = load_template(1)
    normals = vertex_normals(level.vertices, level.faces)
    detail = (0.4 * np.sin(level.vertices[:, :1]) * level.groups["face"][:, None]) * normals
    return bake_detail_maps(level.vertices, detail, level.faces, level.uvs, 1, 256)


def pixels_in_blender(path):
    """What Blender reads, as data: rows downwards, four channels."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    values = np.empty(4 * image.size[0] * image.size[1], dtype=np.float32)
    image.pixels.foreach_get(values)
    bpy.data.images.remove(image)
    return values.reshape(256, 256, 4)[::-1]


def test_blender_reads_what_was_written(maps, tmp_path):
    for file_format, tolerance in (("png", 2e-5), ("exr", 1e-6)):
        files = write_detail_maps(maps, tmp_path / "Jérôme", file_format)
        assert files.normals.name == f"Jérôme_normal.{file_format}"
        normals = 2 * pixels_in_blender(files.normals)[..., :3] - 1
        np.testing.assert_allclose(normals, maps.normals, atol=2 * tolerance)
        height = (pixels_in_blender(files.displacement)[..., 0] - files.middle) * files.range_mm
        np.testing.assert_allclose(height, maps.displacement, atol=tolerance)


def test_a_png_has_sixteen_bits_and_says_what_it_means(maps, tmp_path):
    files = write_detail_maps(maps, tmp_path / "face", "png")
    steps = cv2.imread(str(files.displacement), cv2.IMREAD_UNCHANGED)
    assert steps.dtype == np.uint16
    assert steps.ndim == 2
    assert (steps[maps.displacement == 0] == 32768).all()
    assert 0.75 < np.abs(maps.displacement).max() / (files.range_mm / 2) <= 1
    with Image.open(files.displacement) as image:
        meaning = json.loads(image.text["Description"])
    assert meaning == {"unit": "mm", "midlevel": 0.5, "range": files.range_mm}
    assert cv2.imread(str(files.normals), cv2.IMREAD_UNCHANGED).shape == (256, 256, 3)


def test_noise_that_cannot_be_compressed_is_stored(tmp_path):
    noise = np.random.default_rng(0).integers(0, 2**31, (256, 256)).astype(np.int32).view(np.float32)
    noise = np.where(np.isfinite(noise), noise, 0).astype(np.float32)
    path = tmp_path / "noise.exr"
    path.write_bytes(encode_exr(noise))
    np.testing.assert_array_equal(pixels_in_blender(path)[..., 0], noise)


def test_another_format_is_refused(maps, tmp_path):
    with pytest.raises(ValueError, match="png or exr, not tiff"):
        write_detail_maps(maps, tmp_path / "face", "tiff")


def test_tangents_are_blenders():
    template = load_template()
    mesh = bpy.data.meshes.new("head")
    mesh.from_pydata(template.vertices.tolist(), [], template.faces.tolist())
    mesh.shade_smooth()
    layer = mesh.uv_layers.new(name="UVMap")
    # The whole face mirrored in the UVs on one side, to see both hands.
    uvs = template.uvs.copy()
    left = template.vertices[template.faces][..., 0].mean(axis=1) > 0
    uvs[left, :, 0] = 1.0 - uvs[left, :, 0]
    layer.data.foreach_set("uv", uvs.astype(np.float32).ravel())
    mesh.calc_tangents(uvmap="UVMap")
    frames = tangent_frames(template.vertices, template.faces, uvs)
    for name, ours in (("tangent", frames.tangents), ("normal", frames.normals), ("bitangent", frames.bitangents)):
        values = np.empty(3 * len(mesh.loops), dtype=np.float32)
        mesh.loops.foreach_get(name, values)
        np.testing.assert_allclose(ours.reshape(-1, 3), values.reshape(-1, 3), atol=2e-3)
    bpy.data.meshes.remove(mesh)
