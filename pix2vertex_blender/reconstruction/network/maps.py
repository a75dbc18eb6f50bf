"""What the network says about a crop: mask, correspondence and geometry in millimetres."""

from dataclasses import replace

import numpy as np
import scipy.special
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.camera import Camera
from ...exchange.maps import OPEN, FaceMaps
from ...geometry.similarity import Similarity, fit_similarity_robustly
from ...template.canonical import SIZE, to_millimetres

NO_FACE = (
    "No face was found in the photo: choose another photo, turn this one upright, or draw a face box around the face."
)
#: Fewer pixels than this are no face.
SMALLEST_MASK = 100
#: Prior of 1 / (camera's distance in mm): portraits are taken from arm's length to many metres.
PRIOR_INVERSE_DISTANCE = 1 / 1200
PRIOR_DEVIATION = 1 / 1500
LARGEST_INVERSE_DISTANCE = 1 / 250
INDEPENDENT_POINTS = 30
#: Millimetres at which the agreement of two views, and of correspondence and geometry, is worth a half.
TYPICAL_SPREAD = 7.0
TYPICAL_DISTANCE = 14.0


def read_maps(views: NDArray[np.float32]) -> FaceMaps:
    """Turn a network's output into maps in millimetres: the mean of its views of one crop.

    The network knows no absolute size: the scale makes the face as large as the mean face. Depth is taken from the
    geometry channels; the other two coordinates follow from the pixel and the camera, so that the mesh lies exactly
    over the photo.

    Parameters
    ----------
    views : (k, 8, H, W)
        What the network said about the crop, and about its mirror image if k is 2, mirrored back: the channels of
        `network.MAP_CHANNELS`.

    Raises
    ------
    FaceNotFoundError
        If hardly any pixel shows a face.
    """
    output = views.mean(axis=0)
    mask = output[0] > 0
    if mask.sum() < SMALLEST_MASK:
        raise FaceNotFoundError(NO_FACE)
    correspondence = np.moveaxis(output[1:4], 0, -1).astype(np.float64)
    geometry = np.moveaxis(output[4:7], 0, -1).astype(np.float64)
    opening = np.where(mask, scipy.special.expit(output[7]), 0.0)
    skin = mask & (opening < OPEN)
    if skin.sum() < SMALLEST_MASK:
        raise FaceNotFoundError(NO_FACE)
    pose, distances = fit_similarity_robustly(to_millimetres(correspondence[skin]), geometry[skin])
    millimetres = geometry[mask] / pose.scale
    rows, columns = np.nonzero(mask)
    pixels = np.column_stack([columns, rows]) + 0.5
    camera = fit_camera(millimetres, pixels)
    points = camera.unproject(pixels, millimetres[:, 2])
    return FaceMaps(
        mask=mask,
        opening=opening.astype(np.float32),
        correspondence=np.where(mask[..., None], correspondence, np.nan).astype(np.float32),
        geometry=_scatter(points, mask),
        camera=camera,
        head_pose=Similarity(1.0, pose.rotation, pose.translation / pose.scale),
        confidence=_confidence(views, skin, distances / pose.scale),
    )


def within(maps: FaceMaps, allowed: NDArray[np.bool_]) -> FaceMaps:
    """The maps without what they say outside of some pixels (H, W), such as beyond the photo's edge.

    Raises
    ------
    FaceNotFoundError
        If hardly anything remains.
    """
    mask = maps.mask & allowed
    if (mask & (maps.opening < OPEN)).sum() < SMALLEST_MASK:
        raise FaceNotFoundError(NO_FACE)
    return replace(
        maps,
        mask=mask,
        opening=np.where(mask, maps.opening, np.float32(0.0)),
        correspondence=np.where(mask[..., None], maps.correspondence, np.float32(np.nan)),
        geometry=np.where(mask[..., None], maps.geometry, np.float32(np.nan)),
    )


