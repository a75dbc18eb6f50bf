"""A scan: a triangle mesh of a head in any units, with or without colours."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...errors import MeshError
from ...geometry.mesh import normalise, sum_to_vertices, triangle_normals

#: Cells along the longest side of a scan within which vertices count as one: those that a file has split at its seams.
_WELDING = 1 << 20
FEWEST_TRIANGLES = 100
#: Colours that scatter by no more than this, of 255, show nothing.
_PLAIN = 3.0

NO_TRIANGLES = "The scan has no faces: choose a mesh with a surface."
TOO_FEW = "The scan has only {count} triangles, too few to show a face: choose a finer scan."
NOT_A_NUMBER = "A coordinate of the scan is not a number: repair the mesh, or export it again."
NO_EXTENT = "All points of the scan lie at one place: choose another scan."


@dataclass(frozen=True)
class Scan:
    """A triangle mesh.

    Attributes
    ----------
    vertices : (n, 3) float64
        In the scan's own units and axes.
    triangles : (m, 3) int
        Anticlockwise from outside.
    colours : (n, 3) uint8, optional
        sRGB of the vertices.
    corner_uvs : (m, 3, 2) float32, optional
        Texture coordinates of the triangles' corners, v upwards.
    texture : (h, w, 3) uint8, optional
        sRGB.
    """

    vertices: NDArray[np.float64]
    triangles: NDArray[np.integer]
    colours: NDArray[np.uint8] | None = None
    corner_uvs: NDArray[np.float32] | None = None
    texture: NDArray[np.uint8] | None = None

    @property
    def is_coloured(self) -> bool:
        """Whether it knows how the skin looks."""
        return self.colours is not None or (self.texture is not None and self.corner_uvs is not None)

    def normals(self) -> NDArray[np.float64]:
        """Unit normals (n, 3) of the vertices; computed once, and not to be written to."""
        return self._normals

    @cached_property
    def _normals(self) -> NDArray[np.float64]:
        normals = normalise(sum_to_vertices(self.triangle_normals(), self.triangles, len(self.vertices)))
        normals.flags.writeable = False
        return normals

    def triangle_normals(self) -> NDArray[np.float64]:
        """Normals (m, 3), twice the triangles' areas long."""
        return triangle_normals(self.vertices, self.triangles)

    def turned_inside_out(self) -> "Scan":
        """The same surface, seen from its other side."""
        uvs = None if self.corner_uvs is None else self.corner_uvs[:, ::-1]
        return replace(self, triangles=self.triangles[:, ::-1], corner_uvs=uvs)

    def part(self, kept: NDArray[np.bool_]) -> "Scan":
        """The triangles whose three vertices (n,) are kept."""
        chosen = kept[self.triangles].all(axis=1)
        used, triangles = np.unique(self.triangles[chosen], return_inverse=True)
        return Scan(
            self.vertices[used],
            triangles.reshape(-1, 3),
            None if self.colours is None else self.colours[used],
            None if self.corner_uvs is None else self.corner_uvs[chosen],
            self.texture,
        )

    def without_plain_colours(self) -> "Scan":
        """The scan without colours or a texture that are the same everywhere: only its shape shows its face."""
        colours = self.with_vertex_colours().colours
        if colours is None or colours.std(axis=0).max() > _PLAIN:
            return self
        return Scan(self.vertices, self.triangles)

    def with_vertex_colours(self) -> "Scan":
        """The scan with its texture's colours at its vertices instead of a texture."""
        if self.texture is None or self.corner_uvs is None:
            return self
        uvs = np.zeros((len(self.vertices), 2))
        uvs[self.triangles.ravel()] = self.corner_uvs.reshape(-1, 2)
        return Scan(self.vertices, self.triangles, texture_colours(self.texture, uvs))


def checked_scan(scan: Scan) -> Scan:
    """The scan with vertices at one place made one, and without triangles that have no area.

    Colours that are the same everywhere are left out as well.

    Raises
    ------
    MeshError
        If it has no surface or a coordinate is not a number.
    """
    if len(scan.triangles) == 0:
        raise MeshError(NO_TRIANGLES)
    if not np.isfinite(scan.vertices).all():
        raise MeshError(NOT_A_NUMBER)
    extent = float(np.ptp(scan.vertices, axis=0).max())
    if extent <= 0:
        raise MeshError(NO_EXTENT)
    welded = clustered(scan.without_plain_colours(), extent / _WELDING)
    if len(welded.triangles) < FEWEST_TRIANGLES:
        raise MeshError(TOO_FEW.format(count=len(welded.triangles)))
    return welded


def clustered(scan: Scan, cell: float) -> Scan:
    """A coarser scan: the vertices of each cubic cell of a grid become one, at their mean place.

    Parameters
    ----------
    scan : Scan
    cell : float
        Side of the cells in the scan's units.
    """
    places = np.floor((scan.vertices - scan.vertices.min(axis=0)) / cell).astype(np.int64)
    sides = places.max(axis=0) + 1
    keys = (places[:, 0] * sides[1] + places[:, 1]) * sides[2] + places[:, 2]
    distinct, own = np.unique(keys, return_inverse=True)
    own = own.ravel()
    count = len(distinct)
    members = np.bincount(own, minlength=count)

    def mean(values: NDArray) -> NDArray[np.float64]:
        return np.stack([np.bincount(own, column, count) / members for column in values.T], axis=1)

    triangles = own[scan.triangles]
    a, b, c = triangles.T
    proper = (a != b) & (b != c) & (c != a)
    return Scan(
        mean(scan.vertices),
        triangles[proper].astype(np.int32),
        None if scan.colours is None else np.rint(mean(scan.colours)).astype(np.uint8),
        None if scan.corner_uvs is None else scan.corner_uvs[proper],
        scan.texture,
    )


def texture_colours(texture: NDArray[np.uint8], uvs: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The texture's colours (k, 3) at UVs (k, 2), which repeat outside of [0, 1]."""
    height, width = texture.shape[:2]
    wrapped = np.nan_to_num(uvs) % 1.0
    columns = np.minimum((wrapped[:, 0] * width).astype(np.int64), width - 1)
    rows = np.minimum(((1 - wrapped[:, 1]) * height).astype(np.int64), height - 1)
    return texture[rows, columns]
