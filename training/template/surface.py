"""The mean face the template is fitted to, as a surface that can be asked for points."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pix2vertex_blender.geometry.mesh import normalise, triangle_normals, triangulate, vertex_normals

from ..face_model import HEAD, LANDMARKS_68
from ..paths import shared_folder

Points = NDArray[np.float64]
CANDIDATES = 24


@dataclass(frozen=True)
class Surface:
    """A triangle mesh, vertices (n, 3) in mm, triangles (m, 3), anticlockwise from outside."""

    vertices: Points
    triangles: NDArray[np.int64]

    @cached_property
    def face_normals(self) -> Points:
        """Unit normals (m, 3) of the triangles."""
        return normalise(triangle_normals(self.vertices, self.triangles))

    @cached_property
    def vertex_normals(self) -> Points:
        """Unit normals (n, 3) at the vertices."""
        return vertex_normals(self.vertices, self.triangles)

    @cached_property
    def _tree(self) -> tuple[cKDTree, NDArray[np.int64]]:
        corners = self.vertices[self.triangles]
        samples = [corners.mean(axis=1)] + [corners[:, i] * 0.5 + corners[:, (i + 1) % 3] * 0.5 for i in range(3)]
        return cKDTree(np.concatenate(samples)), np.tile(np.arange(len(self.triangles)), 4)

    def locate(self, points: Points, normals: Points | None = None) -> tuple[NDArray[np.int64], Points]:
        """Triangles (n,) nearest to points (n, 3), and the barycentric weights (n, 3) of the nearest places on them.

        With `normals` (n, 3) only triangles that face the same half space are considered: a point on the upper lip does
        not jump to the lower one.
        """
        tree, triangle_of = self._tree
        candidates = triangle_of[tree.query(points, min(CANDIDATES, tree.n))[1]]
        places, weights = closest_on_triangles(points[:, None], self.vertices[self.triangles[candidates]])
        distance = np.linalg.norm(places - points[:, None], axis=2)
        if normals is not None:
            facing = np.einsum("nkc,nc->nk", self.face_normals[candidates], normals)
            distance = distance + np.where(facing < 0.2, 1e3, 0.0)
        best = np.argmin(distance, axis=1)
        rows = np.arange(len(points))
        return candidates[rows, best], weights[rows, best]

    def closest(self, points: Points, normals: Points | None = None) -> tuple[Points, Points]:
        """Nearest surface points (n, 3) and the smooth unit normals there (n, 3); `normals` as for `locate`."""
        triangles, weights = self.locate(points, normals)
        corners = self.triangles[triangles]
        places = np.einsum("nk,nkc->nc", weights, self.vertices[corners])
        return places, normalise(np.einsum("nk,nkc->nc", weights, self.vertex_normals[corners]))

    def cast(self, origin_plane: tuple[float, float], axis: int, sign: int) -> Points:
        """Outermost point (3,) of the surface on a line along an axis.

        `origin_plane` are the two other coordinates in the order x, y, z; `sign` +1 asks for the largest coordinate
        along `axis`.

        Raises
        ------
        ValueError
            If the line misses the surface.
        """
        plane = [i for i in range(3) if i != axis]
        a, b, c = np.moveaxis(self.vertices[self.triangles][:, :, plane], 1, 0)
        target = np.asarray(origin_plane, dtype=np.float64)
        area = _cross(b - a, c - a)
        with np.errstate(divide="ignore", invalid="ignore"):
            second = _cross(target - a, c - a) / area
            third = _cross(b - a, target - a) / area
        inside = (second >= -1e-9) & (third >= -1e-9) & (second + third <= 1 + 1e-9)
        if not inside.any():
            raise ValueError(f"the line {origin_plane} along axis {axis} misses the surface")
        corners = self.vertices[self.triangles[inside]]
        weights = np.stack([1 - second - third, second, third], axis=1)[inside]
        points = np.einsum("nk,nkc->nc", weights, corners)
        return points[np.argmax(sign * points[:, axis])]


def _cross(first: Points, second: Points) -> Points:
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]


def closest_on_triangles(points: Points, corners: Points) -> tuple[Points, Points]:
    """Closest point and its barycentric weights on triangles (..., 3, 3) to points (..., 3) (broadcast)."""
    a, b, c = corners[..., 0, :], corners[..., 1, :], corners[..., 2, :]
    first, second, offset = b - a, c - a, points - a
    d00, d01, d11 = (np.einsum("...c,...c->...", x, y) for x, y in ((first, first), (first, second), (second, second)))
    d20, d21 = (np.einsum("...c,...c->...", offset, x) for x in (first, second))
    scale = np.maximum(d00 * d11 - d01 * d01, 1e-12)
    v, w = (d11 * d20 - d01 * d21) / scale, (d00 * d21 - d01 * d20) / scale
    options = [np.stack([1 - v - w, v, w], axis=-1)]
    inside = options[0].min(axis=-1) >= 0
    for start, end in ((0, 1), (1, 2), (2, 0)):
        base, direction = corners[..., start, :], corners[..., end, :] - corners[..., start, :]
        length = np.maximum(np.einsum("...c,...c->...", direction, direction), 1e-12)
        t = np.clip(np.einsum("...c,...c->...", points - base, direction) / length, 0, 1)
        weight = np.zeros((*t.shape, 3))
        weight[..., start], weight[..., end] = 1 - t, t
        options.append(weight)
    weights = np.stack(options)
    places = np.einsum("o...k,...kc->o...c", weights, corners)
    distance = np.linalg.norm(places - points, axis=-1)
    distance[0] = np.where(inside, distance[0], np.inf)
    best = np.argmin(distance, axis=0)[None, ..., None]
    return np.take_along_axis(places, best, 0)[0], np.take_along_axis(weights, best, 0)[0]


@dataclass(frozen=True)
class MeanHead:
    """What the fit needs of the morphable model's mean: the skin, its borders, the landmarks and the eyeballs (mm)."""

    skin: Surface
    landmarks: Points
    lid_border: Points
    lip_border: Points
    eyeball_centre: Points
    eyeball_radius: float


