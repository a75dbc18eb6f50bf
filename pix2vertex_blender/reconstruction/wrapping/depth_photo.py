"""A depth photo: a colour photo and, for each of its pixels, how far away is what it shows."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import PhotoError
from ...exchange.camera import Camera
from ...exchange.progress import Pause
from ...geometry.similarity import Similarity
from ..photo.reading import load_photo
from ..registration.target import TargetParameters, connect_pixels
from .depth_files import CarriedDepth, Intrinsics, read_carried_depth, read_depth
from .scan import Scan
from .viewing import Picture, Viewpoint

#: Depths in whole millimetres are steps: they are averaged over about so many millimetres of the surface, among depths
#: that differ by about as much as the second number.
SMOOTHING, SIMILAR = 1.6, 3.0
#: Pixels whose depths (mm) differ by more than this, or than so many pixels' widths, are not connected.
LARGEST_JUMP, LARGEST_SLOPE = 4.0, 6.0
#: What lies farther behind the nearest than this (mm) is no part of the person.
DEEPEST = 900.0
#: Standard deviations that OpenCV's bilateral filter looks at.
_REACH = 2.5

NO_INTRINSICS = "A depth photo needs the camera's focal lengths and principal point: give FX FY CX CY in pixels."
BAD_INTRINSICS = "The camera's focal lengths must be positive and the four intrinsics numbers: check FX FY CX CY."
OTHER_SHAPE = "The colour photo and {name} have other proportions: choose the two images of one depth photo."


@dataclass(frozen=True)
class DepthPhoto:
    """Colours and depths on one grid.

    Attributes
    ----------
    colours : (h, w, 3) uint8
    depth : (h, w) float64
        Millimetres along the camera's axis, NaN where unknown.
    intrinsics : tuple of float
        Focal lengths and principal point in pixels, the centre of the first pixel at (0, 0), as OpenCV has them.
    """

    colours: NDArray[np.uint8]
    depth: NDArray[np.float64]
    intrinsics: Intrinsics

    @property
    def points(self) -> NDArray[np.float64]:
        """Points (h, w, 3) in millimetres: x right, y up, z towards the camera, which stands at the origin."""
        focal_x, focal_y, centre_x, centre_y = self.intrinsics
        rows, columns = np.indices(self.depth.shape)
        x, y = (columns - centre_x) / focal_x * self.depth, (centre_y - rows) / focal_y * self.depth
        return np.stack([x, y, -self.depth], axis=-1)

    def surface(self) -> Scan:
        """The mesh of its pixels, with their colours."""
        points, known = self.points, np.isfinite(self.depth)
        parameters = TargetParameters(largest_jump=LARGEST_JUMP, largest_slope=LARGEST_SLOPE)
        triangles = connect_pixels(points, known, parameters)
        used, triangles = np.unique(triangles, return_inverse=True)
        return Scan(
            points.reshape(-1, 3)[used], triangles.reshape(-1, 3).astype(np.int32), self.colours.reshape(-1, 3)[used]
        )

    def picture(self) -> Picture:
        """The photo as a picture of its own surface, in whose axes the camera stands at the origin."""
        focal_x, focal_y, centre_x, centre_y = self.intrinsics
        distance = float(np.nanmedian(self.depth))
        focal = (focal_x + focal_y) / 2
        height, width = self.depth.shape
        pose = Similarity(1.0, np.eye(3), np.array([0.0, 0.0, distance]))
        camera = Camera(focal / distance, (centre_x + 0.5, centre_y + 0.5), 1 / distance)
        return Picture(Viewpoint(pose, camera, (width, height)), self.colours, distance - self.depth, 1.0)


def read_depth_photo(colour: Path, depth: Path | None, intrinsics: Intrinsics | None, pause: Pause) -> DepthPhoto:
    """Read the images of a depth photo.

    Parameters
    ----------
    colour : Path
        Any photo.
    depth : Path, optional
        A depth image, see `depth_files.read_depth`; without it, the photo is a portrait that carries its depth.
    intrinsics : tuple of float, optional
        Of the depth image; what a portrait says of itself stands in for them.
    pause : Pause

    Raises
    ------
    PhotoError
        If one cannot be read or they do not belong together.
    """
    if depth is not None and intrinsics is None:
        raise PhotoError(NO_INTRINSICS)
    pixels = load_photo(colour, lambda _fraction: pause()).pixels
    carried = read_carried_depth(colour) if depth is None else CarriedDepth(read_depth(depth), None)
    intrinsics = intrinsics or carried.intrinsics
    if intrinsics is None:
        raise PhotoError(NO_INTRINSICS)
    if not np.isfinite(intrinsics).all() or min(intrinsics[:2]) <= 0:
        raise PhotoError(BAD_INTRINSICS)
    height, width = carried.depth.shape
    if abs(pixels.shape[1] / pixels.shape[0] - width / height) > 0.02 * width / height:
        raise PhotoError(OTHER_SHAPE.format(name=(depth or colour).name))
    if pixels.shape[:2] != carried.depth.shape:
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
    return DepthPhoto(pixels, without_steps(carried.depth, (intrinsics[0] + intrinsics[1]) / 2), intrinsics)


def without_steps(depth: NDArray[np.float64], focal: float) -> NDArray[np.float64]:
    """Depths (h, w) in whole millimetres as the smooth surface that they stand for."""
    known = np.isfinite(depth)
    nearest = float(np.nanpercentile(depth, 2))
    kept = known & (depth < nearest + DEEPEST)
    deviation = SMOOTHING * focal / float(np.median(depth[kept]))
    # What is unknown lies so far behind that it does not count, and not farther: the filter's table has so many steps.
    behind = np.clip(np.where(kept, depth - nearest, 2 * DEEPEST), -DEEPEST, 2 * DEEPEST).astype(np.float32)
    smooth = cv2.bilateralFilter(behind, 2 * round(_REACH * deviation) + 1, SIMILAR, deviation)
    return np.where(kept, smooth.astype(np.float64) + nearest, np.nan)
