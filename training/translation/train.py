"""Train generator and discriminator on two folders of pictures."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pix2vertex_blender.errors import Pix2VertexError

from ..checkpoints import opened_checkpoint, require_same, write_checkpoint
from ..log import append_row
from .losses import GeometricConstraint, Health, adversarial_loss, discriminator_loss, diversity
from .networks import Discriminator, Generator, TranslationConfiguration

CHECKPOINT = "translation.pt"

COLLAPSED = "The training has collapsed at step {step}, {trouble}: {path} holds the last good state; try a lower rate."


@dataclass(frozen=True)
class TranslationSettings:
    """How to train.

    Attributes
    ----------
    steps : int
        In all, earlier starts included.
    minutes : float
        End this start after so many at the latest.
    geometric_weight : float
        Of eq. 7; 0 trains without the term.
    learning_rate, momentum : float
        Adam's, and its first decay.
    log_every : int
        Steps between rows of the log, at which the training's health is looked at.
    patience : int
        So many sick rows in a row are a collapse.
    """

    batch_size: int = 4
    steps: int = 20_000
    minutes: float = 1e9
    geometric_weight: float = 10.0
    learning_rate: float = 2e-4
    momentum: float = 0.5
    log_every: int = 25
    patience: int = 4


class CollapsedError(Pix2VertexError):
    """The generator or the discriminator has stopped learning."""


class Translation:
    """Both networks with their optimisers and how far they are."""

    def __init__(self, configuration: TranslationConfiguration, settings: TranslationSettings) -> None:
        self.configuration, self.settings = configuration, settings
        self.generator, self.discriminator = Generator(configuration), Discriminator(configuration)
        betas = (settings.momentum, 0.999)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), settings.learning_rate, betas)
            for network in (self.generator, self.discriminator)
        ]
        self.step = 0

    def state(self) -> dict[str, Any]:
        """Everything needed to go on, as it is now and not as it will be."""
        parts = {
            "generator": self.generator.state_dict(),
            "discriminator": self.discriminator.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
        }
        return {"configuration": self.configuration.to_json(), "step": self.step, **_copied(parts)}

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint, if there is one.

        Raises
        ------
        DataFileError
            If it is damaged or of another network.
        """
        if not path.exists():
            return
        with opened_checkpoint(path) as state:
            require_same(path, state, configuration=self.configuration.to_json())
            self.generator.load_state_dict(state["generator"])
            self.discriminator.load_state_dict(state["discriminator"])
            for optimiser, values in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(values)
            self.step = int(state["step"])

    def learn(self, source: Tensor, target: Tensor, constraint: GeometricConstraint | None) -> dict[str, Tensor]:
        """One step of each network on pictures (B, 3, S, S) of both domains; returns the terms and D's opinions."""
        translated = self.generator(source)
        real, fake = self.discriminator(target), self.discriminator(translated.detach())
        judged = discriminator_loss(real, fake)
        _descend(self.optimisers[1], judged)
        deceived = adversarial_loss(self.discriminator(translated))
        geometric = torch.zeros(())
        if constraint is not None:
            with torch.no_grad():
                before = constraint.read(source)
            geometric = constraint(before, constraint.read(translated))
        _descend(self.optimisers[0], deceived + self.settings.geometric_weight * geometric)
        self.step += 1
        return {
            "discriminator": judged.detach(),
            "adversarial": deceived.detach(),
            "geometric": geometric.detach(),
            "real": real.detach().sigmoid().mean(),
            "translated": fake.detach().sigmoid().mean(),
            "diversity": diversity(translated.detach()) / diversity(source).clamp_min(1e-6),
        }


def train(
    run: Path,
    translation: Translation,
    batches: tuple[Iterator[Tensor], Iterator[Tensor]],
    constraint: GeometricConstraint | None,
) -> None:
    """Train to the end of the steps or minutes, with a checkpoint of the last state in which all was well.

    Raises
    ------
    CollapsedError
        If the health has been bad for too long.
    """
    run.mkdir(parents=True, exist_ok=True)
    settings = translation.settings
    sick, count, began = 0, 0, time.monotonic()
    sums: dict[str, float] = {}
    source, target = batches
    if not (run / CHECKPOINT).exists():  # so that a training that is sick from the first has a state to go back to
        save(run / CHECKPOINT, translation)
    while translation.step < settings.steps and time.monotonic() - began < 60 * settings.minutes:
        terms = translation.learn(next(source), next(target), constraint)
        sums = {name: sums.get(name, 0.0) + float(value) for name, value in terms.items()}
        count += 1
        if translation.step % settings.log_every and translation.step < settings.steps:
            continue
        means = {name: total / count for name, total in sums.items()}
        health = Health(*(means[name] for name in ("real", "translated", "diversity", "adversarial")))
        append_row(run / "log.csv", {"step": str(translation.step), **means, "trouble": health.trouble})
        sick, sums, count = sick + 1 if health.trouble else 0, {}, 0
        if not sick:
            save(run / CHECKPOINT, translation)
        elif sick >= settings.patience or health.trouble == "values are not finite":
            raise CollapsedError(COLLAPSED.format(step=translation.step, trouble=health.trouble, path=run / CHECKPOINT))
    if not sick:
        save(run / CHECKPOINT, translation)


def save(path: Path, translation: Translation) -> None:
    """Write a checkpoint; the one before stays until the new one is whole."""
    write_checkpoint(path, translation.state() | {"settings": asdict(translation.settings)})


def _descend(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value
