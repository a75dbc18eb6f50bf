import pytest

from pix2vertex_blender.addon.batch.output_folder import output_folder
from pix2vertex_blender.errors import OutputError


def test_files_appear_together(tmp_path):
    target = tmp_path / "new" / "face"
    with output_folder(target) as folder:
        (folder / "a.txt").write_text("a")
        assert not target.exists()
    assert (target / "a.txt").read_text() == "a"
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["face"]


def test_after_a_failure_nothing_is_left(tmp_path):
    with pytest.raises(RuntimeError), output_folder(tmp_path / "face") as folder:
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
    assert (target / "mine.txt").read_text() == "mine"
    assert (target / "a.txt").read_text() == "new"
    assert [file.name for file in tmp_path.iterdir()] == ["face"]


@pytest.mark.parametrize("place", ["file", "file/face"])
def test_a_file_in_the_way_is_named(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="another output folder"), output_folder(tmp_path / place):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
