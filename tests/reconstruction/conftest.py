from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.template import load_template


@dataclass(frozen=True)
class View:
    """A head seen by a camera: what a perfect network would say, and the truth (n, 3) in the camera's axes."""

    maps: FaceMaps
    truth: np.ndarray
    seen: np.ndarray


@pytest.fixture(scope="session")
def template():
    return load_template()


@pytest.fixture(scope="session")
def look_at(template):
    """Makes a `View` of template vertices (n, 3), turned by yaw degrees, on a square grid."""

    def look(vertices, yaw=0.0, resolution=160):
        turned = vertices @ Rotation.from_euler("y", yaw, degrees=True).as_matrix().T
        face = template.groups["face"] > 0.5
        centre = turned[face].mean(axis=0)
        truth = turned - centre
        camera = Camera(resolution / 230.0, (resolution / 2, resolution / 2))
        triangles = triangulate(template.faces)
        triangle, barycentric = rasterise(camera.project(truth), truth[:, 2], triangles, (resolution, resolution))
        values = interpolate(
            np.column_stack([truth, template.canonical, face, vertex_normals(truth, triangles)]),
            triangles,
            triangle,
            barycentric,
        )
        mask = (values[..., 6] > 0.99) & (values[..., 9] > 0.05)
        nothing = np.where(mask[..., None], 0.0, np.nan)
        maps = FaceMaps(
            mask=mask,
            opening=np.zeros(mask.shape, dtype=np.float32),
            correspondence=(values[..., 3:6] + nothing).astype(np.float32),
            geometry=(values[..., :3] + nothing).astype(np.float32),
            camera=camera,
            head_pose=Similarity(1.0, np.eye(3), np.zeros(3)),
            confidence=1.0,
        )
        pixels = np.floor(camera.project(truth)).astype(int).clip(0, resolution - 1)
        front = values[pixels[:, 1], pixels[:, 0], 2] - truth[:, 2] < 1.5
        return View(maps, truth, face & front & mask[pixels[:, 1], pixels[:, 0]])

    return look


@pytest.fixture(scope="session")
def deformed(template):
    """The template with another face's proportions: a smooth symmetric deformation of up to some 7 mm."""
    x, y = template.vertices[:, :2].T / 40.0
    sideways = 3 * np.sin(x) * np.cos(y)
    return template.vertices + np.column_stack([sideways, 3 * np.sin(y + 1), 4 * np.cos(y) + 2 * np.cos(x)])
