"""The landmarks that the network points at hold its correspondence map in place.

A map that says for every pixel which point of the face it shows is right on the whole, but may be shifted, or be too
large, by a few pixels. A landmark is found more exactly, since it looks like nothing else near it. So the map is
corrected to show each landmark where it was found, and changes smoothly in between.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class AnchoringParameters:
    """How far landmarks are believed.

    Attributes
    ----------
    window : int
        A landmark is the mean of its heatmap within this many pixels of the highest one.
    reaches : tuple of float
        Standard widths, in canonical units, of successive corrections: first the whole face, then its parts.
    believed : float
        A map that is wrong by this much, in canonical units, at a landmark's place is corrected by half: more likely
        the landmark is hidden there, or was mistaken.
    reluctance : float
        Weight of leaving the map as it is, against one certain landmark at the same place.
    """

    window: int = 3
    reaches: tuple[float, ...] = (0.6, 0.25, 0.12)
    believed: float = 0.12
    reluctance: float = 0.3


def find_landmarks(heatmaps: Floats, window: int = AnchoringParameters.window) -> tuple[Floats, Floats]:
    """Places (k, 2) in pixels of their heatmaps (k, H, W), logits, of landmarks, and how certain each is (k,), up to 1.

    The certainty is the probability that the landmark lies in the window that its place is the mean of.
    """
    count, height, width = heatmaps.shape
    probabilities = np.exp(heatmaps - heatmaps.max(axis=(1, 2), keepdims=True))
    probabilities /= probabilities.sum(axis=(1, 2), keepdims=True)
    rows, columns = np.unravel_index(probabilities.reshape(count, -1).argmax(axis=1), (height, width))
    near_rows = np.abs(np.arange(height) - rows[:, None]) <= window
    near_columns = np.abs(np.arange(width) - columns[:, None]) <= window
    near = probabilities * near_rows[:, :, None] * near_columns[:, None, :]
    certainty = near.sum(axis=(1, 2))
    x = near.sum(axis=1) @ (np.arange(width) + 0.5) / certainty
    y = near.sum(axis=2) @ (np.arange(height) + 0.5) / certainty
    return np.stack([x, y], axis=1).astype(np.float32), certainty.astype(np.float32)


def anchor_correspondence(
    correspondence: Floats,
    mask: NDArray[np.bool_],
    places: Floats,
    certainty: Floats,
    landmarks: NDArray[np.floating],
    parameters: AnchoringParameters | None = None,
) -> Floats:
    """Correct a correspondence map to show landmarks where they were found.

    Parameters
    ----------
    correspondence : (3, H, W)
        Canonical coordinates.
    mask : (H, W) bool
        Where they are of any worth.
    places : (k, 2)
        Of the landmarks, in pixels of the map, centres at integers + 0.5.
    certainty : (k,)
        In [0, 1].
    landmarks : (k, 3)
        Their canonical coordinates.
    parameters : AnchoringParameters, optional

    Returns
    -------
    (3, H, W)
        Equal to `correspondence` off the mask.
    """
    parameters = AnchoringParameters() if parameters is None else parameters
    numbers, shares = _pixels_around(places, mask)
    seen = shares.sum(axis=1) > 0
    corrected = correspondence.copy()
    if not seen.any():
        return corrected
    numbers, shares = numbers[seen], shares[seen] / shares[seen].sum(axis=1, keepdims=True)
    certainty, landmarks = certainty[seen], landmarks[seen]
    points = correspondence[:, mask].T.astype(np.float64)
    for reach in parameters.reaches:
        missing = landmarks - np.einsum("kp,kpc->kc", shares, points[numbers])
        belief = certainty / (1 + (np.linalg.norm(missing, axis=1) / parameters.believed) ** 4)
        squared = ((points[:, None] - landmarks) ** 2).sum(axis=2)
        weights = belief * np.exp(-squared / (2 * reach**2))
        points = points + weights @ missing / (weights.sum(axis=1, keepdims=True) + parameters.reluctance)
    corrected[:, mask] = points.T
    return corrected


def _pixels_around(places: Floats, mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Numbers (k, 4) among the pixels of the mask of those around each place, and their bilinear shares (k, 4).

    A pixel off the mask has no share.
    """
    height, width = mask.shape
    order = np.cumsum(mask.ravel()).reshape(mask.shape) - 1
    left_top = np.floor(places - 0.5).astype(int)
    numbers, shares = [], []
    for offset in ((0, 0), (1, 0), (0, 1), (1, 1)):
        x, y = (left_top + offset).T
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
        share = np.clip(1 - np.abs(places - (left_top + offset) - 0.5), 0, 1).prod(axis=1)
        kept = inside & mask[y, x]
        numbers.append(np.where(kept, order[y, x], 0))
        shares.append(np.where(kept, share, 0.0))
    return np.stack(numbers, axis=1), np.stack(shares, axis=1)
