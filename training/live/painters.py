"""Processes that draw people and look at them, into a ring of looks in a file that all of them see."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template

from ..data.backgrounds import background_bank
from ..data.dataset import DISTRACTORS
from ..generate import HELD_OUT_STREAM, TRAINING_STREAM
from ..identity.basis import read_basis
from .looks import DrawingParameters, Look, draw_person, look_shapes, looks_at

#: Looks that lie in the ring at most, waiting to be fetched.
PLACES = 512
#: More people than are drawn while a training makes a step.
PEOPLE_PER_STEP = 100_000


@dataclass(frozen=True)
class Task:
    """What a painter is told.

    Attributes
    ----------
    parameters : DrawingParameters
    basis, backgrounds : Path
        Files of the basis of heads and of the background pictures.
    ring : Path
        Folder of the ring's files.
    held_out : int
        The first so many people are never taught; they are looked at once.
    steps : int
        That the training has made before: it goes on with people whom it has not met.
    """

    parameters: DrawingParameters
    basis: Path
    backgrounds: Path
    ring: Path
    held_out: int
    steps: int = 0

    def person(self, number: int) -> tuple[int, int]:
        """Stream and index of the person who is drawn as that number: whoever is held out stays the same."""
        if number < self.held_out:
            return HELD_OUT_STREAM, number
        return TRAINING_STREAM, number + self.steps * PEOPLE_PER_STEP


class Ring:
    """Places for looks in files that several processes map into memory.

    Parameters
    ----------
    folder : Path
    resolution, coefficients : int
    mode : "w+" or "r+"
        Whether the files are made.
    """

    def __init__(self, folder: Path, resolution: int, coefficients: int, mode: Literal["w+", "r+"]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.fields = {
            name: np.memmap(folder / name, kind, mode, shape=(PLACES, *shape))
            for name, (shape, kind) in look_shapes(resolution, coefficients).items()
        }

    def write(self, place: int, look: Look) -> None:
        """Put a look into a place."""
        for name, array in self.fields.items():
            array[place] = getattr(look, name)

    def read(self, place: int, device: torch.device) -> dict[str, Tensor]:
        """A copy of the look in a place, by field, on a device."""
        one = slice(place, place + 1)
        return {name: torch.from_numpy(array[one]).to(device, copy=True)[0] for name, array in self.fields.items()}


class Painters:
    """Painters at work, as `painting` starts them.

    Parameters
    ----------
    ring : Ring
    free, ready : queue of int
        Places that nobody uses, and those that hold a look; negative numbers are -1 - place of held-out looks.
    """

    def __init__(self, ring: Ring, free: "Queue[int]", ready: "Queue[int]") -> None:
        self.ring, self.free, self.ready = ring, free, ready

    def fetch(self, device: torch.device) -> tuple[dict[str, Tensor], bool]:
        """The next look by field, on a device, and whether it is held out; waits for it."""
        number = self.ready.get()
        place = -1 - number if number < 0 else number
        look = self.ring.read(place, device)
        self.free.put(place)
        return look, number < 0


@contextmanager
def painting(task: Task, coefficients: int, count: int) -> Iterator[Painters]:
    """Painters at work until the end of the block."""
    context = multiprocessing.get_context("spawn")
    free, ready, following = context.Queue(), context.Queue(), context.Value("q", 0)
    ring = Ring(task.ring, task.parameters.resolution, coefficients, "w+")
    for place in range(PLACES):
        free.put(place)
    processes = [
        context.Process(target=_paint, args=(task, coefficients, free, ready, following), daemon=True)
        for _ in range(count)
    ]
    for process in processes:
        process.start()
    try:
        yield Painters(ring, free, ready)
    finally:
        for process in processes:
            process.terminate()


def _paint(
    task: Task, coefficients: int, free: "Queue[int]", ready: "Queue[int]", following: "Synchronized[int]"
) -> None:
    """Draw people and look at them until the process is ended."""
    cv2.setNumThreads(1)
    ring = Ring(task.ring, task.parameters.resolution, coefficients, "r+")
    face_basis = read_basis(task.basis)[:, face_vertices(load_template())]
    backgrounds = background_bank(task.backgrounds)
    recent: list[NDArray[np.uint8]] = []
    while True:
        with following.get_lock():
            stream, index = task.person(following.value)
            following.value += 1
        held_out = stream == HELD_OUT_STREAM
        person = draw_person(index, stream, task.parameters)
        if person is None:
            continue
        generator = np.random.default_rng([task.parameters.seed, 2 + stream, index])
        count = 1 if held_out else task.parameters.looks
        for look in looks_at(person, count, face_basis, task.parameters, generator, backgrounds, recent):
            place = free.get()
            ring.write(place, look)
            ready.put(-1 - place if held_out else place)
        recent = [*recent, person.sample.image][-DISTRACTORS:]
