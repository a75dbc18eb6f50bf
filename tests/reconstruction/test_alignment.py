from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.errors import RegistrationError
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.registration.alignment import AlignmentParameters, align
from pix2vertex_blender.reconstruction.registration.target import build_target, make_target


@pytest.fixture(scope="module")
def face(template):
    return template.groups["face"]


def image_of(template, matrix, offset):
    """The whole template under an affine map as the target."""
    return make_target(template.vertices @ matrix.T + offset, triangulate(template.faces), template.canonical)


def test_an_affine_image_is_recovered_exactly(template, face):
    matrix = Rotation.from_euler("xyz", [10, 25, -8], degrees=True).as_matrix() @ np.diag([1.1, 0.9, 1.2])
    target = image_of(template, matrix, [3, 4, 5])
    alignment = align(template.vertices, template.canonical, target, np.random.default_rng(0), weights=face)
    np.testing.assert_allclose(alignment.matrix[:, :3], matrix, atol=1e-9)
    np.testing.assert_allclose(alignment.matrix[:, 3], [3, 4, 5], atol=1e-6)
    assert alignment.inliers == alignment.matches


def test_gross_outliers_do_not_matter(template, face):
    matrix = 1.2 * Rotation.from_euler("xyz", [10, 25, -8], degrees=True).as_matrix()
    target = image_of(template, matrix, [3, 4, 5])
    generator = np.random.default_rng(1)
    wrong = generator.random(len(target.vertices)) < 0.3
    canonical = np.where(wrong[:, None], generator.permutation(target.canonical), target.canonical)
    bad = replace(target, canonical=canonical)
    alignment = align(template.vertices, template.canonical, bad, np.random.default_rng(0), weights=face)
    distances = np.linalg.norm(alignment.apply(template.vertices) - target.vertices, axis=1)
    assert distances.max() < 0.5


@pytest.mark.parametrize("yaw", [0, 60, 85])
def test_the_hidden_half_keeps_its_proportions(template, look_at, deformed, face, yaw):
    view = look_at(deformed, yaw)
    target = build_target(view.maps)
    alignment = align(template.vertices, template.canonical, target, np.random.default_rng(0), weights=face)
    distances = np.linalg.norm(alignment.apply(template.vertices) - view.truth, axis=1)[face > 0.5]
    assert distances.mean() < 5.5
    stretch = np.linalg.svd(alignment.matrix[:, :3], compute_uv=False)
    assert stretch[0] / stretch[2] < 1.25


def test_the_prior_is_what_keeps_the_proportions_at_large_angles(template, look_at, deformed, face):
    target = build_target(look_at(deformed, 85).maps)
    stretch = []
    for weight in (0.0, AlignmentParameters().similarity_weight):
        alignment = align(
            template.vertices,
            template.canonical,
            target,
            np.random.default_rng(0),
            AlignmentParameters(similarity_weight=weight),
            face,
        )
        singular = np.linalg.svd(alignment.matrix[:, :3], compute_uv=False)
        stretch.append(singular[0] / singular[2])
    assert stretch[1] < stretch[0]


def test_the_same_seed_gives_the_same_map(template, look_at, face):
    target = build_target(look_at(template.vertices, 20).maps)
    first, second = (
        align(template.vertices, template.canonical, target, np.random.default_rng(7), weights=face) for _ in range(2)
    )
    np.testing.assert_array_equal(first.matrix, second.matrix)


def test_too_few_matches_and_mirror_images_are_told(template, face):
    target = image_of(template, np.eye(3), [0, 0, 0])
    far = replace(target, canonical=target.canonical + 5)
    with pytest.raises(RegistrationError, match="Only 0 of"):
        align(template.vertices, template.canonical, far, np.random.default_rng(0), weights=face)
    mirrored = image_of(template, np.diag([-1.0, 1.0, 1.0]), [0, 0, 0])
    with pytest.raises(RegistrationError, match="mirror"):
        align(template.vertices, template.canonical, mirrored, np.random.default_rng(0), weights=face)
