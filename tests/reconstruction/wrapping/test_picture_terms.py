"""Edges of features and the contour in pictures, and the template drawn to them."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.corrections.picture_edges import LIP
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.target import make_target
from pix2vertex_blender.reconstruction.wrapping.contour import CONTOUR_GROUPS, contour_curve, contour_goals
from pix2vertex_blender.reconstruction.wrapping.feature_edges import edge_goals, feature_edges
from pix2vertex_blender.reconstruction.wrapping.picture_terms import follow_picture
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.reconstruction.wrapping.viewing import Picture, Viewpoint, take_picture
from pix2vertex_blender.template import load_template

SIDE, SCALE = 400, 1.6
#: Display values.
SKIN, RED, DARK = (200, 150, 130), (180, 90, 90), (90, 70, 60)


@pytest.fixture(scope="module")
def plain() -> Picture:
    """The template from the front in the colour of skin alone."""
    template = load_template()
    colours = np.tile(np.array(SKIN, dtype=np.uint8), (len(template.vertices), 1))
    pose = Similarity(1.0, np.eye(3), np.array([0.0, 0.0, 0.0]))
    camera = Camera(SCALE, (SIDE / 2, SIDE / 2), 1 / 800)
    return take_picture(
        Scan(template.vertices, triangulate(template.faces), colours), Viewpoint(pose, camera, (SIDE, SIDE))
    )


@pytest.fixture(scope="module")
def painted(plain: Picture) -> Picture:
    """With red lips, dark eyes and brows, whose edges are the template's."""
    template, pixels = load_template(), plain.pixels.copy()
    camera = plain.viewpoint.camera
    upper_lip, lower_lip, *others = (camera.project(edge.points @ template.vertices) for edge in feature_edges())
    brow, upper, lower, other_brow, other_upper, other_lower = others
    below = np.array([0.0, 6 * SCALE])
    for parts, colour in (
        ([upper_lip, lower_lip], RED),
        ([brow, (brow + below)[::-1]], DARK),
        ([other_brow, (other_brow + below)[::-1]], DARK),
        ([upper, lower], DARK),
        ([other_upper, other_lower], DARK),
    ):
        outline = np.rint((np.concatenate(parts) - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(pixels, [outline], colour, lineType=cv2.LINE_AA, shift=4)
    return replace(plain, pixels=pixels)


def target() -> TargetIndex:
    """The template's own surface."""
    template = load_template()
    return TargetIndex(make_target(template.vertices, triangulate(template.faces), template.canonical))


def away_from_edges(vertices: NDArray[np.float64], kind: object) -> float:
    """How far (mm) the edges' vertices of a kind lie from the template's own edges, in the median over them."""
    truth = load_template().vertices
    edges = [edge.points for edge in feature_edges() if edge.kind is kind]
    dense = np.concatenate([densely(edge @ truth) for edge in edges])
    moved = np.concatenate([edge @ vertices for edge in edges])
    return float(np.median(cKDTree(dense[:, :2]).query(moved[:, :2])[0]))


def densely(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points all along the line through some places (k, c)."""
    return np.concatenate([places[:-1] + share * np.diff(places, axis=0) for share in np.linspace(0, 1, 20)])


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (0.0, -2.0, 0.0), (0.8, 1.5, 0.0)])
def test_edges_are_found_where_they_are(painted: Picture, shift: tuple[float, float, float]) -> None:
    """Whatever the registration has taken for them, which is up to 2 mm off."""
    template, camera = load_template(), painted.viewpoint.camera
    for edge in feature_edges():
        chosen, goals = edge_goals(template.vertices + shift, painted, [edge])
        assert chosen.shape[0] > 0.5 * edge.points.shape[0]
        distances = cKDTree(densely(camera.project(edge.points @ template.vertices))).query(goals)[0] / SCALE
        # The drawn edges are sharp: those of hair and lids run where a soft change is strongest, and farther out.
        assert abs(np.median(distances) - abs(edge.kind.outside)) < 0.5


def test_where_nothing_is_seen_nothing_is_drawn(plain: Picture) -> None:
    """Skin all over has no edges; neither has what a hand hides."""
    template = load_template()
    assert len(edge_goals(template.vertices, plain, feature_edges())[1]) == 0


def test_hidden_edges_are_no_goals(painted: Picture) -> None:
    """What is seen lies far in front of the face."""
    template = load_template()
    covered = replace(painted, depth=np.full_like(painted.depth, 200.0))
    assert len(edge_goals(template.vertices, covered, feature_edges())[1]) == 0


def test_the_lips_are_drawn_to_their_edges(painted: Picture) -> None:
    """From 2.5 mm below, and the rest of the face stays."""
    template = load_template()
    mouth = template.vertices[template.landmarks_68[48:]].mean(axis=0)
    near = np.exp(-((template.vertices - mouth) ** 2).sum(axis=1) / (2 * 30.0**2))
    wrong = template.vertices - 2.5 * near[:, None] * (0, 1, 0)
    followed = follow_picture(wrong, target(), painted)
    assert away_from_edges(wrong, LIP) > 1.5
    assert away_from_edges(followed, LIP) < 0.6
    crown = template.vertices[:, 1] > 90
    assert np.abs(followed - wrong)[crown].max() < 0.05


def test_the_contour_is_drawn_to_the_curve(plain: Picture) -> None:
    """A face that is 3 mm too wide becomes as wide as what is seen."""
    template, curve = load_template(), contour_curve(plain)
    wide = template.vertices * (1.04, 1.0, 1.0)
    followed = follow_picture(wide, target(), plain)
    chosen = contour_goals(template.vertices, plain, curve)[0]
    assert len(chosen) > 10
    assert all(sum(template.groups[name][vertex] for name in CONTOUR_GROUPS) > 0.5 for vertex in chosen)
    too_wide = [
        np.abs(each[chosen, 0]).mean() - np.abs(template.vertices[chosen, 0]).mean() for each in (wide, followed)
    ]
    assert too_wide[0] > 2.0
    assert abs(too_wide[1]) < 0.5 * too_wide[0]


def test_where_data_just_end_is_no_contour(plain: Picture) -> None:
    """A face that is cut off beside the mouth turns away from the camera nowhere there."""
    depth = plain.depth.copy()
    columns = np.arange(SIDE)
    depth[:, np.abs(columns - SIDE / 2) > 25 * SCALE] = np.nan
    curve = contour_curve(replace(plain, depth=depth))
    cut = np.abs(np.abs(curve[:, 0] - SIDE / 2) - 25 * SCALE) < 1.5
    rows = (curve[:, 1] > SIDE / 2 - 20 * SCALE) & (curve[:, 1] < SIDE / 2 + 30 * SCALE)
    assert (cut & rows).sum() < 10
