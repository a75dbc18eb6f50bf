"""Results appear whole or not at all, also in the place of earlier ones."""

import os
import subprocess
from pathlib import Path

import pytest

from pix2vertex_blender.addon.batch.output_folder import check_writable, output_folder
from pix2vertex_blender.errors import OutputError
from pix2vertex_blender.files import replace_file, replacing, undo_unfinished


def content(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_files_appear_together(tmp_path):
    target = tmp_path / "new" / "face"
    with output_folder(target) as folder:
        (folder / "a.txt").write_text("a")
        assert not target.exists()
    assert content(target) == {"a.txt": "a"}
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["face"]


@pytest.mark.parametrize("place", ["face", "new/er/face"])
def test_after_a_failure_nothing_is_left(tmp_path, place):
    with pytest.raises(RuntimeError), output_folder(tmp_path / place) as folder:
        (folder / "a.txt").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_existing_folder_keeps_its_other_files(tmp_path):
    target = tmp_path / "face"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    (target / "a.txt").write_text("old")
    with output_folder(target) as folder:
        (folder / "a.txt").write_text("new")
        assert folder.parent == target, "the folder above need not be writable, and may be another disk"
        assert (target / "a.txt").read_text() == "old"
    assert content(target) == {"mine.txt": "mine", "a.txt": "new"}
    assert [file.name for file in tmp_path.iterdir()] == ["face"]


def test_what_an_earlier_result_had_more_goes(tmp_path):
    (tmp_path / "preview.png").write_text("of another face")
    (tmp_path / "mine.txt").write_text("mine")
    with output_folder(tmp_path, ["a.txt", "preview.png"]) as folder:
        (folder / "a.txt").write_text("new")
    assert content(tmp_path) == {"mine.txt": "mine", "a.txt": "new"}


def test_a_folder_in_the_way_is_told_before_the_work(tmp_path):
    (tmp_path / "report.json").mkdir()
    with pytest.raises(OutputError, match=r"report\.json is a folder"), output_folder(tmp_path, ["report.json"]):
        raise AssertionError
    assert [file.name for file in tmp_path.iterdir()] == ["report.json"]


def test_a_folder_that_comes_into_the_way_costs_no_earlier_file(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("old")
    with pytest.raises(OutputError), output_folder(tmp_path) as folder:
        for name in ("a.txt", "b.txt", "c.txt"):
            (folder / name).write_text("new")
        (tmp_path / "c.txt").mkdir()
    (tmp_path / "c.txt").rmdir()
    assert content(tmp_path) == {"a.txt": "old", "b.txt": "old"}


@pytest.mark.parametrize("moves", range(5))
def test_an_earlier_result_comes_back_wherever_moving_stops(tmp_path, monkeypatch, moves):
    """The disk refuses after some moves."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("old")
    rename, count = Path.rename, 0

    def refuse(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == moves + 1:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="Input/output error"), output_folder(tmp_path) as folder:
        for name in ("a.txt", "b.txt", "c.txt"):
            (folder / name).write_text("new")
    assert content(tmp_path) == {"a.txt": "old", "b.txt": "old"}


def test_a_link_to_a_folder_is_followed(tmp_path):
    (tmp_path / "other disk").mkdir()
    for name, target in (("link", "other disk"), ("empty link", "not yet there")):
        (tmp_path / name).symlink_to(tmp_path / target)
        with output_folder(tmp_path / name) as folder:
            (folder / "a.txt").write_text("a")
        assert (tmp_path / name).is_symlink()
        assert content(tmp_path / target) == {"a.txt": "a"}


@pytest.mark.parametrize("place", ["file", "file/face"])
def test_a_file_in_the_way_is_named(tmp_path, place):
    (tmp_path / "file").write_text("")
    for use in (output_folder(tmp_path / place), None):
        with pytest.raises(OutputError, match="another output folder"):
            if use is None:
                check_writable(tmp_path / place)
            else:
                with use:
                    raise AssertionError
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_an_interrupted_process_takes_back_what_is_unfinished(tmp_path):
    (tmp_path / "a.txt").write_text("old")
    with output_folder(tmp_path / "new" / "face") as folder, replacing(tmp_path / "a.txt") as partial:
        (folder / "b.txt").write_text("half")
        partial.write_text("half")
        undo_unfinished()
        assert content(tmp_path) == {"a.txt": "old"}
        folder.mkdir(parents=True)
        partial.parent.mkdir()
        partial.write_text("new")


def test_a_replaced_file_keeps_its_rights_and_a_link_its_place(tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "link").symlink_to("file")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "link"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount")
def test_a_mounted_folder_works_and_a_full_one_keeps_what_it_had(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(disk)], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount")
    try:
        with output_folder(disk) as folder:
            (folder / "a.txt").write_text("old")
        with pytest.raises(OSError, match="No space"):
            replace_file(disk / "a.txt", bytes(100_000))
        with pytest.raises(OSError, match="No space"), output_folder(disk) as folder:
            (folder / "a.txt").write_bytes(bytes(100_000))
        assert content(disk) == {"a.txt": "old"}
    finally:
        subprocess.run(["umount", str(disk)], check=True)
