"""Movies become faces that move, in Blender and from the command line."""

import json
import struct
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from pix2vertex_blender.addon.headless.command_line import main
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.worker_client import WorkerClient
from pix2vertex_blender.addon.rig.armature import rig_of
from pix2vertex_blender.addon.scene.expressions import PHOTO_KEY, own_keys
from pix2vertex_blender.animation.reading import read_take
from pix2vertex_blender.paths import SAMPLE_PORTRAIT

from .rigged import keys, posed, with_eyeballs


@pytest.fixture
def film(practice: WorkerClient, reconstruction, tmp_path: Path) -> str:
    """A movie that the practice worker knows."""
    for name in ("film", "endless"):
        with_eyeballs(reconstruction).save(tmp_path / f"{name}.npz")
    bpy.context.scene.render.fps = 10
    return str(tmp_path / "film.mp4")


def jaw_at(face: bpy.types.Object, frame: int) -> float:
    bpy.context.scene.frame_set(frame)
    return keys(face)["jawOpen"].value


def test_a_movie_becomes_a_face_that_moves(film: str) -> None:
    assert bpy.ops.pix2vertex.face_from_video(filepath=film, start=5) == {"FINISHED"}
    face = bpy.context.active_object
    assert len(own_keys(face)) == 53 and rig_of(face) is not None
    assert own_keys(face)[PHOTO_KEY].value == 0.0, "the take holds all of what the face shows"
    assert [jaw_at(face, frame) for frame in (5, 10, 15)] == pytest.approx([0.0, 0.5, 1.0], abs=1e-3)
    assert posed(face, "head").rotation_euler[1] == pytest.approx(0.4, abs=1e-3)
    assert face.data.shape_keys.animation_data.action.name == "film"


def test_the_active_face_plays_a_second_movie(film: str, capfd) -> None:
    bpy.ops.pix2vertex.face_from_video(filepath=film)
    face = bpy.context.active_object
    first = face.data.shape_keys.animation_data.action
    own_keys(face)["jawOpen"].slider_max = 2.0
    assert bpy.ops.pix2vertex.face_from_video(filepath=film, actor="ACTIVE") == {"FINISHED"}
    assert bpy.context.active_object == face and len([o for o in bpy.data.objects if o.type == "ARMATURE"]) == 1
    assert face.data.shape_keys.animation_data.action != first and first.use_fake_user
    assert "The basis is NEUTRAL, the rate 10." in capfd.readouterr().out


def test_esc_keeps_what_was_followed(film: str, practice: WorkerClient, monkeypatch, capfd) -> None:
    poll = practice.poll

    def cancel_when_kept() -> None:
        poll()
        job = session.SESSION.job
        if job is not None and job.request["type"] == "video_take" and Path(job.request["take"]).exists():
            practice.cancel(job)

    monkeypatch.setattr(practice, "poll", cancel_when_kept)
    assert bpy.ops.pix2vertex.face_from_video(filepath=film.replace("film", "endless")) == {"CANCELLED"}
    face = bpy.context.active_object
    assert [jaw_at(face, frame) for frame in (1, 6)] == pytest.approx([0.0, 0.5], abs=1e-3)
    assert rig_of(face) is not None and not session.SESSION.operator
    assert "What was followed of endless.mp4 until then is kept." in capfd.readouterr().out


@pytest.mark.usefixtures("practice")
def test_no_movie_and_no_face_are_sentences() -> None:
    with pytest.raises(RuntimeError, match=r"Choose a movie of a face first\."):
        bpy.ops.pix2vertex.face_from_video()
    with pytest.raises(RuntimeError, match=r"Select the face that the movie shows"):
        bpy.ops.pix2vertex.face_from_video(filepath="film.mp4", actor="ACTIVE")
    assert not bpy.data.objects


@pytest.mark.usefixtures("practice")
def test_the_scenes_settings_stand_in_for_what_a_script_leaves_out(film: str) -> None:
    settings = bpy.context.scene.pix2vertex_video
    settings.movie = film
    assert bpy.ops.pix2vertex.face_from_video(with_eyeballs=False) == {"FINISHED"}
    assert not any("eye" in item.name.lower() for item in bpy.data.objects if item.type == "MESH")


def glb_json(path: Path) -> dict:
    content = path.read_bytes()
    (length,) = struct.unpack_from("<I", content, 12)
    return json.loads(content[20 : 20 + length])


@pytest.mark.slow
@pytest.mark.usefixtures("addon")
def test_the_command_line_writes_a_folder(tmp_path: Path, capsys) -> None:
    movie = tmp_path / "film"
    movie.mkdir()
    portrait = cv2.imread(str(SAMPLE_PORTRAIT))
    for index in range(3):
        cv2.imwrite(str(movie / f"{index}.png"), np.roll(portrait, 2 * index, axis=1))
    output = tmp_path / "out"
    arguments = ["video", str(movie), "--rate", "12", "--device", "cpu", "--detail-level", "0", "--output", str(output)]
    assert main(arguments, tmp_path) == 0
    assert sorted(path.name for path in output.iterdir()) == [
        "face.blend",
        "face.fbx",
        "face.glb",
        "report.json",
        "take.json",
    ]
    report = json.loads((output / "report.json").read_text())
    assert (report["frames"], report["seen"]) == (3, 3) and report["person"]
    take = read_take(output / "take.json")
    assert len(take.times) == 3 and take.values["mouthSmileLeft"].min() > 0.3
    animated = {
        channel["target"]["path"] for a in glb_json(output / "face.glb")["animations"] for channel in a["channels"]
    }
    assert "weights" in animated
    with bpy.data.libraries.load(str(output / "face.blend")) as (stored, _):
        assert any(name.startswith("film") for name in stored.actions)
    assert "The face is seen in 3 of 3 frames" in capsys.readouterr().out


@pytest.mark.usefixtures("addon")
@pytest.mark.parametrize("arguments", [["gone.mp4"], ["film.mp4", "--rate", "0"]])
def test_bad_input_on_the_command_line_is_one_sentence(tmp_path: Path, capsys, monkeypatch, arguments) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["video", *arguments], tmp_path) == 2
    error = capsys.readouterr().err.strip()
    assert error.endswith(".") and len(error.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
