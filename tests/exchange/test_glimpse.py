"""What the worker leaves for whoever waits: each glimpse is taken up once, and no file does harm."""

import os
from pathlib import Path

import numpy as np
import pytest

from pix2vertex_blender.exchange.glimpse import SIDE, GlimpseFile, leave_glimpse


def grey(value: int) -> np.ndarray:
    return np.full((SIDE, SIDE, 3), value, dtype=np.uint8)


def test_each_glimpse_is_taken_up_once(tmp_path: Path) -> None:
    file = GlimpseFile(tmp_path / "glimpse.npy")
    assert not file.look() and file.picture is None
    leave_glimpse(file.path, lambda: grey(10))
    assert file.look() and not file.look()
    assert file.picture is not None and (file.picture == 10).all()
    leave_glimpse(file.path, lambda: grey(20))
    os.utime(file.path, ns=(0, 0))  # a file system may tell moments apart only coarsely
    assert file.look() and (file.picture == 20).all()
    assert [each.name for each in tmp_path.iterdir()] == ["glimpse.npy"]


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage", b"\x93NUMPY\x01\x00", bytes(10_000_000)],
    ids=["empty", "garbage", "cut", "huge"],
)
def test_a_file_that_is_no_glimpse_is_passed_over(tmp_path: Path, content: bytes) -> None:
    file = GlimpseFile(tmp_path / "glimpse.npy")
    leave_glimpse(file.path, lambda: grey(10))
    file.look()
    file.path.write_bytes(content)
    assert not file.look()
    assert file.picture is not None and (file.picture == 10).all()


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4, 3), np.uint8), np.zeros((SIDE, SIDE, 3)), np.array([{}])],
    ids=["small", "float", "objects"],
)
def test_an_array_that_is_no_glimpse_is_passed_over(tmp_path: Path, array: np.ndarray) -> None:
    file = GlimpseFile(tmp_path / "glimpse.npy")
    np.save(file.path, array)
    assert not file.look() and file.picture is None


def test_a_glimpse_that_cannot_be_left_stops_nothing(tmp_path: Path) -> None:
    leave_glimpse(tmp_path / "nowhere" / "glimpse.npy", lambda: grey(10))
    (tmp_path / "glimpse.npy" / "folder").mkdir(parents=True)
    leave_glimpse(tmp_path / "glimpse.npy", lambda: grey(10))
    assert [each.name for each in tmp_path.iterdir()] == ["glimpse.npy"], "nothing lies beside it"
