"""Train the detector: `python -m training.face_detection.train --data FOLDER --backgrounds FILE --output FILE`."""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from pix2vertex_blender.reconstruction.photo.detector_network import (
    HEADS,
    MIDDLE,
    STRIDE,
    FaceDetectorNetwork,
    as_input,
)
from pix2vertex_blender.reconstruction.photo.face_detector import save_face_detector

from ..data.backgrounds import background_bank
from ..optimiser import descend, set_rate
from ..schedule import cosine
from .scenes import Person, Scene, draw_scene, read_people

SIZE = 192
LEARNING_RATE = 2e-3
#: Width of the bump around a face's centre, in shares of its square's side.
BUMP = 0.09


class SceneStream(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Endless scenes and what the network has to say of them."""

    def __init__(self, people: list[Person], backgrounds: NDArray, seed: int) -> None:
        self.people, self.backgrounds, self.seed = people, backgrounds, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Draw scenes without end."""
        generator = np.random.default_rng(self.seed)
        while True:
            scene = draw_scene(self.people, SIZE, generator, self.backgrounds)
            wanted, asked = targets(scene)
            yield torch.from_numpy(scene.picture), torch.from_numpy(wanted), torch.from_numpy(asked)


def targets(scene: Scene) -> tuple[NDArray, NDArray]:
    """What the network has to say of each cell, (6, n, n), and where it is asked, (n, n): 0, or 1."""
    cells = len(scene.picture) // STRIDE
    centres = (np.arange(cells) + 0.5) * STRIDE
    wanted = np.zeros((HEADS, cells, cells), np.float32)
    asked = np.ones((cells, cells), np.float32)
    for square in scene.doubtful:
        asked[_bump(square.x, square.y, max(square.side, 20.0), centres, 2.5) > 0.4] = 0
    for square in scene.squares:
        bump = _bump(square.x, square.y, square.side, centres, 1.0)
        row, column = (min(cells - 1, max(0, int(value // STRIDE))) for value in (square.y, square.x))
        bump[row, column] = 1.0
        nearer = bump > wanted[0]
        wanted[0] = np.maximum(wanted[0], bump)
        angle = np.radians(square.turn)
        wanted[1][nearer] = np.broadcast_to((square.x - centres) / STRIDE, bump.shape)[nearer]
        wanted[2][nearer] = np.broadcast_to(((square.y - centres) / STRIDE)[:, None], bump.shape)[nearer]
        for channel, value in ((3, np.log(square.side / MIDDLE)), (4, np.cos(angle)), (5, np.sin(angle))):
            wanted[channel][nearer] = value
        asked[bump > 0.4] = 1
    return wanted, asked


def _bump(x: float, y: float, side: float, centres: NDArray, breadth: float) -> NDArray:
    squared = (centres - x) ** 2 + ((centres - y) ** 2)[:, None]
    return np.exp(-squared / (2 * (breadth * BUMP * side) ** 2)).astype(np.float32)


def loss_of(said: Tensor, wanted: Tensor, asked: Tensor) -> tuple[Tensor, Tensor]:
    """Focal loss of the centres (Zhou et al., Objects as points) and error of the squares.

    `said` and `wanted` (B, 6, n, n) and `asked` (B, n, n) are as `targets` has them.
    """
    logits, heat = said[:, 0], wanted[:, 0]
    chance = torch.sigmoid(logits)
    centre = (heat >= 0.999).float()
    positive = -((1 - chance) ** 2) * functional.logsigmoid(logits) * centre
    negative = -((1 - heat) ** 4) * chance**2 * functional.logsigmoid(-logits) * (1 - centre) * asked
    count = centre.sum().clamp(min=1)
    weight = (heat > 0.4).float() * heat
    difference = functional.smooth_l1_loss(said[:, 1:], wanted[:, 1:], reduction="none", beta=0.2).sum(1)
    return (positive + negative).sum() / count, (difference * weight).sum() / weight.sum().clamp(min=1)


def train(options: argparse.Namespace) -> FaceDetectorNetwork:
    """Train for so many minutes."""
    people = read_people(options.data, options.people)
    stream = SceneStream(people, background_bank(options.backgrounds), options.seed)
    loader = DataLoader(stream, batch_size=options.batch_size, num_workers=0)
    network = FaceDetectorNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    began = time.monotonic()
    sums = np.zeros(2)
    for step, (pictures, wanted, asked) in enumerate(loader, 1):
        done = (time.monotonic() - began) / (60 * options.minutes)
        if done >= 1:
            break
        set_rate(optimiser, LEARNING_RATE * min(1.0, step / 100) * cosine(done))
        said = network(as_input(pictures).contiguous(memory_format=torch.channels_last))
        centres, squares = loss_of(said, wanted, asked)
        descend(centres + squares, network, optimiser, clip=5.0)
        sums += (centres.item(), squares.item())
        if step % 50 == 0:
            rate = step * options.batch_size / (time.monotonic() - began)
            print(
                f"step {step}  {rate:.0f} scenes/s  centres {sums[0] / 50:.3f}  squares {sums[1] / 50:.3f}", flush=True
            )
            sums[:] = 0
        if step % 500 == 0:
            save_face_detector(network, options.output)
    save_face_detector(network, options.output)
    return network


def main() -> int:
    """Train as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backgrounds", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--people", type=int, default=6000)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    train(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
