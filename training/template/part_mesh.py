"""Meshes of the parts of a mouth, which are put together to one."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass
class Mesh:
    """Vertices (n, 3) in mm, quads (m, 4), their UVs (m, 4, 2), groups {name: (n,)} and materials (m,)."""

    vertices: Points
    faces: Indices
    uvs: Points
    groups: dict[str, Points] = field(default_factory=dict)
    materials: Indices | None = None


def joined(meshes: list[Mesh]) -> Mesh:
    """Several meshes as one."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]),
        np.concatenate([mesh.uvs for mesh in meshes]),
    )
