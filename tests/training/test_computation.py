"""How steps are computed is found by measuring, and computing them another way changes nothing."""

import itertools

import pytest
import torch
from torch.nn import functional

from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import build_network, to_device
from training.computation import (
    PRECISIONS,
    Asked,
    Computation,
    choose,
    compute_gradients,
    fastest_computation,
    made_up_batch,
    step_seconds,
)
from training.losses import SHIPPED_WEIGHTS, TrainingLoss

CPU = torch.device("cpu")
#: Every kind of layer and connection of the network that ships, at a size that is compiled in seconds.
TINY = NetworkConfiguration("residual", 32, (8, 16, 16), (16, 8), (), 0, (0, 1, 1), (1, 1), context_channels=8)


def tiny_network():
    """With no zeros among its weights, behind which no gradient would be seen."""
    torch.manual_seed(0)
    network = build_network(TINY)
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return network


def seconds(precision=1.0, layout=1.0, compiled=1.0, batches=None):
    """A machine on which each change from the ordinary multiplies the seconds of a sample."""

    def measure(computation):
        factors = [
            precision if computation.precision == "bfloat16" else 1.0,
            layout if computation.layout == "contiguous" else 1.0,
            compiled if computation.compiled else 1.0,
            (batches or {}).get(computation.batch_size, 1.0),
        ]
        return 0.1 * factors[0] * factors[1] * factors[2] * factors[3]

    return measure


def chosen(measure, asked=None):
    return list(choose(asked or Asked(), CPU, measure))[-1]


def test_what_is_faster_is_chosen():
    assert chosen(seconds(0.5, 2.0, 0.7, {16: 0.8, 32: 0.79})) == Computation("bfloat16", "channels_last", True, 16)
    assert chosen(seconds(12.0, 0.9, 1.5)) == Computation("float32", "contiguous", False, 8)


def test_what_is_hardly_faster_is_not_worth_it():
    assert chosen(seconds(0.98, 0.97, 0.99, {16: 0.97, 32: 0.96})) == Computation(batch_size=8)


def test_what_was_asked_for_is_not_questioned():
    asked = Asked(precision="float32", compiled=True, batch_size=4)
    tried = choose(asked, CPU, seconds(0.5, 2.0, 3.0))
    assert list(tried)[-1] == Computation("float32", "channels_last", True, 4)
    assert {each.precision for each in tried} == {"float32"}
    assert {each.batch_size for each in tried} == {4}
    assert not any(each.compiled for each in choose(Asked(compiled=False), CPU, seconds(compiled=0.1)))


def test_nothing_is_measured_where_all_is_decided():
    said = []
    asked = Asked("bfloat16", compiled=False, batch_size=8)
    found = fastest_computation(tiny_network(), SHIPPED_WEIGHTS, "muon", asked, CPU, said.append)
    assert found == Computation("bfloat16", batch_size=8)
    assert said == []


def test_measuring_says_what_it_tried_and_leaves_the_network_as_it_was():
    network, said = tiny_network(), []
    before = [parameter.clone() for parameter in network.parameters()]
    asked = Asked(compiled=False, batch_size=2)
    found = fastest_computation(network, SHIPPED_WEIGHTS, "muon", asked, CPU, said.append)
    assert found.batch_size == 2
    assert len(said) == 3
    assert all("samples/s" in line and "batch 2" in line for line in said)
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert all(parameter.grad is None for parameter in network.parameters())


def test_what_is_hopeless_is_tried_for_one_step_only(monkeypatch):
    steps = itertools.count()
    real = compute_gradients
    monkeypatch.setattr("training.computation.compute_gradients", lambda *args: (next(steps), real(*args))[1])
    step_seconds(tiny_network(), SHIPPED_WEIGHTS, "muon", CPU, lambda: 1e-9)(Computation(batch_size=2))
    assert next(steps) == 1


def gradients(precision, compiled, layout=torch.channels_last):
    network = to_device(tiny_network(), CPU, layout)
    loss = TrainingLoss(network, SHIPPED_WEIGHTS)
    if compiled:
        loss.compile()
    batch = made_up_batch(2, TINY.resolution)
    batch.masks[:, ::2, 4:20] = 0
    compute_gradients(loss, batch, PRECISIONS[precision])
    return {name: parameter.grad for name, parameter in network.named_parameters()}


def assert_alike(ones, others, least_cosine):
    assert set(ones) == set(others)
    for name, gradient in ones.items():
        assert others[name] is not None, name
        cosine = functional.cosine_similarity(gradient.flatten(), others[name].flatten(), dim=0).item()
        assert cosine > least_cosine, name
        assert others[name].norm().item() == pytest.approx(gradient.norm().item(), rel=0.1), name


def test_the_layout_in_memory_changes_no_gradient():
    assert_alike(gradients("float32", False), gradients("float32", False, torch.contiguous_format), 0.9999)


@pytest.mark.slow
@pytest.mark.parametrize(("precision", "least_cosine"), [("float32", 0.9999), ("bfloat16", 0.97)])
def test_compiling_changes_no_gradient(precision, least_cosine):
    """A compiler that returns zeros for some layers trains, and badly, without a word."""
    torch.compiler.reset()
    assert_alike(gradients(precision, False), gradients(precision, True), least_cosine)
