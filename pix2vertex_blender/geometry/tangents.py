"""Tangent frames at the corners of a mesh with UVs, as renderers agree on them (MikkTSpace, Mikkelsen 2008)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mesh import normalise

Array = NDArray[np.float64]

#: UVs that are nearer than this are the same.
SAME_UV = 1e-6


@dataclass(frozen=True)
class TangentFrames:
    """Frames at the corners of quads.

    Attributes
    ----------
    normals, tangents : (m, 4, 3)
        The tangents run along u.
    handedness : (m,)
        1 where the UVs run the same way around as the faces, -1 where they are mirrored.
    """

    normals: Array
    tangents: Array
    handedness: Array

    @property
    def bitangents(self) -> Array:
        """Along v (m, 4, 3)."""
        return self.handedness[:, None, None] * np.cross(self.normals, self.tangents)

    def orthonormal(self) -> "TangentFrames":
        """The frames with unit normals and unit tangents at right angles to them, as needed after interpolation."""
        normals = normalise(self.normals)
        across = np.einsum("ijk,ijk->ij", self.tangents, normals)[..., None]
        return TangentFrames(normals, normalise(self.tangents - across * normals), self.handedness)


def tangent_frames(vertices: Array, faces: NDArray[np.integer], uvs: NDArray[np.floating]) -> TangentFrames:
    """Frames at the corners of a smooth mesh of quads.

    Normals and tangents are averages over the corners that meet at a vertex, weighted by their angles; tangents only
    over those that share the UV and the handedness.

    Parameters
    ----------
    vertices : (n, 3)
        More vertices than the faces use may be given.
    faces : (m, 4)
    uvs : (m, 4, 2)
    """
    corners, uvs = np.asarray(vertices, dtype=np.float64)[faces], np.asarray(uvs, dtype=np.float64)
    normals = _corner_normals(corners, faces, len(vertices))
    doubled_area = _cross(uvs[:, 2] - uvs[:, 0], uvs[:, 3] - uvs[:, 1])
    handedness = np.where(doubled_area < 0, -1.0, 1.0)
    tangents = np.zeros((*faces.shape, 3))
    diagonals = (((uvs[:, k + 2] - uvs[:, k]) ** 2).sum(axis=1) for k in range(2))
    # Each quad is split along the diagonal that is shorter in the UVs.
    along_first = np.less_equal(*diagonals)
    for chosen, splits in ((along_first, ((0, 1, 2), (0, 2, 3))), (~along_first, ((0, 1, 3), (1, 2, 3)))):
        for split in splits:
            _add_triangles(tangents, corners, uvs, normals, np.flatnonzero(chosen), split)
    shared = _shared_corners(faces, uvs, handedness)
    total: Array = np.stack([np.bincount(shared, tangents[..., k].ravel()) for k in range(3)], axis=1)
    return TangentFrames(normals, normalise(total)[shared].reshape(tangents.shape), handedness)


def _corner_normals(corners: Array, faces: NDArray[np.integer], count: int) -> Array:
    """Normals (m, 4, 3) of the vertices, weighted by the angles of the faces."""
    across: Array = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    face_normals = normalise(across)
    ahead, behind = np.roll(corners, -1, axis=1) - corners, np.roll(corners, 1, axis=1) - corners
    weighted = _angle(ahead, behind)[..., None] * face_normals[:, None]
    total: Array = np.stack([np.bincount(faces.ravel(), weighted[..., k].ravel(), count) for k in range(3)], axis=1)
    return normalise(total)[faces]


def _add_triangles(
    tangents: Array,
    corners: Array,
    uvs: Array,
    normals: Array,
    chosen: NDArray[np.intp],
    split: tuple[int, int, int],
) -> None:
    """Add what one triangle of each chosen quad contributes to the tangents (m, 4, 3) at its corners."""
    points, places = corners[chosen][:, split], uvs[chosen][:, split]
    one, other = places[:, 1] - places[:, 0], places[:, 2] - places[:, 0]
    sign: Array = np.where(_cross(one, other) < 0, -1.0, 1.0)[:, None]
    first, second = (points[:, k] - points[:, 0] for k in (1, 2))
    along: Array = sign * (other[:, 1, None] * first - one[:, 1, None] * second)
    for place, corner in enumerate(split):
        normal: Array = normals[chosen, corner]
        ahead, behind = (points[:, (place + step) % 3] - points[:, place] for step in (1, 2))
        weight = _angle(_flattened(ahead, normal), _flattened(behind, normal))
        tangents[chosen, corner] += weight[:, None] * normalise(_flattened(along, normal))


def _flattened(vectors: Array, normals: Array) -> Array:
    """What remains of vectors (k, 3) at right angles to normals (k, 3)."""
    return vectors - np.einsum("ij,ij->i", vectors, normals)[:, None] * normals


def _angle(one: Array, other: Array) -> Array:
    """Angle (...) between vectors (..., 3)."""
    return np.arccos(np.clip((normalise(one) * normalise(other)).sum(axis=-1), -1, 1))


def _cross(one: Array, other: Array) -> Array:
    return one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]


def _shared_corners(faces: NDArray[np.integer], uvs: Array, handedness: Array) -> NDArray[np.intp]:
    """A number (4m,) for each corner that those have in common whose frame is the same."""
    place = np.rint(uvs.reshape(-1, 2) / SAME_UV).astype(np.int64)
    keys = np.column_stack([faces.ravel(), place, np.repeat(handedness, 4).astype(np.int64)])
    return np.unique(keys, axis=0, return_inverse=True)[1].ravel()
