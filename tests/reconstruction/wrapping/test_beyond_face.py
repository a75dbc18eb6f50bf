"""Ears, scalp and neck on scans that are clean there, and on those that are not."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.reconstruction.wrapping.beyond_face import follow_clean_parts, parts
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.reconstruction.wrapping.scan_surface import ScanSurface
from pix2vertex_blender.template import load_template
from tests.reconstruction.wrapping.made_up import LEVEL, head_shape

pytestmark = pytest.mark.slow
Points = NDArray[np.float64]


@pytest.fixture(scope="module")
def truth() -> Points:
    """A head."""
    return head_shape(1)


@pytest.fixture(scope="module")
def completed(truth: Points) -> Points:
    """The same face; what is beyond it is some millimetres off."""
    template, generator = load_template(), np.random.default_rng(1)
    beyond = 1 - template.groups["face"]
    away = np.zeros_like(truth)
    for _ in range(8):
        centre = template.vertices[generator.choice(np.flatnonzero(beyond > 0.9))]
        near = np.exp(-((template.vertices - centre) ** 2).sum(axis=1) / (2 * 35.0**2))
        away += near[:, None] * generator.normal(0, 2.5, 3)
    return truth + beyond[:, None] * away


@pytest.fixture(scope="module")
def bald(truth: Points) -> Scan:
    """A scan of it."""
    level = load_template(LEVEL)
    return Scan(load_template().subdivide(truth, LEVEL), triangulate(level.faces).astype(np.int32))


def away_from(vertices: Points, truth: Points, name: str) -> float:
    """How far a part's vertices lie from where they belong, in the mean."""
    return float(np.linalg.norm(vertices - truth, axis=1)[parts(load_template())[name]].mean())


def test_a_clean_scan_is_followed(truth: Points, completed: Points, bald: Scan) -> None:
    """All around, to about where the vertices belong, and nothing cuts; the face stays."""
    template = load_template()
    vertices, followed = follow_clean_parts(completed, template, ScanSurface(bald))
    assert set(followed) == {"left ear", "right ear", "scalp", "neck"}
    before = np.mean([away_from(completed, truth, name) for name in followed])
    assert before > 1.0
    assert np.mean([away_from(vertices, truth, name) for name in followed]) < 0.65 * before
    assert np.array_equal(vertices[template.groups["face"] == 1], completed[template.groups["face"] == 1])
    assert len(intersecting_triangles(vertices, triangulate(template.faces))) == 0


def test_hair_is_not_followed(truth: Points, completed: Points, bald: Scan) -> None:
    """Neither where it is rough, whatever its colour, nor where it is smooth and dark."""
    template, level, generator = load_template(), load_template(LEVEL), np.random.default_rng(2)
    scalp = level.groups["scalp"]
    lumps = np.zeros(len(scalp))
    for _ in range(400):
        centre = bald.vertices[generator.choice(np.flatnonzero(scalp > 0.5))]
        lumps += np.exp(-((bald.vertices - centre) ** 2).sum(axis=1) / (2 * 6.0**2)) * generator.normal(0, 2.0)
    outwards = (scalp * (5 + lumps))[:, None] * vertex_normals(bald.vertices, level.faces)
    skin = np.tile(np.array([200, 150, 130], dtype=np.uint8), (len(scalp), 1))
    dark = np.where(scalp[:, None] > 0.5, np.uint8(40), skin)
    for hairy in (replace(bald, vertices=bald.vertices + outwards), replace(bald, colours=dark)):
        vertices, followed = follow_clean_parts(completed, template, ScanSurface(hairy))
        assert "scalp" not in followed
        assert "left ear" in followed
        crown = template.vertices[:, 1] > 110
        assert np.linalg.norm(vertices - completed, axis=1)[crown].max() < 1.0
    assert "scalp" in follow_clean_parts(completed, template, ScanSurface(replace(bald, colours=skin)))[1]


def test_what_the_scan_lacks_stays(completed: Points, bald: Scan) -> None:
    """A scan of a face alone."""
    front = bald.part(bald.vertices[:, 2] > 40)
    vertices, followed = follow_clean_parts(completed, load_template(), ScanSurface(front))
    assert followed == ()
    assert np.array_equal(vertices, completed)