LEFT_SCLERA = slice(21451, 22221)
BEHIND_CORNEA = 85.0
LID_CLEARANCE = 0.3


def load_mean_head() -> MeanHead:
    """Read the mean of the morphable model from the shared folder, made exactly symmetric."""
    with np.load(shared_folder() / "face_models" / "ict_facekit.npz", allow_pickle=False) as model:
        vertices = model["neutral"].astype(np.float64) * 10
        faces = model["faces"].astype(np.int64)
    skin_faces = faces[faces.max(axis=1) < HEAD.stop]
    skin = Surface(vertices[HEAD], triangulate(skin_faces).astype(np.int64))
    loops = sorted(border_loops(skin_faces), key=lambda loop: vertices[loop, 0].mean())
    lids = loops[-1]
    lips = min(loops, key=lambda loop: abs(vertices[loop].mean(axis=0) - (0, -34, 103)).sum())
    sclera = vertices[LEFT_SCLERA]
    centre, radius = fit_sphere(sclera[sclera[:, 2] < BEHIND_CORNEA])
    nearest_lid = float(np.linalg.norm(vertices[lids] - centre, axis=1).min())
    radius = min(radius, nearest_lid - LID_CLEARANCE)
    return MeanHead(skin, vertices[LANDMARKS_68], vertices[lids], vertices[lips], centre, radius)


def border_loops(faces: NDArray[np.int64]) -> list[list[int]]:
    """Closed border loops of a mesh, as vertex indices in the direction of the faces' edges."""
    edges = {(int(a), int(b)) for face in faces for a, b in zip(face, np.roll(face, -1), strict=True)}
    following = {a: b for a, b in edges if (b, a) not in edges}
    loops = []
    while following:
        loop = [next(iter(following))]
        while loop[-1] in following:
            loop.append(following.pop(loop[-1]))
        loops.append(loop[:-1])
    return loops


def fit_sphere(points: Points) -> tuple[Points, float]:
    """Least-squares centre (3,) and radius of a sphere through points (n, 3)."""
    system = np.column_stack([2 * points, np.ones(len(points))])
    solution = np.linalg.lstsq(system, (points**2).sum(axis=1), rcond=None)[0]
    return solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))
