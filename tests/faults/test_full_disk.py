"""The disk with the temporary files is full, at any moment of any work: one true sentence, the scene as it was, and the
next click works.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

import pix2vertex_blender
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.face_object import active_face
from pix2vertex_blender.errors import DISK_FULL
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from tests.addon.landmarks import move_landmark

pytestmark = pytest.mark.slow

#: Bytes that are still free. Records, results and images take some hundred kilobytes to some megabytes.
ROOM = (0, 4 << 10, 64 << 10, 512 << 10, 2 << 20)
SIZE = 64 << 20


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only the administrator of a Linux system may mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture(scope="module")
def face(small_disk: Path) -> Iterator[None]:
    """Blender with the add-on, its temporary files on the small disk, and a face from the real worker."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.temporary_directory = str(small_disk)
    pix2vertex_blender.register()
    bpy.ops.pix2vertex.reconstruct(filepath=str(SAMPLE_PORTRAIT), device="cpu", detail_level=0)
    yield
    pix2vertex_blender.unregister()
    bpy.context.preferences.filepaths.temporary_directory = ""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def fill(disk: Path, room: int) -> Path:
    """Fill a disk but for some bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            pass
        file.truncate(max(0, file.tell() - room))
    return filler


def everything() -> list[str]:
    return sorted(
        f"{kind}/{item.name}"
        for kind in ("objects", "meshes", "materials", "collections", "images")
        for item in getattr(bpy.data, kind)
    )


def refit() -> set[str]:
    """Move a pin and fit the face to it."""
    move_landmark(active_face(bpy.context), 48, (2.0, 0.0, 0.0))
    return bpy.ops.pix2vertex.refit()


WORK: dict[str, Callable[[], set[str]]] = {
    "reconstruct": lambda: bpy.ops.pix2vertex.reconstruct(
        filepath=str(SAMPLE_PORTRAIT), device="cpu", detail_level=0, destination="NEW"
    ),
    "refit": refit,
    "update_detail": lambda: bpy.ops.pix2vertex.update_detail(),
    "project_photo": lambda: bpy.ops.pix2vertex.project_photo(size="1024"),
    "bake_maps": lambda: bpy.ops.pix2vertex.bake_maps(size="1024"),
    "show_target": lambda: bpy.ops.pix2vertex.show_target(),
    "show_distances": lambda: bpy.ops.pix2vertex.show_distances(),
    "self_test": lambda: bpy.ops.pix2vertex.self_test(device="cpu"),
}


#: The whole way from the photo takes longest.
MOMENTS = [
    (name, room) for name in WORK for room in ROOM if name not in ("reconstruct", "self_test") or room in (0, 512 << 10)
]


@pytest.mark.usefixtures("face")
@pytest.mark.parametrize(("name", "room"), MOMENTS)
def test_a_full_disk_is_one_sentence(name: str, room: int, small_disk: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if name == "refit":
        bpy.ops.pix2vertex.show_pins()
    before = everything()
    filler = fill(small_disk, room)
    try:
        assert WORK[name]() == {"FINISHED"}, "there was room enough"
    except RuntimeError as error:
        assert DISK_FULL in str(error), str(error)
        assert everything() == before
    finally:
        filler.unlink()
    assert session.SESSION.operator == ""
    assert not list(session.temporary_folder().glob("*.np[yz]")) + list(session.temporary_folder().glob("*.png"))
    assert "Traceback" not in capfd.readouterr().err
    if everything() != before or name in ("show_target", "show_distances"):
        bpy.ops.ed.undo_push(message="x")


@pytest.mark.usefixtures("face")
@pytest.mark.parametrize("name", WORK)
def test_with_room_again_the_next_click_works(name: str) -> None:
    assert WORK[name]() == {"FINISHED"}
