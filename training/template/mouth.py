"""Teeth, gums and palate of one jaw, in quads of this project's own, made from the morphable model's mean."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pix2vertex_blender.geometry.mesh import triangulate, unique_edges

from ..face_model import GUMS, TEETH
from ..paths import shared_folder
from .gums import GUM_COLUMNS, gums, palate
from .part_mesh import Indices, Mesh, Points, joined
from .surface import Surface
from .teeth import teeth_row

#: Fewer vertices of the model are no tooth.
FEWEST = 50


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