def fit_camera(points: NDArray[np.floating], pixels: NDArray[np.floating], iterations: int = 10) -> Camera:
    """Camera that projects points (n, 3) in millimetres to pixels (n, 2), by robust Gauss-Newton steps.

    A single face hardly determines the distance, so a prior draws it towards that of a portrait. Errors of neighbouring
    pixels go together: all pixels count as no more than `INDEPENDENT_POINTS`.
    """
    points = np.asarray(points, dtype=np.float64)
    pixels = np.asarray(pixels, dtype=np.float64)
    x, y, z = np.ascontiguousarray(points.T)
    right, down = np.ascontiguousarray(pixels.T)
    spread_pixels, spread_points = (np.abs(a - a.mean(axis=0)).mean() for a in (pixels, points[:, :2]))
    parameters = np.array([spread_pixels / spread_points, *pixels.mean(axis=0), PRIOR_INVERSE_DISTANCE])
    for _ in range(iterations):
        scale, cx, cy, inverse_distance = parameters
        nearness = 1 / (1 - z * inverse_distance)
        across, along = nearness * x, -nearness * y
        residuals = right - (cx + scale * across), down - (cy + scale * along)
        length = np.hypot(*residuals)
        typical = np.median(length) + 1e-9
        weight = 1 / (1 + (length / (2 * typical)) ** 2)
        prior = len(points) / INDEPENDENT_POINTS * (typical / PRIOR_DEVIATION) ** 2
        # The normal equations, a coordinate of the residual at a time: each moves with the scale, one of the centre's
        # coordinates and the inverse distance.
        normal, goal = np.zeros((4, 4)), np.zeros(4)
        normal[3, 3], goal[3] = prior, prior * (PRIOR_INVERSE_DISTANCE - inverse_distance)
        for centre, place, residual in zip((1, 2), (across, along), residuals, strict=True):
            slopes = np.stack([place, np.ones_like(z), scale * place * nearness * z])
            unknowns = [0, centre, 3]
            normal[np.ix_(unknowns, unknowns)] += (slopes * weight) @ slopes.T
            goal[unknowns] += slopes @ (weight * residual)
        units = np.sqrt(np.diag(normal))
        parameters = parameters + np.linalg.solve(normal / np.outer(units, units), goal / units) / units
        parameters[3] = np.clip(parameters[3], 0.0, LARGEST_INVERSE_DISTANCE)
    return Camera(float(parameters[0]), (float(parameters[1]), float(parameters[2])), float(parameters[3]))


def _scatter(points: NDArray[np.float64], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    grid = np.full((*mask.shape, 3), np.nan, dtype=np.float32)
    grid[mask] = points
    return grid


def most_confidence(views: NDArray[np.float32]) -> float:
    """What the confidence of `read_maps` does not exceed, in a small part of its time.

    Raises
    ------
    FaceNotFoundError
        If hardly any pixel shows a face.
    """
    output = views.mean(axis=0)
    skin = (output[0] > 0) & (output[7] < scipy.special.logit(OPEN))
    if skin.sum() < SMALLEST_MASK:
        raise FaceNotFoundError(NO_FACE)
    return _agreement(views, skin)


def _confidence(views: NDArray[np.float32], mask: NDArray[np.bool_], distances: NDArray[np.float64]) -> float:
    """How much the views agree, times how well correspondence and geometry fit a head under one camera (`distances` of
    the pixels from the best fit, in millimetres): factors in [0, 1].
    """
    by_fit = 1 / (1 + (np.median(distances) / TYPICAL_DISTANCE) ** 4)
    return float(_agreement(views, mask) * by_fit)


def _agreement(views: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    """Two agreements as factors in [0, 1].

    Of the masks of the views (intersection over union), and of their correspondences (median distance in millimetres of
    the mean face).
    """
    masks = views[:, 0] > 0
    overlap = masks.all(axis=0).sum() / masks.any(axis=0).sum()
    spread = np.linalg.norm(np.ptp(views[:, 1:4, mask], axis=0), axis=0) * SIZE
    by_views = 1 / (1 + (np.median(spread) / TYPICAL_SPREAD) ** 4)
    return float(overlap * by_views)
