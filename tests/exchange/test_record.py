"""Records of every version open, and whatever is wrong with one is told in one sentence."""

import dataclasses
import io
import json
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pix2vertex_blender.errors import RecordError
from pix2vertex_blender.exchange.migrations import VERSION
from pix2vertex_blender.exchange.record import from_bytes, to_bytes
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template

RECORDS = Path(__file__).with_name("records")
Arrays = dict[str, Any]


@pytest.fixture(scope="module")
def face() -> Reconstruction:
    return from_bytes((RECORDS / f"version_{VERSION - 1}.npz").read_bytes())


@pytest.fixture
def arrays(face: Reconstruction) -> Arrays:
    with np.load(io.BytesIO(to_bytes(face))) as file:
        return dict(file)


def packed(arrays: Arrays) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_face_of_every_earlier_version_opens(version: int) -> None:
    face = from_bytes((RECORDS / f"version_{version}.npz").read_bytes(), [b"a crop"])
    view = face.view
    seen = load_template().groups["mouth_interior"] == 0  # behind the lips the template's rest shape has changed since
    np.testing.assert_allclose(face.coarse_vertices[seen], load_template().vertices[seen].round(1), atol=1e-4)
    assert (face.detail_level, face.report.photo, face.report.faces_found) == (2, "someone.jpg", 2)
    assert (view.photo_size, view.crop_png, view.maps.confidence) == ((640, 480), b"a crop", 0.9)
    assert view.maps.mask.sum() == 30 and view.maps.opening.sum() == (0 if version == 1 else 1)
    assert view.pins[48].tolist() == [300.0, 260.0] and np.isnan(view.pins[0]).all()
    rows, columns = np.nonzero(view.maps.mask)
    pixels = view.camera.project(view.maps.geometry[view.maps.mask])
    np.testing.assert_allclose(pixels, np.c_[columns, rows] + 0.5, atol=0.01)


def test_packing_again_changes_nothing(face: Reconstruction) -> None:
    assert to_bytes(from_bytes(to_bytes(face))) == to_bytes(face)


def test_what_the_likeliest_head_has_added_comes_back(face: Reconstruction) -> None:
    likeness = np.random.default_rng(0).normal(size=face.coarse_vertices.shape)
    read = from_bytes(to_bytes(dataclasses.replace(face, likeness=likeness)))
    assert np.allclose(read.likeness, likeness, atol=1e-4)
    assert len(from_bytes(to_bytes(face)).likeness) == 0


def test_several_views_come_back_with_their_crops(face: Reconstruction) -> None:
    other = dataclasses.replace(face.view, photo_size=(100, 90))
    read = from_bytes(to_bytes(dataclasses.replace(face, views=(face.view, other))), [b"one", b"other"])
    assert [(view.photo_size, view.crop_png) for view in read.views] == [((640, 480), b"one"), ((100, 90), b"other")]


def test_a_newer_version_says_so(arrays: Arrays) -> None:
    with pytest.raises(RecordError, match="newer version"):
        from_bytes(packed({**arrays, "version": np.array(VERSION + 1)}))


def test_another_template_says_so(arrays: Arrays) -> None:
    with pytest.raises(RecordError, match="another head template"):
        from_bytes(packed({**arrays, "template_version": np.array("0.1")}))


def report_with(**values: Any) -> np.ndarray:
    return np.array(json.dumps({"confidence": 0.9, **values}))


