"""Rows of teeth: each is a grid of quads around a box that is laid onto a tooth of the morphable model's mean."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import unique_edges

from .anatomy import ARCH_DEPTH
from .part_mesh import Indices, Mesh, Points, joined
from .surface import Surface

#: Quads along each edge of a tooth's box.
TOOTH_GRID = 4
TOOTH_VERTICES = 6 * TOOTH_GRID**2 + 2
#: The heights (mm) of the edges of the upper and the lower gums at the necks of the teeth, and between the jaws.
NECK, BETWEEN = {"upper": -23.6, "lower": -43.0}, -34
#: How much wider teeth are than those of the model, whose rounded edges leave gaps between boxes.
WIDER = 1.1
#: Towards the edge of a crown, at these heights of its box, it is at least so wide (of its whole width): the model's
#: teeth are rounded so much that dark notches would be seen between their edges. Canines, the third from the middle,
#: are pointed.
SHOULDERS = ((0.5, 0.97), (1.0, 0.8))
CANINE, CANINE_EDGE = 2, 0.5
#: How far the corners of a crown's edge come down to its middle.
STRAIGHT = 0.6
#: How much of a tooth's root is left.
ROOT = 0.35
#: Teeth side by side in the UVs.
COLUMNS = 7


def box_grid(size: int) -> tuple[Points, Indices, Points]:
    """The surface of the cube [-1, 1]^3 in quads: vertices, faces anticlockwise from outside, and UVs by side."""
    number: dict[tuple[int, ...], int] = {}
    faces, uvs = [], []
    for axis, end, i, j in product(range(3), (0, size), range(size), range(size)):
        corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)][:: 1 if end else -1]
        # The side's own axis comes first, and after it the other two in their order.
        places = [tuple(np.roll((end, a, b), axis).tolist()) for a, b in corners]
        faces.append([number.setdefault(place, len(number)) for place in places])
        side = 2 * axis + (end > 0)
        corner = np.array([side % 3, side // 3], dtype=np.float64)
        uvs.append([(corner + np.array([a, b]) / size * 0.94 + 0.03) / (3, 2) for a, b in corners])
    vertices = 2 * np.array(list(number), dtype=np.float64) / size - 1
    return vertices, np.array(faces), np.array(uvs)


def tooth(surface: Surface, edge: float = SHOULDERS[-1][1]) -> Mesh:
    """A rounded box laid onto one tooth of the model, whose edge is at least so wide, of its whole width."""
    box, faces, uvs = box_grid(TOOTH_GRID)
    middle = surface.vertices.mean(axis=0)
    across = np.array([middle[2] - ARCH_DEPTH, 0.0, -middle[0] * 2.0])
    across /= np.linalg.norm(across)
    frame = np.stack([across, [0.0, 1.0, 0.0], np.cross(across, [0.0, 1.0, 0.0])])
    local = (surface.vertices - middle) @ frame.T
    low, high = local.min(axis=0), local.max(axis=0)
    rounded = box * np.sqrt(1 - (box[:, [1, 2, 0]] ** 2 + box[:, [2, 0, 1]] ** 2) / 3)
    rounded = 0.5 * box + 0.5 * rounded
    points = (low + high) / 2 + rounded * (high - low) / 2 * 0.98
    points = points @ frame + middle
    edges = unique_edges(faces)
    for _ in range(6):
        points, _normals = surface.closest(points)
        points = points + 0.35 * (_neighbour_means(points, edges) - points)
    points, _normals = surface.closest(points)
    local = (points - middle) @ frame.T
    share = (local - local.min(axis=0)) / np.ptp(local, axis=0)
    # What rounding has taken off, and a little more, so that teeth touch.
    share = _with_shoulders(share - 0.5, box, edge, down=_jaw_of(points) == "upper")
    points = (low + high) / 2 + share * (high - low) * (WIDER, 1.0, 1.0)
    points = points @ frame + middle
    return Mesh(_without_root(points), faces, uvs)


def _jaw_of(points: Points) -> str:
    """The jaw of a tooth with vertices (n, 3)."""
    return "upper" if points[:, 1].mean() > BETWEEN else "lower"


def _with_shoulders(share: Points, box: Points, edge: float, down: bool) -> Points:
    """A tooth's vertices (n, 3), each axis from -0.5 to 0.5, with a crown that is as wide at its edge as teeth are.

    Parameters
    ----------
    share : (n, 3)
    box : (n, 3)
        The same vertices of the cube [-1, 1]^3.
    edge : float
        The least width of the edge.
    down : bool
        Whether the crown is below.
    """
    result = share.copy()
    crown = -box[:, 1] if down else box[:, 1]
    for height, least in SHOULDERS:
        level = np.isclose(crown, height)
        narrow = min(least, edge) if height == 1.0 else least
        result[level, 0] *= max(narrow / np.ptp(share[level, 0]), 1.0)
    level = np.isclose(crown, 1.0)
    end = -0.5 if down else 0.5
    result[level, 1] += STRAIGHT * np.abs(box[level, 0]) * (end - share[level, 1])
    return result


def _meeting(points: Points, jaw: str) -> Points:
    """A right middle tooth (n, 3) whose inner side is drawn to that of the left one towards the edge of the crown."""
    up = 1.0 if jaw == "upper" else -1.0
    height = up * (points[:, 1] - NECK[jaw]) / np.abs(points[:, 1] - NECK[jaw]).max()  # 0 at the neck, -1 at the edge
    edge, middle = (points[np.abs(height - place) < 0.15, 0].max() for place in (-0.9, -0.4))
    outside = points[:, 0].min()
    inwards = np.clip((points[:, 0] - outside) / (edge - outside), 0.0, 1.0)
    drawn = points.copy()
    drawn[:, 0] += (middle - edge) * np.clip(-height - 0.4, 0.0, None) / 0.5 * inwards
    return drawn


def _without_root(points: Points) -> Points:
    """Points (n, 3) of a tooth, whose root, which gums hide, is drawn together."""
    jaw = _jaw_of(points)
    away = 1.0 if jaw == "upper" else -1.0
    beyond = np.maximum(away * (points[:, 1] - NECK[jaw]), 0.0)
    shorter = points.copy()
    shorter[:, 1] -= away * (1 - ROOT) * beyond
    return shorter


def _neighbour_means(points: Points, edges: NDArray[np.integer]) -> Points:
    both = np.concatenate([edges, edges[:, ::-1]])
    count = np.bincount(both[:, 0], minlength=len(points))
    sums = np.stack([np.bincount(both[:, 0], points[both[:, 1], axis], len(points)) for axis in range(3)], axis=1)
    result: Points = sums / count[:, None]
    return result


def teeth_row(teeth: list[Surface], jaw: str) -> Mesh:
    """The teeth of the `upper` or the `lower` jaw; UVs have the teeth in a grid, each with its six sides."""
    own = [each for each in teeth if _jaw_of(each.vertices) == jaw]
    own.sort(key=lambda each: float(each.vertices[:, 0].mean()))
    right = own[: len(own) // 2]
    canine = len(right) - 1 - CANINE
    meshes = [tooth(each, CANINE_EDGE) if index == canine else tooth(each) for index, each in enumerate(right)]
    meshes[-1].vertices = _meeting(meshes[-1].vertices, jaw)
    # The left half is the mirror image, so that the mouth is exactly symmetric.
    meshes += [
        Mesh(mesh.vertices * (-1, 1, 1), mesh.faces[:, ::-1], mesh.uvs[:, ::-1].copy()) for mesh in reversed(meshes)
    ]
    for index, mesh in enumerate(meshes):
        mesh.uvs[:] = (np.array([index % COLUMNS, index // COLUMNS]) + mesh.uvs) / (COLUMNS, 4)
    return joined(meshes)
