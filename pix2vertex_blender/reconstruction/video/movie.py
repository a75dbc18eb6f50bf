"""Movies and image sequences, frame by frame, each at its own time."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from ...errors import Pix2VertexError
from ...exchange.photo_files import is_photo
from ..photo.photo import Photo
from ..photo.reading import load_photo

NO_MOVIE = "There is no movie {movie}: choose another file, or a folder with an image sequence."
UNREADABLE = (
    "{movie} cannot be read as a movie, perhaps for lack of its codec: convert it to MP4 with H.264, or to an image"
    " sequence."
)
NO_FRAMES = "{movie} has no frames that can be read: convert it to MP4 with H.264, or to an image sequence."
NO_IMAGES = "The folder {movie} has no images: choose a movie, or a folder with an image sequence."

#: Frames a second of an image sequence, and of a movie that does not say how many.
USUAL_RATE = 25.0
#: No movie has more frames a second; what says so is wrong.
_HIGHEST_RATE = 1000.0


class MovieError(Pix2VertexError):
    """A movie or an image sequence cannot be used."""


@dataclass(frozen=True)
class Moment:
    """A frame.

    Attributes
    ----------
    index : int
        Counted from 0.
    time : float
        Seconds from the movie's beginning.
    photo : Photo
    """

    index: int
    time: float
    photo: Photo


class Movie(Protocol):
    """Something with frames.

    Attributes
    ----------
    name : str
        Of the file or folder.
    count : int
        How many frames there seem to be; 0 if nobody knows.
    """

    name: str
    count: int

    def moments(self) -> Iterator[Moment]:
        """All frames in turn."""

    def samples(self, count: int) -> Iterator[Moment]:
        """So many frames, spread over the whole."""


def open_movie(path: Path, rate: float = 0.0) -> Movie:
    """A movie file, or an image sequence: a folder, or one of its images, which stands for those of its name.

    Parameters
    ----------
    path : Path
    rate : float, optional
        Frames a second of an image sequence; 0 for the usual.

    Raises
    ------
    MovieError
        If there is none, or it cannot be read.
    """
    try:
        if path.is_dir():
            return ImageSequence(path, path.iterdir(), rate or USUAL_RATE)
        if not path.is_file():
            raise MovieError(NO_MOVIE.format(movie=path.name))
    except OSError as error:
        raise MovieError(NO_MOVIE.format(movie=path.name)) from error
    if is_photo(path):
        alike = (
            other for other in path.parent.iterdir() if _without_numbers(other.name) == _without_numbers(path.name)
        )
        return ImageSequence(path, alike, rate or USUAL_RATE)
    return MovieFile(path)


class MovieFile:
    """A file that OpenCV's FFmpeg reads.

    Raises
    ------
    MovieError
        If it is none.
    """

    def __init__(self, path: Path) -> None:
        self._path, self.name = path, path.name
        capture = self._opened()
        rate, count = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
        readable, _ = capture.read()
        capture.release()
        if not readable:
            raise MovieError(NO_FRAMES.format(movie=self.name))
        self._rate = rate if np.isfinite(rate) and 0 < rate <= _HIGHEST_RATE else USUAL_RATE
        self.count = int(count) if np.isfinite(count) and 0 < count < 1e8 else 0

    def moments(self) -> Iterator[Moment]:
        """All frames in turn; those that cannot be decoded are passed over."""
        capture = self._opened()
        try:
            index, before = 0, -np.inf
            while True:
                good, pixels = capture.read()
                if not good:
                    break
                time = self._time(capture, index, before)
                yield self._moment(index, time, pixels)
                index, before = index + 1, time
        finally:
            capture.release()

    def samples(self, count: int) -> Iterator[Moment]:
        """So many frames, spread over the whole, by jumping there; of a movie of unknown length its first ones."""
        capture = self._opened()
        try:
            last = max(self.count, count) - 1
            for index in np.unique(np.linspace(0, last, count + 2)[1:-1].round().astype(int)):
                capture.set(cv2.CAP_PROP_POS_FRAMES, float(index))
                good, pixels = capture.read()
                if good:
                    yield self._moment(int(index), float(index) / self._rate, pixels)
        finally:
            capture.release()

    def _opened(self) -> cv2.VideoCapture:
        # What a phone has stored on its side is turned upright by OpenCV.
        capture = cv2.VideoCapture(str(self._path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            raise MovieError(UNREADABLE.format(movie=self.name))
        return capture

    def _time(self, capture: cv2.VideoCapture, index: int, before: float) -> float:
        """Seconds of the frame that was just read: its own, or where that does not go on, after the usual step."""
        own = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if index == 0:
            return max(own, 0.0) if np.isfinite(own) else 0.0
        return float(own) if np.isfinite(own) and own > before else before + 1 / self._rate

    def _moment(self, index: int, time: float, pixels: np.ndarray) -> Moment:
        return Moment(index, time, Photo(f"{self._path.stem}_{index:06d}", cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)))


class ImageSequence:
    """Images in the order of their names, by the numbers in them.

    Parameters
    ----------
    place : Path
        Whose name it has.
    files : iterable of Path
        Those that are no images are left out.
    rate : float
        Images a second.

    Raises
    ------
    MovieError
        If there are none.
    """

    def __init__(self, place: Path, files: Iterable[Path], rate: float) -> None:
        self.name, self._rate = place.name, rate
        self._files = sorted(filter(is_photo, files), key=lambda path: _numbers_in(path.name))
        self.count = len(self._files)
        if not self._files:
            raise MovieError(NO_IMAGES.format(movie=self.name))

    def moments(self) -> Iterator[Moment]:
        """All images in turn; those that cannot be read are passed over, and their time with them."""
        return self._read(range(self.count))

    def samples(self, count: int) -> Iterator[Moment]:
        """So many images, spread over the whole."""
        last = self.count - 1
        return self._read(np.unique(np.linspace(0, last, min(count, self.count)).round().astype(int)).tolist())

    def _read(self, indices: "range | list[int]") -> Iterator[Moment]:
        for index in indices:
            try:
                yield Moment(index, index / self._rate, load_photo(self._files[index]))
            except Pix2VertexError:
                continue


def _numbers_in(name: str) -> list[tuple[int, str]]:
    """What sorts names by the numbers in them: frame 9 comes before frame 10."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _without_numbers(name: str) -> str:
    return re.sub(r"\d+", "#", name)
