"""Teeth, gums, palate, tongue and the bag of the mouth, in quads of this project's own.

Each tooth is a grid of quads around a box that is laid onto a tooth of the morphable model's mean; the gums are a band
along the dental arch laid onto its gums. The tongue is MakeHuman's, placed in the model's mouth. The bag is a
superellipsoid that begins around the opening inside the head's lips.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.ndimage import gaussian_filter1d
from scipy.sparse.csgraph import connected_components

from pix2vertex_blender.geometry.mesh import triangulate, unique_edges

from ..face_model import GUMS, TEETH
from ..paths import shared_folder
from . import anatomy
from .anatomy import ARCH_DEPTH
from .surface import Surface

Points = NDArray[np.float64]
Indices = NDArray[np.int64]

#: Quads along each edge of a tooth's box.
TOOTH_GRID = 4
#: Fewer vertices of the model are no tooth.
FEWEST = 50
#: The heights (mm) of the edges of the upper and the lower gums at the necks of the teeth, and between them.
NECK = {"upper": -23.6, "lower": -43.0}
SCALLOP = 1.6
#: The dental arches seen from above: their half axes in x and z.
ARCH = {"upper": anatomy.UPPER_ARCH, "lower": anatomy.LOWER_ARCH}
#: Rows of the gums from outside, away from the teeth, over their edge to the inside: how far (mm) from the neck, and
#: the arch's share there.
GUM_ROWS: tuple[tuple[float, float], ...] = (
    (13.0, 1.0),
    (9.0, 1.02),
    (5.5, 1.02),
    (2.5, 1.0),
    (0.7, 0.97),
    (0.0, 0.92),
)
GUM_ROWS += ((0.0, 0.80), (1.0, 0.72), (3.5, 0.68), (7.0, 0.64), (11.0, 0.60))
#: How much wider teeth are than those of the model, whose rounded edges leave gaps between boxes.
WIDER = 1.1
#: How much of a tooth's root is left.
ROOT = 0.35
#: How far over the teeth's sides the gums lie (mm).
GUM_COVER = 0.5
#: The quads of the palate across the mouth at its front, how high its vault is (mm), and where gums end in the UVs.
PALATE_FRONT, PALATE_HEIGHT = 12, 5.0
GUM_TOP = {"upper": 0.82, "lower": 0.97}
#: Columns of the gums, and up to which angle from the front they go.
GUM_COLUMNS, GUM_END = 61, 1.72


@dataclass
class Mesh:
    """Vertices (n, 3) in mm, quads (m, 4), their UVs (m, 4, 2), groups {name: (n,)} and materials (m,)."""

    vertices: Points
    faces: Indices
    uvs: Points
    groups: dict[str, Points] = field(default_factory=dict)
    materials: Indices | None = None


def mouth_surfaces() -> tuple[Surface, list[Surface]]:
    """The model's gums, and each of its teeth, in mm."""
    with np.load(shared_folder() / "face_models" / "ict_facekit.npz", allow_pickle=False) as model:
        vertices = model["neutral"].astype(np.float64) * 10
        faces = model["faces"].astype(np.int64)

    def triangles(part: slice) -> Indices:
        chosen = (faces[:, :3] >= part.start).all(axis=1) & (faces[:, :3] < part.stop).all(axis=1)
        own = faces[chosen]
        quads, lone = own[own[:, 3] >= 0], own[own[:, 3] < 0, :3]
        return np.concatenate([triangulate(quads).astype(np.int64), lone]) - part.start

    gums = Surface(vertices[GUMS], triangles(GUMS))
    all_teeth, points = triangles(TEETH), vertices[TEETH]
    edges = unique_edges(all_teeth)
    graph = sparse.coo_matrix((np.ones(len(edges)), edges.T), (len(points),) * 2)
    count, label = connected_components(graph, directed=False)
    teeth = []
    for each in range(count):
        own = label == each
        if own.sum() >= FEWEST:
            chosen = all_teeth[own[all_teeth[:, 0]]].astype(np.int64)
            teeth.append(Surface(points[own], (np.cumsum(own) - 1)[chosen]))
    return gums, teeth


