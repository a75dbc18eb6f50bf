"""Fixtures of the tests in Blender: an empty file for each, a registered add-on, a small real head."""

import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

import pix2vertex_blender
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.worker_client import Patience, WorkerClient
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.exchange.report import Report
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.exchange.view import View, no_pins
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.template import load_template

PRACTICE = Path(__file__).with_name("practice_worker.py")
WORKER = Path(pix2vertex_blender.__file__).with_name("worker.py")

#: Longer than any test: no worker is given up because the computer is busy.
LONG = Patience(start=3600.0, work=3600.0, idle=3600.0, cancel=3600.0)


@pytest.fixture(scope="session")
def reconstruction() -> Reconstruction:
    """The head template with bumps as its detail, seen by a camera turned by 20 degrees."""
    template = load_template()
    vertices = template.vertices
    detail = np.zeros_like(vertices)
    detail[:, 2] = np.sin(vertices[:, 0]) * np.clip(vertices[:, 2] / 50.0, 0.0, 1.0)
    left = np.clip(vertices[:, 0] / 40.0, 0.0, 1.0).astype(np.float32)
    yaw = np.radians(20.0)
    head_to_camera = np.eye(4)
    head_to_camera[:3, :3] = [[np.cos(yaw), 0.0, np.sin(yaw)], [0.0, 1.0, 0.0], [-np.sin(yaw), 0.0, np.cos(yaw)]]
    head_to_camera[:3, 3] = (5.0, -12.0, -60.0)
    camera = Camera(scale=0.9, centre=(130.0, 120.0), inverse_distance=1.0 / 900.0)
    view = View(
        photo_size=(640, 480),
        crop_to_photo=np.array([[1.5, 0.2, 40.0], [-0.2, 1.5, 90.0]]),
        head_to_camera=head_to_camera,
        maps=_maps_of_a_slope(camera, head_to_camera),
        crop_png=cv2.imencode(".png", np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3))[1].tobytes(),
        pins=no_pins(),
    )
    eyeballs = tuple(_cube(np.array([x, 25.0, 60.0])) for x in (-32.0, 32.0))
    return Reconstruction(
        vertices=vertices,
        faces=template.faces.astype(np.int32),
        uvs=template.uvs.astype(np.float32),
        detail=detail,
        groups={"left": left, "face": (vertices[:, 2] > 30.0).astype(np.float32)},
        landmarks_68=np.arange(68, dtype=np.int32),
        eyeballs=eyeballs,
        views=(view,),
        coarse_vertices=vertices,
        automatic_vertices=vertices,
        detail_level=0,
        report=Report(photo="someone.jpg", confidence=0.9),
    )


def _maps_of_a_slope(camera: Camera, head_to_camera: np.ndarray) -> FaceMaps:
    """Maps on a grid of 12 x 10 pixels of which a part shows something."""
    mask = np.zeros((12, 10), dtype=bool)
    mask[3:9, 2:7] = True
    rows, columns = np.nonzero(mask)
    pixels = np.column_stack([columns, rows]) + 0.5
    depth = 3.0 * columns - 2.0 * rows
    opening = np.zeros(mask.shape, dtype=np.float32)
    opening[5, 4] = 1.0
    correspondence, geometry = (np.full((*mask.shape, 3), np.nan, dtype=np.float32) for _ in range(2))
    correspondence[mask] = np.column_stack([pixels / 10.0, depth / 60.0])
    geometry[mask] = camera.unproject(pixels, depth)
    pose = Similarity(1.0, head_to_camera[:3, :3], head_to_camera[:3, 3])
    return FaceMaps(mask, opening, correspondence, geometry, camera, pose, 0.9)


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


@pytest.fixture
def practice(addon: None, tmp_path: Path) -> Iterator[WorkerClient]:
    """The add-on with a worker whose jobs need neither torch nor time."""
    client = WorkerClient([sys.executable, "-I", str(PRACTICE), str(WORKER)], {}, tmp_path / "worker.log", LONG)
    session.stop_worker()
    session.SESSION.worker, session.SESSION.error = client, ""
    yield client
    session.stop_worker()


@pytest.fixture
def saved(reconstruction: Reconstruction, tmp_path: Path) -> str:
    path = tmp_path / "someone.npz"
    reconstruction.save(path)
    return str(path)
