"""Meshes of the data sets' file formats: OBJ and VRML 2."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .faces import LayoutError

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


@dataclass(frozen=True)
class MeshFile:
    """A triangle mesh with texture coordinates.

    Attributes
    ----------
    vertices : (n, 3)
    triangles : (m, 3)
    texture : (m, 3, 2)
        Of the triangles' corners, v upwards; empty (0, 3, 2) if there are none.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.int64]
    texture: NDArray[np.float64]


def read_mesh(path: Path) -> MeshFile:
    """Read an OBJ or VRML file.

    Raises
    ------
    LayoutError
        If there is no mesh in it.
    """
    try:
        mesh = _read_vrml(path) if path.suffix.lower() == ".wrl" else _read_obj(path)
    except (ValueError, IndexError) as error:
        raise LayoutError(f"{path} cannot be read as a mesh.") from error
    if len(mesh.triangles) == 0 or mesh.triangles.max() >= len(mesh.vertices) or mesh.triangles.min() < 0:
        raise LayoutError(f"{path} holds no mesh.")
    return mesh


def _read_obj(path: Path) -> MeshFile:
    vertices, coordinates, triangles, corners = [], [], [], []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(word) for word in words[1:4]])
        elif words[0] == "vt":
            coordinates.append([float(word) for word in words[1:3]])
        elif words[0] == "f":
            parts = [word.split("/") for word in words[1:]]
            for k in range(1, len(parts) - 1):
                fan = (parts[0], parts[k], parts[k + 1])
                triangles.append([_from_one(int(part[0]), len(vertices)) for part in fan])
                if all(len(part) > 1 and part[1] for part in fan):
                    corners.append([_from_one(int(part[1]), len(coordinates)) for part in fan])
    textured = len(corners) == len(triangles) and coordinates
    return MeshFile(
        np.array(vertices, dtype=np.float64).reshape(-1, 3),
        np.array(triangles, dtype=np.int64).reshape(-1, 3),
        np.array(coordinates)[np.array(corners)] if textured else np.zeros((0, 3, 2)),
    )


def _from_one(index: int, count: int) -> int:
    return index - 1 if index > 0 else count + index


def _read_vrml(path: Path) -> MeshFile:
    text = re.sub(r"#.*", "", path.read_text(encoding="utf-8", errors="replace"))
    vertices = _numbers(text, r"\bCoordinate\s*\{\s*point").reshape(-1, 3)
    triangles, order = _fans(_numbers(text, r"\bcoordIndex").astype(np.int64))
    coordinates = _numbers(text, r"\bTextureCoordinate\s*\{\s*point").reshape(-1, 2)
    indices = _numbers(text, r"\btexCoordIndex").astype(np.int64)
    if len(coordinates) == 0:
        texture = np.zeros((0, 3, 2))
    else:
        texture = coordinates[indices[order] if len(indices) else triangles]
    return MeshFile(vertices, triangles, texture)


def _numbers(text: str, name: str) -> NDArray[np.float64]:
    """The numbers in the square brackets after a name; none if the name does not occur."""
    found = re.search(name + r"\s*\[([^\]]*)\]", text)
    return np.array(re.findall(NUMBER, found.group(1)) if found else [], dtype=np.float64)


def _fans(indices: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Triangles (m, 3) of polygons that end with -1, and where in the list their corners stand."""
    order, start = [], 0
    for end in np.flatnonzero(indices == -1):
        order += [[start, k, k + 1] for k in range(start + 1, end - 1)]
        start = int(end) + 1
    places = np.array(order, dtype=np.int64).reshape(-1, 3)
    return indices[places], places
