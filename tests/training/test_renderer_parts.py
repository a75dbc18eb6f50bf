"""Rasteriser, light, heads and textures, each on its own."""

import numpy as np
import pytest

from pix2vertex_blender.errors import DataFileError
from training.data.noise import noise_bank
from training.face_model import LANDMARKS_68, load_face_model
from training.face_sampling import sample_expression
from training.renderer.belongings.props import box, ellipsoid, make_prop, prop_attributes, tube
from training.renderer.camera import rotation_matrix
from training.renderer.lighting import cast_shadows, illuminate, light_reaching, sample_lighting
from training.renderer.rasteriser import empty_fragments, interpolate, rasterise, rasterise_strands, vertex_normals
from training.renderer.surface import head_surface


def test_nearer_triangle_wins_in_either_order():
    near = np.array([[2, 2, 0.02], [14.2, 2, 0.02], [2, 14.2, 0.02]], np.float32)
    far = near * [1, 1, 0.5]
    points = np.concatenate([near, far]).astype(np.float32)
    for order in ([[0, 1, 2], [3, 4, 5]], [[3, 4, 5], [0, 1, 2]]):
        fragments = empty_fragments(16)
        rasterise(points, np.array(order, np.int32), fragments)
        covered = fragments.triangle >= 0
        assert covered.sum() == 78  # pixel centres in a right triangle with legs of 12.2
        np.testing.assert_allclose(fragments.depth[covered], 0.02, rtol=1e-5)


def test_attributes_are_interpolated_in_perspective():
    """On a plane seen at an angle, the attribute that equals 1 / depth at the corners is 1 / depth everywhere."""
    points = np.array([[0, 0, 0.01], [32, 0, 0.03], [0, 32, 0.002]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    fragments = empty_fragments(32)
    rasterise(points, triangles, fragments)
    distance = interpolate(fragments, triangles, 1 / points[:, 2:])[..., 0]
    covered = fragments.triangle >= 0
    np.testing.assert_allclose(distance[covered], 1 / fragments.depth[covered], rtol=1e-4)


def test_strands_leave_the_gaps_their_coverage_asks_for():
    points = np.array([[0, 0, 0.01], [512, 0, 0.01], [0, 512, 0.01]], np.float32)
    triangles = np.array([[0, 1, 2]], np.int32)
    fragments = empty_fragments(256)
    texture = noise_bank().strands[0]
    rasterise_strands(points, triangles, np.full(3, 0.3, np.float32), points[:, :2].copy(), texture, fragments)
    assert abs((fragments.triangle >= 0).mean() - 0.3) < 0.1


@pytest.mark.parametrize(
    ("mesh", "expected"),
    [
        (tube(np.array([[0, 0, 0], [0, 9, 0], [0, 20, 0]]), [2, 2, 2], 48), np.pi * 2**2 * 20),
        (box([9, 4, 2]), 9 * 4 * 2),
        (ellipsoid(np.zeros(3), np.array([5, 8, 3]), rows=40, columns=48), 4 / 3 * np.pi * 5 * 8 * 3),
    ],
)
def test_solids_face_outwards_and_have_their_volume(mesh, expected):
    vertices, triangles = mesh
    corners = vertices[triangles].astype(float)
    volume = np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])).sum() / 6
    assert volume == pytest.approx(expected, rel=0.02)


@pytest.mark.slow
def test_what_is_between_a_surface_and_the_light_shades_it():
    lighting = sample_lighting(np.random.default_rng(2))._replace(
        directions=np.array([[0, 0, 1]], np.float32),
        colours=np.ones((1, 3), np.float32),
        shadow_basis=np.eye(3, dtype=np.float32),
    )
    plane = make_prop(np.array([[-60, -60, 0], [60, -60, 0], [0, 60, 0]]), np.array([[0, 1, 2]]), [0.5] * 3, 0, True)
    fragments = empty_fragments(32)
    screen = plane.vertices * [0.2, 0.2, 0] + [16, 16, 0.01]
    rasterise(screen.astype(np.float32), plane.triangles, fragments)
    normals = vertex_normals(plane.vertices, plane.triangles)
    attributes = interpolate(fragments, plane.triangles, prop_attributes(plane, plane.vertices, normals))
    visible = fragments.triangle >= 0
    lit = illuminate(attributes, visible, light_reaching(attributes, visible, lighting), lighting)
    blocker = np.array([[-30, -30, 40], [30, -30, 40], [0, 30, 40]], np.float32)
    cast_shadows(lighting, blocker, plane.triangles)
    shaded = illuminate(attributes, visible, light_reaching(attributes, visible, lighting), lighting)
    assert shaded[14, 16, 0] < 0.7 * lit[14, 16, 0]
    np.testing.assert_allclose(shaded[8, 7], lit[8, 7])


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_expressions_stay_in_the_models_range_and_are_at_times_one_sided():
    names = head_surface().model.expression_names
    drawn = [sample_expression(names, np.random.default_rng(seed)) for seed in range(200)]
    assert all(set(weights) <= set(names) and 0 < min(weights.values()) <= 1 for weights in drawn if weights)
    assert max(max(weights.values(), default=0) for weights in drawn) <= 1
    smiles = [abs(weights.get("mouthSmile_L", 0) - weights.get("mouthSmile_R", 0)) for weights in drawn]
    assert max(smiles) > 0.3 > np.median(smiles)


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_landmarks_lie_where_the_model_says():
    points = head_surface().model.neutral[LANDMARKS_68]
    assert points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]
    assert points[8, 1] == points[:, 1].min() and points[30, 2] == points[:, 2].max()


def test_yaw_turns_the_face_to_the_right_of_the_picture():
    ahead = rotation_matrix(30, 0, 0) @ [0, 0, 1]
    assert ahead[0] > 0.4
    np.testing.assert_allclose(rotation_matrix(20, -10, 5) @ rotation_matrix(20, -10, 5).T, np.eye(3), atol=1e-6)


def test_missing_or_foreign_model_file_is_named(tmp_path):
    with pytest.raises(DataFileError, match=r"model\.npz is missing"):
        load_face_model(tmp_path / "model.npz")
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    with pytest.raises(DataFileError, match=r"other\.npz is not a face model"):
        load_face_model(tmp_path / "other.npz")
