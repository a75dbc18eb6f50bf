"""The three losses on heads whose differences are known."""

import numpy as np
import pytest
import torch

from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.template import load_template
from training.fine_shape.losses import (
    LOSSES,
    Sculpture,
    descriptor_distance,
    drawings,
    guiding_weights,
    shape_loss,
    squared_error,
)
from training.fine_shape.orthographic import Side

SCULPTURE = Sculpture(48)


@pytest.fixture(scope="module")
def head() -> torch.Tensor:
    return torch.tensor(load_template().vertices[None])


@pytest.fixture(scope="module")
def face() -> torch.Tensor:
    return torch.from_numpy((load_template().groups["face"] > 0.5).astype(float))


def moved(head: torch.Tensor, group: str, step: tuple[float, float, float]) -> torch.Tensor:
    weights = torch.tensor(load_template().groups[group])
    return head + weights[:, None] * torch.tensor(step, dtype=head.dtype)


def test_plaster_is_as_bright_as_it_faces_the_light(head: torch.Tensor) -> None:
    drawing = SCULPTURE.draw(head, Side(0.0, 0.0))
    normals = torch.from_numpy(vertex_normals(load_template().vertices, load_template().faces))
    facing = normals[drawing.corners[0]][..., 2].clamp_min(0)
    expected = (facing * drawing.weights[0]).sum(-1)
    inside = (drawing.image[0] > 0.3) & (drawing.weights[0].sum(-1) > 0.5)
    assert inside.sum() > 400
    # At the face's border the head has more triangles around a vertex than the face.
    assert (drawing.image[0] - expected).abs()[inside].median() < 1e-6
    assert (drawing.weights.sum(-1)[drawing.image > 0] - 1).abs().max() < 1e-6


def test_the_descriptor_is_nothing_for_the_same_head_and_its_slope_is_right(head: torch.Tensor) -> None:
    truth = drawings(SCULPTURE, moved(head, "nose", (0, 0, 5)))
    assert descriptor_distance(truth, truth) < 1e-5

    def distance(amount: torch.Tensor) -> torch.Tensor:
        return descriptor_distance(drawings(SCULPTURE, moved(head, "nose", (0, 0, 1)) + amount * step), truth)

    step = moved(head, "nose", (0, 0, 1)) - head
    amount = torch.zeros((), dtype=torch.float64, requires_grad=True)
    value = distance(amount)
    value.backward()
    assert amount.grad is not None and amount.grad < 0, "a longer nose is nearer"
    tiny = 1e-5
    with torch.no_grad():
        slope = (distance(torch.tensor(tiny)) - distance(torch.tensor(-tiny))) / (2 * tiny)
    assert float(amount.grad) == pytest.approx(float(slope), rel=0.02)


def test_the_guide_blames_who_looks_different(head: torch.Tensor) -> None:
    template = load_template()
    same = drawings(SCULPTURE, head)
    assert guiding_weights(same, same, head.shape[1]).abs().sum() == 0
    nose = drawings(SCULPTURE, moved(head, "nose", (0, 0, 6)))
    weights = guiding_weights(same, nose, head.shape[1])[0].numpy()
    assert weights.mean() == pytest.approx(1.0)
    # The profile's tip hides more of the cheek from the side, so that this has some of the blame.
    on, off = template.groups["nose"] > 0.5, template.groups["forehead"] > 0.5
    assert weights[on].mean() > 10 * weights[off].mean()


def test_a_narrow_contour_is_blamed_where_the_descriptor_has_no_slope(head: torch.Tensor) -> None:
    """The defect of eq. 7 for which eq. 8 was made: pixels that only the truth covers move nothing in the output."""
    template = load_template()
    narrow = (head * torch.tensor([0.9, 1.0, 1.0])).requires_grad_()
    ours, truth = ([SCULPTURE.draw(each, Side(0.0, 0.0))] for each in (narrow, head))
    uncovered = (truth[0].weights.sum(-1) > 0.5) & (ours[0].weights.sum(-1) < 0.5)
    assert uncovered.sum() > 20
    (ours[0].image[uncovered] - truth[0].image[uncovered]).square().sum().backward()
    assert narrow.grad is not None and narrow.grad.abs().sum() == 0
    weights = guiding_weights(ours, truth, head.shape[1])[0].numpy()
    contour = np.zeros(len(weights), bool)
    contour[np.unique(truth[0].corners[uncovered].numpy())] = True
    inner = (template.groups["face"] > 0.5) & ~contour
    assert weights[contour].mean() > 3 * weights[inner].mean()


def test_squared_errors_are_a_weighted_mean(head: torch.Tensor, face: torch.Tensor) -> None:
    both = head.repeat(2, 1, 1)
    other = both + torch.tensor([3.0, 0.0, 4.0])
    assert squared_error(other, both, face) == pytest.approx(25.0)
    weights = torch.zeros(2, head.shape[1])
    weights[0, 7] = 2.0
    other[1] = both[1]
    other[0, 7] = both[0, 7] + torch.tensor([0.0, 2.0, 0.0])
    assert squared_error(other, both, weights) == pytest.approx(4.0)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_draws_the_output_to_the_truth(name: str, head: torch.Tensor, face: torch.Tensor) -> None:
    truth = moved(head, "nose", (0, 0, 5))
    amount = torch.zeros((), dtype=torch.float64, requires_grad=True)
    output = head + amount * (truth - head)
    loss = shape_loss(name, output, truth, face, SCULPTURE)
    loss.backward()
    assert loss > 0 and amount.grad is not None and amount.grad < 0
    assert shape_loss(name, truth, truth, face, SCULPTURE) < 1e-4
