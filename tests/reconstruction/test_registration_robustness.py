"""Faces the registration has to cope with: expressions, closed eyes, open mouths, what the network really says."""

import numpy as np
import pytest

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate, unique_edges
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs, lid_vertices
from pix2vertex_blender.reconstruction.registration.alignment import align
from pix2vertex_blender.reconstruction.registration.contacts import facing_rims
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.registration import NETWORK_MAPS, register
from pix2vertex_blender.reconstruction.registration.target import build_target
from training.face_model import HEAD
from training.paths import shared_folder
from training.template.surface import load_mean_head

EXPRESSIONS = {
    "open mouth": {"jawOpen": 1.0, "mouthLowerDown_L": 0.7, "mouthLowerDown_R": 0.7},
    "closed eyes": {"eyeBlink_L": 1.0, "eyeBlink_R": 1.0},
    "wink and smile": {"eyeBlink_L": 1.0, "mouthSmile_L": 1.0, "mouthSmile_R": 1.0, "cheekSquint_L": 1.0},
    "pursed lips": {"mouthPucker": 1.0, "mouthFunnel": 0.5},
}


@pytest.fixture(scope="module")
def expressed(template):
    """Makes the template's skin (n, 3) with an expression of the morphable model."""
    head = load_mean_head()
    normals = np.zeros_like(template.vertices)
    normals[:, 2] = 1.0
    triangles, weights = head.skin.locate(template.vertices, normals)
    with np.load(shared_folder() / "face_models" / "ict_facekit.npz", allow_pickle=False) as model:
        known = model["expression_names"].tolist()
        basis = {name: 10 * model["expression"][known.index(name), HEAD].astype(np.float64) for name in known}

    def make(shares):
        motion = sum(share * basis[name] for name, share in shares.items())
        return template.vertices + np.einsum("nk,nkc->nc", weights, motion[head.skin.triangles[triangles]])

    return make


def fit(template, maps, parameters=NETWORK_MAPS):
    index = TargetIndex(build_target(maps))
    face = template.groups["face"]
    alignment = align(template.vertices, template.canonical, index, np.random.default_rng(0), weights=face)
    start = alignment.apply(template.vertices)
    return start, register(start, template.faces, template.canonical, index, parameters, face, mirror=template.mirror)


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
@pytest.mark.parametrize(
    ("name", "yaw"),
    [("open mouth", 0), ("open mouth", 40), ("closed eyes", 0), ("wink and smile", 40), ("pursed lips", 0)],
)
def test_an_expression_is_followed_without_crossing_lips_or_lids(template, look_at, expressed, name, yaw):
    view = look_at(expressed(EXPRESSIONS[name]), yaw, resolution=256)
    start, result = fit(template, view.maps)
    assert result.converged
    errors = np.linalg.norm(result.vertices - view.truth, axis=1)
    assert errors[view.seen].mean() < 1.2
    triangles = triangulate(template.faces)
    rims = facing_rims(start, triangles, 0.0)
    assert rims.overlaps(result.vertices).max() < 0.1
    vertices = clear_eyeballs(template, result.vertices)
    assert len(intersecting_triangles(vertices, triangles)) == 0
    lids = lid_vertices(template)
    for ball in balls(template, vertices):
        depths = ball.depths(vertices)
        assert depths[lids & (depths < ball.radius / 2)].max() < 0.05


def test_the_hidden_half_of_a_turned_face_keeps_its_proportions(template, look_at, deformed):
    view = look_at(deformed, 60)
    _, result = fit(template, view.maps)
    hidden = (template.groups["face"] > 0.5) & ~view.seen
    assert hidden.sum() > 500
    assert np.linalg.norm(result.vertices - view.truth, axis=1)[hidden].mean() < 4.0
    edges = unique_edges(template.faces)
    edges = edges[hidden[edges].all(axis=1)]
    length, rest = (
        np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
        for points in (result.vertices, template.vertices)
    )
    assert np.percentile(np.abs(np.log(length / rest)), 95) < 0.35
    # What is hidden mirrors what is seen: widths on both sides of the middle agree.
    pairs = [(36, 45), (39, 42), (48, 54), (31, 35)]
    middle = result.vertices[template.landmarks_68[27:31]].mean(axis=0)
    for one, other in pairs:
        left, right = (np.linalg.norm(result.vertices[template.landmarks_68[k]] - middle) for k in (one, other))
        assert abs(np.log(left / right)) < 0.15
