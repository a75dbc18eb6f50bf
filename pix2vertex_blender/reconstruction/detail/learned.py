"""Fine detail as the detail network sees it: the displacement of the unrolled face, laid onto the mesh (eq. 6)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import vertex_normals
from ...template import Template, load_template
from ..network.detail_network import DetailNetwork, load_detail_network, predict_displacement
from ..photo.sampling import look_up, visibility
from .codes import head_codes
from .detail import GRAIN, kept_share
from .shown_face import ShownFace
from .unrolled import BOTTOM, SIZE, TOP, UnrolledSkin, describe, face_grid, sample_map

Array = NDArray[np.float64]

#: Sides that a map may have, whatever the scale.
SMALLEST, LARGEST = 64, 512


@dataclass(frozen=True)
class LearnedParameters:
    """The artist's sliders.

    Attributes
    ----------
    strength : float
        Multiplies the whole displacement.
    scale : float
        Multiplies the size of what counts as detail: the network looks at a map that is as many times coarser.
    """

    strength: float = 1.0
    scale: float = 1.0


def learned_detail(
    vertices: NDArray[np.floating],
    level: Template,
    shown: ShownFace,
    parameters: LearnedParameters | None = None,
    network: DetailNetwork | None = None,
    pause: Pause = no_pause,
) -> Array:
    """Displacement vectors (n, 3) in millimetres that the network makes of the photo for the subdivided template.

    Parameters
    ----------
    vertices, level, shown, pause
        As in `detail.add_detail`.
    parameters : LearnedParameters, optional
    network : DetailNetwork, optional
        By default the one that ships.

    Raises
    ------
    DataFileError
        If the network's weights are missing or damaged.
    """
    parameters = parameters or LearnedParameters()
    network = network or load_detail_network()
    vertices = np.asarray(vertices, dtype=np.float64)
    normals = vertex_normals(vertices, level.faces)
    pause()
    pixels, camera = shown.pixels, shown.camera
    seen = visibility(vertices, normals, level.faces, camera, (pixels.shape[0], pixels.shape[1]), shown.mask, pause)
    pause()
    side = int(np.clip(16 * round(SIZE / parameters.scale / 16), SMALLEST, LARGEST))
    scale = SIZE / side
    attributes = np.concatenate([vertices, normals, seen[:, None]], axis=1)
    drawn = face_grid(level.level, side).interpolate(attributes, pause)
    positions, directions = drawn[..., :3], drawn[..., 3:6]
    directions = directions / np.maximum(np.linalg.norm(directions, axis=-1, keepdims=True), np.float32(1e-6))
    # A texel is as wide as the map is high, by its texels.
    footprint = max(camera.scale * (TOP - BOTTOM) / side, GRAIN * shown.photo_pixel)
    colours = _sampled(pixels, camera.project(positions.reshape(-1, 3).astype(np.float64)), footprint)
    covered = face_grid(level.level, side).covered
    visible = np.where(covered, np.clip(drawn[..., 6], 0, 1), np.float32(0)).astype(np.float32)
    pause()
    maps = describe(UnrolledSkin(positions, directions, colours.reshape(side, side, 3), visible), scale)
    pause()
    codes = head_codes(vertices[: len(load_template().vertices)])
    pause()
    heights = scale * predict_displacement(network, maps, codes)
    pause()
    kept = seen * level.groups["face"] * kept_share(level)
    displacements: Array = (parameters.strength * kept * sample_map(heights, level))[:, None] * normals
    return displacements


def _sampled(pixels: NDArray[np.uint8] | NDArray[np.floating], points: Array, footprint: float) -> NDArray[np.float32]:
    """Colours (n, 3) in [0, 1] at points (n, 2) of the photo, averaged over about a width in pixels."""
    colours = np.asarray(pixels, dtype=np.float32)
    colours = colours / 255 if pixels.dtype == np.uint8 else colours
    if footprint > 1:
        colours = np.asarray(cv2.GaussianBlur(colours, (0, 0), 0.5 * footprint), dtype=np.float32)
    columns, rows = (points - 0.5).astype(np.float32).T
    return look_up(colours, columns, rows)
