"""Pairs of a made-up portrait, whose registration is perfect but for what is added."""

import numpy as np
import pytest

from pix2vertex_blender.reconstruction.photo.photo import Photo
from pix2vertex_blender.template import load_template
from tests.reconstruction import made_up_portrait as made_up
from training.fine_shape.bank import pair_of
from training.fine_shape.pairs import Pair

SIZE = 64


@pytest.fixture(scope="session")
def pair() -> Pair:
    """The template's head at 25 degrees to the right; truly its nose is longer."""
    mesh = made_up.portrait(25.0)
    truth = load_template().vertices.copy()
    truth[:, 2] += 6 * load_template().groups["nose"]
    return pair_of(Photo("made up", mesh.pixels), mesh.frame, mesh.vertices, truth, 25.0, SIZE)


@pytest.fixture(scope="session")
def mirror_image() -> Pair:
    """The pair of the mirrored photo."""
    template, mesh = load_template(), made_up.portrait(25.0)
    flip = (-1.0, 1.0, 1.0)
    truth = template.vertices.copy()
    truth[:, 2] += 6 * template.groups["nose"]
    photo = Photo("made up", np.ascontiguousarray(mesh.pixels[:, ::-1]))
    return pair_of(photo, mesh.frame, mesh.vertices[template.mirror] * flip, truth, -25.0, SIZE)
