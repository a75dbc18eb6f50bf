"""The whole product at work on one photo, and what the measures need of its result."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.exchange.report import Report
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.geometry.raster import face_depth
from pix2vertex_blender.reconstruction.photo.boxes import box_around, overlap
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.template import load_template

from .readers.faces import Box

FOUND_OVERLAP = 0.5


@dataclass(frozen=True)
class Outcome:
    """What became of one photo.

    Attributes
    ----------
    reconstruction : Reconstruction or None
        None if the product failed.
    found : bool
        Whether the product took the right face by itself.
    failure : str
        The product's sentence if it failed.
    seconds : float
    """

    reconstruction: Reconstruction | None
    found: bool
    failure: str
    seconds: float


def run_product(
    photo: Path, box: Box | None, device: str, detail_level: int, landmarks: NDArray[np.floating] | None = None
) -> Outcome:
    """Reconstruct a photo with the product's own face finding, or with the given box where that fails.

    If true landmarks (68, 2 or more) are given, a face whose box overlaps theirs by less than half is the wrong one.
    """
    started = time.perf_counter()
    reconstruction, failure = _attempt(photo, Options(device=device, detail_level=detail_level))
    found = reconstruction is not None and _is_expected(reconstruction.report, landmarks)
    if not found and box is not None:
        reconstruction, failure = _attempt(photo, Options(device=device, detail_level=detail_level, face_box=box))
    elif not found and landmarks is not None:
        reconstruction = None
    return Outcome(reconstruction, found, failure, time.perf_counter() - started)


def _attempt(photo: Path, options: Options) -> tuple[Reconstruction | None, str]:
    try:
        return reconstruct(photo, options), ""
    except Pix2VertexError as error:
        return None, str(error)


def _is_expected(report: Report, landmarks: NDArray[np.floating] | None) -> bool:
    return landmarks is None or face_overlap(np.array(report.landmarks_68), landmarks) >= FOUND_OVERLAP


def face_overlap(landmarks: NDArray[np.floating], others: NDArray[np.floating]) -> float:
    """Intersection over union of the face boxes around landmarks (68, 2 or more)."""
    one, other = (np.array(box_around(np.asarray(points, dtype=np.float64)[:, :2])) for points in (landmarks, others))
    return float(overlap(one, other))


def in_camera(reconstruction: Reconstruction) -> NDArray[np.float64]:
    """Vertices (n, 3) of the registered mesh in the camera's frame, millimetres."""
    return reconstruction.view.frame.to_camera(reconstruction.vertices)


def depth_in_photo(
    reconstruction: Reconstruction, shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Depth (H, W) of the registered face in the photo's grid in millimetres, and where it is seen."""
    points = in_camera(reconstruction)
    towards = face_depth(
        points, reconstruction.faces, reconstruction.groups["face"], reconstruction.view.frame.to_photo, shape
    )
    return -towards, np.isfinite(towards)


def millimetres_per_pixel(reconstruction: Reconstruction) -> float:
    """Of the photo's pixels, at the depth of the face."""
    return float(1 / (reconstruction.view.frame.enlargement * reconstruction.view.camera.scale))


def landmarks_in_photo(reconstruction: Reconstruction) -> NDArray[np.float64]:
    """Landmarks (68, 3) in photo pixels, the third coordinate towards the camera."""
    depth = load_template().landmark_points(in_camera(reconstruction)[:, 2])
    return np.column_stack([reconstruction.report.landmarks_68, depth / millimetres_per_pixel(reconstruction)])


def yaw_degrees(reconstruction: Reconstruction) -> float:
    """How far the head is turned about its upright axis."""
    rotation = reconstruction.view.head_to_camera[:3, :3]
    return float(np.degrees(np.arctan2(rotation[0, 2], rotation[2, 2])))
