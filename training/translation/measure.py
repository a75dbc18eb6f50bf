"""What a generator does to the geometry that our network reads, and how near it comes to the target's look."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from pix2vertex_blender.reconstruction.network.network import MapNetwork

from ..arrays import Bytes
from ..checkpoints import opened_checkpoint
from ..evaluate import evaluate
from ..losses import Batch
from .domains import to_pictures
from .networks import Generator, TranslationConfiguration

#: Figures of `training.evaluate` by which the geometry is judged.
GEOMETRY = ("correspondence_mm", "depth_percent", "normals_degrees")
#: The published statement's bound: with the term, geometry read from the translation is at most so much worse.
BOUND = 1.15


def load_generator(path: Path) -> Generator:
    """The generator of a checkpoint.

    Raises
    ------
    DataFileError
        If there is none, or it is of another network.
    """
    with opened_checkpoint(path) as state:
        values = json.loads(state["configuration"])
        generator = Generator(TranslationConfiguration(**values))
        generator.load_state_dict(state["generator"])
    return generator.eval()


@torch.inference_mode()
def translated(generator: Generator, images: Tensor) -> Tensor:
    """Images (B, 3, S, S) uint8 as the generator shows them."""
    pictures = generator(images.float() / 127.5 - 1)
    result: Tensor = (127.5 * (pictures.clamp(-1, 1) + 1)).round().to(torch.uint8)
    return result


def geometry_figures(
    network: MapNetwork, batches: Sequence[Batch], generator: Generator | None, device: torch.device
) -> dict[str, float]:
    """The network's errors on batches whose truth is known, as they are or translated."""
    if generator is not None:
        batches = [batch._replace(images=translated(generator, batch.images)) for batch in batches]
    figures = evaluate(network, batches, device)
    return {name: figures[name] for name in GEOMETRY}


def look_distance(pictures: Bytes, target: Bytes) -> float:
    """How differently two sets of pictures (n, S, S, 3) look: means, spreads and grain of the colours, in %."""
    one, other = _statistics(pictures), _statistics(target)
    return float(100 * np.abs(one - other).mean())


def contact_sheet(rows: Sequence[Bytes]) -> Bytes:
    """Pictures (n, S, S, 3), a row for each, as one picture on white: figure 12 of the paper."""
    size, gap = rows[0].shape[1], 4
    columns = max(len(row) for row in rows)
    sheet: Bytes = np.full((len(rows) * (size + gap), columns * (size + gap), 3), 255, np.uint8)
    for k, row in enumerate(rows):
        for n, each in enumerate(row):
            top, left = k * (size + gap), n * (size + gap)
            sheet[top : top + size, left : left + size] = each
    return sheet


def write_sheet(path: Path, sources: Bytes, generators: Sequence[Generator], target: Bytes) -> None:
    """Write sources, what each generator makes of them, and pictures of the target."""
    tensor = torch.from_numpy(np.ascontiguousarray(sources.transpose(0, 3, 1, 2)))
    made = [to_pictures(translated(generator, tensor).float() / 127.5 - 1) for generator in generators]
    cv2.imwrite(str(path), contact_sheet([sources, *made, target[: len(sources)]])[..., ::-1])


def _statistics(pictures: Bytes) -> np.ndarray:
    values = pictures.astype(np.float32) / 255
    fine = values - np.stack([cv2.GaussianBlur(each, (0, 0), 1.5) for each in values])
    return np.concatenate(
        [values.mean(axis=(0, 1, 2)), values.std(axis=(1, 2)).mean(axis=0), 4 * np.abs(fine).mean(axis=(0, 1, 2))]
    )
