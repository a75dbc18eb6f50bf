"""A scan's own colours on the template's UVs, all of them, wherever the head lies on the scan.

What the scan lacks is mirrored or filled as in a texture from a photo, with the pattern of the skin that it has.
"""

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, Progress, silent
from ...geometry.mesh import vertex_normals
from ...template import Template, load_template
from ..texture.projection import (
    LARGEST_GRID,
    LEVEL,
    STRIP,
    FaceTexture,
    TextureParameters,
    head_grid,
    origin_shares,
    paint,
    smooth_tones,
    with_pattern,
)
from ..texture.seen_skin import covered_skin
from .scan import Scan
from .scan_surface import ScanSurface

Array = NDArray[np.float64]

#: Texture coordinates that differ by more from one texel to the next belong to two islands of the scan's UVs.
LARGEST_STEP = 0.004


@dataclass(frozen=True)
class ScanTextureParameters:
    """When a scan has a colour for a place of the head.

    Attributes
    ----------
    farthest : float
        Where it is no farther away than this (mm). The face lies on it; scalp, neck and ears may be some way off.
    least_cosine : float
        And where its normal agrees.
    around : float
        So far (mm) around the head a scan is looked at.
    """

    farthest: float = 15.0
    least_cosine: float = 0.4
    around: float = 40.0


def texture_of_scan(
    scan: Scan,
    head: Array,
    millimetres: float,
    size: int,
    parameters: ScanTextureParameters = ScanTextureParameters(),
    progress: Progress = silent,
) -> FaceTexture | None:
    """The texture of a head that lies on a scan; None if the scan has no colours.

    Parameters
    ----------
    scan : Scan
    head : (c, 3)
        The template at level 0 on the scan, in its own coordinates.
    millimetres : float
        In one of the scan's units.
    size : int
        Texels along each side, one of `texture.projection.SIZES`.
    parameters : ScanTextureParameters
    progress : Progress
    """
    pause = partial(progress, "texture", 0.1)
    part = _around(scan, head, parameters.around / millimetres) if scan.is_coloured else scan
    if not scan.is_coloured or len(part.triangles) == 0:
        return None
    surface, level = ScanSurface(part), load_template(LEVEL)
    fine = load_template().subdivide(head, LEVEL)
    seen = covered_skin(_covered(surface, fine, level, millimetres, parameters, pause), level, pause)
    shares = origin_shares(seen, level.mirror)
    alone = level.groups["ears"] > 0  # the UVs of the ears are not symmetric
    shares[alone, 1:] = np.column_stack([np.zeros(alone.sum()), 1 - shares[alone, 0]])
    colour = surface.colours(surface.looks(surface.nearest(head, pause))).astype(np.float64)
    tones = smooth_tones(head * millimetres, colour, None, seen, shares, TextureParameters(), pause)
    grid = head_grid(min(size, LARGEST_GRID), pause=pause)
    baked = _bake(surface, grid.interpolate(np.column_stack([fine, seen.at_all]), pause), size, progress)
    layers = grid.interpolate(np.column_stack([tones, shares]), pause)
    painted = paint(np.concatenate([_places(len(layers), size), layers], axis=-1), baked, size, progress)
    return with_pattern(painted, grid, partial(progress, "texture", 0.95))


def _around(scan: Scan, head: Array, reach: float) -> Scan:
    """The part of a scan around a head."""
    lower, upper = head.min(axis=0) - reach, head.max(axis=0) + reach
    return scan.part(((scan.vertices > lower) & (scan.vertices < upper)).all(axis=1))


def _covered(
    surface: ScanSurface,
    fine: Array,
    level: Template,
    millimetres: float,
    parameters: ScanTextureParameters,
    pause: Pause,
) -> NDArray[np.bool_]:
    """For which vertices (n,) the scan has a colour."""
    found = surface.nearest(fine, pause)
    near = found.inside & (found.distances * millimetres < parameters.farthest)
    cosine = np.einsum("ij,ij->i", vertex_normals(fine, level.faces), surface.normals(found))
    if np.median(cosine[near & (level.groups["face"] > 0.5)]) < 0:  # the scan's triangles show their inner sides
        cosine = -cosine
    return near & (cosine > parameters.least_cosine)


def _bake(surface: ScanSurface, places: NDArray[np.float32], size: int, progress: Progress) -> NDArray[np.uint8]:
    """The scan's colours (size, size, 3) in the texels of a grid (h, w, 4) of places and how much each is covered."""
    covered = places[..., 3] > 0
    found = surface.nearest(places[covered][:, :3], partial(progress, "texture", 0.3))
    looks = surface.looks(found)
    grid = np.full((*covered.shape, looks.shape[1]), np.nan, dtype=np.float32)
    grid[covered] = looks
    baked, factor = np.zeros((size, size, 3), dtype=np.uint8), size // len(places)
    for start in range(0, size, STRIP):
        progress("texture", 0.4 + 0.2 * start / size)
        rows = _finer(grid, start // factor, -(-STRIP // factor), factor)[: size - start]
        known = np.isfinite(rows[..., 0])
        baked[start : start + STRIP][known] = np.rint(surface.colours(rows[known]))
    return baked


def _finer(grid: NDArray[np.float32], start: int, count: int, factor: int) -> NDArray[np.float32]:
    """Rows of a grid (h, w, c), enlarged by a whole factor: linearly, but not from one island of UVs to another."""
    picked = grid[np.clip(np.arange(start - 1, start + count + 1), 0, len(grid) - 1)]
    nearest = picked.repeat(factor, axis=0).repeat(factor, axis=1)
    linear = cv2.resize(picked, nearest.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    with np.errstate(invalid="ignore"):
        smooth = np.abs(linear - nearest).max(axis=-1, keepdims=True) < (LARGEST_STEP if grid.shape[2] == 2 else np.inf)
    rows: NDArray[np.float32] = np.where(smooth, linear, nearest)[factor:-factor]
    return rows


def _places(count: int, size: int) -> NDArray[np.float32]:
    """Each cell's own place in a texture (count, count, 4), and that of its mirror twin, in texels."""
    own = (np.arange(count, dtype=np.float32) + 0.5) * (size / count)
    x, y = np.meshgrid(own, own)
    return np.stack([x, y, size - x, y], axis=-1)
