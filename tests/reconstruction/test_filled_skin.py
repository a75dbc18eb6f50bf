"""Skin where no photo shows any: what it continues, and what is left out of the photo for it."""

import cv2
import numpy as np
import pytest

from pix2vertex_blender.geometry.mesh import unique_edges
from pix2vertex_blender.reconstruction.texture.pattern import TILE, blotches
from pix2vertex_blender.reconstruction.texture.regions import filled_skin
from pix2vertex_blender.reconstruction.texture.slivers import find_slivers
from pix2vertex_blender.template import load_template

LEVEL = 1
TONE = np.array([200.0, 150.0, 130.0])


@pytest.fixture(scope="module")
def even():
    """What filling makes of an even tone."""
    template = load_template()
    return filled_skin(np.tile(TONE, (len(template.vertices), 1)), template.vertices, template)


def test_ears_are_redder_than_cheeks_and_have_no_edge(even):
    template = load_template()
    redness = np.log(even[:, 0] / even[:, 1])
    ears, cheeks = template.groups["ears"] > 0.5, template.groups["cheeks"] > 0.9
    assert np.median(redness[ears]) > np.median(redness[cheeks]) + 0.015
    edges = unique_edges(template.faces)
    border = edges[ears[edges[:, 0]] != ears[edges[:, 1]]]
    assert np.median(np.abs(np.diff(redness[border], axis=1))) < 0.02


def test_blotches_are_no_stronger_where_faces_are_large(even):
    template = load_template()
    for value in (np.log(even.sum(axis=1)), np.log(even[:, 0] / even[:, 1])):
        scalp, cheeks = (value[template.groups[name] > 0.9].std() for name in ("scalp", "cheeks"))
        assert 0.6 < scalp / cheeks < 1.5


def test_a_strip_between_what_is_hidden_and_an_island_are_slivers_and_half_a_face_is_none():
    level = load_template(LEVEL)
    x, _, z = level.vertices.T
    face = (level.groups["face"] > 0.9) & (z > 0)
    half, strip = face & (x < -10), face & (np.abs(x - 20) < 2)
    centre = level.vertices[np.flatnonzero(face & (x > 40))[0]]
    island = face & (np.linalg.norm(level.vertices - centre, axis=1) < 7)
    found = find_slivers(half | strip | island, level)
    assert found[strip].mean() > 0.8
    assert found[island].all()
    assert found[half].mean() < 0.1


def test_dark_spots_of_the_seen_skin_are_continued_as_dark_spots():
    size = 512
    generator = np.random.default_rng(0)
    spots = np.zeros((size, size), np.float32)
    for place in generator.integers(0, size, (900, 2)):
        cv2.circle(spots, place.tolist(), 4, 1.0, -1)
    spotted = np.rint(TONE * (1 - 0.25 * cv2.GaussianBlur(spots, (0, 0), 1.0)[..., None])).astype(np.uint8)
    plain = np.tile(np.rint(TONE).astype(np.uint8), (size, size, 1))
    origin = np.zeros((size, size, 3), np.uint8)
    origin[..., 0] = 255
    tile, none = (blotches(colour, origin, np.ones((64, 64))) for colour in (spotted, plain))
    assert tile.shape == (size * TILE, size * TILE, 3)
    assert np.std(none) < 0.1 * tile.std()
    dark = tile.mean(axis=-1)
    assert ((dark - dark.mean()) ** 3).mean() < -0.3 * dark.std() ** 3, (
        "spots are dark, and the skin between them is not bright"
    )
    seam = np.abs(dark[0] - dark[-1]).mean()
    assert seam < 2 * np.abs(np.diff(dark, axis=0)).mean(), "it can be laid side by side"
