"""The red of the lips ends where the photo shows that it does.

The networks draw lips to the mean ones more on photos than on the rendered people who taught them: full lips came out
thin, thin ones full. But where lips end is seen. Their borders are looked for around where the fitted template has
them, and the skin around the mouth slides along with them; the edges between the lips stay, which `mouth.py` moves.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...exchange.camera import Camera
from ...geometry.laplacian import bilaplacian, cotangent_laplacian, lumped_mass
from ...geometry.mesh import triangulate
from ...template import load_template
from ..seen_face import SeenFace
from .picture_edges import LIP, Array, EdgeParameters, FeatureEdge, find_edge, joined_goals
from .pins import landmark_matrix

#: Landmarks along the borders, from the right corner to the left one and back, and those between the lips.
UPPER, LOWER = tuple(range(48, 55)), (54, 55, 56, 57, 58, 59, 48)
BETWEEN = slice(60, 68)
#: Parts of the line from one landmark to the next, and points that are left out at each corner, where borders meet.
PARTS, CORNER = 4, 2
#: Fitted borders are less wrong than those of a template laid over a scan.
EXPECTED, BORDER = EdgeParameters(usual=1.5), replace(LIP, reach=4.0)
#: A border of which less than this share is sure is no border but stubble, a shadow or noise.
LEAST_SURE = 0.75
#: Millimetres around the borders in which the skin slides, and how stiff it is (square millimetres, against one point).
REACH, STIFFNESS = 16.0, 30.0
#: How often borders are looked for.
ROUNDS = 2


@dataclass(frozen=True)
class SlidingSkin:
    """What moves with the lips' borders.

    Attributes
    ----------
    vertices : (m,)
        Of level 0, around the mouth.
    plate : (m, m)
        The bending energy of their displacements; all others stay.
    """

    vertices: NDArray[np.intp]
    plate: Array


def with_seen_borders(vertices: NDArray[np.floating], seen: SeenFace) -> Array:
    """Slide the skin of a fitted template around the mouth to where the photo shows that the lips end.

    Parameters
    ----------
    vertices : (n, 3)
        At level 0, in millimetres in the camera's axes.
    seen : SeenFace

    Returns
    -------
    (n, 3)
        As they were where no border is seen.
    """
    current = np.array(vertices, dtype=np.float64)
    for _ in range(ROUNDS):
        points, goals = border_goals(current, seen)
        if len(goals) == 0:
            break
        current = _slide(current, points, goals, seen.crop_camera)
    return current


def border_goals(vertices: Array, seen: SeenFace) -> tuple[sparse.csr_matrix, Array]:
    """Which points (k, n), as means of the vertices (n, 3), belong at which pixels (k, 2) of the face's crop."""
    used = []
    for edge in lip_borders():
        found = find_edge(vertices, seen.crop, seen.crop_camera, edge, EXPECTED)
        sure = found.sure & _on_skin(found.goals, seen)
        if sure.any() and sure.sum() >= LEAST_SURE * found.facing.sum():
            used.append((edge, found.goals, sure))
    return joined_goals(used)


@cache
def lip_borders() -> tuple[FeatureEdge, ...]:
    """The outer borders of the lips, through the points where annotators see them."""
    inside = load_template().landmarks_68[BETWEEN]
    return tuple(FeatureEdge(_along(landmarks), inside, BORDER) for landmarks in (UPPER, LOWER))


@cache
def sliding_skin() -> SlidingSkin:
    """The skin around the mouth without nose and inner edges of the lips."""
    template = load_template()
    triangles = triangulate(template.faces)
    inside = template.groups["mouth_interior"] >= 0.5
    beside = np.zeros(len(inside), dtype=bool)
    beside[triangles[inside[triangles].any(axis=1)]] = True
    borders = np.concatenate([edge.points @ template.vertices for edge in lip_borders()])
    near = cKDTree(borders).query(template.vertices)[0] < REACH
    skin = (template.groups["face"] > 0.5) & (template.groups["nose"] < 0.5)
    chosen = np.flatnonzero(near & skin & ~beside)
    laplacian = cotangent_laplacian(template.vertices, triangles)
    plate = bilaplacian(laplacian, lumped_mass(template.vertices, triangles))
    return SlidingSkin(chosen, plate[chosen][:, chosen].toarray())


def _along(landmarks: tuple[int, ...]) -> sparse.csr_matrix:
    """Points (k, n) between landmarks, without those in the corners, as weighted means of the vertices of level 0."""
    marks = np.arange(PARTS * (len(landmarks) - 1) + 1)[CORNER:-CORNER]
    before = np.minimum(marks // PARTS, len(landmarks) - 2)
    shares = sparse.diags(marks / PARTS - before)
    ends = landmark_matrix(0)[list(landmarks)]
    return (ends[before] + shares @ (ends[before + 1] - ends[before])).tocsr()


def _on_skin(pixels: Array, seen: SeenFace) -> NDArray[np.bool_]:
    """At which pixels (k, 2) of the crop the face is not hidden."""
    mask = seen.maps.mask
    columns, rows = np.clip((pixels / seen.enlargement).astype(np.int64), 0, np.array(mask.shape[::-1]) - 1).T
    shown: NDArray[np.bool_] = mask[rows, columns]
    return shown


def _slide(vertices: Array, points: sparse.csr_matrix, goals: Array, camera: Camera) -> Array:
    """Move the skin across the line of sight, so that points (k, n) come near to pixels (k, 2), bending it least."""
    skin, places = sliding_skin(), points @ vertices
    offsets = camera.unproject(goals, places[:, 2]) - places
    draw = points[:, skin.vertices].toarray()
    moved = np.linalg.solve(draw.T @ draw + STIFFNESS * skin.plate, draw.T @ offsets)
    slid = vertices.copy()
    slid[skin.vertices] += moved
    return slid
