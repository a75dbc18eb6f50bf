"""The identity network learns from looks, goes on where it was interrupted, and is joined with the maps."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from pix2vertex_blender.reconstruction.likeness.estimate import blend
from pix2vertex_blender.reconstruction.likeness.model import load_likeness
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.identity import IdentityNetwork, load_identity_network
from pix2vertex_blender.reconstruction.network.network import build_network
from training.identity.blend import Opinions, learn_joint, learn_shares, shared
from training.identity.looks import Looks
from training.identity.losses import explained, r2
from training.identity.train import new_network, set_scale, train
from training.schedule import Settings

TINY = NetworkConfiguration("residual", 32, (8, 16), (8,), (), 0, (0, 1), (1,), context_channels=8)
SETTINGS = Settings(
    batch_size=8, steps=40, minutes=60, learning_rate=3e-3, warm_up_steps=2, log_every=10, average_horizon=8
)


def batches(count: int = 8) -> list[Looks]:
    """Pictures whose brightness above and below says two coefficients."""
    generator = np.random.default_rng(0)
    made = []
    for _ in range(count):
        coefficients = generator.normal(0, (40, 20), (8, 2))
        images = 128 + generator.normal(0, 10, (8, 3, 32, 32))
        images[:, :, :16] += coefficients[:, 0, None, None, None]
        images[:, :, 16:] += coefficients[:, 1, None, None, None]
        sizes = (coefficients**2).sum(1) * 1.1
        images = np.clip(images, 0, 255).astype(np.uint8)
        made.append(Looks(*map(torch.tensor, (images, coefficients.astype("f4"), sizes.astype("f4")))))
    return made


def fresh() -> IdentityNetwork:
    torch.manual_seed(0)
    network = IdentityNetwork(TINY, 2)
    set_scale(network, itertools.cycle(batches()))
    return network


def test_it_learns_what_pictures_tell(tmp_path) -> None:
    network = fresh()
    before = explained(network.eval(), batches(2))
    train(tmp_path, network, SETTINGS, itertools.cycle(batches()), (), "float32")
    assert before < 0.1 and explained(network.eval(), batches(2)) > 0.6


def test_an_interrupted_training_is_the_same_as_a_whole_one(tmp_path) -> None:
    whole = fresh()
    train(tmp_path / "whole", whole, SETTINGS, itertools.cycle(batches()), (), "float32")
    # The cosine ends with the steps that are asked for, so the first part has to be asked for all of them as well.
    stopped = iter(itertools.islice(itertools.cycle(batches()), 15))
    settings = dataclasses.replace(SETTINGS, save_every_minutes=0)
    with pytest.raises(StopIteration):
        train(tmp_path / "parts", fresh(), settings, stopped, (), "float32")
    rest = itertools.islice(itertools.cycle(batches()), 15, None)
    parts = fresh()
    train(tmp_path / "parts", parts, settings, rest, (), "float32")
    for one, other in zip(whole.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_explained_shares_are_one_for_the_truth_and_none_for_the_mean_face() -> None:
    batch = batches(1)[0]
    whole = batch._replace(sizes=(batch.coefficients**2).sum(1))
    assert float(r2(torch.zeros(8), whole)) == pytest.approx(1.0)
    assert float(r2((whole.coefficients**2).sum(1), whole)) == pytest.approx(0.0, abs=1e-6)
    assert float(r2(torch.zeros(8), batch)) == pytest.approx(1 / 1.1), "what the basis cannot say stays wrong"
    first = torch.arange(8) < 4
    part = Looks(*(values[:4] for values in batch))
    wrong = torch.arange(8.0)
    assert float(r2(wrong, batch, first.float())) == pytest.approx(float(r2(wrong[:4], part))), "what does not count"


def test_it_begins_with_the_way_inwards_of_a_map_network() -> None:
    torch.manual_seed(1)
    maps = build_network(TINY)
    network = new_network(maps, 3)
    for name, value in network.encoder.state_dict().items():
        torch.testing.assert_close(value, maps.encoder.state_dict()[name])
    assert not network.output.weight.any()


def opinions_of(shown_error: float, read_error: float) -> Opinions:
    model = load_likeness()
    generator = np.random.default_rng(2)
    count = len(model.basis)
    true = generator.normal(size=(400, count))
    shown = true + shown_error * generator.normal(size=true.shape)
    picture = true + read_error * generator.normal(size=true.shape)
    read = np.stack([picture, picture @ model.mirror.T], axis=1)
    return Opinions(shown, read, true, (true**2).sum(1))


@pytest.mark.parametrize(
    ("shown_error", "read_error", "expected"), [(0.0, 1.0, 0.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.5), (2.0, 1.0, 0.8)]
)
def test_who_errs_less_is_followed_further(shown_error, read_error, expected) -> None:
    shares = learn_shares(opinions_of(shown_error, read_error), load_likeness())
    assert shares[:40].mean() == pytest.approx(expected, abs=0.06)


def test_what_one_coefficient_tells_of_another_is_learnt_from_many_and_not_from_few() -> None:
    """The network here takes each coefficient for the next one, and the maps say nothing."""
    model = load_likeness()
    many = opinions_of(1.0, 0.3)
    picture = np.roll(many.read[:, 0], 1, axis=1)
    confused = dataclasses.replace(
        many, shown=0 * many.shown, read=np.stack([picture, picture @ model.mirror.T], axis=1)
    )
    few = Opinions(*(values[:20] for values in vars(confused).values()))
    by_shares, by_many, by_few = (
        blend(learnt, confused.shown, confused.read)
        for learnt in (
            shared(model, learn_shares(confused, model)),
            learn_joint(confused, model),
            learn_joint(few, model),
        )
    )
    assert confused.explained(by_shares) < 0.1
    assert confused.explained(by_many) > 0.5
    assert confused.explained(by_few) > -0.2


def test_a_mirrored_picture_gets_the_mirrored_head() -> None:
    model = load_likeness()
    learnt = learn_joint(opinions_of(0.5, 0.5), model)
    shown, read = (np.random.default_rng(3).normal(size=(40, *shape)) for shape in ((100,), (2, 100)))
    head = blend(learnt, shown, read)
    other = blend(learnt, shown @ model.mirror, read[:, ::-1])
    assert np.linalg.norm(other - head @ model.mirror) < 0.25 * np.linalg.norm(head)


def test_the_weights_that_ship_read_a_picture_and_its_mirror_image() -> None:
    network, model = load_identity_network(), load_likeness()
    assert network.output.out_features == len(model.basis)
