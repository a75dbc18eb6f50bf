"""Folders of photos in Blender: into a collection or into files, with photos that fail and an artist who interferes."""

import csv
import io
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest

import pix2vertex_blender
from pix2vertex_blender.addon.batch.table import BATCH
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.worker_client import DIED, WorkerClient
from pix2vertex_blender.exchange.result import Reconstruction
from tests.processes import kill

PRACTICE = Path(__file__).with_name("practice_worker.py")
WORKER = Path(pix2vertex_blender.__file__).with_name("worker.py")
COLLECTION = "Faces of photos"

pytestmark = [pytest.mark.usefixtures("practice"), pytest.mark.slow]


@pytest.fixture(autouse=True)
def heads_alone(practice) -> None:
    """Without eyeballs, unless a test asks for them, so that objects are faces."""
    bpy.context.scene.pix2vertex.with_eyeballs = False


@pytest.fixture
def practice(addon: None, tmp_path: Path) -> Iterator[WorkerClient]:
    """The add-on with a worker that takes saved reconstructions for photos."""
    client = WorkerClient([sys.executable, "-I", str(PRACTICE), str(WORKER)], {}, tmp_path / "worker.log")
    session.stop_worker()
    session.SESSION.worker = client
    yield client
    session.stop_worker()


@pytest.fixture
def photos(reconstruction: Reconstruction, tmp_path: Path) -> Path:
    """A folder with two good photos, an empty and a damaged one, and something else."""
    folder = tmp_path / "photos"
    folder.mkdir()
    reconstruction.save(folder / "anna.jpg")
    shutil.copy(folder / "anna.jpg", folder / "zoe.JPEG")
    (folder / "damaged.png").write_bytes(b"PK not really")
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("no photo")
    return folder


def rows(text: str) -> dict[str, dict[str, str]]:
    return {Path(row["photo"]).name: row for row in csv.DictReader(io.StringIO(text))}


def run_while(interruption, **settings: str) -> str:
    """Run the operator and, when the endless photo is at work, `interruption(client)`; returns what came of it."""

    def interrupt() -> None:
        while not (session.SESSION.running_job and session.SESSION.running_job.stage == "network"):
            time.sleep(0.01)
        interruption(session.SESSION.worker)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        return str(bpy.ops.pix2vertex.reconstruct_folder(**settings))
    finally:
        thread.join()


def test_faces_come_into_one_collection_side_by_side(photos: Path) -> None:
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    assert bpy.ops.pix2vertex.reconstruct_folder(directory=str(photos), with_eyeballs=True) == {"FINISHED"}
    collection = bpy.context.scene.collection.children[COLLECTION]
    faces = [item for item in collection.objects if item.parent is None]
    assert [face.name for face in faces] == ["anna", "zoe"]
    assert len(collection.objects) == 6, "with their eyeballs"
    assert not bpy.context.scene.collection.objects
    assert [Path(face.data["pix2vertex"]["photo"]).name for face in faces] == ["anna.jpg", "zoe.JPEG"]
    assert tuple(faces[0].location) == (1.0, 2.0, 3.0)
    distance = faces[1].location - faces[0].location
    assert distance.x > faces[0].dimensions.x * 3, "room for the two that failed"
    assert (distance.y, distance.z) == (0.0, 0.0)


def test_what_failed_is_told_in_the_table_and_the_panel(photos: Path) -> None:
    bpy.ops.pix2vertex.reconstruct_folder(directory=str(photos))
    [text] = bpy.data.texts
    table = rows(text.as_string())
    assert list(table) == ["anna.jpg", "damaged.png", "empty.png", "zoe.JPEG"]
    assert [row["status"] for row in table.values()] == ["done", "failed", "failed", "done"]
    assert table["empty.png"]["sentence"] == "The photo is empty; choose another."
    assert "not a saved reconstruction" in table["damaged.png"]["sentence"]
    assert (table["anna.jpg"]["files"], float(table["anna.jpg"]["confidence"])) == ("anna", 0.9)
    assert [outcome.photo.name for outcome in BATCH.failures] == ["damaged.png", "empty.png"]
    assert session.SESSION.error == "", "the batch itself did not fail"
    assert session.SESSION.last_operator == "pix2vertex.reconstruct_folder", "the panel's name for it"


