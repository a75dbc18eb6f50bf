"""A picture of what is told of people: photo, the face drawn over it, its albedo, and its light on grey."""

from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from ..arrays import Bytes
from .lessons import Lesson
from .model import LinearFace
from .network import CoarseNetwork
from .renderer import render

#: How much larger than the network sees them pictures are shown.
ENLARGED = 3
#: Display value of the skin that shows the light by itself.
GREY = 0.73


@torch.no_grad()
def write_sheet(path: Path, network: CoarseNetwork, face: LinearFace, lesson: Lesson, count: int = 6) -> None:
    """Write a PNG with one row for each of the first looks."""
    images = lesson.images[:count]
    told = network(images)
    shape, skin = face.shape(told), face.skin(told)
    even = torch.zeros_like(told.light)
    even[:, 0] = 1
    size = ENLARGED * images.shape[-1]
    photos = torch.nn.functional.interpolate(images / 255, size=(size, size), mode="nearest")
    columns = [photos]
    grey, nothing = torch.full_like(skin, GREY), torch.zeros_like(photos)
    for albedo, light, beside in ((skin, told.light, photos), (skin, even, nothing), (grey, told.light, nothing)):
        drawn = render(shape, told.rotation, told.camera, albedo, light, size)
        columns.append(torch.where(drawn.covered[:, None], drawn.images, beside))
    rows = torch.cat(columns, 3)
    cv2.imwrite(str(path), _pixels(torch.cat(list(rows), 1))[..., ::-1])


def _pixels(image: Tensor) -> Bytes:
    """A picture (H, W, 3) of display values (3, H, W)."""
    return (255 * image.clamp(0, 1).permute(1, 2, 0).numpy()).round().astype(np.uint8)
