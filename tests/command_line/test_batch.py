"""Folders of photos on the command line: one real run over a good and bad photos, and the rules around it."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pix2vertex_blender
from pix2vertex_blender.addon.batch.names import result_names
from pix2vertex_blender.addon.batch.table import (
    DONE,
    FAILED,
    Outcome,
    ResultTable,
    collect_photos,
    left_out_in,
)
from pix2vertex_blender.addon.headless.command_line import main
from pix2vertex_blender.errors import OutputError, PhotoError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PORTRAIT = Path(pix2vertex_blender.__file__).parent / "data" / "astronaut.jpg"


def write_noise(path: Path) -> None:
    """An image of the right format that is too small for a face."""
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)).save(path)


def rows(table: Path) -> dict[str, dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return {Path(row["photo"]).name: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    (folder / "a broken.jpg").write_text("not an image")
    shutil.copy(PORTRAIT, folder / "portrait.jpg")
    write_noise(folder / "tiny.PNG")
    (folder / "notes.txt").write_text("no photo")
    (folder / "._portrait.jpg").write_bytes(b"what a Macintosh leaves on other disks")
    return folder


@pytest.fixture(scope="module")
def run(photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("out") / "faces"
    command = [sys.executable, "-m", "pix2vertex_blender", photos, "--output", output, "--detail-level", "0"]
    result = subprocess.run([*command, "--no-preview"], cwd=ROOT, capture_output=True, text=True)
    return output, result


def test_one_failure_does_not_stop_the_rest_and_the_exit_status_tells(run):
    output, result = run
    assert result.returncode == 2, result.stderr
    first, *lines = result.stdout.strip().splitlines()
    assert first == "Left out, for want of a format that can be read: notes.txt."
    assert [line.split(":")[0] for line in lines[:3]] == ["[1/3] a broken.jpg", "[2/3] portrait.jpg", "[3/3] tiny.PNG"]
    assert lines[3].startswith("1 of 3 photos done, 2 failed.")
    assert "Traceback" not in result.stdout + result.stderr
    assert sorted(path.name for path in output.iterdir()) == ["portrait", "results.csv"]


def test_the_table_has_a_row_for_each_photo(run):
    output, _result = run
    table = rows(output / "results.csv")
    assert set(table) == {"a broken.jpg", "portrait.jpg", "tiny.PNG"}
    assert (table["a broken.jpg"]["status"], table["tiny.PNG"]["status"]) == (FAILED, FAILED)
    assert "not an image" in table["a broken.jpg"]["sentence"]
    assert "40 x 40" in table["tiny.PNG"]["sentence"]
    done = table["portrait.jpg"]
    assert (done["status"], done["sentence"]) == (DONE, "")
    files = [output / name for name in done["files"].split(";")]
    expected = {"face.blend", "face.fbx", "face.glb", "maps.npz", "report.json", "vertices.npy"}
    assert {path.name for path in files} == expected
    report = json.loads((output / "portrait" / "report.json").read_text())
    assert float(done["confidence"]) == pytest.approx(report["confidence"], abs=0.001)
    assert 0 < report["seconds"]["total"] <= float(done["seconds"]) + 0.1


def test_finished_photos_are_not_done_again(run, photos, tmp_path, capsys):
    output = tmp_path / "faces"
    shutil.copytree(run[0], output)  # with the files' times
    before = (output / "portrait" / "face.blend").stat().st_mtime_ns
    options = ["--output", str(output), "--detail-level", "0", "--no-preview"]
    assert main([str(photos / "portrait.jpg"), str(photos / "a broken.jpg"), *options]) == 2
    printed = capsys.readouterr().out
    assert "portrait.jpg: finished before" in printed
    assert "a broken.jpg: finished before" not in printed
    assert (output / "portrait" / "face.blend").stat().st_mtime_ns == before
    assert set(rows(output / "results.csv")) == {"a broken.jpg", "portrait.jpg", "tiny.PNG"}, "older rows stay"


def test_a_photo_is_done_again_when_it_is_newer_or_its_files_are_gone(run, photos, tmp_path):
    output = tmp_path / "faces"
    shutil.copytree(run[0], output)
    table = ResultTable.read(output / "results.csv")
    portrait = photos / "portrait.jpg"
    options = table.outcomes[portrait].options
    assert table.is_finished(portrait, options)
    assert not table.is_finished(portrait, options.replace("detail_level=0", "detail_level=1")), "other options"
    assert not table.is_finished(photos / "tiny.PNG", options)
    original = portrait.stat()
    os.utime(portrait, (original.st_atime, original.st_mtime + 1e6))
    assert not table.is_finished(portrait, options)
    os.utime(portrait, (original.st_atime, original.st_mtime))
    (output / "portrait" / "face.glb").unlink()
    assert not table.is_finished(portrait, options)


@pytest.mark.parametrize("content", [[], ["notes.txt", ".hidden.jpg"]])
def test_a_folder_without_photos_is_one_sentence(tmp_path, capsys, content):
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in content:
        (folder / name).write_text("x")
    assert main([str(folder), "--output", str(tmp_path / "faces")]) == 2
    sentence = capsys.readouterr().err.strip()
    assert "There are no photos in" in sentence and "\n" not in sentence
    assert not (tmp_path / "faces").exists()


def test_a_face_box_for_many_photos_is_one_sentence(photos, tmp_path, capsys):
    arguments = [str(photos), "--face-box", "1", "2", "50", "60", "--output", str(tmp_path / "faces")]
    assert main(arguments) == 2
    assert "belongs to one photo" in capsys.readouterr().err
    assert not (tmp_path / "faces").exists()


def test_an_output_folder_that_cannot_be_written_is_told_before_the_work(photos, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    assert main([str(photos), "--output", str(tmp_path / "file" / "faces")]) == 2
    captured = capsys.readouterr()
    assert "faces cannot be written" in captured.err
    assert "[1/3]" not in captured.out


def test_photos_of_one_name_get_different_folders_whatever_the_order(tmp_path):
    alone = result_names([tmp_path / "anna.jpg"])
    photos = [tmp_path / "anna.jpg", tmp_path / "Anna.png", tmp_path / "b" / "anna.jpg", tmp_path / "eva.jpg"]
    names = result_names(photos)
    assert len({name.casefold() for name in names.values()}) == len(photos)
    assert names[tmp_path / "eva.jpg"] == "eva"
    assert alone[tmp_path / "anna.jpg"] not in names.values(), "an earlier result would be overwritten"


def test_each_photo_is_collected_once_in_order(photos):
    found = collect_photos([photos / "tiny.PNG", photos, photos / "tiny.PNG"])
    assert [path.name for path in found] == ["tiny.PNG", "a broken.jpg", "portrait.jpg"]
    with pytest.raises(PhotoError):
        collect_photos([photos, photos / ".."])


def test_what_a_folder_run_leaves_out_is_listed(tmp_path):
    for name in ("a.jpg", "b.HEICS", "c.nef", "notes.txt", ".hidden.heic", "Thumbs.db", "d.jfif", "e.avif", "f.HEIC"):
        (tmp_path / name).write_text("x")
    assert left_out_in([tmp_path, tmp_path / "a.jpg"]) == (
        "Left out, for want of a format that can be read: b.HEICS (HEIC film), c.nef (camera raw), notes.txt."
    )
    assert left_out_in([tmp_path / "a.jpg"]) == ""
    assert [path.name for path in collect_photos([tmp_path])] == ["a.jpg", "d.jfif", "e.avif", "f.HEIC"]


def test_the_table_survives_names_with_commas(tmp_path):
    table = ResultTable(tmp_path / "results.csv")
    outcome = Outcome(tmp_path / 'Ann, "B"\u00e9.jpg', FAILED, "One, two;\nthree", 0.5, 1.5, ("a/b.fbx", "a/c d.glb"))
    table.add(outcome)
    assert ResultTable.read(table.path).outcomes == {outcome.photo: outcome}


def test_a_table_that_cannot_be_written_keeps_its_rows(tmp_path):
    (tmp_path / "results.csv" / "in the way").mkdir(parents=True)
    table = ResultTable(tmp_path / "results.csv")
    with pytest.raises(OutputError, match="cannot be written"):
        table.add(Outcome(tmp_path / "a.jpg", DONE))
    assert list(table.outcomes) == [tmp_path / "a.jpg"]
    assert [path.name for path in tmp_path.iterdir()] == ["results.csv"], "no half-written file stays"
