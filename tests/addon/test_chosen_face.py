"""Reconstruct Face takes the face that was chosen in the Photo panel, but only in the panel's photo."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

import pix2vertex_blender
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.worker_client import WorkerClient
from pix2vertex_blender.exchange.result import Reconstruction

PRACTICE = Path(__file__).with_name("practice_worker.py")
WORKER = Path(pix2vertex_blender.__file__).with_name("worker.py")


@pytest.fixture
def photo(addon: None, reconstruction: Reconstruction, tmp_path: Path) -> Iterator[str]:
    """The scene's photo, for a worker that tells which options it was given."""
    path = tmp_path / "photo.png"
    reconstruction.save(path)
    client = WorkerClient([sys.executable, "-I", str(PRACTICE), str(WORKER)], {}, tmp_path / "worker.log")
    session.stop_worker()
    session.SESSION.worker = client
    bpy.context.scene.pix2vertex.photo = str(path)
    yield str(path)
    session.stop_worker()


def options_of(**arguments: Any) -> dict[str, Any]:
    assert bpy.ops.pix2vertex.reconstruct(**arguments) == {"FINISHED"}
    return session.SESSION.job.result["options"]


def test_the_chosen_face_or_box_is_reconstructed(photo: str) -> None:
    settings = bpy.context.scene.pix2vertex
    assert not {"face", "face_box"} & set(options_of())
    settings.face = 2
    assert options_of()["face"] == 2
    settings.use_face_box = True
    settings.face_box = (10, 20, 60, 70)
    assert options_of()["face_box"] == [10, 20, 60, 70]
    settings.use_face_box = False
    assert "face_box" not in options_of()


def test_a_script_with_its_own_photo_is_not_affected(photo: str) -> None:
    settings = bpy.context.scene.pix2vertex
    settings.face, settings.use_face_box, settings.face_box = 2, True, (10, 20, 60, 70)
    assert not {"face", "face_box"} & set(options_of(filepath=photo))
    assert options_of(face=3)["face"] == 3
