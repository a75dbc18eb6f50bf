import dataclasses
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.scene.face_object import build_face_object, detail_key
from pix2vertex_blender.addon.scene.record import RECORD, has_record, photo_crop, read_record
from pix2vertex_blender.errors import RecordError
from pix2vertex_blender.exchange import record
from pix2vertex_blender.exchange.result import Reconstruction

pytestmark = pytest.mark.usefixtures("empty_file")


def assert_same(read: Reconstruction, original: Reconstruction) -> None:
    """The same as far as a record goes."""
    one, other = read.view, original.view
    for name in ("mask", "opening", "correspondence", "geometry"):
        assert np.allclose(getattr(one.maps, name), getattr(other.maps, name), atol=0.01, equal_nan=True), name
    assert np.allclose(read.coarse_vertices, original.coarse_vertices, atol=1e-4)
    assert np.array_equal(read.vertices, read.coarse_vertices) and not read.detail.any()
    assert one.camera == other.camera and one.maps.confidence == other.maps.confidence
    assert np.allclose(one.head_to_camera, other.head_to_camera)
    assert np.allclose(one.crop_to_photo, other.crop_to_photo)
    assert (one.photo_size, read.detail_level) == (other.photo_size, original.detail_level)
    assert one.crop_png == other.crop_png
    assert read.report == original.report


def reopen(path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))


def test_record_survives_saving_and_reopening(reconstruction: Reconstruction, tmp_path: Path) -> None:
    build_face_object(reconstruction, bpy.context)
    reopen(tmp_path / "face.blend")
    face = bpy.data.objects["Face"]
    assert has_record(face)
    assert_same(read_record(face), reconstruction)
    assert tuple(photo_crop(face).size) == (16, 16)


def test_copies_have_the_record_and_share_the_photo(reconstruction: Reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    bpy.ops.object.duplicate()
    copy = bpy.context.active_object
    assert copy != face
    assert_same(read_record(copy), reconstruction)
    assert photo_crop(copy) == photo_crop(face)


def test_append_brings_record_and_photo(reconstruction: Reconstruction, tmp_path: Path) -> None:
    build_face_object(reconstruction, bpy.context)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "face.blend")) as (_there, here):
        here.objects = ["Face"]
    assert_same(read_record(bpy.data.objects["Face"]), reconstruction)


def test_unpacked_photo_is_read_from_its_file(reconstruction: Reconstruction, tmp_path: Path) -> None:
    face = build_face_object(reconstruction, bpy.context)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    photo_crop(face).unpack(method="WRITE_LOCAL")
    assert photo_crop(face).packed_file is None
    assert read_record(face).view.crop_png == reconstruction.view.crop_png


def test_object_without_record_is_a_sentence() -> None:
    cube = bpy.data.objects.new("Cube", bpy.data.meshes.new("Cube"))
    assert not has_record(cube) and not has_record(None)
    for function in (read_record, photo_crop):
        with pytest.raises(RecordError, match="Cube"):
            function(cube)


def test_a_damaged_record_is_a_sentence_and_the_mesh_stays_usable(reconstruction: Reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    face.data[RECORD] = {"data": face.data[RECORD]["data"][:1000]}
    with pytest.raises(RecordError, match="damaged"):
        read_record(face)
    for kept in ("no bytes", 7, {"data": "text"}, {"data": 3.0}, {}, [1, 2, 3]):
        face.data[RECORD] = kept
        with pytest.raises(RecordError, match="damaged"):
            read_record(face)
    assert len(face.data.vertices) == len(reconstruction.vertices) and detail_key(face) is not None


def test_small_face_keeps_a_small_record(reconstruction: Reconstruction) -> None:
    side = 128
    mask = np.ones((side, side), dtype=bool)
    noise = np.random.default_rng(0).normal(size=(side, side, 3)).astype(np.float32)
    maps = reconstruction.view.maps
    maps = dataclasses.replace(maps, mask=mask, opening=0.0 * mask, correspondence=noise, geometry=noise * 50)
    large = reconstruction.with_view(maps=maps)
    assert len(record.to_bytes(large)) < 300_000
