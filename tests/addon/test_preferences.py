"""The self-test with its report, and limits that reach the worker process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import pix2vertex_blender
from pix2vertex_blender import limits
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.self_test import FAILS, NOT_TRIED, PARTS, SELF_TEST, WORKS
from pix2vertex_blender.addon.process.worker_client import WorkerClient

ROOT = Path(pix2vertex_blender.__file__).resolve().parents[1]


@pytest.fixture
def preferences(addon: None) -> Iterator[bpy.types.AddonPreferences]:
    """The preferences as an installed add-on has them."""
    entry = bpy.context.preferences.addons.new()
    entry.module = "pix2vertex_blender"
    yield entry.preferences
    bpy.context.preferences.addons.remove(entry)


@pytest.mark.slow
def test_the_self_test_tries_everything_and_leaves_nothing(addon: None) -> None:
    bpy.ops.mesh.primitive_cube_add()
    assert bpy.ops.pix2vertex.self_test() == {"FINISHED"}
    assert [line.part for line in SELF_TEST.lines] == list(PARTS)
    assert {line.status for line in SELF_TEST.lines} == {WORKS} and SELF_TEST.passed
    assert all(line.seconds > 0 for line in SELF_TEST.lines)
    assert [item.name for item in bpy.data.objects] == ["Cube"] and bpy.context.active_object.name == "Cube"
    assert not bpy.data.images and not bpy.data.materials and len(bpy.data.meshes) == 1

    report = SELF_TEST.as_text()
    assert all(part in report for part in PARTS)
    for fact in ("torch 2.", bpy.app.version_string, "million parameters", "confidence 0.9", "vertices"):
        assert fact in report
    [processor] = [device for device in SELF_TEST.devices if device["device"] == "cpu"]
    assert processor["memory"] > 1 or sys.platform == "win32", "Windows does not tell Python"
    assert processor["name"] and f"cpu: {processor['name']}" in report
    assert bpy.ops.pix2vertex.copy_self_test() == {"FINISHED"}


def test_a_worker_that_cannot_start_fails_the_first_part(addon: None, tmp_path: Path) -> None:
    session.SESSION.worker = WorkerClient([str(tmp_path / "no_python")], {}, tmp_path / "worker.log")
    with pytest.raises(RuntimeError, match="Libraries does not work: The reconstruction process cannot be started"):
        bpy.ops.pix2vertex.self_test()
    assert [line.status for line in SELF_TEST.lines] == [FAILS] + [NOT_TRIED] * (len(PARTS) - 1)
    assert "cannot be started" in SELF_TEST.as_text() and not SELF_TEST.passed


only_linux = pytest.mark.skipif(not limits.CAN_LIMIT_MEMORY, reason="only Linux limits a process's main memory")


@only_linux
@pytest.mark.slow
def test_limits_reach_the_worker_when_it_is_idle(preferences: bpy.types.AddonPreferences) -> None:
    preferences.threads, preferences.memory_limit = 3, 4.5
    assert bpy.ops.pix2vertex.list_devices() == {"FINISHED"}
    process = session.worker().process_id
    variables = Path(f"/proc/{process}/environ").read_text(encoding="utf-8").split("\0")
    assert {"OMP_NUM_THREADS=3", "OPENCV_FOR_THREADS_NUM=3", "PIX2VERTEX_MEMORY_LIMIT=4.5"} <= set(variables)
    system = Path(f"/proc/{process}/limits").read_text(encoding="utf-8").splitlines()
    [line] = [line for line in system if line.startswith("Max data size")]
    assert int(line.split()[3]) == int(4.5 * 2**30)
    preferences.memory_limit = 0.0
    assert session.worker().process_id is None, "the next job starts a process without the limit"
    assert session.worker() is session.worker()


@only_linux
def test_what_the_system_refuses_is_a_lack_of_memory() -> None:
    script = (
        "from pix2vertex_blender import limits; import numpy as np; limits.limit_memory()\n"
        "try: np.ones(2**28)\n"
        "except MemoryError as error: print(limits.is_lack_of_memory(error))"
    )
    environment = {**limits.environment(0, 1.0), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert result.stdout == "True\n", result.stderr


def test_a_librarys_words_for_a_lack_of_memory_are_known() -> None:
    assert limits.is_lack_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"))
    assert limits.is_lack_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    assert limits.is_lack_of_memory(RuntimeError("could not create a primitive"))
    assert not limits.is_lack_of_memory(RuntimeError("shape mismatch"))


def test_without_limits_only_the_libraries_settings_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in limits.LIBRARY_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    assert limits.environment(0, 0.0) == limits.LIBRARY_SETTINGS
