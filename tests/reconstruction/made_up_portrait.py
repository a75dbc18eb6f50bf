"""A made-up portrait whose every pixel is known: the template's head, painted and lit, before a wall."""

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.frames import Frame
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.reconstruction.turning.image_mesh import ImageMesh
from pix2vertex_blender.reconstruction.turning.light import to_display
from pix2vertex_blender.template import load_template

SIZE = 320
CAMERA = Camera(SIZE / 330, (SIZE / 2, SIZE / 2), 1 / 900)
SKIN = np.array([0.55, 0.33, 0.25])
TOWARDS_LIGHT = np.array([-0.5, 0.3, 0.81])
MIDDLE = np.array([0.0, 0.0, 40.0])


def rotation(yaw: float) -> np.ndarray:
    return Rotation.from_euler("y", yaw, degrees=True).as_matrix()


def head(yaw: float = 0.0, vertices: np.ndarray | None = None) -> np.ndarray:
    """The template's vertices (n, 3) in the camera's axes, turned about the middle of the head."""
    shape = load_template().vertices if vertices is None else vertices
    return (shape - MIDDLE) @ rotation(yaw).T


def painted(vertices: np.ndarray, yaw: float = 0.0) -> np.ndarray:
    """Colours in [0, 255] of the head (n, 3) as the photographer sees it, who has gone around it with his light fixed.

    Freckles have no mirror symmetry; brows and lips are darker.
    """
    template = load_template()
    x, y, _z = template.vertices.T
    albedo = SKIN * (1 + 0.06 * np.sin(x / 6 + 0.7) * np.cos(y / 7))[:, None]
    albedo *= 1 - 0.35 * (template.groups["brow"] > 0.6)[:, None]
    lips = np.maximum(template.groups["upper_lip"], template.groups["lower_lip"])
    albedo *= 1 - lips[:, None] * (0.0, 0.35, 0.3)
    light = 0.45 + 0.6 * vertex_normals(vertices, template.faces) @ (rotation(yaw) @ TOWARDS_LIGHT)
    return to_display(albedo * np.maximum(light, 0.05)[:, None])


def photograph(vertices: np.ndarray, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The photo (SIZE, SIZE, 3), twice as fine before it was reduced, and where the head is."""
    triangles = triangulate(load_template().faces)
    camera = CAMERA.resized(2.0)
    seen = rasterise(camera.project(vertices), vertices[:, 2], triangles, (2 * SIZE, 2 * SIZE))
    drawn = interpolate(colours, triangles, *seen)
    across, down = np.meshgrid(np.arange(2 * SIZE), np.arange(2 * SIZE))
    wall = np.stack([90 + 30 * np.sin(across / 40), 110 + 20 * np.cos(down / 50), np.full(across.shape, 130.0)], -1)
    covered = np.isfinite(drawn[..., :1])
    photo = cv2.resize(np.where(covered, np.nan_to_num(drawn), wall), (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    inside = cv2.resize(covered[..., 0].astype(np.float32), (SIZE, SIZE), interpolation=cv2.INTER_AREA) > 0.99
    return np.clip(np.rint(photo), 0, 255).astype(np.uint8), inside


def drawn_values(vertices: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values (n, k) at the vertices (n, 3), as the camera sees them (SIZE, SIZE, k), NaN beside the head."""
    triangles = triangulate(load_template().faces)
    return interpolate(values, triangles, *rasterise(CAMERA.project(vertices), vertices[:, 2], triangles, (SIZE, SIZE)))


def portrait(yaw: float = 0.0) -> ImageMesh:
    """The photo of a head turned by so many degrees, whose registration is perfect."""
    vertices = head(yaw)
    photo, _inside = photograph(vertices, painted(vertices, yaw))
    frame = Frame(np.eye(4), CAMERA, np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    return ImageMesh(photo, frame, vertices)
