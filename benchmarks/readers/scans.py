"""Photos of scanned faces: Florence, NoW and Stirling/ESRC, and scans made of a depth map."""

import json
import xml.etree.ElementTree as ElementTree
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pix2vertex_blender.geometry.mesh import triangulate

from .faces import DepthFace, DepthTruth, LayoutError, Scan, ScanFace, require, require_any
from .meshes import read_mesh
from .rendering import render_view

#: Views of a Florence scan, in degrees (Beyond 3DMM 7.1).
FLORENCE_PITCHES = (-20, 0, 20)
FLORENCE_YAWS = (-45, -30, -15, 0, 15, 30, 45)
#: NoW's seven picked points, as numbers among the 68.
NOW_LANDMARKS = (36, 39, 42, 45, 33, 48, 54)
#: Neighbouring depths that differ by more than this, in pixels' sizes, are not connected.
LARGEST_STEP = 6.0
#: Of the camera of a scan's renderings, from millimetres per pixel and the distance at which they hold.
DISTANCE = 1100.0
STIRLING_YAWS = {"L": -45.0, "R": 45.0}
LANDMARKS_FILE = "landmarks.json"


def read_florence(folder: Path, work: Path) -> list[ScanFace]:
    """Read Florence: `subject_<nn>/Model/frontal1/obj/<name>.obj` with its texture, rendered in 21 views.

    `landmarks.json` beside the subjects holds the hand-labelled points that the protocol needs:
    {subject: {number among the 68: [x, y, z]}}. The views are written to `work`.

    Raises
    ------
    LayoutError
    """
    labels = _read_labels(folder)
    faces = []
    for subject in require_any(folder, "subject_*", "it is a subject of Florence"):
        [path, *_] = require_any(subject / "Model" / "frontal1" / "obj", "*.obj", f"it is the scan of {subject.name}")
        texture = _texture_of(path)
        read = partial(_read_labelled, path, subject.name, labels)
        views = {
            work / f"{subject.name}_p{pitch:+03d}_y{yaw:+03d}.png": (float(yaw), float(pitch))
            for pitch, yaw in product(FLORENCE_PITCHES, FLORENCE_YAWS)
        }
        _render(path, texture, {photo: view for photo, view in views.items() if not photo.exists()})
        faces += [ScanFace(photo.stem, photo, read, None, yaw) for photo, (yaw, _) in views.items()]
    return faces


def _render(path: Path, texture: Path, views: dict[Path, tuple[float, float]]) -> None:
    """Write views of a scan, given by yaw and pitch in degrees."""
    if views:
        mesh, picture = read_mesh(path), cv2.imread(str(texture))
        for photo, (yaw, pitch) in views.items():
            cv2.imwrite(str(photo), render_view(mesh, picture, yaw, pitch))


def read_now(folder: Path, work: Path) -> list[ScanFace]:
    """Read the neutral photos of NoW's validation set, as Beyond 3DMM does.

    `imagepathsvalidation.txt` names the photos in `iphone_pictures/`; `scans/<subject>/*.obj` and
    `scans_lmks_onlypp/<subject>/*.pp` hold the scan and its seven points.

    Raises
    ------
    LayoutError
    """
    names = (
        require(folder / "imagepathsvalidation.txt", "it is NoW's list of photos").read_text(encoding="utf-8").split()
    )
    faces = []
    for name in names:
        if "neutral" not in Path(name).parent.name:
            continue
        photo = require(folder / "iphone_pictures" / name, "it is a photo of NoW")
        subject = Path(name).parts[0]
        [scan, *_] = require_any(folder / "scans" / subject, "*.obj", f"it is the scan of {subject}")
        [points, *_] = require_any(folder / "scans_lmks_onlypp" / subject, "*.pp", f"it is the points of {subject}")
        faces.append(ScanFace(Path(name).with_suffix("").as_posix(), photo, partial(_read_picked, scan, points)))
    return faces


