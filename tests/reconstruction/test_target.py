from dataclasses import replace

import numpy as np
import pytest

from pix2vertex_blender.errors import RegistrationError
from pix2vertex_blender.geometry.mesh import border_vertices, triangle_normals
from pix2vertex_blender.geometry.nearest import closest_on_triangles
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.target import TargetParameters, build_target, make_target

PLAIN = TargetParameters(depth_smoothing=0.0, trimmed_border=0)


@pytest.fixture(scope="module")
def view(look_at, template):
    return look_at(template.vertices, resolution=96)


@pytest.fixture(scope="module")
def slope(view):
    """Maps of a slanted plane that fills the grid."""
    rows, columns = np.indices((96, 96))
    pixels = np.column_stack([columns.ravel(), rows.ravel()]) + 0.5
    points = view.maps.camera.unproject(pixels, 0.2 * pixels[:, 0] - 0.1 * pixels[:, 1]).reshape(96, 96, 3)
    return replace(view.maps, mask=np.ones((96, 96), dtype=bool), geometry=points, correspondence=points / 120)


def with_mask(maps, mask):
    return replace(
        maps,
        mask=mask,
        correspondence=np.where(mask[..., None], maps.correspondence, np.nan),
        geometry=np.where(mask[..., None], maps.geometry, np.nan),
    )


def test_each_block_of_four_known_pixels_gives_two_triangles(slope):
    mask = np.zeros((96, 96), dtype=bool)
    mask[40:44, 50:55] = True
    mask[41, 52] = False
    target = build_target(with_mask(slope, mask), PLAIN)
    # The pixel above the unknown one is in no complete block.
    assert len(target.vertices) == 18
    assert len(target.triangles) == 2 * (3 * 4 - 4)


def test_triangles_face_the_camera_and_use_every_vertex(view):
    target = build_target(view.maps)
    normals = triangle_normals(target.vertices, target.triangles)
    assert (normals[:, 2] > 0).all()
    assert len(np.unique(target.triangles)) == len(target.vertices)
    np.testing.assert_allclose(np.linalg.norm(target.normals, axis=1), 1, atol=1e-6)


def test_a_jump_in_depth_is_not_bridged(slope):
    geometry = slope.geometry.copy()
    geometry[:, 48:, 2] -= 30
    target = build_target(replace(slope, geometry=geometry), PLAIN)
    assert np.ptp(target.vertices[target.triangles, 2], axis=1).max() < 2
    assert len(target.triangles) == 2 * 95 * 95 - 2 * 95


def test_crumbs_are_dropped_and_large_parts_kept(slope):
    mask = np.zeros((96, 96), dtype=bool)
    mask[30:50, 35:60] = True
    mask[58:70, 40:55] = True
    large = mask.sum()
    mask[20:22, 40:42] = True
    assert len(build_target(with_mask(slope, mask), PLAIN).vertices) == large


def test_what_lies_between_the_lips_is_left_out_and_the_lips_are_not_trimmed(slope):
    opening = np.zeros((96, 96), dtype=np.float32)
    opening[40:44, 30:60] = 1.0
    whole, parted = build_target(slope), build_target(replace(slope, opening=opening))
    assert len(whole.vertices) - len(parted.vertices) == 4 * 30


def test_outlier_pixels_take_their_neighbours_correspondence(view):
    generator = np.random.default_rng(0)
    wrong = view.maps.mask & (generator.random((96, 96)) < 0.2)
    correspondence = view.maps.correspondence.copy()
    correspondence[wrong] = generator.uniform(-1, 1, (wrong.sum(), 3))
    clean = build_target(view.maps, PLAIN)
    target = build_target(replace(view.maps, correspondence=correspondence), PLAIN)
    distance = 120 * np.linalg.norm(target.canonical - clean.canonical, axis=1)
    assert np.percentile(distance, 99) < 8


def test_smoothing_takes_ripples_out_and_leaves_slopes(slope):
    rows, columns = np.indices((96, 96))
    geometry = slope.geometry.copy()
    geometry[..., 2] += 0.5 * np.sin(2 * rows) * np.sin(2 * columns)
    smooth = build_target(replace(slope, geometry=geometry), TargetParameters(trimmed_border=0)).vertices
    error = np.abs(smooth.reshape(96, 96, 3) - slope.geometry)[4:-4, 4:-4, 2]
    assert error.max() < 0.2


def test_an_empty_mask_is_told(view):
    with pytest.raises(RegistrationError, match="empty"):
        build_target(with_mask(view.maps, np.zeros((96, 96), dtype=bool)))
    line = np.zeros((96, 96), dtype=bool)
    line[50, 30:60] = True
    with pytest.raises(RegistrationError, match="too small"):
        build_target(with_mask(view.maps, line), PLAIN)


def test_bad_targets_are_named():
    points, triangles = np.eye(3), np.array([[0, 1, 2]])
    with pytest.raises(RegistrationError, match=r"Vertex 1 .* not a number"):
        make_target(np.array([[0, 0, 0], [np.nan, 0, 0], [0, 1, 0]]), triangles, points)
    with pytest.raises(RegistrationError, match=r"Vertices 0 and 2 .* same place"):
        make_target(points[[0, 1, 0]], triangles, points)
    with pytest.raises(RegistrationError, match=r"\(3, 2\)"):
        make_target(points, triangles, points[:, :2])
    with pytest.raises(RegistrationError, match="does not exist"):
        make_target(points, triangles + 1, points)


def test_the_closest_point_of_a_triangle_is_the_closest_of_many_samples():
    generator = np.random.default_rng(2)
    corners, points = generator.normal(size=(200, 3, 3)), 2 * generator.normal(size=(200, 3))
    weights, squared = closest_on_triangles(points, corners)
    assert weights.min() >= -1e-12
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    u, v = np.meshgrid(np.linspace(0, 1, 60), np.linspace(0, 1, 60))
    inside = u + v <= 1
    samples = np.stack([1 - u[inside] - v[inside], u[inside], v[inside]], axis=1)
    sampled = ((np.einsum("sk,nkd->nsd", samples, corners) - points[:, None]) ** 2).sum(axis=2).min(axis=1)
    assert (squared <= sampled + 1e-12).all()
    np.testing.assert_allclose(np.sqrt(squared), np.sqrt(sampled), atol=0.05)


def test_matches_are_interpolated_and_the_border_is_known(view):
    target = build_target(view.maps, PLAIN)
    index = TargetIndex(target)
    matches = index.match_canonical(target.canonical[target.triangles].mean(axis=1))
    distances = np.linalg.norm(matches.points - target.vertices[target.triangles].mean(axis=1), axis=1)
    # Across a slit such as that of the lips the nearest vertex may belong to another triangle.
    assert np.mean(distances < 1e-9) > 0.95
    border = border_vertices(target.triangles, len(target.vertices))
    assert not index.match_positions(target.vertices[border]).inside.any()
    assert index.match_positions(target.vertices[~border]).inside.all()
