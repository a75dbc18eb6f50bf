"""The command line in this process, with a worker that takes saved reconstructions for photos."""

import csv
import dataclasses
import io
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.addon.headless.clay import clay_picture
from pix2vertex_blender.addon.headless.command_line import main
from pix2vertex_blender.addon.process import session, worker_client
from pix2vertex_blender.addon.process.worker_client import WorkerClient
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.mouth import Wearer, place_mouth
from pix2vertex_blender.expression.rims import lip_rims
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.raster import rasterise
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_balls, place_both
from pix2vertex_blender.template.parts import load_parts

PRACTICE = Path(__file__).with_name("practice_worker.py")
WORKER = Path(session.__file__).parents[2] / "worker.py"
RESULTS = {"face.blend", "face.fbx", "face.glb", "maps.npz", "report.json", "vertices.npy"}


@pytest.fixture
def photo(reconstruction: Reconstruction, tmp_path: Path) -> Path:
    path = tmp_path / "photos" / "anna.jpg"
    path.parent.mkdir()
    reconstruction.save(path)
    return path


@pytest.fixture
def run(empty_file: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Call `main` with a practice worker and without a preview."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def practice(_command: list[str], variables: dict[str, str], log: Path) -> WorkerClient:
        return WorkerClient([sys.executable, "-I", str(PRACTICE), str(WORKER)], variables, log)

    def call(*arguments: object, preview: bool = False) -> int:
        return main([*map(str, arguments), *([] if preview else ["--no-preview"])])

    session.stop_worker()
    monkeypatch.setattr(worker_client, "WorkerClient", practice)
    yield call
    session.stop_worker()
    monkeypatch.setattr(tempfile, "tempdir", None)


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def rows(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        return {Path(row["photo"]).name: row for row in csv.DictReader(file)}


def test_photos_of_one_person_become_one_folder(run, photo: Path, tmp_path: Path, capsys) -> None:
    other = photo.with_name(f"other{photo.suffix}")
    shutil.copy(photo, other)
    output = tmp_path / "out"
    assert run("--together", photo, other, "--output", output) == 0
    assert names(output) == RESULTS
    assert [view["photo"] for view in json.loads((output / "report.json").read_text())["views"]] == [
        photo.name,
        other.name,
    ]
    vertices = np.load(output / "vertices.npy")
    np.testing.assert_allclose(vertices, load_template().vertices, atol=1e-6)
    assert f"{other.name}: It is odd." in capsys.readouterr().out
    assert run("--together", photo, "--output", output) == 2
    assert "give several" in capsys.readouterr().err
    assert run("--together", photo, other, "--face", 1) == 2


def test_a_texture_comes_beside_the_files_and_inside_them(run, photo: Path, tmp_path: Path, capsys) -> None:
    output = tmp_path / "out"
    assert run(photo, "--texture", 1024, "--keep-light", "--output", output) == 0
    maps = {f"{name}.png" for name in ("normal", "displacement", "roughness", "specular", "subsurface")}
    assert names(output) == RESULTS | maps | {"texture.png", "texture_origin.png"}
    assert "Projecting the photo" in capsys.readouterr().out
    glb = (output / "face.glb").read_bytes()
    contents = json.loads(glb[20 : 20 + int.from_bytes(glb[12:16], "little")])
    assert len(contents["images"]) >= 2, "the face's and the eyeballs'"
    skin = next(each for each in contents["materials"] if each["name"] == "Face_Skin")
    assert "metallicRoughnessTexture" in skin["pbrMetallicRoughness"]
    assert run(photo, "--output", output) == 0
    assert names(output) == RESULTS, "no texture of an earlier result"
    for option in ("--keep-light", "--face-first"):
        assert run(photo, option, "--output", output) == 2
        assert f"{option} is about the texture: add --texture" in capsys.readouterr().err


def test_a_face_can_have_more_of_the_texture(run, photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert run(photo, "--texture", 1024, "--face-first", "--no-preview", "--output", output) == 0
    bpy.ops.wm.open_mainfile(filepath=str(output / "face.blend"))
    layer = bpy.data.objects["Face"].data.uv_layers[0]
    uvs = np.empty(2 * len(layer.uv), dtype=np.float32)
    layer.uv.foreach_get("vector", uvs)
    assert np.allclose(uvs, load_template(0, "FACE").uvs.ravel(), atol=1e-6)


def test_a_result_replaces_an_earlier_one_whole(run, photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    for name in ("face.fbx", "preview.png", "notes.txt"):
        (output / name).write_text("old")
    assert run(photo, "--output", output) == 0
    assert names(output) == RESULTS | {"notes.txt"}, "the earlier preview shows another result"
    assert (output / "face.fbx").read_bytes() != b"old"
    assert json.loads((output / "report.json").read_text())["confidence"] == 0.9
    assert not names(tmp_path / "temporary"), "no log of a run without faults"


def test_a_finished_face_lies_beside_the_other_files_until_the_next_result(run, photo: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    assert run(photo, "--output", output, "--finish", "unity") == 0
    assert names(output) - RESULTS == {f"face_unity{end}" for end in (".fbx", "_LOD0_normal.png", "_displacement.png")}
    assert run(photo, "--output", output, "--finish", "character-creator") == 0
    assert names(output) - RESULTS == {f"face_character-creator{end}" for end in (".obj", ".mtl")}


def test_a_folder_named_like_a_result_is_told_before_the_work(run, photo: Path, tmp_path: Path, capsys) -> None:
    output = tmp_path / "out"
    (output / "report.json").mkdir(parents=True)
    (output / "face.fbx").write_text("old")
    assert run(photo, "--output", output) == 2
    captured = capsys.readouterr()
    assert "report.json is a folder" in captured.err and "\n" not in captured.err.strip()
    assert not captured.out, "no stage has begun"
    assert names(output) == {"report.json", "face.fbx"}
    assert (output / "face.fbx").read_text() == "old"


def test_a_fault_of_the_worker_names_a_log_that_stays(run, photo: Path, tmp_path: Path, capsys) -> None:
    photo.rename(photo.with_name("fault.png"))
    assert run(photo.with_name("fault.png"), "--output", tmp_path / "out") == 1
    sentence = capsys.readouterr().err.strip()
    assert "Something went wrong" in sentence and "\n" not in sentence
    log = Path(sentence.partition("Details are in ")[2].rstrip("."))
    assert "KeyError" in log.read_text()
    assert not (tmp_path / "out").exists()


def test_a_fault_of_an_exporter_is_not_called_the_folders(
    run, photo: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    import io_scene_fbx

    monkeypatch.setattr(io_scene_fbx, "axis_conversion", None)
    assert run(photo, "--output", tmp_path / "out") == 1
    sentence = capsys.readouterr().err.strip()
    assert "\n" not in sentence and "folder" not in sentence and ".pix2vertex." not in sentence
    assert "face.fbx" in sentence and "TypeError" in sentence
    log = Path(sentence.partition("Details are in ")[2].rstrip("."))
    assert "io_scene_fbx" in log.read_text()
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_other_options_are_another_result(run, photo: Path, tmp_path: Path, capsys) -> None:
    arguments = [photo.parent, "--output", tmp_path / "out"]
    for options, again in (([], True), ([], False), (["--seed", "1"], True), (["--seed", "1"], False), ([], True)):
        assert run(*arguments, *options) == 0
        assert ("finished before" in capsys.readouterr().out) != again
    assert run(*arguments, preview=True) == 0
    assert "finished before" not in capsys.readouterr().out, "its preview is missing"
    assert "preview.png" in names(tmp_path / "out" / "anna")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_names_of_every_kind_are_all_done(run, photo: Path, tmp_path: Path, capsys) -> None:
    odd = [b"caf\xe9.jpg", b"...jpg", b"=1+1.jpg", b"a;b.jpg", b"x" * 246 + b".jpg", "\u5f20\u4e09.jpg".encode()]
    for name in odd:
        shutil.copy(photo, os.path.join(os.fsencode(photo.parent), name))  # noqa: PTH118 - bytes
    (photo.parent / os.fsdecode(b"not\xe9s.txt")).write_text("no photo")
    output = tmp_path / "out" / "faces"
    places = photo.parent, photo.with_name("...jpg")  # that one is hidden in its folder
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", terminal)
        assert run(*places, "--output", output) == 0
    terminal.flush()
    printed = terminal.buffer.getvalue().decode("cp1252")
    assert f"{len(odd) + 1} of {len(odd) + 1} photos done, 0 failed" in printed
    assert "not\\xe9s.txt" in printed or "not\\udce9s.txt" in printed
    assert names(tmp_path / "out") == {"faces"}
    assert len(names(output)) == len(odd) + 2
    assert len(rows(output)) == len(odd) + 1
    assert all(row["status"] == "done" for row in rows(output).values())
    assert run(*places, "--output", output) == 0
    assert capsys.readouterr().out.count("finished before") == len(odd) + 1


def test_a_table_of_another_program_is_refused_and_left(run, photo: Path, tmp_path: Path, capsys) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "results.csv").write_text("name,grade\nAnna,1\n")
    assert run(photo.parent, "--output", output) == 2
    assert "not a table of pix2vertex" in capsys.readouterr().err
    assert (output / "results.csv").read_text() == "name,grade\nAnna,1\n"
    assert names(output) == {"results.csv"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", "-1"], "--seed: -1 is not a whole number"),
        (["--seed", "1e3"], "--seed: 1e3 is not a whole number"),
        (["--face-box", "nan", "10", "100", "100"], "nan is not a number of pixels"),
        (["--face-box", "10", "-inf", "100", "100"], "-inf is not a number of pixels"),
        (["--face-box", "10", "10", "100"], "expected 4 arguments"),
        (["--face-box", "-1e3", "0", "9", "9", "--seed", "x"], "--seed"),
        (["--detail-level", "4"], "--detail-level"),
        (["--output", ""], "--output: a path is empty"),
        ([""], "photo: a path is empty"),
        (["--no-such-option"], "--no-such-option"),
        (["x" * 300 + ".jpg"], "too long"),
    ],
)
def test_a_mistake_is_one_sentence_before_the_work(run, photo: Path, tmp_path: Path, capsys, arguments, words) -> None:
    place = [] if "--output" in arguments else ["--output", tmp_path / "out"]
    assert run(*([photo] if arguments[0].startswith("--") else []), *arguments, *place) == 2
    captured = capsys.readouterr()
    assert words in captured.err and "\n" not in captured.err.strip()
    assert not captured.out
    assert not (tmp_path / "out").exists()


def test_a_full_temporary_disk_is_what_the_sentence_says(run, photo: Path, tmp_path: Path, capsys, monkeypatch) -> None:
    def refuse(**_settings: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    assert run(photo, "--output", tmp_path / "out") == 2
    assert "no space left on the disk" in capsys.readouterr().err


def test_the_clay_lies_where_the_photo_has_the_face(reconstruction: Reconstruction) -> None:
    side, size = 260, 128
    maps = dataclasses.replace(reconstruction.view.maps, mask=np.zeros((side, side), dtype=bool))
    reconstruction = reconstruction.with_view(maps=maps)
    registered, detailed = (clay_picture(reconstruction, strength, size) for strength in (0.0, 1.0))
    points = reconstruction.view.frame.to_camera(reconstruction.vertices)
    pixels = reconstruction.view.camera.project(points) * size / side
    triangles, _barycentric = rasterise(pixels, points[:, 2], triangulate(reconstruction.faces), (size, size))
    assert registered.shape == (size, size, 4)
    covered = registered[..., 3] == 255
    assert covered[triangles >= 0].mean() > 0.98
    assert np.abs(registered[covered].astype(int) - detailed[covered].astype(int)).mean() > 0.5, "detail is visible"
    assert 60 < registered[covered, :3].mean() < 225, "neither black nor burnt out"


def test_teeth_eyes_and_the_open_mouth_have_tones_of_their_own_in_clay(reconstruction: Reconstruction) -> None:
    template, size = load_template(), 520
    opened = template.vertices + 0.7 * load_expressions().of("jawOpen").astype(float)
    mouth = place_mouth(Wearer.as_in_photo(opened))
    maps = dataclasses.replace(reconstruction.view.maps, mask=np.zeros((260, 260), dtype=bool))
    drawn = dataclasses.replace(
        reconstruction, vertices=opened, eyeballs=place_both(template, opened), mouth=mouth
    ).with_view(maps=maps, head_to_camera=np.eye(4))
    picture = clay_picture(drawn, 0.0, size)[..., :3].mean(axis=2)

    def seen_at(point: np.ndarray) -> float:
        column, row = drawn.view.camera.project(drawn.view.frame.to_camera(point[None]))[0] * size / 260
        return float(picture[int(row), int(column)])

    teeth = next(part.vertices for part in mouth if part.name == "teeth_upper")
    teeth = teeth[load_parts().mouth["teeth_upper"].groups["teeth"] > 0.5].astype(float)
    edge = teeth[np.argmin(teeth[:, 1] - 0.2 * teeth[:, 2] + np.abs(teeth[:, 0]))]
    lips = lip_rims()
    lower_lip = opened[lips.lower[len(lips.lower) // 2]] - (0.0, 5.0, 0.0)
    inside = edge - (0.0, 3.0, 0.0)
    eye = place_balls(template, opened)[0].centre
    assert seen_at(inside) < 0.65 * seen_at(lower_lip), "the mouth's inside"
    assert seen_at(edge + np.array([2.0, 1.5, 0.0])) > 1.25 * seen_at(inside), "teeth"
    assert seen_at(eye) < 60 < 140 < seen_at(eye + np.array([8.0, -1.0, 0.0])), "pupil and white"


def test_the_preview_has_five_pictures(run, photo: Path, tmp_path: Path) -> None:
    assert run(photo, "--output", tmp_path / "out", preview=True) == 0
    with Image.open(tmp_path / "out" / "preview.png") as preview:
        assert (preview.width, preview.height) == (5 * 512, 540)
