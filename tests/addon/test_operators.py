from pathlib import Path

import bpy
import pytest

import pix2vertex_blender
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.worker_client import DIED, WorkerClient
from tests.interruptions import everything, reconstruct_while
from tests.processes import kill


def test_registers_twice_and_leaves_nothing() -> None:
    for _time in range(2):
        pix2vertex_blender.register()
        assert hasattr(bpy.types.Scene, "pix2vertex")
        assert bpy.ops.pix2vertex.reconstruct.idname() == "PIX2VERTEX_OT_reconstruct"
        pix2vertex_blender.unregister()
        assert not hasattr(bpy.types.Scene, "pix2vertex")
        assert not [name for name in dir(bpy.types) if name.startswith("PIX2VERTEX")]


@pytest.mark.usefixtures("practice")
def test_script_gets_a_face_and_no_leftovers(saved: str) -> None:
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved, with_eyeballs=False) == {"FINISHED"}
    assert [item.name for item in bpy.context.scene.objects] == ["Face"]
    assert session.SESSION.error == ""
    assert not list(session.temporary_folder().glob("*.npz"))


def test_settings_of_the_scene_are_used_unless_the_caller_says_otherwise(practice: WorkerClient, saved: str) -> None:
    settings = bpy.context.scene.pix2vertex
    settings.photo, settings.device, settings.detail_level = saved, "cpu", 1
    bpy.ops.pix2vertex.reconstruct()
    assert session.SESSION.job.result["options"] == {"device": "cpu", "detail_level": 1, "seed": 0}
    bpy.ops.pix2vertex.reconstruct(detail_level=3, face_box=(1, 2, 30, 40), face=2, seed=7)
    options = session.SESSION.job.result["options"]
    assert options == {"device": "cpu", "detail_level": 3, "seed": 7, "face_box": [1, 2, 30, 40], "face": 2}


@pytest.mark.usefixtures("practice")
def test_undo_takes_the_whole_face_back_in_one_step(saved: str) -> None:
    bpy.ops.ed.undo_push(message="Before")
    before = everything()
    bpy.ops.pix2vertex.reconstruct("EXEC_DEFAULT", True, filepath=saved, with_eyeballs=True)
    assert len(bpy.context.scene.objects) == 3
    bpy.ops.ed.undo()
    assert not bpy.context.scene.objects
    assert [name for name in everything() if name.startswith("objects/")] == before
    bpy.ops.ed.redo()
    assert len(bpy.context.scene.objects) == 3


@pytest.mark.usefixtures("practice")
def test_bad_photo_is_the_same_sentence_everywhere_and_changes_nothing(tmp_path: Path) -> None:
    before = everything()
    with pytest.raises(RuntimeError, match=r"The photo is empty; choose another\."):
        bpy.ops.pix2vertex.reconstruct(filepath=str(tmp_path / "empty.png"))
    assert session.SESSION.error == "The photo is empty; choose another."
    assert everything() == before


@pytest.mark.usefixtures("practice")
def test_no_photo_is_a_sentence() -> None:
    with pytest.raises(RuntimeError, match=r"Choose a photo first\."):
        bpy.ops.pix2vertex.reconstruct()


def test_killed_worker_leaves_the_scene_and_the_next_click_works(
    practice: WorkerClient, saved: str, tmp_path: Path
) -> None:
    before = everything()
    error = reconstruct_while(lambda client: kill(client.process_id), tmp_path / "endless.png")
    assert DIED in error
    assert everything() == before
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved) == {"FINISHED"}
    assert session.SESSION.error == "", "the old message is gone"


@pytest.mark.usefixtures("practice")
def test_cancelling_leaves_the_scene_and_the_next_click_works(saved: str, tmp_path: Path) -> None:
    before = everything()
    result = reconstruct_while(lambda client: client.cancel(session.SESSION.job), tmp_path / "endless.png")
    assert "CANCELLED" in result
    assert everything() == before
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved) == {"FINISHED"}


@pytest.mark.usefixtures("practice")
def test_damaged_result_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "damaged.npz").write_bytes(b"PK not really")
    with pytest.raises(RuntimeError, match="not a saved reconstruction"):
        bpy.ops.pix2vertex.reconstruct(filepath=str(tmp_path / "damaged.npz"))
    assert not bpy.data.objects


def test_release_memory_ends_the_worker(practice: WorkerClient, saved: str) -> None:
    assert not bpy.ops.pix2vertex.release_memory.poll(), "nothing to release yet"
    bpy.ops.pix2vertex.reconstruct(filepath=saved)
    assert practice.process_id is not None
    assert bpy.ops.pix2vertex.release_memory() == {"FINISHED"}
    assert practice.process_id is None
