"""The losses: zero where they should be, blind where they should be."""

import pytest
import torch

from pix2vertex_blender.reconstruction.network import NetworkConfiguration, build_network
from training.losses import (
    SHIPPED_WEIGHTS,
    Batch,
    LossWeights,
    TrainingLoss,
    depth_normals,
    masked_l1,
    normals_loss,
    smooth_interior,
)

SIDE = 32


def ball(side=SIDE, radius=0.9):
    """Depth (1, S, S) of a ball in half crops, and the disc that it covers."""
    centres = (torch.arange(side) + 0.5) / (side / 2) - 1
    y, x = torch.meshgrid(-centres, centres, indexing="ij")
    disc = x**2 + y**2 < radius**2
    depth = torch.where(disc, (radius**2 - x**2 - y**2).clamp(min=0).sqrt(), torch.zeros(()))
    return depth[None], disc[None].float(), torch.stack([x, y])[None]


def batch_of_balls():
    depth, disc, plane = ball()
    points = torch.cat([plane, depth[:, None]], 1)
    return Batch(
        images=torch.full((1, 3, SIDE, SIDE), 128, dtype=torch.uint8),
        masks=disc.to(torch.uint8),
        correspondence=points / 2,
        geometry=points,
        poses=torch.tensor([[0.1, -0.2, 0.3]]),
    )


def test_masked_l1_sees_the_mask_only():
    target = torch.rand(2, 3, 8, 8)
    mask = torch.zeros(2, 8, 8)
    mask[:, 2:5, 2:5] = 1
    predicted = target + 100 * (1 - mask[:, None])
    assert masked_l1(predicted, target, mask) == 0
    shifted = masked_l1(target + 0.25, target, mask)
    assert shifted == pytest.approx(0.75, rel=0.06)


def test_normals_of_a_ball_point_away_from_its_centre():
    depth, _, plane = ball(side=128)
    normals = depth_normals(depth)[0]
    expected = torch.cat([plane, depth[:, None]], 1)[0, :, 1:-1, 1:-1] / 0.9
    inner = (plane[0] ** 2).sum(0)[1:-1, 1:-1] < 0.6**2
    assert (normals * expected).sum(0)[inner].min() > 0.999


def test_normals_loss_ignores_the_offset_and_sees_the_slope():
    depth, disc, _ = ball()
    assert normals_loss(depth + 3, depth, disc) < 1e-5
    assert normals_loss(0.5 * depth, depth, disc) > 0.1


def test_normals_loss_ignores_depth_edges():
    depth, disc, _ = ball()
    stepped = depth.clone()
    stepped[:, :, SIDE // 2 :] -= 1.0
    valid = smooth_interior(stepped, disc)
    assert not valid[0, :, SIDE // 2 - 2 : SIDE // 2].any()
    assert valid.any()
    deeper = depth.clone()
    deeper[:, :, SIDE // 2 :] -= 2.0
    assert normals_loss(deeper, stepped, disc) < 1e-5


class Oracle(torch.nn.Module):
    """Answers with given maps and pose."""

    def __init__(self, maps, pose):
        super().__init__()
        self.answer = maps, pose

    def forward_with_pose(self, images):
        return self.answer


def oracle_maps(batch):
    logits = 40 * (2 * (batch.masks > 0).float() - 1)
    return torch.cat([logits[:, None], batch.correspondence, batch.geometry], 1)


def test_the_truth_has_no_loss():
    batch = batch_of_balls()
    terms = TrainingLoss(Oracle(oracle_maps(batch), batch.poses), SHIPPED_WEIGHTS)(batch)
    assert set(terms) == {"total", "correspondence", "geometry", "normals", "mask", "pose"}
    for value in terms.values():
        assert value.item() == pytest.approx(0, abs=1e-5)


def test_the_mouths_inside_has_geometry_but_no_correspondence():
    batch = batch_of_balls()
    inside = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    inside[:, 14:18, 14:18] = True
    batch = batch._replace(masks=torch.where(inside, 2, batch.masks.long()).to(torch.uint8))
    maps = oracle_maps(batch)
    maps[:, 1:] += 0.5 * inside[:, None]
    terms = TrainingLoss(Oracle(maps, batch.poses), SHIPPED_WEIGHTS)(batch)
    assert terms["correspondence"] < 1e-5
    assert terms["geometry"] > 0.01


def test_every_term_reaches_the_weights_by_its_weight():
    torch.manual_seed(0)
    network = build_network(
        NetworkConfiguration("residual", SIDE, (8, 16), (8,), (), 0, (0, 1), (1,), context_channels=8)
    )
    batch = batch_of_balls()
    terms = TrainingLoss(network, LossWeights(1, 2, 3, 4, 5))(batch)
    weighted = zip(("correspondence", "geometry", "normals", "mask", "pose"), (1, 2, 3, 4, 5), strict=True)
    assert terms["total"].item() == pytest.approx(sum(w * terms[name].item() for name, w in weighted), rel=1e-5)
    terms["total"].backward()
    assert network.pose.weight.grad.abs().sum() > 0
    assert network.head.weight.grad.abs().sum() > 0