def read_stirling(folder: Path, work: Path) -> list[ScanFace]:
    """Read the neutral faces of Stirling/ESRC: `<subject>_N.obj` with the pictures `<subject>_N_L` and `_R`.

    L and R are the pictures of the two cameras, .jpg, .png or .bmp. `landmarks.json` is as for Florence.

    Raises
    ------
    LayoutError
    """
    labels = _read_labels(folder)
    faces = []
    for path in require_any(folder, "*_N.obj", "it is a scan of Stirling/ESRC"):
        subject = path.stem.removesuffix("_N")
        for side, yaw in STIRLING_YAWS.items():
            [photo, *_] = require_any(folder, f"{path.stem}_{side}.[jpb][pnm][gp]", f"it is a picture of {subject}")
            faces.append(ScanFace(photo.stem, photo, partial(_read_labelled, path, subject, labels), None, yaw))
    return faces


def scan_of_depth(face: DepthFace) -> Scan:
    """The mesh of a depth map that a pinhole camera saw, with the landmarks of its index where their depth is known."""
    truth = face.read()
    height, width = truth.depth.shape
    points = (_seen_by_pinhole(truth) if truth.surface is None else truth.surface).reshape(-1, 3)
    corner = (np.arange(height - 1)[:, None] * width + np.arange(width - 1)).ravel()
    quads = np.add.outer(corner, [0, width, width + 1, 1])
    depth = np.where(truth.mask, truth.depth, np.nan).ravel()[quads]
    connected = np.ptp(depth, axis=1) < LARGEST_STEP * truth.pixel
    landmarks = {}
    for number, (column, row, *_) in enumerate(face.index.get("landmarks", [])):
        i, j = int(row), int(column)
        if 0 <= i < height and 0 <= j < width and truth.mask[i, j]:
            landmarks[number] = points[i * width + j]
    return Scan(points, triangulate(quads[connected]).astype(np.int64), landmarks, truth.vertices)


def _seen_by_pinhole(truth: DepthTruth) -> np.ndarray:
    """Points (H, W, 3) in the camera's axes: x right, y up, z towards the camera."""
    height, width = truth.depth.shape
    focal = DISTANCE / truth.pixel
    rows, columns = np.mgrid[:height, :width] + 0.5
    x, y = (columns - width / 2) / focal * truth.depth, (height / 2 - rows) / focal * truth.depth
    return np.stack([x, y, -truth.depth], axis=-1)


def read_depth_scans(folder: Path, work: Path) -> list[ScanFace]:
    """Read a folder with `index.json` (see `depths.read_index`) as scans."""
    from .depths import read_index

    return [
        ScanFace(face.name, face.photo, partial(scan_of_depth, face), face.box, face.yaw) for face in read_index(folder)
    ]


def read_picked_points(path: Path) -> np.ndarray:
    """Positions (k, 3) in a MeshLab file of picked points.

    Raises
    ------
    LayoutError
    """
    try:
        found = ElementTree.parse(path).getroot().iter("point")
        return np.array([[float(point.attrib[axis]) for axis in "xyz"] for point in found])
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise LayoutError(f"{path} is no file of picked points.") from error


def _read_picked(path: Path, points_path: Path) -> Scan:
    mesh = read_mesh(path)
    points = read_picked_points(points_path)
    if len(points) != len(NOW_LANDMARKS):
        raise LayoutError(f"{points_path} holds {len(points)} points instead of {len(NOW_LANDMARKS)}.")
    return Scan(mesh.vertices, mesh.triangles, dict(zip(NOW_LANDMARKS, points, strict=True)))


def _read_labels(folder: Path) -> dict[str, Any]:
    path = require(folder / LANDMARKS_FILE, "it holds the hand-labelled points of the scans, see --help")
    labels: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return labels


def _read_labelled(path: Path, subject: str, labels: dict[str, Any]) -> Scan:
    mesh = read_mesh(path)
    if subject not in labels:
        raise LayoutError(f"{LANDMARKS_FILE} has no points of {subject}.")
    points = {int(number): np.array(point, dtype=np.float64) for number, point in labels[subject].items()}
    return Scan(mesh.vertices, mesh.triangles, points)


def _texture_of(path: Path) -> Path:
    """The picture that a scan's material names, or the only picture beside it."""
    for material in sorted(path.parent.glob("*.mtl")):
        for line in material.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.strip().startswith("map_Kd"):
                return require(path.parent / line.split(maxsplit=1)[1].strip(), f"it is the texture of {path.name}")
    return require_any(path.parent, "*.[jpb][pnm][gp]", f"it is the texture of {path.name}")[0]


LAYOUTS = {"scans": read_depth_scans, "florence": read_florence, "now": read_now, "stirling": read_stirling}