def test_one_undo_takes_all_faces_back(photos: Path) -> None:
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.pix2vertex.reconstruct_folder("EXEC_DEFAULT", True, directory=str(photos))
    assert COLLECTION in bpy.data.collections
    bpy.ops.ed.undo()
    assert not bpy.data.objects and COLLECTION not in bpy.data.collections


@pytest.mark.slow
def test_many_faces_make_a_square(photos: Path) -> None:
    for number in range(8):
        os.link(photos / "anna.jpg", photos / f"b{number}.jpg")
    bpy.ops.pix2vertex.reconstruct_folder(directory=str(photos))
    faces = bpy.data.collections[COLLECTION].objects
    places = np.array([face.location for face in faces])
    assert len(faces) == 10
    assert len(np.unique(places.round(3), axis=0)) == 10
    assert len(np.unique(places[:, 0].round(3))) == 4
    assert places[:, 2].min() == 0.0 and places[0, 2] == places[:, 2].max(), "the first row is on top"


@pytest.mark.slow
def test_what_the_artist_has_selected_stays_selected(photos: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    for settings in ({"target": "SCENE"}, {"target": "FILES", "file_format": "GLB"}):
        bpy.ops.pix2vertex.reconstruct_folder(directory=str(photos), **settings)
        assert bpy.context.active_object == cube
        assert bpy.context.selected_objects == [cube]


@pytest.mark.parametrize(("preset", "file_format", "suffix"), [("UNREAL", "FBX", "fbx"), ("BLENDER", "BLEND", "blend")])
def test_faces_become_files_and_the_scene_stays(photos: Path, tmp_path: Path, preset, file_format, suffix) -> None:
    bpy.ops.pix2vertex.reconstruct_folder(
        directory=str(photos), target="FILES", output=str(tmp_path / "out"), preset=preset, file_format=file_format
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"anna.{suffix}",
        "results.csv",
        f"zoe.{suffix}",
    ]
    assert not bpy.data.objects and not bpy.data.meshes and not bpy.data.images and not bpy.data.collections
    table = rows((tmp_path / "out" / "results.csv").read_text(encoding="utf-8"))
    assert [row["files"] for row in table.values()] == [f"anna.{suffix}", "", "", f"zoe.{suffix}"]
    if suffix == "fbx":
        addon_utils.enable("io_scene_fbx")
        bpy.ops.import_scene.fbx(filepath=str(tmp_path / "out" / "zoe.fbx"))
        assert bpy.data.objects["zoe"].data.shape_keys.key_blocks["Detail"]
    else:
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out" / "zoe.blend"))
        assert [item.name for item in bpy.context.scene.objects] == ["zoe"]


def test_files_work_while_the_artist_edits_a_mesh(photos: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.pix2vertex.reconstruct_folder(directory=str(photos), target="FILES", file_format="FBX")
    assert {path.name for path in (photos / "faces").iterdir()} == {"anna.fbx", "zoe.fbx", "results.csv"}
    assert cube.mode == "EDIT" and bpy.context.active_object == cube
    bpy.ops.object.mode_set(mode="OBJECT")


@pytest.mark.slow
def test_finished_photos_are_left_out_until_told_otherwise(photos: Path) -> None:
    settings = {"directory": str(photos), "target": "FILES", "file_format": "GLB"}
    bpy.ops.pix2vertex.reconstruct_folder(**settings)
    file = photos / "faces" / "anna.glb"
    written = file.stat().st_mtime_ns
    bpy.ops.pix2vertex.reconstruct_folder(**settings)
    assert file.stat().st_mtime_ns == written
    assert len(BATCH.outcomes) == 4, "the finished ones are counted"
    bpy.ops.pix2vertex.reconstruct_folder(**settings, again=True)
    assert file.stat().st_mtime_ns > written
    bpy.ops.pix2vertex.reconstruct_folder(**{**settings, "file_format": "BLEND"})
    assert (photos / "faces" / "anna.blend").exists(), "another format is another result"


@pytest.mark.slow
def test_other_options_are_another_result(photos: Path) -> None:
    settings = {"directory": str(photos), "target": "FILES", "file_format": "FBX"}
    bpy.ops.pix2vertex.reconstruct_folder(**settings, preset="UNITY")
    written = (photos / "faces" / "anna.fbx").stat().st_mtime_ns
    bpy.ops.pix2vertex.reconstruct_folder(**settings, preset="UNREAL")
    assert (photos / "faces" / "anna.fbx").stat().st_mtime_ns > written


def test_a_table_of_another_program_is_refused_and_left(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "results.csv").write_text("name,grade\n")
    with pytest.raises(RuntimeError, match="not a table of pix2vertex"):
        bpy.ops.pix2vertex.reconstruct_folder(directory=str(photos), target="FILES", output=str(tmp_path))
    assert (tmp_path / "results.csv").read_text() == "name,grade\n"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
@pytest.mark.parametrize("target", ["SCENE", "FILES"])
def test_odd_names_are_all_done(photos: Path, target: str) -> None:
    odd = [b"caf\xe9.jpg", b"=1.jpg", b"x" * 250 + b".jpg"]
    for name in odd:
        shutil.copy(photos / "anna.jpg", photos / os.fsdecode(name))
    bpy.ops.pix2vertex.reconstruct_folder(directory=str(photos), target=target, file_format="GLB")
    assert len(BATCH.failures) == 2 and len(BATCH.outcomes) == 7
    assert "notes.txt" in BATCH.left_out
    if target == "FILES":
        assert len(list((photos / "faces").glob("*.glb"))) == 5


def test_cancelling_keeps_what_is_done(photos: Path) -> None:
    (photos / "endless.png").write_bytes(b"x")
    bpy.ops.ed.undo_push(message="Before")
    result = run_while(lambda client: client.cancel(session.SESSION.job), directory=str(photos))
    assert result == "{'CANCELLED'}"
    assert [item.name for item in bpy.data.collections[COLLECTION].objects] == ["anna"]
    assert not session.SESSION.operator, "the next click works"
    bpy.ops.ed.undo()
    assert not bpy.data.objects


@pytest.mark.slow
def test_a_killed_worker_costs_one_photo(photos: Path) -> None:
    (photos / "endless.png").write_bytes(b"x")
    run_while(lambda client: kill(client.process_id), directory=str(photos))
    table = rows(bpy.data.texts[0].as_string())
    assert DIED in table["endless.png"]["sentence"]
    assert table["zoe.JPEG"]["status"] == "done"


@pytest.mark.slow
def test_a_collection_deleted_meanwhile_is_made_again(photos: Path) -> None:
    (photos / "endless.png").write_bytes(b"x")

    def interfere(client: WorkerClient) -> None:
        bpy.data.collections.remove(bpy.data.collections[COLLECTION])
        kill(client.process_id)

    run_while(interfere, directory=str(photos))
    assert [item.name for item in bpy.data.collections[COLLECTION].objects] == ["zoe"]


def test_settings_of_the_panel_are_used(photos: Path) -> None:
    settings = bpy.context.scene.pix2vertex.batch
    settings.directory, settings.target, settings.preset = str(photos), "FILES", "BLENDER"
    bpy.ops.pix2vertex.reconstruct_folder()
    assert (photos / "faces" / "anna.blend").exists()


def test_bad_folders_are_one_sentence(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    (tmp_path / "file").write_text("no folder")
    impossible = str(tmp_path / "file" / "faces")
    for settings, words in (
        ({}, r"Choose a folder with photos first\."),
        ({"directory": str(tmp_path / "nothing")}, "There are no photos in .*nothing"),
        ({"directory": str(tmp_path / "missing")}, "missing cannot be read"),
        ({"directory": str(photos), "target": "FILES", "output": impossible}, "faces cannot be written"),
    ):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.pix2vertex.reconstruct_folder(**settings)
    assert not bpy.data.objects and not bpy.data.collections
