"""The photo in the sidebar, with the boxes of its faces drawn on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import bpy
import bpy.utils.previews
import numpy as np
from numpy.typing import NDArray

#: Left, top, width and height in photo pixels.
Box = Sequence[float]

_LONGEST_SIDE = 256
_LINE_WIDTH = 2
CHOSEN_COLOUR = (255, 150, 30)
OTHER_COLOUR = (200, 200, 200)


def draw_boxes(
    pixels: NDArray[np.uint8], photo_width: int, chosen: Box | None, others: Sequence[Box]
) -> NDArray[np.uint8]:
    """A thumbnail (h, w, 3) of a photo with outlines: grey for all faces, orange for the chosen one.

    Parameters
    ----------
    pixels : (h, w, 3) uint8
        The photo at any resolution.
    photo_width : int
        Width of the photo in whose pixels the boxes are; 0 if it is not known yet, and there are no boxes.
    chosen : Box, optional
    others : sequence of Box
    """
    factor = max(1, -(-max(pixels.shape[:2]) // _LONGEST_SIDE))
    height, width = pixels.shape[0] // factor, pixels.shape[1] // factor
    blocks = pixels[: height * factor, : width * factor].reshape(height, factor, width, factor, 3)
    thumbnail = blocks.mean(axis=(1, 3)).astype(np.uint8)
    scale = width / photo_width if photo_width else 0.0
    for box in others:
        _outline(thumbnail, np.array(box) * scale, OTHER_COLOUR)
    if chosen is not None:
        _outline(thumbnail, np.array(chosen) * scale, CHOSEN_COLOUR)
    return thumbnail


def _outline(thumbnail: NDArray[np.uint8], box: NDArray[np.float64], colour: tuple[int, int, int]) -> None:
    """Draw a box in thumbnail pixels, as far as it lies inside."""
    height, width = thumbnail.shape[:2]
    left, top = (round(float(value)) for value in box[:2])
    right, bottom = (round(float(value)) for value in box[:2] + box[2:])
    rows, columns = np.arange(height)[:, None], np.arange(width)[None, :]
    outer = (rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)
    inset = _LINE_WIDTH
    inner = (rows >= top + inset) & (rows < bottom - inset) & (columns >= left + inset) & (columns < right - inset)
    thumbnail[outer & ~inner] = colour


@dataclass
class Thumbnails:
    """Blender's icons of photos, made when they are first drawn and again when a box changes.

    Attributes
    ----------
    collection : ImagePreviewCollection, optional
        None while the add-on is not registered.
    drawn : dict
        By name, what is drawn on the photo.
    """

    collection: bpy.utils.previews.ImagePreviewCollection | None = None
    drawn: dict[str, object] = field(default_factory=dict)

    def icon(
        self, name: str, pixels: NDArray[np.uint8], photo_width: int, chosen: Box | None, others: Sequence[Box]
    ) -> int:
        """The number of an icon for `UILayout.template_icon`; `name` stands for the pixels."""
        if self.collection is None:
            self.collection = bpy.utils.previews.new()
        shown = (photo_width, tuple(chosen or ()), tuple(map(tuple, others)))
        preview = self.collection[name] if name in self.collection else self.collection.new(name)
        if self.drawn.get(name) != shown:
            self.drawn[name] = shown
            thumbnail = draw_boxes(pixels, photo_width, chosen, others)
            height, width = thumbnail.shape[:2]
            opaque = np.ones((height, width, 4), dtype=np.float32)
            opaque[..., :3] = thumbnail[::-1] / 255.0  # Blender's images begin at the bottom
            preview.image_size = (width, height)
            preview.image_pixels_float.foreach_set(opaque.ravel())
        return int(preview.icon_id)

    def remove(self) -> None:
        """Give Blender its icons back."""
        if self.collection is not None:
            bpy.utils.previews.remove(self.collection)
        self.collection = None
        self.drawn.clear()


THUMBNAILS = Thumbnails()
