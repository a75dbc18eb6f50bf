"""Batches of a bank: what a network sees, and what is true of it in the model's coefficients."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..arrays import Floats, Integers
from .bank import Bank
from .model import CoarseModel, Coefficients


class Lesson(NamedTuple):
    """Some looks; the second half shows the same people as the first.

    Attributes
    ----------
    images : (B, 3, S, S) uint8
    skin : (B, S, S) bool
    landmarks : (B, 68, 2) float32
    truth : Coefficients
    """

    images: Tensor
    skin: Tensor
    landmarks: Tensor
    truth: Coefficients


class Lessons:
    """A bank in torch.

    Parameters
    ----------
    bank : Bank
    model : CoarseModel
    """

    def __init__(self, bank: Bank, model: CoarseModel) -> None:
        self.bank = bank
        identity = model.identity.coefficients(bank.identity.astype(np.float32))
        expression = model.expression.coefficients(bank.expression.astype(np.float32))
        albedo = model.albedo.coefficients(bank.albedo / np.float32(255))
        columns = bank.rotations[:, :, :2].transpose(0, 2, 1).reshape(-1, 6)
        self.truth = Coefficients(
            _tensor(identity[bank.person]),
            _tensor(expression[bank.person]),
            _tensor(albedo[bank.person]),
            _tensor(columns),
            _tensor(bank.cameras),
            _tensor(bank.lights),
        )

    def at(self, looks: Integers) -> Lesson:
        """The looks (B,) of some numbers."""
        return Lesson(
            torch.from_numpy(self.bank.images[looks]),
            torch.from_numpy(self.bank.skin[looks]),
            _tensor(self.bank.landmarks[looks]),
            Coefficients(*(part[torch.from_numpy(looks)] for part in self.truth)),
        )

    def spread(self) -> tuple[Coefficients, Coefficients]:
        """Mean and standard deviation of the coefficients of the looks that are learnt from, (1, ...)."""
        learnt = torch.from_numpy(~self.bank.held_out)
        return (
            Coefficients(*(part[learnt].mean(0, keepdim=True) for part in self.truth)),
            Coefficients(*(part[learnt].std(0, keepdim=True).clamp_min(1e-6) for part in self.truth)),
        )

    def batches(self, size: int, seed: int) -> Iterator[Lesson]:
        """Endless batches of `size` looks, two at each person, all people in turn."""
        generator = np.random.default_rng(seed)
        by_person = [np.flatnonzero(self.bank.person == each) for each in np.flatnonzero(self.bank.learnt_people)]
        while True:
            order = generator.permutation(len(by_person))
            for start in range(0, len(order) - size // 2 + 1, size // 2):
                pairs = [generator.permutation(by_person[k])[[0, -1]] for k in order[start : start + size // 2]]
                yield self.at(np.array(pairs).T.ravel())

    def unmet(self) -> Lesson:
        """The first look at each of the people who are held out."""
        people, first = np.unique(self.bank.person, return_index=True)
        return self.at(first[~self.bank.learnt_people[people]])


def _tensor(values: Floats) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))
