"""First guesses of where faces are, whichever way up, from a small network shown reduced copies of a photo."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from ...paths import FACE_DETECTOR_WEIGHTS
from ..network.device import quick_precision
from ..network.weights_file import opened_weights, write_weights
from .boxes import overlap, square_box
from .detector_network import LARGEST, MIDDLE, SMALLEST, STRIDE, FaceDetectorNetwork, as_input, fold_norms
from .photo import Square

#: The ratio of neighbouring copies, which is less than that of the largest and the smallest square that one shows.
STEP = 2**0.5
#: A cell of lower score holds no face.
LEAST_SCORE = 0.15
#: Pixels along each side of what is searched at a time, so that somebody can stop the search in between.
_TILE = 960
#: Pixels of repeated border, which let a face reach to the very edge, and by how much neighbouring tiles overlap.
_BORDER, _SHARED = 32, 160

DAMAGED = "The face detector's weights {file} are damaged: install the extension again."


@dataclass(frozen=True)
class Candidate:
    """What may be a face: an upright square around it, in pixels of the picture that was searched, and its score."""

    square: Square
    score: float


@dataclass(frozen=True)
class FaceDetector:
    """Finds faces of all sizes with a network that knows one.

    Attributes
    ----------
    network : FaceDetectorNetwork
    device : torch.device
    precision : torch.dtype
        float32, or bfloat16 where the device is faster with it: the scores differ by less than 0.01.
    """

    network: FaceDetectorNetwork
    device: torch.device
    precision: torch.dtype

    def find(
        self, pixels: NDArray[np.uint8], smallest: float, largest: float, tell: Callable[[], None]
    ) -> list[Candidate]:
        """What may be faces, those of the highest score first. Many are none; a larger network decides.

        Parameters
        ----------
        pixels : (h, w, 3) uint8
            RGB.
        smallest, largest : float
            Sides of the squares that are looked for, in pixels.
        tell : callable
            Called several times a second; what it raises ends the search.
        """
        found: list[Candidate] = []
        for scale in scales(smallest, largest):
            height, width = (max(1, round(scale * length)) for length in pixels.shape[:2])
            tell()
            copy = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA) if scale != 1 else pixels
            for left, top, tile in _tiles(copy):
                tell()
                for each in self._find_at_one_size(tile):
                    square = each.square
                    place = ((square.x + left) / scale, (square.y + top) / scale)
                    found.append(Candidate(Square(*place, square.side / scale, square.turn), each.score))
        return best_of_each_place(found)

    @torch.inference_mode()
    def _find_at_one_size(self, tile: NDArray[np.uint8]) -> list[Candidate]:
        picture = as_input(torch.from_numpy(tile)[None]).to(self.device, memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == torch.bfloat16):
            said = self.network(picture)[0].float()
        return candidates_of(said)


def candidates_of(said: Tensor) -> list[Candidate]:
    """What the network's output (6, rows, columns) says: the cells whose score is that of the highest around them."""
    scores = torch.sigmoid(said[0])
    highest = functional.max_pool2d(scores[None], 3, stride=1, padding=1)[0]
    rows, columns = torch.nonzero((scores >= LEAST_SCORE) & (scores == highest), as_tuple=True)
    right, down, size, cosine, sine = said[1:, rows, columns].double().cpu().numpy()
    x = (columns.cpu().numpy() + 0.5 + right) * STRIDE
    y = (rows.cpu().numpy() + 0.5 + down) * STRIDE
    sides = MIDDLE * np.exp(np.clip(size, -1, 1))
    turns = np.degrees(np.arctan2(sine, cosine))
    chances = scores[rows, columns].double().cpu().numpy()
    values = np.column_stack([x, y, sides, turns, chances]).tolist()
    return [Candidate(Square(*square), chance) for *square, chance in values]


def scales(smallest: float, largest: float) -> list[float]:
    """By how much to reduce a picture, so that squares of all sizes between two are shown at sizes that are known."""
    scale, result = SMALLEST / smallest, []
    while True:
        result.append(scale)
        if LARGEST / scale >= largest:
            return result
        scale /= STEP


def best_of_each_place(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates, the best first, without those that overlap a better one by more than a third."""
    kept: list[Candidate] = []
    boxes: list[NDArray[np.float64]] = []
    for candidate in sorted(candidates, key=lambda each: -each.score):
        box = square_box(candidate.square)
        if all(overlap(box, other) <= 1 / 3 for other in boxes):
            kept.append(candidate)
            boxes.append(box)
    return kept


def _tiles(picture: NDArray[np.uint8]) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Left, top and pixels of parts that overlap, with a border of repeated pixels around the whole."""
    height, width = picture.shape[:2]
    below, beside = (_BORDER + (-length) % STRIDE for length in (height, width))
    whole = cv2.copyMakeBorder(picture, _BORDER, below, _BORDER, beside, cv2.BORDER_REPLICATE)
    for top in _starts(len(whole)):
        for left in _starts(whole.shape[1]):
            tile = whole[top : top + _TILE, left : left + _TILE]
            yield left - _BORDER, top - _BORDER, np.ascontiguousarray(tile)


def _starts(length: int) -> list[int]:
    """Where tiles start along one side."""
    return list(range(0, max(1, length - _SHARED), _TILE - _SHARED))


def save_face_detector(network: FaceDetectorNetwork, path: Path) -> None:
    """Write a weights file; a file of that name is either whole or not there."""
    write_weights(path, network, json.dumps({"width": network.width}))


@lru_cache(maxsize=2)
def load_face_detector(device: torch.device, path: Path = FACE_DETECTOR_WEIGHTS) -> FaceDetector:
    """The detector of a weights file, read once and then kept.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or of another network.
    """
    with opened_weights(path, FACE_DETECTOR_WEIGHTS, DAMAGED) as (metadata, weights):
        # The file that ships is older than what is written beside weights now.
        network = FaceDetectorNetwork(**json.loads(metadata.get("configuration", "{}")))
        network.load_state_dict(network.state_dict() | weights)
        if lacking := {name for name, _parameter in network.named_parameters() if name not in weights}:
            raise ValueError(f"without {', '.join(sorted(lacking))}")
    return FaceDetector(fold_norms(network).to(device), device, quick_precision(device))
