"""A phone's HEIC photo, which Blender itself cannot open, goes all the way: chosen, reconstructed, drawn again."""

from fnmatch import fnmatch
from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.addon.process.photo_search import search_of
from pix2vertex_blender.addon.scene.face_object import read_provenance
from pix2vertex_blender.addon.scene.record import read_record
from pix2vertex_blender.exchange.photo_files import PHOTO_SUFFIXES
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from tests.heic_files import save_heic

pytestmark = pytest.mark.usefixtures("addon")

#: What Blender's file browser keeps of a pattern, with the zero at its end.
LONGEST_PATTERN = 256


@pytest.mark.parametrize("name", ["choose_photo", "reconstruct", "change_photos", "face_from_video"])
def test_the_file_browser_shows_every_photo_that_is_read(name: str) -> None:
    """Of Blender's own filter for images HEIC is no part."""
    pattern = getattr(bpy.ops.pix2vertex, name).get_rna_type().properties["filter_glob"].default
    assert len(pattern) < LONGEST_PATTERN
    for suffix in PHOTO_SUFFIXES:
        assert any(fnmatch(f"IMG_0001{suffix}", each) for each in pattern.split(";")), suffix
    assert not any(fnmatch("face.blend", each) for each in pattern.split(";"))


def test_heic_photos_can_be_dropped_onto_the_view() -> None:
    assert {".heic", ".heif", ".avif"} <= set(bpy.types.PIX2VERTEX_FH_photo.bl_file_extensions.split(";"))


@pytest.mark.slow
def test_a_heic_photo_becomes_a_face(tmp_path: Path) -> None:
    path = tmp_path / "IMG_0001.HEIC"
    with Image.open(SAMPLE_PORTRAIT) as portrait:
        upright = portrait.convert("RGB")
    save_heic(upright.transpose(Image.Transpose.ROTATE_90), path, 6, tile_size=256)
    settings = bpy.context.scene.pix2vertex
    assert bpy.ops.pix2vertex.choose_photo(filepath=str(path)) == {"FINISHED"}
    assert bpy.ops.pix2vertex.find_faces() == {"FINISHED"}
    search = search_of(settings)
    assert len(search.faces) == 1 and search.size == upright.size
    small = np.asarray(upright.resize(search.pixels.shape[1::-1]), dtype=float)
    assert np.abs(search.pixels - small).mean() < 5, "the thumbnail is upright"
    assert bpy.ops.pix2vertex.reconstruct(device="cpu", detail_level=0) == {"FINISHED"}
    face = bpy.context.active_object
    assert read_provenance(face).photo == str(path), "the artist's own file"
    assert read_record(face).report.confidence > 0.9
    images = set(bpy.data.images)
    assert bpy.ops.pix2vertex.show_over_photo() == {"FINISHED"}
    [background] = bpy.context.scene.camera.data.background_images
    assert min(background.image.size) > 100, "the square kept with the face"
    assert set(bpy.data.images) - images == set(), "no image that Blender cannot open is left behind"
    assert bpy.ops.pix2vertex.turn_photo(yaw=np.radians(10)) == {"FINISHED"}
    turned = face["pix2vertex_turned_image"]
    assert max(turned.size) >= min(upright.size), "drawn from the file and not from the square"
