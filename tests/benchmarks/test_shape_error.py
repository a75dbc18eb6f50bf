import numpy as np
import pytest
from scipy import sparse

from benchmarks.measures.linear_span import LinearModel, model_at_template, project
from benchmarks.measures.nonrigid import register_to_scan
from benchmarks.measures.shape import (
    align_by_distances,
    densely_aligned_chamfer_errors,
    region_errors,
    shape_errors,
)
from benchmarks.measures.surface import Surface
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.template import load_template
from training.face_model import load_face_model

TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
ELSEWHERE = Similarity(2.5, TURN, np.array([10.0, -4.0, 300.0]))


@pytest.fixture(scope="module")
def face():
    """Vertices, triangles and groups of the template's face."""
    template = load_template()
    chosen = template.groups["face"] > 0.5
    number = np.cumsum(chosen) - 1
    triangles = triangulate(template.faces)
    triangles = number[triangles[chosen[triangles].all(axis=1)]]
    groups = {name: weights[chosen] for name, weights in template.groups.items()}
    return template.vertices[chosen], triangles, groups, np.flatnonzero(chosen)


def test_the_true_shape_scores_zero_wherever_it_is(face):
    vertices = face[0]
    np.testing.assert_allclose(shape_errors(ELSEWHERE.apply(vertices), vertices, 90.0), 0, atol=1e-8)


def test_one_wrong_part_does_not_move_the_rest(face):
    vertices = face[0]
    wrong = vertices.copy()
    wrong[:300] += [0, 0, 9.0]
    errors = shape_errors(wrong, vertices, 90.0)
    np.testing.assert_allclose(errors[:300], 10, atol=0.05)
    np.testing.assert_allclose(errors[300:], 0, atol=0.05)


def test_alignment_minimises_the_sum_of_distances():
    generator = np.random.default_rng(3)
    source = generator.normal(size=(40, 3))
    target = ELSEWHERE.apply(source) + generator.laplace(scale=0.5, size=(40, 3))
    found = align_by_distances(source, target)
    least = np.linalg.norm(found.apply(source) - target, axis=1).sum()
    for _ in range(50):
        other = Similarity(
            found.scale * (1 + 0.01 * generator.normal()),
            found.rotation,
            found.translation + 0.05 * generator.normal(size=3),
        )
        assert np.linalg.norm(other.apply(source) - target, axis=1).sum() >= least - 1e-3


def test_chamfer_error_of_a_plane_moved_along_its_normal():
    rows, columns = np.mgrid[:21, :21].astype(float)
    points = np.column_stack([rows.ravel(), columns.ravel(), np.zeros(441)])
    quads = np.add.outer((np.arange(20)[:, None] * 21 + np.arange(20)).ravel(), [0, 1, 22, 21])
    plane = Surface(points, triangulate(quads))
    raised = plane.nearest(points + np.array([0.3, 0.2, 2.0]))
    np.testing.assert_allclose(raised.distances[raised.inside], 2.0)
    np.testing.assert_allclose(densely_aligned_chamfer_errors(points, points, plane, 50.0), 0, atol=1e-6)
    wavy = points + np.array([0, 0, 1.0]) * np.where((rows + columns) % 2, 1, -1).reshape(-1, 1)
    errors = densely_aligned_chamfer_errors(wavy, points, plane, 50.0)
    np.testing.assert_allclose(errors.mean(), 100 * 1 / 50, rtol=0.02)


def test_a_region_is_charged_only_for_its_own_shape(face):
    vertices, _, groups, _ = face
    everywhere = np.ones(len(vertices), dtype=bool)
    moved = vertices.copy()
    nose = groups["nose"] > 0.5
    moved[nose] += [0, 0, 5.0]
    errors = region_errors(ELSEWHERE.apply(moved), vertices, everywhere, groups)
    assert set(errors) == {"nose", "mouth", "cheeks", "forehead"}
    assert errors["nose"] < 0.1
    assert errors["cheeks"] < 0.1
    bent = vertices.copy()
    bent[nose, 2] += 0.2 * (vertices[nose, 2] - vertices[nose, 2].mean())
    errors = region_errors(bent, vertices, everywhere, groups)
    assert errors["nose"] > 0.5
    assert errors["forehead"] < 0.05


def test_a_region_that_is_not_seen_is_left_out(face):
    vertices, _, groups, _ = face
    errors = region_errors(vertices, vertices, groups["nose"] < 0.5, groups)
    assert "nose" not in errors
    assert errors["mouth"] == pytest.approx(0, abs=1e-6)


def test_nonrigid_alignment_finds_the_correspondence_that_nearest_points_miss(face):
    """A face stretched sideways: nearest points tell of less error than there is, the alignment of most of it."""
    vertices, triangles, _, chosen = face
    template = load_template()
    landmarks = sparse.identity(len(vertices), format="csr")[np.isin(chosen, template.landmarks_68)]
    truth = vertices * [1.12, 1.0, 1.0] + 2 * np.sin(vertices[:, [1, 2, 0]] / 30)
    scan = Surface(truth, triangles)
    found = register_to_scan(ELSEWHERE.apply(vertices), triangles, scan, landmarks, landmarks @ truth)
    used = found.reliable
    assert used.mean() > 0.8
    astray = np.linalg.norm(found.points - truth, axis=1)[used].mean()
    error = np.linalg.norm(found.aligned - truth, axis=1)[used].mean()
    estimate = np.linalg.norm(found.aligned - found.points, axis=1)[used].mean()
    nearest = scan.nearest(found.aligned).distances[used].mean()
    assert astray < 0.25 * error
    assert abs(estimate - error) < 0.5 * abs(nearest - error)


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_a_shape_in_the_span_leaves_no_residual(face):
    model = model_at_template(load_face_model(), load_template(), face[3][::7])
    coefficients = np.random.default_rng(0).normal(size=len(model.directions)) * model.deviations
    shape = model.mean + np.tensordot(coefficients, model.directions, 1)
    assert project(ELSEWHERE.apply(shape), model, noise_variance=1e-6).residuals.max() < 0.5


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_the_model_at_the_template_has_the_templates_shape(face):
    """The template's vertices lie on the mean neutral face."""
    model = model_at_template(load_face_model(), load_template(), face[3])
    assert np.linalg.norm(model.mean - face[0], axis=1).mean() < 0.3


def test_what_is_outside_the_span_remains():
    generator = np.random.default_rng(1)
    mean = generator.normal(size=(200, 3)) * 40
    along = np.zeros((1, 200, 3))
    along[0, :50, 2] = 1
    model = LinearModel(mean, along, np.array([10.0]))
    shape = mean + 3 * along[0]
    shape[100] += [0, 6.0, 0]
    projection = project(shape, model, noise_variance=1e-9)
    assert projection.coefficients[0] == pytest.approx(3, abs=0.1)
    assert projection.residuals[100] == pytest.approx(6, abs=0.2)
    assert np.median(projection.residuals) < 0.1
