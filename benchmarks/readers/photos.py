"""Annotated photos: a folder with `faces.json`, AFLW2000-3D, and 300W."""

import json
from pathlib import Path

import numpy as np
from scipy.io import loadmat

from .faces import LandmarkFace, LayoutError, box_of, require, require_any

PHOTO_SUFFIXES = (".jpg", ".png", ".jpeg")


def read_faces_json(folder: Path) -> list[LandmarkFace]:
    """Read `faces.json`: {id: {"image", "yaw", "landmarks" (68 pairs), "box" [x, y, w, h]}}.

    Raises
    ------
    LayoutError
        If it or a photo is missing.
    """
    path = require(folder / "faces.json", "give a folder laid out as described by --help")
    faces = []
    for name, face in json.loads(path.read_text(encoding="utf-8")).items():
        photo = require(folder / face["image"], f"it is the photo of {name}")
        x, y, width, height = (float(value) for value in face["box"])
        landmarks = np.array(face["landmarks"], dtype=np.float64)
        faces.append(LandmarkFace(name, photo, landmarks, (x, y, width, height), face["yaw"], face.get("set", "")))
    return faces


def read_aflw2000(folder: Path) -> list[LandmarkFace]:
    """Read AFLW2000-3D: `image<number>.jpg` and `image<number>.mat`.

    The .mat holds `pt3d_68` (3, 68), pixels counted from one with depth towards the camera, and `Pose_Para`, which
    begins with pitch, yaw and roll in radians.

    Raises
    ------
    LayoutError
        If a file is missing or lacks a field.
    """
    faces = []
    for photo in require_any(folder, "image*.jpg", "it is a photo of AFLW2000-3D"):
        path = require(photo.with_suffix(".mat"), f"it is the annotation of {photo.name}")
        content = loadmat(path)
        for key in ("pt3d_68", "Pose_Para"):
            if key not in content:
                raise LayoutError(f"{path} has no field {key}, which AFLW2000-3D's annotations have.")
        landmarks = content["pt3d_68"].T.astype(np.float64) - [0.5, 0.5, 0]
        yaw = float(np.degrees(content["Pose_Para"].ravel()[1]))
        faces.append(LandmarkFace(photo.stem, photo, landmarks, box_of(landmarks), yaw))
    return faces


def read_300w(folder: Path) -> list[LandmarkFace]:
    """Read 300W: each `<name>.pts` beside its photo, in the folder or below it; a folder is a subset.

    Raises
    ------
    LayoutError
        If there are none, a photo is missing, or a file does not hold 68 points.
    """
    faces = []
    for path in require_any(folder, "**/*.pts", "it is an annotation of 300W"):
        candidates = [path.with_suffix(suffix) for suffix in PHOTO_SUFFIXES]
        photo = next((candidate for candidate in candidates if candidate.exists()), candidates[0])
        require(photo, f"it is the photo of {path.name}")
        name = path.relative_to(folder).with_suffix("").as_posix()
        landmarks = read_points(path) - 0.5
        subset = path.parent.relative_to(folder).as_posix()
        faces.append(LandmarkFace(name, photo, landmarks, box_of(landmarks), float("nan"), subset))
    return faces


def read_points(path: Path) -> np.ndarray:
    """Points (68, 2) of a .pts file as they stand there, counted from one.

    Raises
    ------
    LayoutError
        If it does not hold 68 points between braces.
    """
    text = path.read_text(encoding="utf-8")
    try:
        inside = text[text.index("{") + 1 : text.index("}")]
        return np.array(inside.split(), dtype=np.float64).reshape(68, 2)
    except ValueError as error:
        raise LayoutError(f"{path} does not hold 68 points between braces.") from error


LAYOUTS = {"photos": read_faces_json, "aflw2000": read_aflw2000, "300w": read_300w}