def box_grid(size: int) -> tuple[Points, Indices, Points]:
    """The surface of the cube [-1, 1]^3 in quads: vertices, faces anticlockwise from outside, and UVs by side."""
    number: dict[tuple[int, ...], int] = {}
    faces, uvs = [], []
    for axis in range(3):
        for sign in (0, size):
            side = 2 * axis + (sign > 0)
            for i in range(size):
                for j in range(size):
                    corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)]
                    if sign == 0:
                        corners = corners[::-1]
                    quad = []
                    for a, b in corners:
                        place = [a, b]
                        place.insert(0, sign)
                        # (sign, a, b) in the order axis, axis + 1, axis + 2
                        xyz = [0, 0, 0]
                        for offset, value in enumerate(place):
                            xyz[(axis + offset) % 3] = value
                        quad.append(number.setdefault(tuple(xyz), len(number)))
                    faces.append(quad)
                    corner = np.array([side % 3, side // 3], dtype=np.float64)
                    uvs.append([(corner + np.array([a, b]) / size * 0.94 + 0.03) / (3, 2) for a, b in corners])
    vertices = 2 * np.array(list(number), dtype=np.float64) / size - 1
    return vertices, np.array(faces), np.array(uvs)


def tooth(surface: Surface) -> Mesh:
    """A rounded box laid onto one tooth of the model."""
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
    points = (low + high) / 2 + (share - 0.5) * (high - low) * (WIDER, 1.0, 1.0)
    points = points @ frame + middle
    return Mesh(_without_root(points), faces, uvs)


def _without_root(points: Points) -> Points:
    """Points (n, 3) of a tooth, whose root, which gums hide, is drawn together."""
    jaw, away = ("upper", 1.0) if points[:, 1].mean() > -34 else ("lower", -1.0)
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
    own = [each for each in teeth if (each.vertices[:, 1].mean() > -34) == (jaw == "upper")]
    own.sort(key=lambda each: float(each.vertices[:, 0].mean()))
    right = own[: len(own) // 2]
    meshes = [tooth(each) for each in right]
    # The left half is the mirror image, so that the mouth is exactly symmetric.
    meshes += [
        Mesh(mesh.vertices * (-1, 1, 1), mesh.faces[:, ::-1], mesh.uvs[:, ::-1].copy()) for mesh in reversed(meshes)
    ]
    columns = 7
    for index, mesh in enumerate(meshes):
        mesh.uvs[:] = (np.array([index % columns, index // columns]) + mesh.uvs) / (columns, 4)
    return joined(meshes)


def gums(surface: Surface, row: Mesh, jaw: str) -> Mesh:
    """The band of the gums around the necks of a row of teeth, open towards the bone."""
    away = 1.0 if jaw == "upper" else -1.0
    half_x, half_z = ARCH[jaw]
    angles = np.linspace(-GUM_END, GUM_END, GUM_COLUMNS)
    outward = np.stack([np.sin(angles), np.zeros_like(angles), np.cos(angles)], axis=1)
    wave = SCALLOP * np.cos(np.arange(GUM_COLUMNS) * np.pi / 2) ** 2
    teeth = Surface(row.vertices, triangulate(row.faces).astype(np.int64))
    rows = []
    for number, (height, share) in enumerate(GUM_ROWS):
        outside = number < 6
        y = NECK[jaw] + away * (height + 0.0) - (away * wave if height < 2 else 0)
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


def jaw_part(surfaces: tuple[Surface, list[Surface]], jaw: str) -> Mesh:
    """Teeth and gums of one jaw, above with the palate, as one mesh with groups and materials of both."""
    row = teeth_row(surfaces[1], jaw)
    band = gums(surfaces[0], row, jaw)
    if jaw == "upper":
        band = palate(band, np.arange(len(band.vertices) - GUM_COLUMNS, len(band.vertices)))
    both = joined([row, band])
    is_tooth: Points = np.repeat([1.0, 0.0], [len(row.vertices), len(band.vertices)])
    both.groups = {"teeth": is_tooth, "gums": 1.0 - is_tooth}
    both.materials = np.repeat(np.array([0, 1], dtype=np.int64), [len(row.faces), len(band.faces)])
    return both


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


def joined(meshes: list[Mesh]) -> Mesh:
    """Several meshes as one."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    return Mesh(
        np.concatenate([mesh.vertices for mesh in meshes]),
        np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]),
        np.concatenate([mesh.uvs for mesh in meshes]),
    )


#: MakeHuman's decimetres become the model's millimetres: by how much, and how far its mouth is from the model's.
TONGUE_SCALE, TONGUE_PLACE = 90.0, (0.0, -39.6, 95.0)
#: It is as wide as the lower teeth leave room.
TONGUE_WIDTH = 0.78
#: Where MakeHuman's tongue has its tip and the middle of its edge (dm).
TONGUE_TIP = (0.0, 6.585, 1.394)


def tongue() -> tuple[Mesh, Points]:
    """The tongue in the closed mouth, and what sticking it out adds to its vertices (n, 3)."""
    with np.load(shared_folder() / "topologies" / "makehuman_base.npz", allow_pickle=False) as base:
        vertices = base["tongue_vertices"].astype(np.float64)
        faces = base["tongue_faces"].astype(np.int64)
        uvs = base["uv"].astype(np.float64)[base["tongue_uv_faces"]]
    points = (vertices - TONGUE_TIP) * TONGUE_SCALE + TONGUE_PLACE
    points[:, 0] *= TONGUE_WIDTH
    low, high = uvs.reshape(-1, 2).min(axis=0), uvs.reshape(-1, 2).max(axis=0)
    rest = risen(points)
    mesh = Mesh(rest, faces, 0.03 + 0.94 * (uvs - low) / (high - low))
    mesh.groups = {"tongue": np.ones(len(points))}
    mesh.materials = np.zeros(len(faces), dtype=np.int64)
    return mesh, out_of_the_mouth(points) - rest


#: At rest the tongue's front lies behind the upper teeth, as tongues do: from where on (mm of z) it rises, how far its
#: tip rises and goes back, and how thick it is. From there it comes straight out above the lower teeth.
RISEN_FROM, RISEN_BY, RISEN_BACK, RISEN_THICKNESS = 50.0, 11.8, 5.0, 0.45
#: The height (mm) of the middle of MakeHuman's tongue.
MIDDLE = -41.5


def risen(points: Points) -> Points:
    """The tongue's vertices (n, 3) with its front behind the upper teeth."""
    share = np.clip((points[:, 2] - RISEN_FROM) / (points[:, 2].max() - RISEN_FROM), 0.0, 1.0)
    smooth = share**2 * (3 - 2 * share)
    result = points.copy()
    result[:, 1] = MIDDLE + (points[:, 1] - MIDDLE) * (1 - (1 - RISEN_THICKNESS) * smooth) + RISEN_BY * smooth
    result[:, 2] -= RISEN_BACK * smooth
    return result


#: Sticking out: from where on (mm of z) the tongue is drawn forwards, how far its tip comes, how much it sinks, and
#: how thick and how wide it is between the lips.
OUT_FROM, OUT_BY, OUT_DOWN = 45.0, 40.0, 9.0
OUT_THICKNESS, OUT_WIDTH = 0.28, 0.75
#: The height of its middle there, above the lower teeth, with which it goes.
OUT_HEIGHT = -31.2


def out_of_the_mouth(points: Points) -> Points:
    """The tongue's vertices (n, 3) stretched between the lips, its tip hanging over the lower one."""
    tip = points[:, 2].max()
    share = np.clip((points[:, 2] - OUT_FROM) / (tip - OUT_FROM), 0.0, 1.0)
    smooth = share**2 * (3 - 2 * share)
    result = points.copy()
    result[:, 2] += OUT_BY * share**1.5
    beyond = np.clip((result[:, 2] - 108.0) / 24.0, 0.0, 1.0)
    flat = MIDDLE + (points[:, 1] - MIDDLE) * (1 - (1 - OUT_THICKNESS) * smooth)
    result[:, 1] = flat + smooth * (OUT_HEIGHT - MIDDLE) - OUT_DOWN * beyond**2
    result[:, 2] -= 4.0 * beyond**2
    result[:, 0] *= 1 - (1 - OUT_WIDTH) * smooth
    return result
