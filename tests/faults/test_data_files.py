"""Weights and template that are not the product's are refused by name; others that are given on purpose are not."""

import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pix2vertex_blender.addon.process.worker_client import JobStatus, WorkerClient
from pix2vertex_blender.data_files import check, write_checksum
from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.paths import (
    CLOSE_NETWORK_WEIGHTS,
    FACE_LAYOUT_FILE,
    IDENTITY_NETWORK_WEIGHTS,
    LIKENESS_FILE,
    NETWORK_WEIGHTS,
    PACKAGE_FOLDER,
    SLIDERS_FILE,
    TEMPLATE_FILE,
)
from tests.faults.conftest import watch

SHIPPED = (NETWORK_WEIGHTS, CLOSE_NETWORK_WEIGHTS, IDENTITY_NETWORK_WEIGHTS, LIKENESS_FILE, TEMPLATE_FILE)


def flipped(place: float) -> Callable[[Path], None]:
    """Flip one bit."""

    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(place * len(data))] ^= 4
        path.write_bytes(data)

    return damage


def zeros(path: Path) -> None:
    """Lose a block, as a disk does."""
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = bytes(4096)
    path.write_bytes(data)


def cut(path: Path) -> None:
    """Lose the end."""
    path.write_bytes(path.read_bytes()[:-1000])


def remove(path: Path) -> None:
    """Lose the file."""
    path.unlink()


def remove_checksum(path: Path) -> None:
    """Lose the checksum."""
    path.with_name(path.name + ".sha256").unlink()


def garble_checksum(path: Path) -> None:
    """Damage the checksum itself."""
    path.with_name(path.name + ".sha256").write_bytes(b"\xff\xfe" * 20)


DAMAGES = (flipped(0.01), flipped(0.3), flipped(0.999), zeros, cut, remove, remove_checksum, garble_checksum)


def copy_of(path: Path, folder: Path) -> Path:
    shutil.copy(path.with_name(path.name + ".sha256"), folder)
    return Path(shutil.copy(path, folder))


@pytest.mark.parametrize("path", (*SHIPPED, SLIDERS_FILE, FACE_LAYOUT_FILE), ids=lambda path: path.name)
def test_the_files_of_the_product_are_right(path: Path) -> None:
    check(path)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_named(path: Path, damage: Callable[[Path], None], tmp_path: Path) -> None:
    copy = copy_of(path, tmp_path)
    damage(copy)
    with pytest.raises(DataFileError, match=rf"{path.name}.*: install the extension again\."):
        check(copy)


def test_a_file_that_is_made_anew_is_right_again(tmp_path: Path) -> None:
    copy = copy_of(TEMPLATE_FILE, tmp_path)
    zeros(copy)
    write_checksum(copy)
    check(copy)


def damaged_package(folder: Path, path: Path) -> Path:
    """A copy of the package in which the weights or the template are another network's or have lost a byte."""
    package = folder / "pix2vertex_blender"
    shutil.copytree(PACKAGE_FOLDER, package, ignore=shutil.ignore_patterns("__pycache__"))
    copy = package / "data" / path.name
    if copy.suffix == ".npz":  # another template, sound in itself
        with zipfile.ZipFile(copy, "a") as file:
            file.writestr("comment.npy", b"")
    else:
        flipped(0.5)(copy)
    return package


@pytest.mark.slow
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_face_is_made_with_a_damaged_file(path: Path, tmp_path: Path) -> None:
    package = damaged_package(tmp_path, path)
    client = WorkerClient([sys.executable, "-I", str(package / "worker.py")], {}, tmp_path / "worker.log")
    request = {"photo": str(package / "data" / "astronaut.jpg"), "options": {"device": "cpu", "detail_level": 0}}
    job = client.submit("reconstruct", **request, result=str(tmp_path / "face.npz"))
    watch(client, job, 120.0)
    client.stop()
    assert job.status is JobStatus.FAILED and not job.fault
    assert path.name in job.error and job.error.endswith("install the extension again.")
