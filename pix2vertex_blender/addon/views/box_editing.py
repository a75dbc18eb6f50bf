"""A box that is drawn and dragged over a photo in a region of Blender's window: the arithmetic of it."""

from dataclasses import dataclass

#: Left, top, width and height in photo pixels.
Box = tuple[float, float, float, float]
Point = tuple[float, float]

NEW, MOVE = "new", "move"


@dataclass(frozen=True)
class Frame:
    """Where a photo lies in a region, whose pixels are counted from its lower left corner.

    Attributes
    ----------
    left, bottom : float
        The photo's lower left corner in the region.
    scale : float
        Region pixels per photo pixel.
    photo_size : tuple of int
        Width and height of the photo.
    """

    left: float
    bottom: float
    scale: float
    photo_size: tuple[int, int]

    @classmethod
    def fitted(cls, low: Point, high: Point, photo_size: tuple[int, int], margin: float = 0.04) -> "Frame":
        """The largest frame in a rectangle of the region, in its middle, with a margin relative to its size."""
        width, height = (max(1.0, (1 - 2 * margin) * (b - a)) for a, b in zip(low, high, strict=True))
        scale = min(width / photo_size[0], height / photo_size[1])
        left = (low[0] + high[0] - scale * photo_size[0]) / 2
        bottom = (low[1] + high[1] - scale * photo_size[1]) / 2
        return cls(left, bottom, scale, photo_size)

    def to_region(self, x: float, y: float) -> Point:
        """Region pixels of photo pixels."""
        return self.left + self.scale * x, self.bottom + self.scale * (self.photo_size[1] - y)

    def to_photo(self, x: float, y: float) -> Point:
        """Photo pixels of region pixels, at the photo's edge for points outside of it."""
        column = (x - self.left) / self.scale
        row = self.photo_size[1] - (y - self.bottom) / self.scale
        return min(max(column, 0.0), float(self.photo_size[0])), min(max(row, 0.0), float(self.photo_size[1]))


def grip_at(box: Box, point: Point, tolerance: float) -> str:
    """What a press at a point of the photo takes hold of.

    Returns
    -------
    str
        Sides among "left", "right", "top" and "bottom" joined by a space, or `MOVE` inside the box, or `NEW`.
    """
    left, top, width, height = box
    right, bottom = left + width, top + height
    x, y = point
    if not (left - tolerance <= x <= right + tolerance and top - tolerance <= y <= bottom + tolerance):
        return NEW
    sides = []
    for name, position, edge in (("left", x, left), ("right", x, right), ("top", y, top), ("bottom", y, bottom)):
        if abs(position - edge) <= tolerance:
            sides.append(name)
    return " ".join(sides) or MOVE


def dragged(box: Box, grip: str, start: Point, now: Point, photo_size: tuple[int, int]) -> Box:
    """The box after a drag from one point of the photo to another; it stays inside the photo and never turns over."""
    left, top, width, height = box
    right, bottom = left + width, top + height
    if grip == NEW:
        left, right = sorted((start[0], now[0]))
        top, bottom = sorted((start[1], now[1]))
    elif grip == MOVE:
        shift_x = min(max(now[0] - start[0], -left), photo_size[0] - right)
        shift_y = min(max(now[1] - start[1], -top), photo_size[1] - bottom)
        return left + shift_x, top + shift_y, width, height
    else:
        sides = grip.split()
        left = now[0] if "left" in sides else left
        right = now[0] if "right" in sides else right
        top = now[1] if "top" in sides else top
        bottom = now[1] if "bottom" in sides else bottom
        left, right = sorted((left, right))
        top, bottom = sorted((top, bottom))
    return left, top, right - left, bottom - top
