import dataclasses

import pytest
import torch

from benchmarks import network
from pix2vertex_blender.reconstruction.network.configuration import SHIPPED
from pix2vertex_blender.reconstruction.network.network import build_network

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
TINY = dataclasses.replace(
    SHIPPED,
    resolution=32,
    encoder_channels=(16, 24),
    decoder_channels=(16,),
    encoder_blocks=(0, 1),
    decoder_blocks=(1,),
    context_channels=8,
)


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(network, "LEAST_SECONDS", 0.01)


@pytest.mark.slow
def test_training_is_three_times_the_work_of_computing_the_same_images():
    crops = network.crops_speed(build_network(TINY), 1, torch.float32)
    step = network.training_speed(build_network(TINY), 2, torch.float32)
    assert step.operations == pytest.approx(3 * crops.operations, rel=0.2)  # the first layer's input has no gradient
    assert step.seconds > crops.seconds > 0


@pytest.mark.slow
def test_operations_grow_with_the_crops_and_with_the_batch():
    one, four = (network.crops_speed(build_network(TINY), crops, torch.float32) for crops in (1, 4))
    assert four.operations == pytest.approx(4 * one.operations, rel=1e-3)
    small, large = (network.training_speed(build_network(TINY), batch, torch.float32) for batch in (2, 4))
    assert large.operations == pytest.approx(2 * small.operations, rel=1e-3)


@pytest.mark.slow
def test_a_training_step_moves_the_weights():
    moved = build_network(TINY)
    before = [parameter.clone() for parameter in moved.parameters()]
    network.training_speed(moved, 2, torch.float32)
    assert all(not torch.equal(a, b) for a, b in zip(before, moved.parameters(), strict=True))


def test_the_share_is_that_of_the_peak_in_use(monkeypatch):
    monkeypatch.setattr(network, "SHIPPED", TINY)
    monkeypatch.setattr(network, "BATCHES", {"cpu": (2,)})
    monkeypatch.setattr(network, "MATRIX_SIDES", {"cpu": 64})
    crops, training = network.measure(CPU, given_peak=2.0)
    for row in (*crops.rows, *training.rows):
        teraflops, peak, share = row[3:]
        assert peak == 2.0
        assert share == pytest.approx(100 * teraflops / 2.0)
    [measured, _training] = network.measure(CPU)
    assert measured.rows[0][4] > 0


def test_operations_are_told_in_a_second():
    assert network.Speed(seconds=0.5, operations=1e12).teraflops == 2.0
