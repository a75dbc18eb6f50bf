"""Takes of motion capture on a face in Blender: Actions, keys, bones, and what is said about the file."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.rig import actions
from pix2vertex_blender.addon.scene.expressions import PHOTO_KEY, set_expressions
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template

from .rigged import expressions_of, keys, posed, with_eyeballs

HEADER = ["Timecode", "BlendshapeCount", "EyeLookUpLeft", "EyeLookOutLeft", "JawOpen", "MouthSmileLeft"]
HEADER += ["HeadYaw", "HeadPitch", "HeadRoll", "LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll"]


@pytest.fixture
def face(addon: None, reconstruction: Reconstruction) -> Iterator[bpy.types.Object]:
    face = build_face_object(with_eyeballs(reconstruction), bpy.context, with_eyeballs=True)
    set_expressions(face, "PHOTO", expressions_of(load_template().vertices))
    return face


def recording(
    path: Path, frames: int = 120, rate: int = 60, head: tuple[float, float, float] = (0.3, 0.2, 0.1)
) -> Path:
    """The jaw opens from 0 to 1; the head is turned; the left eye looks up and to the left."""
    rows = [",".join(HEADER)]
    for frame in range(frames):
        code = f"10:00:{frame // 60:02d}:{frame % 60:02d}.000"
        numbers = [0.4, 0.2, frame / (frames - 1), 0.5, *head, 0.15, -0.25, 0.0]
        rows.append(",".join([code, "61", *map(str, numbers)]))
    path.write_text("\n".join(rows))
    return path


@pytest.mark.parametrize("fps", [60, 24])
def test_a_take_plays_at_the_scenes_rate(face, tmp_path: Path, fps: int) -> None:
    bpy.context.scene.render.fps = fps
    bpy.ops.pix2vertex.add_rig()
    assert bpy.ops.pix2vertex.import_take(filepath=str(recording(tmp_path / "hello.csv")), start=11) == {"FINISHED"}
    scene = bpy.context.scene
    for seconds in (0.0, 0.5, 1.0):
        scene.frame_set(11 + round(seconds * fps))
        assert keys(face)["jawOpen"].value == pytest.approx(seconds * 60 / 119, abs=0.01)
        assert keys(face)["mouthSmileLeft"].value == pytest.approx(0.5, abs=1e-4)
    assert scene.frame_end >= 11 + int(119 / 60 * fps)
    assert bpy.data.actions["hello"].use_fake_user


def test_head_and_eyes_look_where_they_did(face, tmp_path: Path) -> None:
    bpy.ops.pix2vertex.add_rig()
    bpy.ops.pix2vertex.import_take(filepath=str(recording(tmp_path / "hello.csv")))
    bpy.context.scene.frame_set(5)
    head = posed(face, "head").matrix.to_3x3()
    nose = np.array(head @ posed(face, "head").bone.matrix_local.to_3x3().inverted()) @ (0.0, -1.0, 0.0)
    assert nose[0] == pytest.approx(np.sin(0.3) * np.cos(0.2), abs=1e-3), "to the person's left"
    assert nose[2] == pytest.approx(-np.sin(0.2), abs=1e-3), "down"
    eye = posed(face, "left_eye").matrix.to_3x3()
    looks = np.array(head.inverted() @ eye)[:, 1]  # the head's z is forward, its y up, its x the person's left
    assert looks == pytest.approx([np.sin(0.15) * np.cos(0.25), np.sin(0.25), np.cos(0.15) * np.cos(0.25)], abs=1e-3)


@pytest.mark.parametrize(("choice", "yaw"), [("INVERTED", -0.3), ("NONE", 0.0)])
def test_the_head_the_other_way_or_not_at_all(face, tmp_path: Path, choice: str, yaw: float) -> None:
    bpy.ops.pix2vertex.add_rig()
    recording(tmp_path / "hello.csv", head=(0.3, 0.0, 0.0))
    bpy.ops.pix2vertex.import_take(filepath=str(tmp_path / "hello.csv"), head_rotation=choice)
    bpy.context.scene.frame_set(5)
    turn = posed(face, "head").matrix.to_3x3() @ posed(face, "head").bone.matrix_local.to_3x3().inverted()
    assert -np.array(turn)[0, 1] == pytest.approx(np.sin(yaw), abs=1e-4)


def test_each_take_is_an_action_and_earlier_ones_stay(face, tmp_path: Path) -> None:
    bpy.ops.pix2vertex.add_rig()
    for name in ("first", "second"):
        bpy.ops.pix2vertex.import_take(filepath=str(recording(tmp_path / f"{name}.csv")))
    assert {action.name for action in bpy.data.actions} == {"first", "second"}, "with keys and bones in one"
    assert face.data.shape_keys.animation_data.action.name == "second"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    assert {action.name for action in bpy.data.actions} == {"first", "second"}
    bpy.context.scene.frame_set(1 + 24)
    assert bpy.data.objects["Face"].data.shape_keys.key_blocks["jawOpen"].value > 0.4


def test_blender_before_slots_gets_an_action_for_the_bones_too(face, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(actions, "_layered", lambda: False)
    bpy.ops.pix2vertex.add_rig()
    bpy.ops.pix2vertex.import_take(filepath=str(recording(tmp_path / "hello.csv")))
    assert {action.name for action in bpy.data.actions} == {"hello", "hello Rig"}
    bpy.context.scene.frame_set(25)
    assert keys(face)["jawOpen"].value == pytest.approx(60 / 119, abs=0.01)
    head = posed(face, "head").matrix.to_3x3() @ posed(face, "head").bone.matrix_local.to_3x3().inverted()
    assert abs(head.to_euler().z) > 0.2


def test_speed_and_smoothing(face, tmp_path: Path) -> None:
    rows = recording(tmp_path / "hello.csv").read_text().splitlines()
    noisy = [rows[0]]
    for number, row in enumerate(rows[1:]):
        cells = row.split(",")
        cells[5] = str(0.5 + 0.2 * (-1) ** number)
        noisy.append(",".join(cells))
    (tmp_path / "hello.csv").write_text("\n".join(noisy))
    bpy.context.scene.render.fps = 60
    bpy.ops.pix2vertex.import_take(filepath=str(tmp_path / "hello.csv"), speed=2.0, smoothing=80.0)
    bpy.context.scene.frame_set(1 + 30)
    assert keys(face)["jawOpen"].value == pytest.approx(60 / 119, abs=0.02)
    assert keys(face)["mouthSmileLeft"].value == pytest.approx(0.5, abs=0.02)


def test_without_a_rig_only_the_keys_move_and_it_is_said(face, tmp_path: Path, capsys) -> None:
    bpy.ops.pix2vertex.import_take(filepath=str(recording(tmp_path / "hello.csv")))
    said = capsys.readouterr().out
    assert "The rotations of head and eyes are left out" in said
    assert "Not in the file, so these stay still: eyeBlinkLeft" in said
    bpy.context.scene.frame_set(10)
    assert keys(face)["jawOpen"].value > 0.1


def test_the_photos_expression_does_not_add_to_the_takes(face, tmp_path: Path) -> None:
    set_expressions(face, "NEUTRAL", expressions_of(load_template().vertices))
    assert keys(face)[PHOTO_KEY].value == 1.0
    bpy.ops.pix2vertex.import_take(filepath=str(recording(tmp_path / "hello.csv")))
    assert keys(face)[PHOTO_KEY].value == 0.0


def test_a_file_that_is_no_take_changes_nothing(face, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("photo,status\na,b\n")
    with pytest.raises(RuntimeError, match=r"notes\.csv has none of ARKit's expressions"):
        bpy.ops.pix2vertex.import_take(filepath=str(tmp_path / "notes.csv"))
    with pytest.raises(RuntimeError, match="cannot be read"):
        bpy.ops.pix2vertex.import_take(filepath=str(tmp_path / "missing.csv"))
    assert not bpy.data.actions and face.data.shape_keys.animation_data is None


def test_only_for_a_face_with_expressions(addon, reconstruction) -> None:
    build_face_object(with_eyeballs(reconstruction), bpy.context)
    assert not bpy.ops.pix2vertex.import_take.poll()
    assert bpy.ops.pix2vertex.add_rig.poll()


def test_visemes_leave_brows_and_eyes_and_both_sides_move_together(face) -> None:
    bpy.ops.pix2vertex.expression_preset(preset="ANGER")
    brows = keys(face)["browDownLeft"].value
    bpy.ops.pix2vertex.expression_preset(preset="OU")
    assert keys(face)["browDownLeft"].value == brows > 0.5
    assert keys(face)["mouthPucker"].value == pytest.approx(0.8)
    assert keys(face)["mouthPressLeft"].value == 0.0, "of the anger"
    face.pix2vertex_both_sides.mouthSmile = 0.6
    assert keys(face)["mouthSmileLeft"].value == keys(face)["mouthSmileRight"].value == pytest.approx(0.6)
    keys(face)["mouthSmileLeft"].value, keys(face)["jawLeft"].value = 0.9, 0.3
    bpy.ops.pix2vertex.mirror_expression()
    assert keys(face)["mouthSmileRight"].value == pytest.approx(0.9)
    assert keys(face)["mouthSmileLeft"].value == pytest.approx(0.6)
    assert keys(face)["jawRight"].value == pytest.approx(0.3) and keys(face)["jawLeft"].value == 0.0
