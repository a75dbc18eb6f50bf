"""The photo's intensity at the vertices of a mesh, and where the photo shows them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import triangulate
from ...geometry.raster import interpolate, rasterise

Array = NDArray[np.float64]

#: Rec. 709 luma of linear-ish display values.
LUMA = np.array([0.2126, 0.7152, 0.0722])
#: Resolution of the z-buffer.
BUFFER = 320
#: A vertex is hidden if it lies farther than this (mm) behind what the z-buffer sees.
HIDDEN_DEPTH = 2.5
#: Cosines between the normal and the direction to the camera where seeing begins, and where it is full.
GRAZING, FACING = 0.2, 0.5


def sample_intensity(pixels: NDArray[np.uint8] | NDArray[np.floating], points: Array, footprint: Array) -> Array:
    """Intensity (n,) in [0, 1] of the photo at image points.

    Parameters
    ----------
    pixels : (H, W, 3) or (H, W)
        8-bit, or floating in [0, 1].
    points : (n, 2)
        In pixels; outside the image the nearest border pixel counts.
    footprint : (n,)
        The width in pixels that each point stands for; the photo is averaged over about that width.
    """
    grey = np.asarray(pixels, dtype=np.float32)
    if pixels.dtype == np.uint8:
        grey = grey / 255.0
    if grey.ndim == 3:
        grey = grey[..., :3] @ LUMA.astype(np.float32)
    level = np.log2(np.maximum(footprint, 1.0))
    highest = int(np.ceil(level.max(initial=0.0)))
    x, y = (points - 0.5).astype(np.float32).T
    intensity = np.zeros(len(points))
    for number in range(highest + 1):
        share = np.maximum(1 - np.abs(level - number), 0)
        if len(some := np.flatnonzero(share)):
            blurred = grey if number == 0 else cv2.GaussianBlur(grey, (0, 0), 0.5 * 2**number)
            intensity[some] += share[some] * look_up(blurred.astype(np.float32), x[some], y[some])
    return intensity


def look_up(
    image: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32], border: int = cv2.BORDER_REPLICATE
) -> NDArray[np.float32]:
    """Bilinear samples (n,) or (n, c) of an image (H, W) or (H, W, c) at places x, y (n,), whole in pixels' centres.

    Parameters
    ----------
    border : int
        OpenCV's name of what counts outside of the image.
    """
    # OpenCV takes at most 32,767 columns.
    parts = [
        cv2.remap(image, x[None, k : k + 30000], y[None, k : k + 30000], cv2.INTER_LINEAR, borderMode=border)[0]
        for k in range(0, len(x), 30000)
    ]
    return np.concatenate(parts)


def visibility(
    vertices: Array,
    normals: Array,
    faces: NDArray[np.integer],
    camera: Camera,
    shape: tuple[int, int],
    mask: NDArray[np.bool_] | None = None,
    pause: Pause = no_pause,
) -> Array:
    """How well the camera sees each vertex (n,), in [0, 1]: facing it, in front, inside the image and the mask.

    Parameters
    ----------
    vertices, normals : (n, 3)
    faces : (m, 3) or (m, 4)
    camera : Camera
        To the image's pixels.
    shape : (height, width)
        Of the image.
    mask : (h, w) bool, optional
        Where the face is seen, of any resolution, over the same square as the image.
    pause : Pause
    """
    points = camera.project(vertices)
    height, width = shape
    buffer_scale = BUFFER / max(height, width)
    triangles = triangulate(np.asarray(faces))
    triangle, barycentric = rasterise(
        points * buffer_scale,
        vertices[:, 2],
        triangles,
        (int(height * buffer_scale), int(width * buffer_scale)),
        pause,
    )
    pause()
    depth = interpolate(vertices[:, 2], triangles, triangle, barycentric)
    return seen_in_buffer(vertices, normals, camera, shape, depth, mask)


def seen_in_buffer(
    vertices: Array,
    normals: Array,
    camera: Camera,
    shape: tuple[int, int],
    depth: Array,
    mask: NDArray[np.bool_] | None = None,
) -> Array:
    """As `visibility` (n,), with the seen depth (h', w'), NaN for none, of any resolution over the same square."""
    points = camera.project(vertices)
    height, width = shape
    to_camera = np.array([0.0, 0.0, 1.0]) - vertices * camera.inverse_distance
    cosine = np.einsum("ij,ij->i", normals, to_camera) / np.linalg.norm(to_camera, axis=1)
    weight = smoothstep((cosine - GRAZING) / (FACING - GRAZING))
    inside = (points > 0.5).all(axis=1) & (points < np.array([width, height]) - 0.5).all(axis=1)
    weight *= inside
    nearest = cv2.erode(np.where(np.isfinite(depth), depth, -1e6).astype(np.float32), np.ones((3, 3), np.uint8))
    scale = max(depth.shape) / max(height, width)
    row = np.clip((points[:, 1] * scale).astype(int), 0, depth.shape[0] - 1)
    column = np.clip((points[:, 0] * scale).astype(int), 0, depth.shape[1] - 1)
    weight *= vertices[:, 2] > nearest[row, column] - HIDDEN_DEPTH
    if mask is not None:
        soft: NDArray[np.float32] = cv2.resize(
            cv2.GaussianBlur(cv2.erode(mask.astype(np.float32), np.ones((3, 3), np.uint8)), (0, 0), 1.5),
            (width, height),
            interpolation=cv2.INTER_LINEAR,
        )
        x, y = (points - 0.5).astype(np.float32).T
        weight *= smoothstep(2 * look_up(soft, x, y).astype(np.float64) - 0.8)
    return weight


def smoothstep(values: Array) -> Array:
    """Smooth step from 0 at 0 to 1 at 1."""
    clipped = np.clip(values, 0.0, 1.0)
    return clipped * clipped * (3 - 2 * clipped)
