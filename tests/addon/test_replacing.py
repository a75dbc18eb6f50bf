"""What an artist has stays whole when its replacement cannot be written."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import pytest

from pix2vertex_blender.addon.export.export import export_blend, export_fbx, export_glb, save_blend
from pix2vertex_blender.addon.images.images import keep_image
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.errors import DISK_FULL, OutputError, sentence_for
from pix2vertex_blender.exchange.result import Reconstruction

resource = pytest.importorskip("resource", reason="only Unix limits the size of files")
pytestmark = pytest.mark.usefixtures("empty_file")


@contextmanager
def disk_for(bytes_: int) -> Iterator[None]:
    """No file can become larger than so many bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def save_open_file(path: Path, _objects: list[bpy.types.Object]) -> None:
    save_blend(path)


@pytest.mark.parametrize(
    ("write", "name"),
    [(export_fbx, "a.fbx"), (export_glb, "a.glb"), (export_blend, "a.blend"), (save_open_file, "a.blend")],
)
@pytest.mark.parametrize("room", [0, 4096, 150_000])
def test_an_earlier_export_outlives_a_full_disk(reconstruction: Reconstruction, tmp_path, write, name, room) -> None:
    face = build_face_object(reconstruction, bpy.context)
    path = tmp_path / name
    path.write_bytes(b"what was there")
    with disk_for(room), pytest.raises(OutputError) as caught:
        write(path, [face])
    assert sentence_for(caught.value) == DISK_FULL or str(path) in str(caught.value)
    assert path.read_bytes() == b"what was there"
    assert [file.name for file in tmp_path.iterdir()] == [name]
    write(path, [face])
    assert path.stat().st_size > 150_000


def test_a_texture_beside_the_file_stays_when_the_disk_is_full(reconstruction: Reconstruction, tmp_path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    face = build_face_object(reconstruction, bpy.context)
    made = tmp_path / "made.png"
    bpy.data.images.new("made", 64, 64).save(filepath=str(made))
    image = keep_image(face, "key", "Texture", made, "BESIDE", "sRGB")
    kept = Path(bpy.path.abspath(image.filepath))
    before = kept.read_bytes()
    made.write_bytes(before + bytes(100_000))
    with disk_for(50_000), pytest.raises(OutputError) as caught:
        keep_image(face, "key", "Texture", made, "BESIDE", "sRGB")
    assert sentence_for(caught.value) == DISK_FULL
    assert kept.read_bytes() == before
    assert [file.name for file in kept.parent.iterdir()] == [kept.name]
    assert tuple(image.size) == (64, 64)


def test_a_folder_that_is_not_there_is_named_and_an_exporters_fault_is_not(
    reconstruction: Reconstruction, tmp_path, monkeypatch
) -> None:
    face = build_face_object(reconstruction, bpy.context)
    with pytest.raises(OutputError, match="missing"):
        export_glb(tmp_path / "missing" / "face.glb", [face])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with pytest.raises(RuntimeError, match=r"could not make \u5b57\.fbx: UnicodeEncodeError"):
        export_fbx(tmp_path / "\u5b57.fbx", [face])
    assert not list(tmp_path.iterdir())
