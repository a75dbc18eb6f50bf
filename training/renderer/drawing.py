"""Antialiased drawing into float images, with coordinates in fractions of a pixel."""

import cv2
import numpy as np

from ..arrays import Floats

SUBPIXEL_BITS = 3


def draw_lines(image: Floats, lines: Floats, value: float, width: int = 1) -> None:
    """Draw open polylines (n, k, 2) of columns and rows."""
    cv2.polylines(image, list(_fixed_point(lines)), False, (value,), width, cv2.LINE_AA, SUBPIXEL_BITS)


def fill_polygon(image: Floats, polygon: Floats, value: float = 1.0) -> None:
    """Fill a polygon (k, 2) of columns and rows."""
    cv2.fillPoly(image, [_fixed_point(polygon)], (value,), cv2.LINE_AA, SUBPIXEL_BITS)


def fill_circle(image: Floats, centre: tuple[int, int], radius: int, value: float) -> None:
    """Fill a circle around a column and a row."""
    cv2.circle(image, centre, radius, (value,), -1, cv2.LINE_AA)


def blur(image: Floats, deviation: float) -> Floats:
    """Convolve with a Gaussian of a standard deviation in pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), deviation), np.float32)


def _fixed_point(points: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.round(np.asarray(points) * (1 << SUBPIXEL_BITS)).astype(np.int32)