#: What a damaged or mistyped record may have in the place of an array.
WRONG: list[tuple[str, Any]] = [
    *(("version", value) for value in (np.array("three"), np.zeros(3), np.array(-1), np.array(0), np.array(np.nan))),
    *(
        ("detail_level", value)
        for value in (np.array(2**33), np.array(-1), np.array("two"), np.zeros(2), np.array(np.inf))
    ),
    *(("views", value) for value in (np.array(0), np.array(2), np.array(2**40), np.array("one"))),
    *(("coarse_vertices", value) for value in (np.zeros((3, 3)), np.zeros((7333, 2)), np.full((7333, 3), np.nan))),
    ("coarse_vertices", np.full((7333, 3), "far")),
    ("automatic_vertices", np.zeros((2, 3))),
    *(("report", np.array(text)) for text in ("", "{", "[]", "7", "null", '{"confidence": "high"}', '{"seconds": 3}')),
    ("report", np.zeros(4)),
    *(
        ("report", report_with(**{name: 5}))
        for name in ("photo_size", "landmarks_68", "face_box", "versions", "template")
    ),
    ("report", report_with(landmarks_68=[[1, 2]])),
    ("report", report_with(landmarks_68=[[0.0, "x"]] * 68)),
    ("report", report_with(photo_size=[1, 2, 3])),
    *(
        ("view.0.shape", np.array(value))
        for value in ([20000, 20000], [0, 10], [-12, 10], [12], [12, 10, 3], [np.nan, 1])
    ),
    *(("view.0.mask", value) for value in (np.zeros(3, np.uint8), np.zeros(15), np.array(1, np.uint8), np.array("m"))),
    ("view.0.opening", np.zeros(0, np.uint8)),
    *(("view.0.depth", value) for value in (np.zeros((1, 4), np.uint16), np.zeros(30, np.uint16), np.array("deep"))),
    *(("view.0.depth_range", value) for value in (np.full((2, 1), np.inf), np.zeros((2, 3)), np.zeros(2))),
    *(("view.0.correspondence", value) for value in (np.zeros((3, 1), np.uint16), np.zeros((30, 3), np.uint16))),
    ("view.0.correspondence_range", np.full((2, 3), np.nan)),
    *(("view.0.camera", value) for value in (np.zeros(4), np.ones(3), np.full(4, np.nan), np.array(["a"] * 4))),
    *(("view.0.head_to_camera", value) for value in (np.zeros((4, 4)), np.eye(3), np.full((4, 4), np.inf))),
    *(("view.0.crop_to_photo", value) for value in (np.zeros((2, 3)), np.eye(2), np.full((2, 3), np.nan))),
    *(
        ("view.0.photo_size", value)
        for value in (np.array([0, 5]), np.array([5]), np.array([2**40, 5]), np.array("big"))
    ),
    *(("view.0.pins", value) for value in (np.zeros((68, 3)), np.zeros(2), np.array([["a", "b"]] * 68))),
    ("view.0.confidence", np.array(np.nan)),
    ("view.0.confidence", np.zeros(2)),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_damaged_or_mistyped_is_one_sentence(arrays: Arrays, name: str, value: Any) -> None:
    with pytest.raises(RecordError, match="damaged"):
        from_bytes(packed({**arrays, name: value}))


@pytest.mark.parametrize("name", ["version", "coarse_vertices", "views", "view.0.mask", "view.0.camera", "report"])
def test_what_is_missing_is_one_sentence(arrays: Arrays, name: str) -> None:
    del arrays[name]
    with pytest.raises(RecordError, match="damaged"):
        from_bytes(packed(arrays))


def test_any_flipped_byte_gives_a_face_or_a_sentence(face: Reconstruction) -> None:
    whole = to_bytes(face)
    generator = np.random.default_rng(0)
    for place in generator.integers(len(whole), size=60):
        damaged = bytearray(whole)
        damaged[place] ^= 0xFF
        try:
            from_bytes(bytes(damaged))
        except RecordError as error:
            assert str(error).endswith(".")


def bomb(arrays: Arrays) -> bytes:
    """A record with an array of 4 GB of zeros, packed into few bytes, as its header says or not."""
    stream = io.BytesIO(packed(arrays))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as file, file.open("view.0.more.npy", "w") as entry:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**29,)})
        entry.write(header.getvalue())
        for _ in range(256):
            entry.write(bytes(1 << 20))
    return stream.getvalue()


def lying_header(arrays: Arrays) -> bytes:
    """A record whose array says that it is 32 TB and has nothing."""
    stream = io.BytesIO(packed({name: values for name, values in arrays.items() if name != "coarse_vertices"}))
    with zipfile.ZipFile(stream, "a") as file:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**42,)})
        file.writestr("coarse_vertices.npy", header.getvalue())
    return stream.getvalue()


@pytest.mark.parametrize("make", [bomb, lying_header])
def test_nothing_is_allocated_for_what_cannot_be(arrays: Arrays, make: Callable[[Arrays], bytes]) -> None:
    data = make(arrays)
    tracemalloc.start()
    with pytest.raises(RecordError, match="damaged"):
        from_bytes(data)
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()


def test_objects_in_the_file_are_not_unpickled(arrays: Arrays) -> None:
    with pytest.raises(RecordError, match="damaged"):
        from_bytes(packed({**arrays, "report": np.array({"confidence": 1}, dtype=object)}))


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all", bytes(1000)])
def test_what_is_no_archive_is_one_sentence(data: bytes) -> None:
    with pytest.raises(RecordError, match="damaged"):
        from_bytes(data)
