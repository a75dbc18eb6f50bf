import numpy as np
import pytest

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs, lid_vertices
from pix2vertex_blender.reconstruction.registration.contacts import Folds
from pix2vertex_blender.template.eyeballs import sphere_through


def test_the_sphere_through_points():
    directions = np.random.default_rng(0).normal(size=(50, 3))
    points = np.array([1.0, -2.0, 3.0]) + 7.5 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    centre, radius = sphere_through(points[points[:, 2] > 2])
    np.testing.assert_allclose(centre, [1, -2, 3], atol=1e-9)
    assert radius == pytest.approx(7.5)


@pytest.mark.parametrize("size", [0.92, 1.0, 1.08])
def test_lids_lie_on_balls_of_one_size_in_heads_of_any(template, size):
    head = clear_eyeballs(template, size * template.vertices)
    for ball, border in zip(balls(template, head), template.eyeballs.lids, strict=True):
        assert ball.radius == 12.0
        sideways = np.linalg.norm((head[border] - ball.centre)[:, :2], axis=1)
        assert np.abs(ball.depths(head[border])[sideways < 7.5] + 0.3).max() < 0.15
    assert np.linalg.norm(clear_eyeballs(template, head) - head, axis=1).max() < 0.4, "they stay there"


def test_nothing_far_from_the_eyes_is_moved(template):
    moved = np.linalg.norm(clear_eyeballs(template, template.vertices) - template.vertices, axis=1)
    centres = [ball.centre for ball in balls(template, template.vertices)]
    near = np.min([np.linalg.norm(template.vertices - centre, axis=1) for centre in centres], axis=0)
    assert moved.max() < 2.0
    assert moved[near > 35].max() < 0.01


def test_flat_lids_do_not_drive_the_balls_out_of_the_head(template):
    """As photogrammetry has them: lids lifted off a ball would move it, and be in it again."""
    flat = template.vertices.copy()
    for ball in balls(template, flat):
        front = (template.groups["eyelids"] > 0.5) & (flat[:, 2] > ball.centre[2])
        near = front & (np.linalg.norm(flat - ball.centre, axis=1) < 2 * ball.radius)
        flat[near, 2] = np.minimum(flat[near, 2], ball.centre[2] + 10.3)
    head, lids = clear_eyeballs(template, flat), lid_vertices(template)
    for before, after in zip(balls(template, flat), balls(template, head), strict=True):
        assert before.depths(flat)[lids].max() > 1.0
        assert np.linalg.norm(after.centre - before.centre) < 0.5
        assert after.depths(head)[lids].max() < 0.3
    assert np.linalg.norm(head - flat, axis=1).max() < 3.0


@pytest.mark.parametrize("side", [1, -1])
def test_a_ball_that_sticks_out_is_covered_again(template, side):
    head = clear_eyeballs(template, template.vertices)
    ball = balls(template, head)[0 if side > 0 else 1]
    dent = ball.centre + ball.radius * np.array([0.3 * side, 0.5, 0.8])
    distance = np.linalg.norm(head - dent, axis=1)
    pressed = head.copy()
    pressed[:, 2] -= 4.0 * np.exp(-((distance / 6) ** 2))
    lids = lid_vertices(template)
    assert max(b.depths(pressed)[lids & (b.depths(pressed) < 5)].max() for b in balls(template, pressed)) > 0.3
    result = clear_eyeballs(template, pressed)
    for after in balls(template, result):
        depths = after.depths(result)
        assert depths[lids & (depths < after.radius / 2)].max() < -0.15
    moved = np.linalg.norm(result - pressed, axis=1)
    assert moved.max() < 4.0
    assert moved[np.sign(template.vertices[:, 0]) == -side].max() < 0.4
    assert not Folds(head, triangulate(template.faces)).find(result).any()
