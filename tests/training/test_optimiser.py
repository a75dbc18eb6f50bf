"""Muon orthogonalises its updates, and learns what the inputs hardly show."""

import pytest
import torch
from torch import nn

from training.optimiser import UPDATE_SIZE, Muon, make_optimiser, orthogonalise


@pytest.mark.parametrize("shape", [(12, 108), (108, 12), (24, 24), (1, 9)])
def test_singular_values_are_drawn_towards_one_and_the_directions_stay(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    result = orthogonalise(matrix)
    values = torch.linalg.svdvals(result)
    assert values.max() < 1.25
    # The smallest singular values of a square matrix are as good as zero and stay small.
    assert values.median() > 0.65
    # With the same singular vectors, U' M V is diagonal and positive.
    left, _, right = torch.linalg.svd(matrix, full_matrices=False)
    core = left.T @ result @ right.T
    off_diagonal = core - torch.diag(core.diagonal())
    assert core.diagonal().min() > 0
    assert off_diagonal.abs().max() < 1e-3


def test_orthogonalising_does_not_depend_on_the_scale():
    matrix = torch.randn(8, 30, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(orthogonalise(1e4 * matrix), orthogonalise(matrix), rtol=1e-3, atol=1e-4)
    assert torch.isfinite(orthogonalise(torch.zeros(4, 9))).all()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_step_has_the_size_of_the_learning_rate_and_goes_downhill(layout):
    kernel = nn.Parameter(torch.randn(16, 8, 3, 3).to(memory_format=layout))
    before = kernel.detach().clone()
    target = torch.randn(16, 8, 3, 3)
    optimiser = Muon([kernel], rate=0.01, weight_decay=0.0)
    (kernel * target).sum().backward()
    optimiser.step()
    step = kernel.detach() - before
    size = step.square().mean().sqrt().item()
    assert size == pytest.approx(0.01 * UPDATE_SIZE, rel=0.25)
    assert (step * target).sum() < 0


def test_muon_moves_the_kernels_between_the_outer_layers_only():
    network = nn.ModuleDict({"entries": nn.ModuleList([nn.Conv2d(3, 8, 3)]), "body": nn.Linear(8, 8)})
    by_muon, by_adamw = make_optimiser(network, "muon", 1e-3, 0.02), make_optimiser(network, "adamw", 1e-3, 0.02)
    shapes = [[tuple(p.shape) for p in group["params"]] for group in by_muon.param_groups]
    assert shapes[-1] == [(8, 8)]
    assert sum(len(group) for group in shapes) == sum(len(group["params"]) for group in by_adamw.param_groups) == 4
    # A decay would draw biases and norms to zero.
    assert [group["weight_decay"] for group in by_adamw.param_groups] == [0.02, 0.0]


def test_muon_learns_directions_in_which_the_inputs_hardly_vary():
    torch.manual_seed(0)
    basis = torch.linalg.qr(torch.randn(32, 32))[0]
    inputs = torch.randn(512, 32) * torch.logspace(0, -1.5, 32) @ basis
    goals = inputs @ torch.randn(32, 16)
    layer = nn.Linear(32, 16, bias=False)
    optimiser = make_optimiser(layer, "muon", 0.0, 0.0)
    losses = []
    for step in range(100):
        for group in optimiser.param_groups:
            group["lr"] = 0.3 * (1 - step / 100)
        layer.zero_grad()
        losses.append((layer(inputs) - goals).square().mean())
        losses[-1].backward()
        optimiser.step()
    assert losses[-1] < 0.005 * losses[0]
