"""The networks begin with nothing, learn from all that they are given, and their twin sees no photo."""

import dataclasses

import numpy as np
import pytest
import torch

from training.fine_shape.inputs import batch_of
from training.fine_shape.networks import CAMERA, MODEL, PHOTO, VIRTUAL, FineShape, FineShapeConfiguration
from training.fine_shape.pairs import Pair
from training.fine_shape.train import displaced

NARROW = (4, 8, 8)


def configuration(look: str = VIRTUAL, **values: object) -> FineShapeConfiguration:
    return FineShapeConfiguration(look=look, size=32, widths=NARROW, **values)  # type: ignore[arg-type]


def awake(settings: FineShapeConfiguration) -> FineShape:
    """A network whose last layer says something already."""
    torch.manual_seed(3)
    network = FineShape(settings)
    torch.nn.init.normal_(network.head.weight, std=0.1)
    return network


@pytest.mark.parametrize(
    "settings",
    [
        configuration(views=1),
        configuration(views=7),
        configuration(views=3, conditioned=False),
        configuration(PHOTO),
        configuration(MODEL),
        configuration(CAMERA),
    ],
)
def test_every_look_begins_with_the_registered_head_and_trains_all_its_weights(
    settings: FineShapeConfiguration, pair: Pair
) -> None:
    batch = batch_of([pair, pair], settings)
    torch.testing.assert_close(displaced(FineShape(settings), batch), batch.coarse)
    network = awake(settings)
    heads = displaced(network, batch)
    torch.testing.assert_close(heads[0], heads[1])
    (heads - batch.truth).square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())
    assert FineShapeConfiguration.from_json(settings.to_json()) == settings


def test_the_twin_sees_the_registered_head_but_not_the_photo(pair: Pair) -> None:
    settings = configuration(views=3)
    other = dataclasses.replace(pair, views=255 - pair.views)
    wider = dataclasses.replace(pair, coarse=pair.coarse * np.array([1.1, 1, 1], np.float32))
    network = awake(settings)
    steps = {
        (name, sees): displaced(network, batch, sees) - batch.coarse
        for name, each in (("own", pair), ("other photo", other), ("other head", wider))
        for batch in [batch_of([each], settings)]
        for sees in (True, False)
    }
    assert (steps["own", True] - steps["other photo", True]).abs().max() > 1e-3
    torch.testing.assert_close(steps["own", False], steps["other photo", False])
    assert (steps["own", False] - steps["other head", False]).abs().max() > 1e-3
