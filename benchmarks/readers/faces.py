"""What all data sets become: photos with landmarks, depth or a scan."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Box = tuple[float, float, float, float]


class LayoutError(Exception):
    """A folder is not laid out as its data set is; the text names the file that is missed first."""


@dataclass(frozen=True)
class LandmarkFace:
    """An annotated photo.

    Attributes
    ----------
    name : str
    photo : Path
    landmarks : (68, 2) or (68, 3)
        In photo pixels, the centre of the first pixel at 0.5; the third coordinate in pixels towards the camera.
    box : (x, y, width, height)
    yaw : float
        Degrees; NaN if the data set does not say.
    subset : str
    """

    name: str
    photo: Path
    landmarks: NDArray[np.float64]
    box: Box
    yaw: float
    subset: str = ""


@dataclass(frozen=True)
class DepthTruth:
    """Depth in the photo's grid.

    Attributes
    ----------
    depth : (H, W)
        Larger is farther.
    mask : (H, W) bool
        Where it is valid.
    pixel : float
        Size of a pixel in the depth's unit.
    surface : (H, W, 3), optional
        The points themselves, if they are known otherwise than from the depth.
    vertices : (n, 3), optional
        Where the template's vertices at level 0 truly are, in the frame of `surface`.
    """

    depth: NDArray[np.float64]
    mask: NDArray[np.bool_]
    pixel: float
    surface: NDArray[np.float64] | None = None
    vertices: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class DepthFace:
    """A photo with known depth.

    Attributes
    ----------
    name : str
    photo : Path
    read : callable
        Reads the depth.
    box : (x, y, width, height), optional
    expression : str
        Empty if it is not known.
    yaw : float
        Degrees; NaN if it is not known.
    index : dict
        What else the data set says.
    """

    name: str
    photo: Path
    read: Callable[[], DepthTruth]
    box: Box | None = None
    expression: str = ""
    yaw: float = float("nan")
    index: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scan:
    """A scanned face in millimetres.

    Attributes
    ----------
    vertices : (n, 3)
    triangles : (m, 3)
    landmarks : dict of int to (3,)
        Positions by their number among the 68, counted from 0.
    counterparts : (k, 3), optional
        Where the template's vertices at level 0 truly are.
    nearness : float
        Counterparts farther from the scan than this were not seen.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    landmarks: dict[int, NDArray[np.float64]]
    counterparts: NDArray[np.float64] | None = None
    nearness: float = 2.0


@dataclass(frozen=True)
class ScanFace:
    """A photo of somebody of whom there is a scan."""

    name: str
    photo: Path
    read: Callable[[], Scan]
    box: Box | None = None
    yaw: float = float("nan")


def require(path: Path, whose: str) -> Path:
    """Return the path if the file or folder is there.

    Raises
    ------
    LayoutError
    """
    if not path.exists():
        raise LayoutError(f"{path} is missing: {whose}.")
    return path


def require_any(folder: Path, pattern: str, whose: str) -> list[Path]:
    """Return the sorted files of a folder that match a pattern; there must be one.

    Raises
    ------
    LayoutError
    """
    found = sorted(folder.glob(pattern)) if folder.is_dir() else []
    if not found:
        raise LayoutError(f"{folder / pattern} is missing: {whose}.")
    return found


def box_of(points: NDArray[np.floating]) -> Box:
    """Bounding box (x, y, width, height) of points (n, 2 or more)."""
    lower, upper = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return float(lower[0]), float(lower[1]), float(upper[0] - lower[0]), float(upper[1] - lower[1])
