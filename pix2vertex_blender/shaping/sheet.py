"""The head as an elastic sheet that is pulled at some points, fast enough to follow the mouse.

The displacement u of the template's vertices has the least energy of the registration's kind (pix2vertex, eq. 8): the
thin plate's, each vertex weakly held in its place, and each pulled point p drawn to its target by a strong spring::

    stiffness * |Laplacian u|^2 + hold * |u|^2 + strength * sum |p(u) - target|^2

The first two terms are the template's own and are factorised once for all heads, which differ from it by little here.
The points are a correction of low rank (Woodbury's formula): one solution for each point when it is first touched, and
for each motion of the mouse nothing but the product of a tall and a small matrix. Refit gives the exact answer.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..geometry.block_factors import BlockFactors, Entries
from ..geometry.cotangents import cotangent_entries
from ..geometry.mesh import triangulate, unique_edges, vertex_areas
from ..template import load_template
from .points import Points

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SheetParameters:
    """What the sheet is like.

    Attributes
    ----------
    reach : float
        Over about so many millimetres a pull fades.
    strength : float
        Of a point's spring against the hold of a square millimetre.
    smallest_area : float
        Vertices have at least this share of the median area.
    """

    reach: float = 12.0
    strength: float = 1e6
    smallest_area: float = 0.05


#: The reaches (mm) of sheets, each for pulls up to as far: a stiffer one does not fold in front of a point.
REACHES = (12.0, 24.0, 48.0)


def sheet_for(targets: NDArray[np.floating]) -> SheetParameters:
    """The sheet for points that move by targets (k, 3): the softest that does not fold."""
    longest = float(np.linalg.norm(targets, axis=1).max(initial=0.0))
    return SheetParameters(reach=next((reach for reach in REACHES if reach >= longest), REACHES[-1]))


@cache
def load_sheet(parameters: SheetParameters = SheetParameters()) -> BlockFactors:
    """The factors of the sheet without points; it takes a third of a second of one core."""
    template = load_template()
    triangles = triangulate(template.faces)
    count = len(template.vertices)
    area = vertex_areas(template.vertices, triangles)
    area = np.maximum(area, parameters.smallest_area * np.median(area))
    neighbours, values = _rows(*cotangent_entries(template.vertices, triangles), count)
    plate = parameters.reach**4 * np.einsum("nd,ne->nde", values, values / area[:, None])
    shape = plate.shape
    matrix = Entries(
        rows=np.concatenate([np.broadcast_to(neighbours[:, :, None], shape).ravel(), np.arange(count)]),
        columns=np.concatenate([np.broadcast_to(neighbours[:, None, :], shape).ravel(), np.arange(count)]),
        values=np.concatenate([plate.ravel(), area]),
    )
    return BlockFactors(matrix, unique_edges(triangles), count)


class PulledSheet:
    """A head with points that are pulled.

    Parameters
    ----------
    points : Points
    parameters : SheetParameters
    """

    def __init__(self, points: Points, parameters: SheetParameters = SheetParameters()) -> None:
        count = len(points.corners)
        pulls = np.zeros((len(load_template().vertices), count))
        np.add.at(pulls, (points.corners, np.arange(count)[:, None]), points.weights)
        spread = load_sheet(parameters).solve(pulls)
        forces = np.linalg.inv(points.of(spread) + np.eye(count) / parameters.strength)
        #: How far (n, k) each vertex goes with each point's target.
        self.response: Array = spread @ forces

    def displacement(self, targets: NDArray[np.floating]) -> Array:
        """What (n, 3) is added to the head when the points shall move by targets (k, 3)."""
        moved: Array = self.response @ targets
        return moved


def _rows(
    rows: NDArray[np.integer], columns: NDArray[np.integer], values: Array, count: int
) -> tuple[NDArray[np.int64], Array]:
    """A Laplacian with its diagonal by rows (n, d), columns and values, from the entries beside the diagonal."""
    keys, inverse = np.unique(rows.astype(np.int64) * count + columns, return_inverse=True)
    summed = np.bincount(inverse, values)
    row, column = np.divmod(keys, count)
    place = np.arange(len(row)) - np.searchsorted(row, row)
    width = int(place.max()) + 2
    neighbours = np.broadcast_to(np.arange(count)[:, None], (count, width)).copy()
    entries = np.zeros((count, width))
    neighbours[row, place + 1], entries[row, place + 1] = column, summed
    entries[:, 0] = -entries.sum(axis=1)
    return neighbours, entries
