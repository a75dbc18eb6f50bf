"""What photos may be called, and what the table of their results must stand."""

import csv
import os
import sys
from pathlib import Path

import pytest

from pix2vertex_blender.addon.batch.names import result_name, result_names
from pix2vertex_blender.addon.batch.table import (
    DONE,
    FAILED,
    TABLE_NAME,
    WHOLE,
    Outcome,
    Part,
    ResultTable,
    options_text,
)
from pix2vertex_blender.errors import OutputError

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "\uff1d1")


@pytest.mark.parametrize(
    "name", ["...jpg", "....jpg", "..jpg", ". .png", " .jpg", "a..jpg", "con.jpg", "a\\b.jpg", "x:y.png", "\n.jpg"]
)
def test_results_never_leave_their_folder_and_are_never_hidden(tmp_path, name):
    [result] = result_names([tmp_path / name]).values()
    assert (tmp_path / result).resolve().parent == tmp_path.resolve()
    assert (tmp_path / result).resolve() != tmp_path.resolve()
    assert not result.startswith(".") and not result.endswith((".", " "))
    assert not set(result) & set('<>:"/\\|?*\n')
    assert result.lower() != "con"


@pytest.mark.parametrize("stem", ["x" * 251, "\u5b57" * 83, "e\u0301" * 80])
def test_long_names_fit_with_an_ending_and_stay_different(tmp_path, stem):
    photos = [tmp_path / f"{stem}{ending}" for ending in (".jpg", ".png")] + [tmp_path / f"{stem[:-1]}y.jpg"]
    names = result_names(photos)
    assert len(set(names.values())) == 3
    for name in names.values():
        (tmp_path / f"{name}.blend@").write_text("")


def test_a_name_that_is_not_utf8_becomes_one_that_is(tmp_path):
    photos = [tmp_path / os.fsdecode(name) for name in (b"caf\xe9.jpg", b"caf\xe8.jpg")]
    names = result_names(photos)
    assert len(set(names.values())) == 2
    assert all(name.encode("utf-8").startswith(b"caf") for name in names.values())


def test_no_photo_takes_the_name_of_the_table(tmp_path):
    photo = tmp_path / "Results.csv.jpg"
    assert result_names([photo], ["results.csv"])[photo].casefold() != "results.csv"
    assert result_name("anna") == "anna"


@pytest.mark.parametrize("start", FORMULAS)
def test_no_spreadsheet_evaluates_a_cell_and_all_comes_back(tmp_path, start):
    table = ResultTable(tmp_path / "results.csv")
    files = (f"{start}/face.blend", f"{start}/face;1.glb", 'a "b".fbx')
    outcome = Outcome(Path(f"{start}.jpg"), FAILED, f"{start}.jpg is not an image.", None, 1.0, files, "seed=0")
    table.add(outcome)
    with table.path.open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    parts = [part for cell in cells for part in (cell, *cell.split(";"))]  # some take semicolons for the separator
    assert not [part for part in parts if part.strip('"').startswith(("=", "+", "-", "@", "\t", "\uff1d"))]
    assert ResultTable.read(table.path).outcomes == {outcome.photo: outcome}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_a_photo_whose_name_is_not_utf8_comes_back_from_a_file_that_is(tmp_path):
    photo = tmp_path / os.fsdecode(b"caf\xe9 %41.jpg")
    outcome = Outcome(photo, DONE, files=("a",))
    table = ResultTable(tmp_path / "results.csv")
    table.add(outcome)
    table.path.read_bytes().decode("utf-8")
    assert ResultTable.read(table.path).outcomes == {photo: outcome}


@pytest.mark.parametrize(
    "content", [b"name,grade\nAnna,1\n", b"\xff\x00 something else", b"photo;status\n", b"x" * 200_000]
)
def test_a_table_of_another_program_is_refused_and_left(tmp_path, content):
    path = tmp_path / "results.csv"
    path.write_bytes(content)
    with pytest.raises(OutputError, match="not a table of pix2vertex"):
        ResultTable.read(path)
    assert path.read_bytes() == content


def test_tables_that_are_ours_are_read(tmp_path):
    path = tmp_path / "results.csv"
    assert ResultTable.read(path).outcomes == {}
    for content in ("", "photo,status,sentence,confidence,seconds,files\n"):
        path.write_text(content)
        assert ResultTable.read(path).outcomes == {}
    old = "\ufeffphoto,status,sentence,confidence,seconds,files\n/a.jpg,done,,0.9,1.0,a/face.fbx\n/b.jpg,done,,x,1\n"
    path.write_text(old, encoding="utf-8")
    assert list(ResultTable.read(path).outcomes) == [Path("/a.jpg")], "with a byte order mark, without damaged rows"


def test_a_folder_in_the_place_of_the_table_is_told_before_the_work(tmp_path):
    (tmp_path / "results.csv").mkdir()
    with pytest.raises(OutputError, match=r"results\.csv"):
        ResultTable.read(tmp_path / "results.csv")


def test_the_same_options_are_the_same_text_and_others_are_not():
    text = options_text({"seed": 0, "device": "auto", "face": None})
    assert text == options_text({"device": "auto", "face": None, "seed": 0})
    assert text != options_text({"device": "auto", "face": 2, "seed": 0})


def test_parts_hold_each_photo_once_and_keep_tables_of_their_own():
    photos = [Path(f"/photos/{number}.jpg") for number in range(7)]
    parts = [Part(number, 3) for number in (1, 2, 3)]
    assert sorted(photo for part in parts for photo in part.of(photos)) == photos
    assert len({part.table_name for part in parts} | {TABLE_NAME}) == 4
    assert WHOLE.of(photos) == photos and WHOLE.table_name == TABLE_NAME


def test_the_whole_takes_up_what_parts_have_done(tmp_path):
    one, two, three = (tmp_path / name for name in ("one.jpg", "two.jpg", "three.jpg"))
    for number, outcomes in enumerate(([Outcome(one, DONE)], [Outcome(two, FAILED, "No face.")]), start=1):
        table = ResultTable(tmp_path / Part(number, 2).table_name)
        for outcome in outcomes:
            table.add(outcome)
    (tmp_path / "results_9_of_9.csv").write_text("a,b\n")
    whole = ResultTable(tmp_path / TABLE_NAME)
    whole.add(Outcome(two, DONE))
    whole.add(Outcome(three, FAILED, "Too small."))
    whole.gather()
    assert {photo.name: outcome.status for photo, outcome in whole.outcomes.items()} == {
        "one.jpg": DONE,
        "two.jpg": DONE,
        "three.jpg": FAILED,
    }
