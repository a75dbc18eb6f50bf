"""The maps of a rendered portrait say what a ray through each pixel hits."""

from dataclasses import replace

import numpy as np
import pytest

from training.data.samples import Sample
from training.face_model import CANONICAL_CENTRE, CANONICAL_SCALE, LANDMARKS_68, normalise
from training.renderer.belongings.props import box, make_prop
from training.renderer.camera import ViewParameters
from training.renderer.rasteriser import interpolate
from training.renderer.surface import head_surface
from training.renderer.synthesis import (
    Scene,
    SynthesisParameters,
    draw_layers,
    head_attributes,
    render,
    sample_scene,
)

pytestmark = [pytest.mark.development_data("face_models/ict_facekit.npz"), pytest.mark.slow]

PARAMETERS = SynthesisParameters(
    size=96, hat_share=0, glasses_share=1, view=ViewParameters(weak_perspective_share=0, largest_yaw=50)
)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return sample_scene(head_surface(), np.random.default_rng(3), PARAMETERS)


@pytest.fixture(scope="module")
def sample(scene: Scene) -> Sample:
    rendered = render(head_surface(), scene, np.random.default_rng(4), PARAMETERS)
    assert rendered is not None
    return rendered


def cast_ray(direction, origin, corners):
    """First hit by Möller and Trumbore: triangle, weights of its second and third corner, distance; or None."""
    first, second, third = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], origin - corners[:, 0]
    cross = np.cross(direction, second)
    determinant = (first * cross).sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        u = (third * cross).sum(1) / determinant
        perpendicular = np.cross(third, first)
        v = perpendicular @ direction / determinant
        distance = (second * perpendicular).sum(1) / determinant
    hit = (np.abs(determinant) > 1e-12) & (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
    if not hit.any():
        return None
    nearest = np.flatnonzero(hit)[np.argmin(distance[hit])]
    return nearest, u[nearest], v[nearest], distance[nearest]


def test_rasterised_head_agrees_with_rays(scene):
    surface, view = head_surface(), scene.view
    vertices = view.to_camera(scene.head.vertices)
    layers = draw_layers(surface, scene, vertices)
    attributes = interpolate(layers.head, surface.model.triangles, head_attributes(surface, scene.head, vertices))
    corners = vertices.astype(float)[surface.model.triangles]
    canonical = scene.head.canonical[surface.model.triangles]
    origin = np.array([0, 0, view.distance])
    generator = np.random.default_rng(0)
    covered = np.argwhere(layers.head.triangle >= 0)
    anywhere = generator.integers(0, view.size, (40, 2))
    for row, column in np.concatenate([generator.choice(covered, 160, replace=False), anywhere]):
        x = (column + 0.5 - view.size / 2) / view.scale + view.offset[0]
        y = (row + 0.5 - view.size / 2) / view.scale + view.offset[1]
        hit = cast_ray(np.array([x, -y, -1.0]), origin, corners)
        seen = layers.head.triangle[row, column]
        assert (hit is None) == (seen < 0)
        if hit is None:
            continue
        triangle, u, v, distance = hit
        if seen == triangle:
            np.testing.assert_allclose(layers.head.weights[row, column], [u, v], atol=2e-3)
        expected = (1 - u - v) * canonical[triangle, 0] + u * canonical[triangle, 1] + v * canonical[triangle, 2]
        np.testing.assert_allclose(attributes[row, column, :3], expected, atol=0.01)
        np.testing.assert_allclose(attributes[row, column, 3:6], origin + distance * np.array([x, -y, -1]), atol=0.01)


def test_geometry_projects_to_its_own_pixel(scene, sample):
    rows, columns = np.nonzero(sample.mask)
    points = sample.geometry[:, rows, columns].T / sample.geometry_scale
    projected = scene.view.project(points)[:, :2] / 2
    distance = np.abs(projected - np.stack([columns + 0.5, rows + 0.5], 1)).max(1)
    assert np.percentile(distance, 99) < 0.51


def test_correspondence_lies_on_the_neutral_face(sample):
    shown = sample.correspondence[:, sample.mask == 1].T
    neutral = normalise(head_surface().model.neutral)
    for point in shown[:: max(1, len(shown) // 100)]:
        assert np.linalg.norm(neutral - point, axis=1).min() * CANONICAL_SCALE < 6
    np.testing.assert_allclose(normalise(CANONICAL_CENTRE), 0)


def test_visible_landmarks_carry_their_correspondence(scene, sample):
    nose_tip = sample.landmarks[30]
    column, row = (int(value) for value in nose_tip)
    assert sample.mask[row, column] == 1
    expected = normalise(head_surface().model.neutral[LANDMARKS_68[30]])
    assert np.linalg.norm(sample.correspondence[:, row, column] - expected) * CANONICAL_SCALE < 12


def rendered_with(scene, prop):
    changed = replace(scene, props=prop, lenses=None)
    return render(head_surface(), changed, np.random.default_rng(4), PARAMETERS)


def test_face_is_labelled_through_glasses(scene, sample):
    bare = rendered_with(scene, None)
    np.testing.assert_array_equal(bare.mask, sample.mask)
    assert (bare.image != sample.image).any()


def test_what_is_in_front_hides_the_face_or_does_not(scene):
    vertices, triangles = box([60, 60, 10])
    in_front = scene.view.centre + 100 * scene.view.rotation[2] + vertices
    bare, shown, hidden = (
        rendered_with(scene, prop)
        for prop in (None, *(make_prop(in_front, triangles, [0.2, 0.2, 0.2], 0, hides) for hides in (False, True)))
    )
    np.testing.assert_array_equal(shown.mask, bare.mask)
    assert 0 < (hidden.mask > 0).sum() < 0.9 * (bare.mask > 0).sum()
    assert not hidden.geometry[:, hidden.mask == 0].any()
