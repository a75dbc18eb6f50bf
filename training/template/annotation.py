"""Where people who annotate photos put the 68 landmarks, as points of the template's surface.

The morphable model's landmark vertices are not quite there: its brows lie on the forehead, its jaw begins too high.
The difference was measured with `training.template.annotation_fit`, on the mean landmarks of thousands of photos. The
mean face of photos smiles, and whether its nose is longer than the model's or seen from higher up cannot be told: the
nose's tip and the mouth's ends stay where the model has them, and the nose's lower edge is the nostrils' (`nose_edge`).
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals

from .landmarks import MIRRORED
from .surface import Surface

#: Millimetres to the left (x) and upwards (y) from the model's landmark to the annotated one, seen from the front.
#: Those of the other side are mirrored.
OFFSETS = {
    8: (0.0, -6.4),
    9: (2.2, -7.1),
    10: (3.2, -3.2),
    11: (5.7, -0.1),
    12: (3.9, -3.4),
    13: (3.1, -6.9),
    14: (3.7, -6.4),
    15: (3.0, -5.9),
    16: (2.6, -7.3),
    22: (0.4, -6.2),
    23: (0.0, -4.2),
    24: (-1.0, -3.2),
    25: (0.3, -3.0),
    26: (1.2, -3.5),
    27: (0.0, 0.9),
    28: (0.0, 0.1),
    29: (0.0, 0.0),
    30: (0.0, 0.0),
    42: (0.5, 0.7),
    43: (-1.0, -0.2),
    44: (-2.1, 0.5),
    45: (0.2, -0.1),
    46: (-1.1, 0.1),
    47: (0.8, 0.1),
    51: (0.0, -1.8),
    52: (-0.5, -0.8),
    53: (-0.3, -0.4),
    54: (0.0, 0.0),
    55: (-0.5, -0.2),
    56: (-3.0, -0.5),
    57: (0.0, 0.4),
    62: (0.0, 0.2),
    63: (-3.7, 0.2),
    64: (0.5, 0.4),
    65: (-3.9, -0.3),
    66: (0.0, 0.6),
}

LAST_OF_JAW = 16
#: The least z of the normal of what is seen from the front.
FRONT = 0.1
#: What is left of depths when only the look from the front counts.
FLATTENED = 0.3


def annotated_points(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    face_weights: NDArray[np.float64],
    landmarks: NDArray[np.int64],
    mirror: NDArray[np.int64],
    edge: Mapping[int, NDArray[np.float64]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Three vertices (68, 3) and their weights (68, 3), in iBUG order.

    Parameters
    ----------
    vertices : (n, 3) mm
    faces : (m, 4)
    face_weights : (n,)
        The group that the network sees; only there points are looked for.
    landmarks : (68,)
        Vertices of the model's landmarks.
    mirror : (n,)
        The vertex on the other side.
    edge : mapping of int to (3,) mm
        Places that are known, of landmarks without an offset: `nose_edge`.
    """
    triangles = triangulate(faces)
    skin = Surface(vertices, triangles[(face_weights[triangles] > 0.5).all(axis=1)])
    numbers = np.array(list(OFFSETS))
    offsets = np.column_stack([np.array(list(OFFSETS.values())), np.zeros(len(OFFSETS))])
    places = vertices[landmarks[numbers]] + offsets
    normals = vertex_normals(vertices, triangles)[landmarks[numbers]]
    found, found_weights = skin.locate(places, normals)
    jaw = numbers <= LAST_OF_JAW
    found[jaw], found_weights[jaw] = _nearest_from_the_front(skin, places[jaw])
    on_edge, edge_weights = skin.locate(np.array(list(edge.values())))
    numbers, found = np.append(numbers, list(edge)), np.append(found, on_edge)
    corners, weights = np.zeros((68, 3), np.int64), np.zeros((68, 3))
    for number, triangle, shares in zip(
        numbers, skin.triangles[found], np.concatenate([found_weights, edge_weights]), strict=True
    ):
        corners[MIRRORED[number]], weights[MIRRORED[number]] = mirror[triangle], shares
        corners[number], weights[number] = triangle, shares
    return corners, weights


def _nearest_from_the_front(
    skin: Surface, points: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Triangles (n,) and weights (n, 3) of the places that look nearest to points (n, 3) from the front.

    Below the chin the skin turns away: the place that is nearest in space would lie higher than the point.
    """
    front = np.flatnonzero(skin.face_normals[:, 2] > FRONT)
    flat = Surface(skin.vertices * (1, 1, FLATTENED), skin.triangles[front])
    triangles, weights = flat.locate(points * (1, 1, FLATTENED))
    return front[triangles], weights
