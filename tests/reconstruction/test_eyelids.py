import numpy as np
import pytest

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs, lid_vertices, sphere_through
from pix2vertex_blender.reconstruction.registration.contacts import Folds


def test_the_sphere_through_points():
    directions = np.random.default_rng(0).normal(size=(50, 3))
    points = np.array([1.0, -2.0, 3.0]) + 7.5 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    ball = sphere_through(points[points[:, 2] > 2])
    np.testing.assert_allclose(ball.centre, [1, -2, 3], atol=1e-9)
    assert ball.radius == pytest.approx(7.5)


def test_the_templates_lids_stay_as_they_are(template):
    np.testing.assert_array_equal(clear_eyeballs(template, template.vertices), template.vertices)


@pytest.mark.parametrize("side", [1, -1])
def test_a_ball_that_sticks_out_is_covered_again(template, side):
    ball = balls(template, template.vertices)[0 if side > 0 else 1]
    dent = ball.centre + ball.radius * np.array([0.3 * side, 0.5, 0.8])
    distance = np.linalg.norm(template.vertices - dent, axis=1)
    pressed = template.vertices.copy()
    pressed[:, 2] -= 4.0 * np.exp(-((distance / 6) ** 2))
    lids = lid_vertices(template)
    assert max(b.depths(pressed)[lids & (b.depths(pressed) < 5)].max() for b in balls(template, pressed)) > 0.3
    result = clear_eyeballs(template, pressed)
    for after in balls(template, result):
        depths = after.depths(result)
        assert depths[lids & (depths < after.radius / 2)].max() < -0.15
    moved = np.linalg.norm(result - pressed, axis=1)
    assert moved.max() < 4.0
    assert moved[np.sign(template.vertices[:, 0]) == -side].max() < 0.1
    assert not Folds(template.vertices, triangulate(template.faces)).find(result).any()
