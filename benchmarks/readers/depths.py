"""Photos with known depth: a folder with `index.json`, and BU-3DFE."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pix2vertex_blender.geometry.raster import interpolate, rasterise

from .faces import DepthFace, DepthTruth, require, require_any
from .meshes import read_mesh

#: Millimetres per pixel at the face, where an index does not say: a 512 pixel picture at 1100 mm with a focal length
#: of 3.4 picture widths.
MILLIMETRES_PER_PIXEL = 1100 / (3.4 * 512)
#: Of BU-3DFE's file names, in the order of pix2vertex's table 2.
EXPRESSIONS = {
    "AN": "anger",
    "DI": "disgust",
    "FE": "fear",
    "HA": "happiness",
    "NE": "neutral",
    "SA": "sadness",
    "SU": "surprise",
}
BU3DFE_NAME = re.compile(r"(?P<subject>[FM]\d{4})_(?P<expression>[A-Z]{2})(?P<level>\d{2})(?P<ethnicity>[A-Z]{2})_F3D")


def read_index(folder: Path) -> list[DepthFace]:
    """Read `index.json`: {key: {"image", "box" [x0, y0, x1, y1], ...}} with `<key>.npz` (`depth`, `mask`) for each key.

    "yaw", "expression" and "millimetres_per_pixel" are read where they are given, and so are `surface` and `vertices`
    in the .npz (see `DepthTruth`).

    Raises
    ------
    LayoutError
        If it, a photo or a depth is missing.
    """
    path = require(folder / "index.json", "give a folder laid out as described by --help")
    faces = []
    for key, entry in json.loads(path.read_text(encoding="utf-8")).items():
        photo = require(folder / entry["image"], f"it belongs to {key}")
        truth = require(folder / f"{key}.npz", f"it belongs to {key}")
        left, top, right, bottom = (float(value) for value in entry["box"])
        faces.append(
            DepthFace(
                key,
                photo,
                partial(_read_npz, truth, float(entry.get("millimetres_per_pixel", MILLIMETRES_PER_PIXEL))),
                (left, top, right - left, bottom - top),
                entry.get("expression", ""),
                float(entry.get("yaw", "nan")),
                entry,
            )
        )
    return faces


def _read_npz(path: Path, pixel: float) -> DepthTruth:
    with np.load(path) as truth:
        optional = {name: truth[name].astype(np.float64) for name in ("surface", "vertices") if name in truth.files}
        return DepthTruth(truth["depth"].astype(np.float64), truth["mask"].astype(bool), pixel, **optional)


def read_bu3dfe(folder: Path) -> list[DepthFace]:
    """Read BU-3DFE: `<subject>/<subject>_<expression><level><ethnicity>_F3D.wrl` with the picture `..._F2D.bmp`.

    The scan's texture coordinates say where in the picture it is seen; depth is taken along the scan's z axis.

    Raises
    ------
    LayoutError
        If there are no scans, or the picture of one is missing.
    """
    faces = []
    for path in require_any(folder, "[FM][0-9][0-9][0-9][0-9]/*_F3D.wrl", "it is a scan of BU-3DFE"):
        name = BU3DFE_NAME.fullmatch(path.stem)
        if name is None:
            continue
        photo = require(path.with_name(path.stem.replace("_F3D", "_F2D") + ".bmp"), f"it is the picture of {path.name}")
        expression = EXPRESSIONS.get(name["expression"], name["expression"])
        faces.append(DepthFace(path.stem, photo, partial(depth_by_texture, path, photo), None, expression, 0.0))
    return faces


def depth_by_texture(path: Path, photo: Path) -> DepthTruth:
    """Depth of a scan in the grid of the picture that its texture coordinates refer to."""
    mesh = read_mesh(path)
    height, width = cv2.imread(str(photo)).shape[:2]
    corners = mesh.texture.reshape(-1, 2) * [width, -height] + [0, height]
    points = mesh.vertices[mesh.triangles].reshape(-1, 3)
    separate = np.arange(len(points)).reshape(-1, 3)
    triangle, barycentric = rasterise(corners, points[:, 2], separate, (height, width))
    depth = -interpolate(points[:, 2], separate, triangle, barycentric)
    return DepthTruth(depth, np.isfinite(depth), _pixel_size(corners, points))


def _pixel_size(pixels: Any, points: Any) -> float:
    """Millimetres per pixel: the median over the triangles' sides, in the image plane."""
    along = np.linalg.norm(np.diff(pixels.reshape(-1, 3, 2), axis=1), axis=2)
    length = np.linalg.norm(np.diff(points.reshape(-1, 3, 3)[..., :2], axis=1), axis=2)
    used = along > 1e-9
    return float(np.median(length[used] / along[used]))


LAYOUTS = {"scans": read_index, "bu-3dfe": read_bu3dfe}
