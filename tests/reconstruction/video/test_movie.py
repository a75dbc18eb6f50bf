"""Movies and image sequences, and what is wrong with them."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from pix2vertex_blender.reconstruction.video.movie import MovieError, open_movie


def film(path: Path, count: int = 12, rate: float = 24.0, codec: str = "mp4v") -> Path:
    """A movie whose frames become brighter."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), rate, (64, 48))
    for index in range(count):
        writer.write(np.full((48, 64, 3), 20 * index, dtype=np.uint8))
    writer.release()
    return path


def test_frames_come_in_turn_and_at_their_times(tmp_path: Path) -> None:
    movie = open_movie(film(tmp_path / "film.mp4"))
    moments = list(movie.moments())
    assert movie.count == len(moments) == 12
    np.testing.assert_allclose([moment.time for moment in moments], np.arange(12) / 24.0, atol=2e-3)
    assert [round(moment.photo.pixels.mean() / 20) for moment in moments] == list(range(12))
    assert moments[0].photo.size == (64, 48)


def with_table(content: bytes, entries: list[tuple[int, int]]) -> bytes:
    """An MP4 file, its index after its frames, with other entries of its table of times (`stts`)."""
    position = content.index(b"moov") - 4
    index = content[position:]

    def changed(boxes: bytes) -> bytes:
        done = b""
        while boxes:
            size, name = struct.unpack_from(">I4s", boxes)
            inner = boxes[8:size]
            if name in (b"moov", b"trak", b"mdia", b"minf", b"stbl"):
                inner = changed(inner)
            elif name == b"stts":
                inner = struct.pack(">II", 0, len(entries)) + b"".join(struct.pack(">II", *each) for each in entries)
            done, boxes = done + struct.pack(">I4s", len(inner) + 8, name) + inner, boxes[size:]
        return done

    return content[:position] + changed(index)


def test_frames_of_a_rate_that_varies_keep_their_times(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4")
    content = path.read_bytes()
    step = struct.unpack_from(">I", content, content.index(b"stts") + 16)[0]
    path.write_bytes(with_table(content, [(6, step), (6, step // 4)]))
    times = [moment.time for moment in open_movie(path).moments()]
    steps = np.array([1.0] * 6 + [0.25] * 5) / 24.0
    np.testing.assert_allclose(np.diff(times), steps, atol=2e-3)


def test_a_codec_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    path = film(tmp_path / "film.avi", codec="MJPG")
    path.write_bytes(path.read_bytes().replace(b"MJPG", b"ZZZZ"))
    with pytest.raises(MovieError, match=r"^film\.avi .*H\.264.*\.$"):
        open_movie(path)


def test_samples_are_spread_over_the_movie(tmp_path: Path) -> None:
    samples = list(open_movie(film(tmp_path / "film.mp4")).samples(3))
    assert [sample.index for sample in samples] == [3, 6, 8]
    assert [round(sample.photo.pixels.mean() / 20) for sample in samples] == [3, 6, 8]


def test_images_are_sorted_by_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        cv2.imwrite(str(tmp_path / f"frame{number}.png"), np.full((96, 96, 3), number, dtype=np.uint8))
    cv2.imwrite(str(tmp_path / "other.png"), np.zeros((96, 96, 3), dtype=np.uint8))
    (tmp_path / "notes.txt").write_text("no image")
    moments = list(open_movie(tmp_path / "frame9.png", rate=10.0).moments())
    assert [int(moment.photo.pixels[0, 0, 0]) for moment in moments] == [1, 9, 10]
    assert [moment.time for moment in moments] == pytest.approx([0.0, 0.1, 0.2])
    assert open_movie(tmp_path).count == 4, "a folder stands for all of its images"


def test_a_damaged_image_is_passed_over_with_its_time(tmp_path: Path) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((96, 96, 3), number, dtype=np.uint8))
    (tmp_path / "1.png").write_bytes(b"nothing")
    assert [moment.time for moment in open_movie(tmp_path, rate=10.0).moments()] == pytest.approx([0.0, 0.2])


@pytest.mark.parametrize("content", [b"", b"no movie at all", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(500)])
def test_what_cannot_be_decoded_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "film.mp4").write_bytes(content)
    with pytest.raises(MovieError, match=r"film\.mp4 (cannot be read|has no frames).*H\.264.*\."):
        open_movie(tmp_path / "film.mp4")


def test_a_movie_that_ends_in_the_middle_gives_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 24.0, (160, 120))
    for _ in range(20):
        writer.write(np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8))
    writer.release()
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 3 < len(list(open_movie(path).moments())) < 20


def test_no_movie_and_no_images(tmp_path: Path) -> None:
    with pytest.raises(MovieError, match=r"no movie gone\.mp4"):
        open_movie(tmp_path / "gone.mp4")
    with pytest.raises(MovieError, match="has no images"):
        open_movie(tmp_path)
