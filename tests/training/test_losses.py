"""The losses: zero where they should be, blind where they should be."""

import dataclasses

import pytest
import torch

from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import build_network
from training.losses import (
    HEATMAP_DEVIATION,
    SHIPPED_WEIGHTS,
    Batch,
    LossWeights,
    TrainingLoss,
    depth_normals,
    landmark_heatmaps,
    landmark_places,
    landmarks_loss,
    masked_l1,
    normals_loss,
    shape_loss,
    smooth_interior,
    visible_landmarks,
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
        landmarks=torch.full((1, 68, 2), -1.0),
    )


def batch_with_landmarks():
    """Balls with the landmarks from 17 on, each on a pixel of its own; 30 and those before 17 are not seen."""
    batch = batch_of_balls()
    batch.masks[:] = 1
    numbers = torch.arange(17, 68)
    columns, rows = 2 + 3 * (numbers % 9), 2 + 3 * (numbers // 9)
    batch.landmarks[0, 17:] = torch.stack([columns, rows], 1) + 0.25
    batch.correspondence[0, :, rows, columns] = landmark_places()[17:].T
    batch.masks[0, rows[13], columns[13]] = 0
    return batch


def heatmaps_at(places, side):
    """Logits (1, 68, side, side) of Gaussians at places (1, 68, 2) in pixels."""
    centres = torch.arange(side) + 0.5
    across, down = (-(((centres - places[..., [axis]]) / HEATMAP_DEVIATION) ** 2) / 2 for axis in (0, 1))
    return across[:, :, None, :] + down[:, :, :, None]


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


def test_the_shape_has_no_pose_place_or_size():
    depth, disc, plane = ball()
    points = torch.cat([plane, depth[:, None] + 0.2 * plane[:, :1] ** 2], 1)
    mask = disc * (plane[:, 0] > -0.3)
    turn = torch.linalg.matrix_exp(torch.tensor([[0.0, 0.3, -0.2], [-0.3, 0.0, 0.5], [0.2, -0.5, 0.0]]))
    moved = 0.7 * torch.einsum("ij,bjhw->bihw", turn, points) + torch.tensor([0.3, -0.1, 2.0])[:, None, None]
    assert shape_loss(moved, points, mask) == pytest.approx(0, abs=1e-5)
    assert shape_loss(points + 5 * (1 - mask[:, None]), points, mask) == pytest.approx(0, abs=1e-5)
    flat = points * torch.tensor([1.0, 1.0, 0.5])[:, None, None]
    assert shape_loss(flat, points, mask) > 0.02
    mirrored = moved * torch.tensor([-1.0, 1.0, 1.0])[:, None, None]
    assert shape_loss(mirrored, points, mask) > 0.02


def test_the_shape_moves_a_wrong_shape_and_survives_an_empty_mask():
    depth, disc, plane = ball()
    points = torch.cat([plane, depth[:, None]], 1)
    flat = (points * torch.tensor([1.0, 1.0, 0.5])[:, None, None]).requires_grad_()
    before = shape_loss(flat, points, disc)
    before.backward()
    nearer = flat.detach() - 0.01 * flat.grad / flat.grad.abs().max()
    assert shape_loss(nearer, points, disc) < before, "its gradient leads to the right shape"
    assert shape_loss(flat, points, torch.zeros_like(disc)) == 0


def test_landmarks_are_visible_where_the_map_shows_them():
    batch = batch_with_landmarks()
    expected = torch.ones(1, 68, dtype=torch.bool)
    expected[0, :17] = False
    expected[0, 30] = False
    assert (visible_landmarks(batch, landmark_places()) == expected).all()
    batch.correspondence[:] += 0.1
    assert not visible_landmarks(batch, landmark_places()).any()


def test_landmarks_loss_is_least_at_the_truth_and_blind_to_hidden_landmarks():
    batch = batch_with_landmarks()
    places = batch.landmarks / 2
    visible = visible_landmarks(batch, landmark_places())
    truth = landmarks_loss(heatmaps_at(places, SIDE // 2), batch, visible)
    losses = [landmarks_loss(heatmaps_at(places + shift, SIDE // 2), batch, visible) for shift in (0.25, 0.5, 1.0, 2.0)]
    assert truth < losses[0] < losses[1] < losses[2] < losses[3]
    hidden_moved = torch.where(visible[..., None], places, places + 5)
    same = landmarks_loss(heatmaps_at(hidden_moved, SIDE // 2), batch, visible)
    assert same.item() == pytest.approx(truth.item(), rel=1e-4)


def test_heatmaps_peak_where_the_map_shows_a_landmark_on_the_face():
    side = 18
    numbers = torch.arange(68)
    rows, columns = 2 * (numbers // 8), 2 * (numbers % 8)
    shown = torch.full((3, side, side), 5.0)
    shown[:, rows, columns] = landmark_places().T
    logits = torch.full((1, side, side), 5.0)
    logits[0, rows[30], columns[30]] = -50.0
    maps = torch.cat([logits, shown, torch.zeros(3, side, side)])[None]
    maps = maps.repeat_interleave(2, 2).repeat_interleave(2, 3).requires_grad_()
    heatmaps = landmark_heatmaps(maps, landmark_places())
    highest = heatmaps[0].flatten(1).argmax(1)
    at_its_place = highest == rows * side + columns
    assert at_its_place[numbers != 30].all()
    assert not at_its_place[30]
    heatmaps[0, 36].logsumexp((0, 1)).backward()
    assert maps.grad[0, 1:4].abs().sum() > 0


class Oracle(torch.nn.Module):
    """Answers with given maps and pose."""

    layout = torch.channels_last

    def __init__(self, maps, pose):
        super().__init__()
        self.answer = maps, pose

    def forward_with_pose(self, images):
        return self.answer


def oracle_maps(batch):
    logits = 40 * (2 * (batch.masks > 0).float() - 1)
    parted = 40 * (2 * (batch.masks == 2).float() - 1)
    return torch.cat([logits[:, None], batch.correspondence, batch.geometry, parted[:, None]], 1)


def test_the_truth_has_no_loss():
    batch = batch_of_balls()
    terms = TrainingLoss(Oracle(oracle_maps(batch), batch.poses), SHIPPED_WEIGHTS)(batch)
    assert set(terms) == {"total", *(field.name for field in dataclasses.fields(LossWeights))}
    for value in terms.values():
        assert value.item() == pytest.approx(0, abs=1e-5)


def test_the_mouths_inside_has_geometry_but_no_correspondence():
    batch = batch_of_balls()
    inside = torch.zeros(1, SIDE, SIDE, dtype=torch.bool)
    inside[:, 14:18, 14:18] = True
    batch = batch._replace(masks=torch.where(inside, 2, batch.masks.long()).to(torch.uint8))
    maps = oracle_maps(batch)
    maps[:, 1:7] += 0.5 * inside[:, None]
    terms = TrainingLoss(Oracle(maps, batch.poses), SHIPPED_WEIGHTS)(batch)
    assert terms["correspondence"] < 1e-5
    assert terms["geometry"] > 0.01
    assert terms["opening"] < 1e-5


def test_the_opening_counts_on_the_face_only():
    batch = batch_of_balls()
    off, on = oracle_maps(batch), oracle_maps(batch)
    off[:, 7] = torch.where(batch.masks == 0, 5.0, off[:, 7])
    on[:, 7, 14:18, 14:18] = 5.0
    by_maps = [TrainingLoss(Oracle(maps, batch.poses), SHIPPED_WEIGHTS)(batch)["opening"].item() for maps in (off, on)]
    assert by_maps[0] == pytest.approx(0, abs=1e-6)
    assert by_maps[1] > 0.01


def test_losses_are_computed_in_single_precision_when_the_network_is_not():
    torch.manual_seed(0)
    batch = batch_with_landmarks()
    maps = oracle_maps(batch) + 0.3 * torch.randn(1, 8, SIDE, SIDE)
    loss = TrainingLoss(Oracle(maps, batch.poses), SHIPPED_WEIGHTS)
    single = loss(batch)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = loss(batch)
    assert single["landmarks"] > 0
    assert all(torch.equal(mixed[name], term) for name, term in single.items())


def tiny_network():
    torch.manual_seed(0)
    return build_network(NetworkConfiguration("residual", SIDE, (8, 16), (8,), (), 0, (0, 1), (1,), context_channels=8))


@pytest.mark.slow
def test_network_and_losses_compile_as_one():
    batch = batch_with_landmarks()
    loss = TrainingLoss(tiny_network(), SHIPPED_WEIGHTS)
    compiled = torch.compile(loss, backend="eager", fullgraph=True)(batch)
    assert compiled["total"].item() == pytest.approx(loss(batch)["total"].item(), rel=1e-5)


def test_every_term_reaches_the_weights_by_its_weight():
    network = tiny_network()
    batch = batch_with_landmarks()
    terms = TrainingLoss(network, LossWeights(1, 2, 3, 4, 5, 6, 7, 8))(batch)
    names = ("correspondence", "geometry", "normals", "mask", "opening", "shape", "pose", "landmarks")
    weighted = zip(names, (1, 2, 3, 4, 5, 6, 7, 8), strict=True)
    assert terms["total"].item() == pytest.approx(sum(w * terms[name].item() for name, w in weighted), rel=1e-5)
    terms["total"].backward()
    assert network.pose.weight.grad.abs().sum() > 0
    assert network.head.weight.grad.abs().sum() > 0
