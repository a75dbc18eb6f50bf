"""Pictures of textured scans, for data sets that have no photos."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.raster import interpolate, rasterise
from training.renderer.camera import rotation_matrix

from .meshes import MeshFile

VIEW_SIZE = 512
#: Of the picture's width, taken by the scan.
FILLED = 0.75
BACKGROUND = 90


def render_view(mesh: MeshFile, texture: NDArray[np.uint8], yaw: float, pitch: float) -> NDArray[np.uint8]:
    """A picture (512, 512, 3) of a textured mesh turned by yaw and pitch in degrees, without shading."""
    corners = mesh.triangles.ravel()
    turned = (mesh.vertices - mesh.vertices.mean(axis=0)) @ rotation_matrix(yaw, pitch, 0.0).T
    extent = np.ptp(turned[:, :2], axis=0).max()
    middle = (turned.min(axis=0) + turned.max(axis=0))[:2] / 2
    pixels = (turned[:, :2] - middle) * [1, -1] * (FILLED * VIEW_SIZE / extent) + VIEW_SIZE / 2
    separate = np.arange(len(corners)).reshape(-1, 3)
    triangle, barycentric = rasterise(pixels[corners], turned[corners, 2], separate, (VIEW_SIZE, VIEW_SIZE))
    places = interpolate(mesh.texture.reshape(-1, 2), separate, triangle, barycentric)
    height, width = texture.shape[:2]
    seen = triangle >= 0
    columns = np.where(seen, places[..., 0] * width - 0.5, -1).astype(np.float32)
    rows = np.where(seen, (1 - places[..., 1]) * height - 0.5, -1).astype(np.float32)
    picture = cv2.remap(texture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    picture[~seen] = BACKGROUND
    return np.asarray(picture, dtype=np.uint8)
