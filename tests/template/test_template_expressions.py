"""The template follows the morphable model's expressions without creasing: the loops are where a face folds."""

import numpy as np
import pytest
import scipy.sparse as sparse
from scipy.sparse.linalg import spsolve

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate, unique_edges, vertex_normals
from pix2vertex_blender.template import Template
from tests.template.quality import corner_angles
from training.face_model import HEAD
from training.paths import shared_folder
from training.template.surface import MeanHead


def expressed(template: Template, mean_head: MeanHead, names: tuple[str, ...]) -> np.ndarray:
    """The template moved as the model's skin under it; the insides of mouth and lids follow their borders."""
    with np.load(shared_folder() / "face_models" / "ict_facekit.npz", allow_pickle=False) as model:
        known = model["expression_names"].tolist()
        motion = sum(model["expression"][known.index(name), HEAD].astype(np.float64) * 10 for name in names)
    triangles, weights = mean_head.skin.locate(template.vertices, vertex_normals(template.vertices, template.faces))
    offset = np.einsum("nk,nkc->nc", weights, motion[mean_head.skin.triangles[triangles]])
    hidden = template.groups["mouth_interior"] + template.groups["eye_socket"] > 0.5
    edges = unique_edges(template.faces)
    both = np.concatenate([edges, edges[:, ::-1]])
    count = len(template.vertices)
    graph = sparse.csr_matrix((np.ones(len(both)), both.T), (count, count))
    laplacian = (sparse.diags(np.asarray(graph.sum(axis=1)).ravel()) - graph).tocsr()[hidden]
    offset[hidden] = spsolve(laplacian[:, hidden].tocsc(), -laplacian[:, ~hidden] @ offset[~hidden])
    return template.vertices + offset


@pytest.mark.development_data("face_models/ict_facekit.npz")
@pytest.mark.parametrize("names", [("jawOpen",), ("mouthSmile_L", "mouthSmile_R"), ("browInnerUp_L", "browInnerUp_R")])
def test_expressions_do_not_crease(template, mean_head, names):
    moved = expressed(template, mean_head, names)
    assert np.linalg.norm(moved - template.vertices, axis=1).max() > 3
    assert len(intersecting_triangles(moved, triangulate(template.faces))) == 0
    angles = corner_angles(moved, template.faces)
    assert ((angles < 20) | (angles > 160)).mean() <= 0.01
