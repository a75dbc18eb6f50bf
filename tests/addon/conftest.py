"""Fixtures of the tests in Blender: an empty file for each, a registered add-on, a small real head."""

import os
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

import pix2vertex_blender
from pix2vertex_blender.reconstruction.camera import Camera
from pix2vertex_blender.reconstruction.result import Reconstruction

SHARED = Path(os.environ.get("PIX2VERTEX_SHARED", Path(__file__).resolve().parents[3] / "shared"))

#: Faces of the model up to this vertex are the skin of head and neck.
_SKIN_VERTICES = 11248


def _compressed(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    used, renumbered = np.unique(faces, return_inverse=True)
    return used, renumbered.reshape(faces.shape).astype(np.int32)


@pytest.fixture(scope="session")
def reconstruction() -> Reconstruction:
    """The mean head of the face model with bumps as its detail, seen by a camera turned by 20 degrees."""
    with np.load(SHARED / "face_models" / "ict_facekit.npz") as model:
        skin = np.flatnonzero((model["faces"] < _SKIN_VERTICES).all(axis=1))
        used, faces = _compressed(model["faces"][skin])
        vertices = model["neutral"][used].astype(np.float64) * 10.0
        uvs = model["uv"][model["uv_faces"][skin]]
    assert 200.0 < np.ptp(vertices[:, 1]) < 500.0, "the model is expected in centimetres"
    detail = np.zeros_like(vertices)
    detail[:, 2] = np.sin(vertices[:, 0]) * np.clip(vertices[:, 2] / 50.0, 0.0, 1.0)
    left = np.clip(vertices[:, 0] / 40.0, 0.0, 1.0).astype(np.float32)
    yaw = np.radians(20.0)
    head_to_camera = np.eye(4)
    head_to_camera[:3, :3] = [[np.cos(yaw), 0.0, np.sin(yaw)], [0.0, 1.0, 0.0], [-np.sin(yaw), 0.0, np.cos(yaw)]]
    head_to_camera[:3, 3] = (5.0, -12.0, -60.0)
    eyeballs = tuple(_cube(np.array([x, 25.0, 60.0])) for x in (-32.0, 32.0))
    return Reconstruction(
        vertices=vertices,
        faces=faces,
        uvs=uvs,
        detail=detail,
        groups={"left": left, "face": (vertices[:, 2] > 30.0).astype(np.float32)},
        landmarks_68=np.arange(68, dtype=np.int32),
        eyeballs=eyeballs,
        head_to_camera=head_to_camera,
        camera=Camera(scale=0.9, centre=(130.0, 120.0), inverse_distance=1.0 / 900.0),
        crop_to_photo=np.array([[1.5, 0.2, 40.0], [-0.2, 1.5, 90.0]]),
        photo_size=(640, 480),
        maps={"mask": np.eye(8, dtype=bool), "mesh_depth": np.where(np.eye(8), 1.0, np.nan)},
        report={"photo": "someone.jpg", "confidence": 0.9},
    )


def _cube(centre: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64)
    faces = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    uvs = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32), (6, 1, 1))
    return centre + 12.0 * corners, np.array(faces, dtype=np.int32), uvs


@pytest.fixture
def empty_file() -> Iterator[None]:
    """A Blender file with nothing in it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    yield
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def addon(empty_file: None) -> Iterator[None]:
    """An empty file in a Blender that has the add-on."""
    pix2vertex_blender.register()
    yield
    pix2vertex_blender.unregister()
