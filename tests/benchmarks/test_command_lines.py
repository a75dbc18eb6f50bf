import json

import pytest

from benchmarks import depth, landmarks
from benchmarks.tables import Table


def test_a_photo_that_fails_is_listed_and_counted(request, monkeypatch, capsys, tmp_path):
    folder = request.getfixturevalue("scans")
    monkeypatch.setattr("sys.argv", ["depth.py", str(folder), "--output", str(tmp_path / "depth")])
    assert depth.main() == 0
    printed = capsys.readouterr().out
    assert "failed: " in printed
    assert "1 photos, 1 failed" in printed


def test_a_failed_photo_has_no_landmarks_in_the_files(request, monkeypatch, capsys, tmp_path):
    folder = request.getfixturevalue("photos")
    pairs, rows = tmp_path / "out.json", tmp_path / "out.csv"
    monkeypatch.setattr("sys.argv", ["landmarks.py", str(folder), "--json", str(pairs), "--csv", str(rows)])
    assert landmarks.main() == 0
    assert json.loads(pairs.read_text()) == {"one": None}
    header, row = rows.read_text().splitlines()
    assert header == "id,yaw,found,all_68,inner_51,confidence,seconds"
    assert row.startswith("one,12.5,False,nan,nan,nan,")
    summary = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("all ")]
    assert summary == [["all", "1", "0", "1", "nan", "nan"]]


@pytest.mark.parametrize(("benchmark", "missing"), [(depth, "index.json"), (landmarks, "faces.json")])
def test_a_folder_of_another_layout_is_one_sentence(benchmark, missing, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["benchmark", str(tmp_path)])
    with pytest.raises(SystemExit, match=f"{missing} is missing"):
        benchmark.main()


def test_a_table_leaves_out_what_was_not_measured(tmp_path):
    table = Table("shape", "Shape", ("photo", "error"), [("a", 1.23456), ("b", None), ("c", float("nan"))])
    assert table.markdown().splitlines()[2:] == [
        "| photo | error |",
        "| --- | --- |",
        "| a | 1.23 |",
        "| b | – |",
        "| c | – |",
    ]
    table.write_csv(tmp_path)
    assert (tmp_path / "shape.csv").read_text().splitlines()[1] == "a,1.23456"
