"""What follows our surface on another head."""

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.expression.rims import lip_rims
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.wrapping.binding import Binding
from pix2vertex_blender.reconstruction.wrapping.own_topology import PROPORTIONS, REGIONS, OwnHead
from pix2vertex_blender.template import load_template
from tests.reconstruction.wrapping.made_up import head_shape


def shut(head: NDArray[np.float64]) -> NDArray[np.float64]:
    """A head (c, 3) whose lips touch each other."""
    rims = lip_rims()
    apart = head[rims.upper] - head[rims.lower]
    return head + rims.move(-apart / 2, apart / 2)


def test_touching_lips_are_told_apart() -> None:
    """Where the lower lip goes down the upper one does not, although ours lie two millimetres beside the head's."""
    template, level = load_template(), load_template(1)
    head = shut(head_shape(4))
    down = np.zeros_like(head)
    down[:, 1] = -4.0 * (template.groups["lower_lip"] > 0.5)
    # The same surface with other vertices: each quad is divided.
    vertices, triangles = template.subdivide(head, 1) - [0.0, 2.0, 0.0], triangulate(level.faces)
    moved = Binding(vertices, triangles, head).follow(down)[:, 1]
    corner = template.vertices[template.landmarks_68[48]]
    # At the corners of the mouth both lips are one.
    front = (level.vertices[:, 2] > corner[2]) & (np.abs(level.vertices[:, 0]) < 0.8 * abs(corner[0]))
    upper, lower = ((level.groups[name] > 0.99) & front for name in ("upper_lip", "lower_lip"))
    assert upper.sum() > 100 and lower.sum() > 100
    assert moved[upper].min() > -1.0
    assert moved[lower].max() < -3.5


def test_regions_sum_up_to_the_face_and_change_no_other() -> None:
    """The nose's part is on the nose; proportions vary slowly."""
    template, level = load_template(), load_template(1)
    head, face = head_shape(1), head_shape(2)
    own = OwnHead(template.subdivide(head, 1), triangulate(level.faces), head)
    change = own.change_to(face)
    parts = own.by_region(change)
    assert list(parts) == [PROPORTIONS, *REGIONS]
    np.testing.assert_allclose(np.sum(list(parts.values()), axis=0), change, atol=1e-9)
    moves = own.moved_by_region(change)
    np.testing.assert_allclose(np.sum(list(moves.values()), axis=0), own.moved(change), atol=1e-9)
    nose = np.linalg.norm(parts["nose"], axis=1)
    away = np.linalg.norm(template.vertices - template.vertices[template.landmarks_68[33]], axis=1)
    assert nose[away > 70].max() < 0.06 * nose.max()


def test_eyes_stay_round() -> None:
    """Loose balls in the lids move with them and get another size at most; in expressions they stay."""
    template, level = load_template(), load_template(1)
    head, face = head_shape(3), head_shape(5)
    skin, balls = template.subdivide(head, 1), template.place_eyeballs(head)
    triangles = np.concatenate([triangulate(level.faces), triangulate(template.eyeballs.faces) + len(skin)])
    own = OwnHead(np.concatenate([skin, balls]), triangles, head)
    moves = own.moved(own.change_to(face))[len(skin) :]
    left = template.eyeballs.groups["left"] > 0.5
    for side in (left, ~left):
        assert np.linalg.norm(moves[side].mean(axis=0)) > 0.05
        fit = fit_similarity(balls[side], balls[side] + moves[side])
        np.testing.assert_allclose(fit.apply(balls[side]), balls[side] + moves[side], atol=1e-9)
    blink = np.zeros_like(head)
    blink[template.groups["eyelids"] > 0.5] = (0.0, -5.0, 0.0)
    assert np.abs(own.moved_by_expression(blink, {})[len(skin) :]).max() == 0.0


def test_points_inside_move_as_what_is_around_them() -> None:
    """The end of a bone in the head moves as the head does, one far below not at all."""
    template, head = load_template(), head_shape(6)
    own = OwnHead(head, triangulate(template.faces), head)
    moved = own.moved_points(np.array([[0.0, 0.0, 60.0], [0.0, -500.0, 0.0]]), np.tile([0.0, 2.0, 0.0], (len(head), 1)))
    np.testing.assert_allclose(moved, [[0.0, 2.0, 0.0], [0.0, 0.0, 0.0]], atol=0.5)
