"""Accuracy on held-out synthetic portraits: `python -m training.evaluate FOLDER [--weights FILE]`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import MapNetwork, average_with_flipped, load_network, normalise

from .data.augmentation import CROPS
from .data.backgrounds import background_bank
from .data.dataset import held_out_batches
from .losses import Batch, depth_normals, smooth_interior

#: Millimetres of one unit of the canonical coordinates.
CANONICAL_MM = 120.0

#: What is measured, how it is printed, and the figure to reach. A slope says how much of a turn of the head is seen.
FIGURES = {
    "correspondence_mm": ("correspondence error on visible skin, mean, mm", 2.5),
    "depth_percent": ("depth error after removing the offset, mean, % of the face's depth range", 2.0),
    "normals_degrees": ("angle of the normals, mean, degrees", 12.0),
    "mask_iou": ("mask, intersection over union", 0.95),
    "yaw_slope": ("estimated over true yaw, slope", 1.0),
    "pitch_slope": ("estimated over true pitch, slope", 1.0),
    "roll_slope": ("estimated over true roll, slope", 1.0),
}


@torch.inference_mode()
def evaluate(
    network: MapNetwork, batches: Sequence[Batch], device: torch.device, average_flipped: bool = False
) -> dict[str, float]:
    """The figures of `FIGURES`, each the mean over the samples; a slope is NaN if the network estimates no pose."""
    training = network.training
    network.eval()
    rows: list[dict[str, float]] = []
    poses: list[tuple[Tensor, Tensor]] = []
    for host_batch in batches:
        batch = host_batch.to(device)
        images = normalise(batch.images).contiguous(memory_format=torch.channels_last)
        maps, pose = network.forward_with_pose(images)
        if average_flipped:
            maps = average_with_flipped(maps, network(images.flip(3)))
        rows += [sample_figures(maps[index].float(), batch, index) for index in range(len(images))]
        if pose is not None:
            poses.append((pose.float(), batch.poses))
    network.train(training)
    figures = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
    return figures | pose_slopes(poses)


def sample_figures(maps: Tensor, batch: Batch, index: int) -> dict[str, float]:
    """Figures of one sample's maps (8, S, S)."""
    face = batch.masks[index] > 0
    skin = batch.masks[index] == 1
    predicted_face = maps[0] > 0
    distance = torch.linalg.vector_norm(maps[1:4] - batch.correspondence[index], dim=0)
    depth = batch.geometry[index, 2]
    difference = (maps[6] - depth)[face]
    depth_error = (difference - difference.median()).abs().mean()
    smooth = smooth_interior(depth[None], face[None].float())[0]
    cosine = (depth_normals(maps[None, 6]) * depth_normals(depth[None])).sum(1)[0][smooth]
    return {
        "correspondence_mm": CANONICAL_MM * distance[skin].mean().item(),
        "depth_percent": 100 * (depth_error / (depth[face].max() - depth[face].min())).item(),
        "normals_degrees": torch.rad2deg(torch.arccos(cosine.clamp(-1, 1))).mean().item(),
        "mask_iou": ((face & predicted_face).sum() / (face | predicted_face).sum()).item(),
    }


def pose_slopes(poses: Sequence[tuple[Tensor, Tensor]]) -> dict[str, float]:
    """Least-squares slope of the estimated against the true sine of each angle."""
    names = ("yaw_slope", "pitch_slope", "roll_slope")
    if not poses:
        return dict.fromkeys(names, float("nan"))
    estimated = torch.cat([pose for pose, _ in poses])
    true = torch.cat([pose for _, pose in poses])
    centred = true - true.mean(0)
    slopes = ((estimated - estimated.mean(0)) * centred).sum(0) / (centred**2).sum(0)
    return dict(zip(names, slopes.tolist(), strict=True))


def format_table(figures: dict[str, float]) -> str:
    """The figures as a table, each beside the one to reach."""
    width = max(len(text) for text, _ in FIGURES.values())
    lines = [f"{'held-out synthetic portraits':{width}}  measured  to reach"]
    lines += [f"{text:{width}}  {figures[name]:8.2f}  {goal:8.2f}" for name, (text, goal) in FIGURES.items()]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description="Measure weights.")
    parser.add_argument("folder", type=Path, help="held-out samples (training.generate --held-out)")
    parser.add_argument("--weights", type=Path, default=NETWORK_WEIGHTS)
    parser.add_argument("--count", type=int, default=256, help="samples to use")
    parser.add_argument("--resolution", type=int, help="pixels of a side (default: the network's own)")
    parser.add_argument("--crop", choices=tuple(CROPS), default="ordinary", help="how faces are cut")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--single", action="store_true", help="do not average with the mirrored image")
    options = parser.parse_args(arguments)
    try:
        device = choose_device(options.device)
        network = load_network(options.weights, device)
        resolution = options.resolution or network.configuration.resolution
        backgrounds = background_bank(options.backgrounds)
        batches = held_out_batches(
            options.folder, resolution, options.count, 16, backgrounds, augmentation=CROPS[options.crop]
        )
        print(format_table(evaluate(network, batches, device, average_flipped=not options.single)))
    except Pix2VertexError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
