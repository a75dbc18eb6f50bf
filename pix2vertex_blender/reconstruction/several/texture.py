"""The textures that several photos give of one head become one.

Each texel comes mostly from the photo that shows it best: from in front, with many pixels, in focus. Photos are first
brightened and tinted like the chosen one, by a smooth gain where both show the skin. What none shows is mirrored or
filled as the chosen photo's texture has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import PhotoError
from ...exchange.camera import Camera
from ...exchange.progress import Progress, silent
from ...exchange.result import Reconstruction
from ...exchange.uv_layouts import WHOLE_HEAD
from ...expression.neutral import worn_expression
from ...geometry.mesh import vertex_normals
from ...template import load_template
from ..texture.projection import DARK, LARGEST_GAIN, LARGEST_GRID, LEVEL, FaceTexture, head_grid, project_photo
from ..texture.seen_skin import facing
from ..texture.source import sharpest_crop
from .evidence import Array

#: Millimetres per pixel at which photos' sharpness is compared: what is finer matters little on a face.
COMPARED = 0.5
#: Pixels of the texture's side at which gains are found, and the standard deviation over which they are averaged.
GAIN_SIZE, GAIN_REACH = 128, 12.0
#: A power of the photos' qualities: the higher, the more a texel comes from one photo, and the less details blur.
DECISION = 4
#: The quality of what nothing is compared with.
_UNKNOWN = np.ones((1, 1), dtype=np.float32)
#: The sharpness of a photo that shows nothing.
_DULL = 1e-5
#: Most photos that a texture is made from: those that show most.
MOST_PHOTOS = 6


@dataclass(frozen=True)
class PhotoTexture:
    """The texture from one photo.

    Attributes
    ----------
    texture : FaceTexture
    quality : (h, w) float32
        How well the photo shows each texel, of a grid that may be coarser than the texture; 0 if from behind.
    """

    texture: FaceTexture
    quality: NDArray[np.float32]


def texture_of_photos(
    face: Reconstruction,
    photo: Path,
    size: int,
    progress: Progress = silent,
    *,
    keep_light: bool = False,
    layout: str = WHOLE_HEAD,
) -> FaceTexture:
    """The texture of a face from all its photos that are used, or from the only one.

    Parameters
    ----------
    face : Reconstruction
    photo : Path
        Where the first view's photo was.
    size : int
        Texels along each side.
    progress : Progress
    keep_light : bool
        Whether colours stay as in the photos; otherwise they become the skin's albedo.
    layout : str
        Of the UVs, one of `exchange.uv_layouts.LAYOUTS`.

    Raises
    ------
    PhotoError
        If neither the first photo nor its crop can be read; others that cannot be read are left out.
    """
    template = load_template()
    views = [view for view in face.views[1:] if view.used][: MOST_PHOTOS - 1]
    made: list[PhotoTexture] = []
    for index, view in enumerate((face.view, *views)):

        def part(stage: str, fraction: float, done: int = index) -> None:
            progress(stage, (done + fraction) / (1 + len(views)))

        try:
            path = photo if index == 0 else Path(view.photo)
            pixels, _from_photo = sharpest_crop(replace(face, views=(view,)), path, size)
        except PhotoError:
            if index == 0:
                raise
            continue
        mask, camera = view.maps.mask, view.camera.resized(len(pixels) / len(view.maps.mask))
        to_camera = view.frame.to_camera
        head = to_camera(face.coarse_vertices + worn_expression(face.coarse_vertices, view.expression))
        balls = (to_camera(template.place_eyeballs(face.coarse_vertices)), template.eyeballs.faces)
        texture = project_photo(
            head, pixels, camera, mask, size, (balls,), progress=part, keep_light=keep_light, layout=layout
        )
        quality = photo_quality(head, pixels, camera, mask, size, layout) if views else _UNKNOWN
        made.append(PhotoTexture(texture, quality))
    return blend(made) if len(made) > 1 else made[0].texture


def photo_quality(
    vertices: Array,
    pixels: NDArray[np.uint8],
    camera: Camera,
    mask: NDArray[np.bool_],
    size: int,
    layout: str = WHOLE_HEAD,
) -> NDArray[np.float32]:
    """How well a photo shows the texels of a head, see `PhotoTexture`.

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0 in the camera's frame.
    pixels : (S, S, 3)
        The crop of the photo.
    camera : Camera
        From millimetres to the crop's pixels.
    mask : (h, w)
        Where the face is seen, over the same square.
    size : int
        Of the texture's side.
    layout : str
        Of the UVs, one of `exchange.uv_layouts.LAYOUTS`.
    """
    fine, level = load_template().subdivide(vertices, LEVEL), load_template(LEVEL)
    cosine = np.clip(facing(fine, vertex_normals(fine, level.faces), camera), 0.0, 1.0)
    grid = head_grid(min(size, LARGEST_GRID), layout).interpolate(cosine[:, None])[..., 0]
    quality: NDArray[np.float32] = (np.clip(grid, 0.0, 1.0) * sharpness(pixels, camera, mask)).astype(np.float32)
    return quality


def sharpness(pixels: NDArray[np.uint8], camera: Camera, mask: NDArray[np.bool_]) -> float:
    """How much a face's brightness changes from one pixel of `COMPARED` to the next, in shares of its brightness."""
    side = int(np.clip(round(len(pixels) / (camera.scale * COMPARED)), 32, 2048))
    interpolation = cv2.INTER_AREA if side < len(pixels) else cv2.INTER_CUBIC
    grey = cv2.resize(pixels.mean(axis=2, dtype=np.float32), (side, side), interpolation=interpolation)
    face = cv2.resize(mask.astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST) > 0
    face = cv2.erode(face.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    if not face.any():
        return _DULL
    # Noise is no sharpness.
    change = np.abs(cv2.Laplacian(cv2.GaussianBlur(grey, (0, 0), 1.5), cv2.CV_32F))[face].mean()
    return float(max(change / (grey[face].mean() + DARK), _DULL))


def blend(photos: Sequence[PhotoTexture]) -> FaceTexture:
    """One texture from those of several photos, the chosen one first."""
    first = photos[0].texture
    size = len(first.colour)
    shown = [photo.texture.origin[..., 0].astype(np.float32) / 255 for photo in photos]
    total, weights = np.zeros((size, size, 3), dtype=np.float32), np.zeros((size, size), dtype=np.float32)
    best = max(float(photo.quality.max()) for photo in photos)
    for photo, share in zip(photos, shown, strict=True):
        colour = photo.texture.colour.astype(np.float32)
        if photo is not photos[0]:
            colour = (colour + DARK) * np.exp(_gain(first, photo.texture)) - DARK
        quality = cv2.resize(photo.quality / best, (size, size), interpolation=cv2.INTER_LINEAR)
        weight = share * quality**DECISION
        total += weight[..., None] * colour
        weights += weight
    known = np.where(weights > 1e-12, np.max(shown, axis=0), 0.0)[..., None]
    mixed = total / np.maximum(weights, 1e-12)[..., None]
    # What no photo shows, without the first one's share of the photo: mirrored and filled.
    rest = first.origin.astype(np.float32)
    rest[..., 0] = 0.0
    rest /= np.maximum(rest.sum(axis=-1, keepdims=True), 1e-6)
    colour = known * mixed + (1 - known) * first.colour
    origin = 255 * (1 - known) * rest
    origin[..., 0] = 255 * known[..., 0]
    return FaceTexture(
        np.clip(np.rint(colour), 0, 255).astype(np.uint8), np.rint(origin).astype(np.uint8), first.layout
    )


def _gain(one: FaceTexture, other: FaceTexture) -> NDArray[np.float32]:
    """The smooth logarithm (H, W, 3) of the factor that makes a texture like another, where photos show both."""
    side = len(one.colour)
    colours = [
        cv2.resize(texture.colour, (GAIN_SIZE, GAIN_SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
        for texture in (one, other)
    ]
    both = np.minimum(one.origin[..., 0], other.origin[..., 0])
    weight = cv2.resize(both, (GAIN_SIZE, GAIN_SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    ratio = np.log((colours[0] + DARK) / (colours[1] + DARK))
    overall = (weight * ratio).sum(axis=(0, 1)) / max(float(weight.sum()), 1e-6)
    around = cv2.GaussianBlur(weight * (ratio - overall), (0, 0), GAIN_REACH)
    near = cv2.GaussianBlur(weight, (0, 0), GAIN_REACH)[..., None]
    # Far from what both show, the overall gain holds.
    gain = np.clip(overall + around / (near + 0.02), -LARGEST_GAIN, LARGEST_GAIN)
    large: NDArray[np.float32] = cv2.resize(gain.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)
    return large
