"""Heads of several photos become one, without networks: the photos' heads are made up."""

import numpy as np
import pytest

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.geometry.similarity import Similarity, fit_similarity
from pix2vertex_blender.reconstruction.several.agreement import people, same_photos
from pix2vertex_blender.reconstruction.several.evidence import LEAST_WEIGHT, Evidence, averaged, sightlines
from pix2vertex_blender.reconstruction.several.fusion import FusionParameters, fuse
from pix2vertex_blender.template import load_template

CAMERA = Camera(scale=1.0, centre=(128.0, 128.0), inverse_distance=1 / 900)


def somebody(seed, size=2.0):
    """A head (n, 3) that differs smoothly from the template."""
    template = load_template()
    field = np.random.default_rng(seed).standard_normal(template.vertices.shape)
    smooth = averaged(field, 60)
    return template.vertices + size * smooth / smooth[template.groups["face"] > 0.5].std()


def photographed(head, yaw, seed, across=0.3, along=4.0):
    """What a photo of a head from a side says: right across the line of sight, far off along it."""
    template, generator = load_template(), np.random.default_rng(seed)
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    pose = Similarity(1.0, np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]), np.array([3.0, -5.0, -20.0]))
    vertices = pose.apply(head)
    rays = sightlines(CAMERA, vertices)
    errors = averaged(generator.standard_normal((len(vertices), 4)), 60)
    errors /= errors[template.groups["face"] > 0.5].std(axis=0)
    said = vertices + across * errors[:, :3] + along * errors[:, 3:] * rays
    facing = np.clip(np.einsum("ij,ij->i", vertex_normals(vertices, template.faces), rays), 0, 1)
    return Evidence(said, rays, np.maximum(averaged(facing, 3), LEAST_WEIGHT))


def distance(head, truth):
    """Root mean square distance (mm) of faces after the best similarity."""
    face = load_template().groups["face"] > 0.5
    moved = fit_similarity(head[face], truth[face]).apply(head[face])
    return np.sqrt(((moved - truth[face]) ** 2).sum(axis=1).mean())


@pytest.fixture(scope="module")
def views():
    return [photographed(somebody(1), yaw, 10 + index) for index, yaw in enumerate((0.0, 35.0, -35.0))]


@pytest.fixture(scope="module")
def fusion(views):
    return fuse(views)


def test_what_each_photo_cannot_know_comes_from_the_others(views, fusion):
    alone = [distance(view.vertices, somebody(1)) for view in views]
    assert distance(fusion.vertices, somebody(1)) < 0.5 * min(alone)


def test_depth_counts_less_than_what_is_measured_across_the_line_of_sight(views, fusion):
    """Than the mean of the heads, which believes each photo equally in all directions."""
    face = load_template().groups["face"]
    upright = [fit_similarity(view.vertices, load_template().vertices, face).apply(view.vertices) for view in views]
    assert distance(fusion.vertices, somebody(1)) < 0.8 * distance(np.mean(upright, axis=0), somebody(1))


def test_the_poses_lay_the_head_over_each_photo(views, fusion):
    face = load_template().groups["face"] > 0.5
    for view, pose in zip(views, fusion.poses, strict=True):
        seen = face & (view.weights > 0.5)
        off = CAMERA.project(pose.apply(fusion.vertices)) - CAMERA.project(view.vertices)
        assert np.median(np.linalg.norm(off[seen], axis=1)) < 1.0  # pixels, of a millimetre each


def test_the_order_of_the_photos_does_not_matter(views, fusion):
    turned = fuse([views[2], views[0], views[1]])
    assert np.abs(turned.vertices - fusion.vertices).max() < 0.05


def test_a_photo_that_contradicts_the_rest_loses_weight_and_says_by_how_much(views):
    odd = photographed(somebody(99, 6.0), 15.0, 20)
    extra = photographed(somebody(1), 20.0, 21)
    fusion = fuse([*views, extra, odd])
    assert fusion.weights[4] < 0.5 * min(fusion.weights[:4])
    assert fusion.disagreements[4] > 2 * max(fusion.disagreements[:4])
    # Without it the head is hardly another.
    assert distance(fusion.vertices, fuse([*views, extra]).vertices) < 0.8


def test_forty_photos_are_one_head_that_is_nearer_than_three_give(views, fusion):
    many = [photographed(somebody(1), yaw, 100 + index) for index, yaw in enumerate(np.linspace(-40.0, 40.0, 40))]
    head = fuse(many, FusionParameters(rounds=6))
    assert distance(head.vertices, somebody(1)) < distance(fusion.vertices, somebody(1))
    assert min(head.weights) > 0.5


def test_people_are_told_apart_and_the_majority_is_the_one():
    together = [photographed(somebody(1, 3.0), yaw, int(yaw) + 50, along=1.5) for yaw in (0, 20, -20)]
    other = photographed(somebody(2, 3.0), 10.0, 77, along=1.5)
    assert people(together) == [0, 0, 0]
    assert people([together[0], other, *together[1:]]) == [0, 1, 0, 0]


def test_the_same_photo_is_recognised_though_it_was_stored_again():
    generator = np.random.default_rng(0)
    one, other = (np.kron(generator.integers(0, 255, (16, 16, 3)), np.ones((16, 16, 1))) for _ in range(2))
    stored_again = np.clip(one + generator.normal(0, 4, one.shape), 0, 255)
    crops = [each.astype(np.uint8) for each in (one, other, stored_again)]
    assert same_photos(crops) == [0, 1, 0]
