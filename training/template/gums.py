"""Gums and palate: a band along the dental arch, laid onto the morphable model's gums, and the vault above."""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from pix2vertex_blender.geometry.mesh import triangulate

from . import anatomy
from .anatomy import ARCH_DEPTH
from .part_mesh import Indices, Mesh, Points
from .surface import Surface
from .teeth import NECK, TOOTH_VERTICES

#: How far (mm) the gums reach between the necks of two teeth, over the middle of a neck.
SCALLOP = 1.6
#: The dental arches seen from above: their half axes in x and z.
ARCH = {"upper": anatomy.UPPER_ARCH, "lower": anatomy.LOWER_ARCH}
#: Rows of the gums from outside, away from the teeth, over their edge to the inside: how far (mm) from the neck, and
#: the arch's share there. The first of them look outwards.
GUM_ROWS = (
    (13.0, 1.0),
    (9.0, 1.02),
    (5.5, 1.02),
    (2.5, 1.0),
    (0.7, 0.97),
    (0.0, 0.92),
    (0.0, 0.80),
    (1.0, 0.72),
    (3.5, 0.68),
    (7.0, 0.64),
    (11.0, 0.60),
)
OUTER_ROWS = 6
#: How far over the teeth's sides the gums lie (mm).
GUM_COVER = 0.5
#: The quads of the palate across the mouth at its front, how high its vault is (mm), and where gums end in the UVs.
PALATE_FRONT, PALATE_HEIGHT = 12, 5.0
GUM_TOP = {"upper": 0.82, "lower": 0.97}
#: Columns of the gums, how many of them a tooth has, and up to which angle from the front they go.
GUM_COLUMNS, TOOTH_COLUMNS, GUM_END = 61, 4, 1.72


def gums(surface: Surface, row: Mesh, jaw: str) -> Mesh:
    """The band of the gums around the necks of a row of teeth, open towards the bone."""
    away = 1.0 if jaw == "upper" else -1.0
    half_x, half_z = ARCH[jaw]
    angles, between = gum_columns(row, half_x / half_z)
    outward = np.stack([np.sin(angles), np.zeros_like(angles), np.cos(angles)], axis=1)
    wave = SCALLOP * between
    teeth = Surface(row.vertices, triangulate(row.faces).astype(np.int64))
    rows = []
    for number, (height, share) in enumerate(GUM_ROWS):
        outside = number < OUTER_ROWS
        y = NECK[jaw] + away * height - (away * wave if height < 2 else 0)
        points = np.stack(
            [
                share * half_x * np.sin(angles),
                np.broadcast_to(y, angles.shape),
                ARCH_DEPTH + share * half_z * np.cos(angles),
            ],
            axis=1,
        )
        facing = outward if outside else -outward
        source = surface if height >= 1.5 else teeth
        placed, _ = source.closest(points, facing)
        placed = np.where(np.linalg.norm(placed - points, axis=1, keepdims=True) < 7, placed, points)
        placed = placed + (GUM_COVER if height < 4 else 0.0) * facing
        placed[:, 1] = y
        placed = gaussian_filter1d(placed, 1.0 if height < 2 else 2.0, axis=0, mode="nearest")
        placed[:, 1] = y
        rows.append((placed + placed[::-1] * (-1, 1, 1)) / 2)
    vertices = np.concatenate(rows)
    index = np.arange(len(vertices)).reshape(len(rows), GUM_COLUMNS)
    faces = np.stack([index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]], axis=-1).reshape(-1, 4)
    v, u = np.meshgrid(np.linspace(0.53, GUM_TOP[jaw], len(rows)), np.linspace(0.03, 0.97, GUM_COLUMNS), indexing="ij")
    uvs = np.stack([u.ravel(), v.ravel()], axis=1)[faces]
    if jaw == "lower":
        faces, uvs = faces[:, ::-1], uvs[:, ::-1]
    return Mesh(vertices, faces, uvs)


def gum_columns(row: Mesh, flatness: float) -> tuple[Points, Points]:
    """Angles (GUM_COLUMNS,) from the front at which gums follow each tooth of a row, and how near its neighbours are.

    The last is 0 at the middle of a tooth and 1 between two. The hindmost teeth have the columns that are left.

    Parameters
    ----------
    row : Mesh
        Teeth from one side to the other, each with as many vertices.
    flatness : float
        How much wider the arch is than deep.
    """
    middles = row.vertices.reshape(-1, TOOTH_VERTICES, 3).mean(axis=1)
    turned = np.arctan2(middles[:, 0], flatness * (middles[:, 2] - ARCH_DEPTH))
    borders = (turned[:-1] + turned[1:]) / 2
    steps = np.arange((len(borders) - 1) * TOOTH_COLUMNS + 1) / TOOTH_COLUMNS
    angles = np.interp(steps, np.arange(len(borders)), borders)
    rest = (GUM_COLUMNS - len(steps)) // 2
    last = np.linspace(borders[-1], GUM_END, rest + 1)[1:]
    between = (2 * (steps % 1) - 1) ** 2
    return np.concatenate([-last[::-1], angles, last]), np.pad(between, rest)


def palate(band: Mesh, inner: Indices) -> Mesh:
    """The vault that closes the mouth above, between the ends of the upper gums: with their vertices, from below.

    Parameters
    ----------
    band : Mesh
        The gums.
    inner : (GUM_COLUMNS,) int
        Their innermost vertices, from one side to the other.
    """
    rows = (GUM_COLUMNS - PALATE_FRONT) // 2
    share = np.linspace(0.0, 1.0, PALATE_FRONT + 1)[1:-1]
    points, index = [], np.empty((rows + 1, PALATE_FRONT + 1), dtype=np.int64)
    for row in range(rows):
        one, other = (band.vertices[inner[column]] for column in (row, GUM_COLUMNS - 1 - row))
        vault = PALATE_HEIGHT * (1 - row / rows) * np.sin(np.pi * share)
        points.append(one + share[:, None] * (other - one) + vault[:, None] * (0.0, 1.0, 0.0))
        first = len(band.vertices) + row * len(share)
        index[row] = [inner[row], *range(first, first + len(share)), inner[GUM_COLUMNS - 1 - row]]
    index[rows] = inner[rows : rows + PALATE_FRONT + 1]
    faces = np.stack([index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]], axis=-1).reshape(-1, 4)
    v, u = np.meshgrid(np.linspace(0.98, 0.84, rows + 1), np.linspace(0.03, 0.97, PALATE_FRONT + 1), indexing="ij")
    corners = np.stack([u, v], axis=-1)
    square = [corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]]
    uvs = np.stack(square, axis=2).reshape(-1, 4, 2)
    return Mesh(
        np.concatenate([band.vertices, *points]),
        np.concatenate([band.faces, faces]),
        np.concatenate([band.uvs, uvs]),
    )
