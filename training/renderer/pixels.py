"""What is kept of a rendered portrait: its labels and its colours, at half of the resolution that it is rendered at."""

import numpy as np

from ..arrays import Booleans, Bytes, Floats, Integers
from ..compilation import kernel
from ..data.samples import FACE, UNSUPERVISED_FACE
from ..face_model import EYE, SKIN
from .shading import CANONICAL, POSITION, REGION

GAMMA = 2.2


@kernel
def label_pixels(attributes: Floats, triangle: Integers, materials: Integers, hidden: Booleans) -> Bytes:
    """NO_FACE, FACE or UNSUPERVISED_FACE at each pixel, (S, S)."""
    size = triangle.shape[0]
    labels = np.zeros((size, size), np.uint8)
    for row in range(size):
        for column in range(size):
            t = triangle[row, column]
            if t < 0 or hidden[row, column]:
                continue
            if materials[t] == SKIN or materials[t] == EYE:
                if attributes[row, column, REGION] > 0.5:
                    labels[row, column] = FACE
            else:
                labels[row, column] = UNSUPERVISED_FACE
    return labels


@kernel
def reduce_labels(labels: Bytes, attributes: Floats) -> tuple[Bytes, Floats, Floats]:
    """Halve the resolution: mask (S/2, S/2), canonical points and camera points (3, S/2, S/2), zero off the mask.

    A pixel is face if at least two of its four are; the maps are the mean over those.
    """
    size = labels.shape[0] // 2
    mask = np.zeros((size, size), np.uint8)
    canonical, position = np.zeros((3, size, size), np.float32), np.zeros((3, size, size), np.float32)
    for row in range(size):
        for column in range(size):
            count, unsupervised = 0, 0
            for i in range(2 * row, 2 * row + 2):
                for j in range(2 * column, 2 * column + 2):
                    count += labels[i, j] > 0
                    unsupervised += labels[i, j] == UNSUPERVISED_FACE
            if count < 2:
                continue
            mask[row, column] = UNSUPERVISED_FACE if unsupervised > 0 else FACE
            for i in range(2 * row, 2 * row + 2):
                for j in range(2 * column, 2 * column + 2):
                    if labels[i, j] > 0:
                        for k in range(3):
                            canonical[k, row, column] += attributes[i, j, CANONICAL + k] / count
                            position[k, row, column] += attributes[i, j, POSITION + k] / count
    return mask, canonical, position


@kernel
def develop(picture: Floats, covered: Booleans, exposure: float, shoulder: float) -> Bytes:
    """Straight RGBA (S/2, S/2, 4) from linear colours (S, S, 3).

    The colours are exposed, compressed by 1 / (1 + shoulder * colour), averaged over what is covered, and encoded.
    """
    size = picture.shape[0] // 2
    image = np.zeros((size, size, 4), np.uint8)
    for row in range(size):
        for column in range(size):
            count = 0
            red, green, blue = 0.0, 0.0, 0.0
            for i in range(2 * row, 2 * row + 2):
                for j in range(2 * column, 2 * column + 2):
                    if covered[i, j]:
                        count += 1
                        r, g, b = picture[i, j, 0] * exposure, picture[i, j, 1] * exposure, picture[i, j, 2] * exposure
                        red += min(max(r / (1 + shoulder * r), 0.0), 1.2)
                        green += min(max(g / (1 + shoulder * g), 0.0), 1.2)
                        blue += min(max(b / (1 + shoulder * b), 0.0), 1.2)
            if count > 0:
                image[row, column, 0] = int(255 * min(red / count, 1.0) ** (1 / GAMMA) + 0.5)
                image[row, column, 1] = int(255 * min(green / count, 1.0) ** (1 / GAMMA) + 0.5)
                image[row, column, 2] = int(255 * min(blue / count, 1.0) ** (1 / GAMMA) + 0.5)
                image[row, column, 3] = int(255 * count / 4)
    return image
