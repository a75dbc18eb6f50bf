"""What goes wrong in Blender's process ends in one place at each boundary: a sentence, an end, an entry in the log."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import bpy
import pytest

from pix2vertex_blender.addon.batch.table import BATCH
from pix2vertex_blender.addon.operators import batch
from pix2vertex_blender.addon.process import faults, photo_search, session
from pix2vertex_blender.addon.process.photo_search import SEARCHES
from pix2vertex_blender.addon.process.worker_client import NOT_UNDERSTOOD, SILENT, WorkerClient
from pix2vertex_blender.errors import DISK_FULL
from tests.faults.conftest import A_MINUTE, LONG, SHORT, MakeClient, needs_signals
from tests.interruptions import everything, reconstruct_while
from tests.processes import process_exists

FAULT = r"Something went wrong inside pix2vertex \(KeyError.*Details are in .*blender\.log"


@pytest.fixture(autouse=True)
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """No traceback reaches the console."""
    yield
    assert "Traceback" not in capfd.readouterr().err


def stop(client: WorkerClient) -> None:
    """Stop the process and have it given up soon."""
    assert client.process_id is not None
    os.kill(client.process_id, signal.SIGSTOP)
    client._patience = SHORT


@pytest.mark.slow
@needs_signals
def test_a_stopped_worker_is_a_sentence_in_blender(practice: WorkerClient, saved: str, tmp_path: Path) -> None:
    before = everything()
    error = reconstruct_while(stop, tmp_path / "endless.png")
    practice._patience = LONG
    assert SILENT in error
    assert everything() == before and session.SESSION.operator == ""
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved) == {"FINISHED"}


@needs_signals
def test_release_memory_does_not_wait_for_a_stopped_worker(practice: WorkerClient, saved: str) -> None:
    bpy.ops.pix2vertex.reconstruct(filepath=saved)
    worker = practice.process_id
    assert worker is not None
    os.kill(worker, signal.SIGSTOP)
    started = time.monotonic()
    assert bpy.ops.pix2vertex.release_memory() == {"FINISHED"}
    assert time.monotonic() - started < A_MINUTE, "there is patience for much longer"
    assert not process_exists(worker)


@pytest.mark.usefixtures("addon")
def test_garbage_is_a_sentence_in_blender_and_nothing_is_running_then(make_client: MakeClient, saved: str) -> None:
    session.stop_worker()
    session.SESSION.worker = make_client("not_json")
    with pytest.raises(RuntimeError) as raised:
        bpy.ops.pix2vertex.reconstruct(filepath=saved)
    assert NOT_UNDERSTOOD in str(raised.value)
    assert session.SESSION.operator == "" and session.SESSION.error == NOT_UNDERSTOOD
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved) == {"FINISHED"}


@pytest.mark.usefixtures("practice")
def test_a_fault_in_an_operator_is_a_sentence_and_an_entry_in_the_log(saved: str) -> None:
    with pytest.raises(RuntimeError, match=FAULT):
        bpy.ops.pix2vertex.list_devices()
    assert session.SESSION.operator == ""
    log = faults.log_path().read_text()
    assert "Find Devices" in log and "Traceback" in log and "KeyError: 'devices'" in log
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved) == {"FINISHED"}
    assert session.SESSION.error == ""


@pytest.mark.usefixtures("practice")
def test_what_the_faces_job_forgets_ends_the_search_with_a_sentence(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(b"")
    bpy.context.scene.pix2vertex.photo = str(photo)
    search = SEARCHES.begin(photo, "cpu")
    deadline = time.monotonic() + A_MINUTE
    while photo_search._tick() is not None:  # what Blender's timer calls
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not search.is_running
    assert "cannot be read or written" in search.sentence, "its picture is not there"
    assert SEARCHES.find(photo) is search, "so that the panel says why"
    again = SEARCHES.begin(photo, "cpu")
    assert again is not search and again.is_running


@pytest.mark.usefixtures("practice")
def test_a_photo_in_a_batch_that_fails_for_any_reason_is_a_row(
    saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.png", "b.png", "c.png"):
        shutil.copy(saved, folder / name)
    face_writer = batch.face_writer

    def writer_with_a_fault(preset: str, file_format: str) -> Callable[[Path, Sequence[bpy.types.Object]], None]:
        def write(path: Path, objects: Sequence[bpy.types.Object]) -> None:
            if path.stem.startswith("b"):
                raise KeyError("lost")
            face_writer(preset, file_format)(path, objects)

        return write

    monkeypatch.setattr(batch, "face_writer", writer_with_a_fault)
    result = bpy.ops.pix2vertex.reconstruct_folder(
        directory=str(folder), target="FILES", output=str(tmp_path / "faces"), file_format="BLEND"
    )
    assert result == {"FINISHED"}
    assert [outcome.status for outcome in BATCH.outcomes] == ["done", "failed", "done"]
    assert "KeyError" in BATCH.failures[0].sentence


@pytest.mark.slow
@needs_signals
@pytest.mark.usefixtures("practice")
def test_what_ends_the_worker_ends_the_operator_as_when_the_addon_is_disabled(saved: str, tmp_path: Path) -> None:
    before = everything()
    # Python runs the handler within the operator's wait, where Blender's own events come in a window.
    signal.signal(signal.SIGALRM, lambda *_: session.stop_worker())
    signal.setitimer(signal.ITIMER_REAL, 2.0)
    try:
        assert bpy.ops.pix2vertex.reconstruct(filepath=str(tmp_path / "endless.png")) == {"CANCELLED"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
    assert session.SESSION.operator == "" and session.SESSION.abandon is None
    assert not list(session.temporary_folder().glob("*reconstruct*"))
    assert everything() == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
@pytest.mark.usefixtures("practice")
def test_a_file_that_does_not_fit_is_the_sentence_about_the_disk(saved: str) -> None:
    import resource

    bpy.ops.pix2vertex.reconstruct(filepath=saved, detail_level=0)
    before = everything()
    _soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(RuntimeError) as raised:
            bpy.ops.pix2vertex.reconstruct(filepath=saved, detail_level=0)  # of the same face
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert DISK_FULL in str(raised.value)
    assert everything() == before
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved, detail_level=0) == {"FINISHED"}
    assert everything() == before, "the same face"


@pytest.mark.usefixtures("practice")
def test_a_path_that_no_system_holds_is_no_photo() -> None:
    settings = bpy.context.scene.pix2vertex
    settings.photo = "/tmp/" + 300 * "x" + ".png"
    assert not photo_search.is_file(photo_search.photo_of(settings))
    photo_search.search_in_background(settings)
    assert photo_search.search_of(settings) is None


def test_the_log_that_a_sentence_names_is_there_although_blender_has_emptied_its_folder(practice: WorkerClient) -> None:
    for _time in range(2):
        with pytest.raises(RuntimeError, match=FAULT):
            bpy.ops.pix2vertex.list_devices()
        assert faults.log_path().exists()
        practice.stop()
        shutil.rmtree(session.user_folder())
