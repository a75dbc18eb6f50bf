"""What the network says about a photo, as pictures."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...geometry.mesh import normalise

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

BACKGROUND = 0.15
#: Each of the maps' pixels becomes so many of the picture's along each side.
ENLARGEMENT = 4


def correspondence_picture(face: "Reconstruction") -> NDArray[np.float64]:
    """Canonical coordinates as colours (H, W, 3): red to the right, green up, blue forwards."""
    return _on_background(face.view.maps.correspondence * 0.5 + 0.5, face.view.maps.mask)


def normal_picture(face: "Reconstruction") -> NDArray[np.float64]:
    """The seen surface's normals as colours (H, W, 3), as in normal maps."""
    points = face.view.maps.geometry.astype(np.float64)
    down, right = (np.gradient(points, axis=axis) for axis in (0, 1))
    normals = np.cross(right, -down)
    return _on_background(normalise(normals) * 0.5 + 0.5, face.view.maps.mask)


def depth_picture(face: "Reconstruction") -> NDArray[np.float64]:
    """Depth (H, W, 3), the nearest point white."""
    depth = face.view.maps.depth.astype(np.float64)
    low, high = float(np.nanmin(depth)), float(np.nanmax(depth))
    scaled = 0.1 + 0.9 * (depth - low) / max(high - low, 1e-9)
    return _on_background(scaled[..., None].repeat(3, axis=-1), face.view.maps.mask)


def mask_picture(face: "Reconstruction") -> NDArray[np.float64]:
    """Where the face is seen (H, W, 3), white on black."""
    return _enlarged(face.view.maps.mask[..., None].repeat(3, axis=-1).astype(np.float64))


def _on_background(colours: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    seen = mask & np.isfinite(colours).all(axis=-1)
    return _enlarged(np.where(seen[..., None], np.nan_to_num(colours), BACKGROUND).astype(np.float64))


def _enlarged(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    return colours.repeat(ENLARGEMENT, axis=0).repeat(ENLARGEMENT, axis=1)
