"""The multi-scale module: how far each scale looks, and what its attention may do."""

import pytest
import torch
from torch import Tensor

from training.coarse.module import SCALES, Attention, MultiScaleModule


@pytest.fixture
def impulse() -> Tensor:
    features = torch.zeros(1, 16, 15, 15)
    features[0, :, 7, 7] = 1
    return features


def test_each_scale_sees_as_far_as_its_side(impulse: Tensor) -> None:
    torch.manual_seed(0)
    module = MultiScaleModule(16)
    for side, scale in zip(SCALES, module.scales, strict=True):
        moved = (scale(impulse) - scale(0 * impulse)).abs().sum(1)[0] > 1e-7
        assert int(moved.any(0).sum()) == int(moved.any(1).sum()) == side


def test_attention_weights_every_channel_at_every_place_between_nothing_and_all() -> None:
    torch.manual_seed(0)
    features = 3 * torch.randn(2, 16, 8, 8)
    weights = Attention(16)(features)
    assert weights.shape == features.shape
    assert weights.min() > 0 and weights.max() < 1
    assert weights.std(1).min() > 0, "channels differ"
    assert weights.flatten(2).std(2).min() > 0, "places differ"


def test_channel_attention_sees_all_of_the_picture_and_that_of_places_what_is_around(impulse: Tensor) -> None:
    torch.manual_seed(0)
    attention = Attention(16)
    by_place = (attention.places(impulse) - attention.places(0 * impulse)).abs()[0, 0] > 0
    reached = by_place.any(0).nonzero()
    assert (reached.min(), reached.max()) == (3, 11), "two convolutions with a dilation of two reach four pixels"
    moved = (attention(impulse) - attention(0 * impulse)).abs().sum(1)[0]
    assert (moved > 0).all()


def test_the_module_gives_its_features_times_the_attention_to_them() -> None:
    torch.manual_seed(0)
    module, features = MultiScaleModule(16), torch.randn(1, 16, 6, 6)
    dense = torch.relu(torch.cat([scale(features) for scale in module.scales], 1))
    torch.testing.assert_close(module(features), dense * module.attention(dense))
