import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.similarity import Similarity, fit_similarity, fit_similarity_robustly


@pytest.fixture
def generator():
    return np.random.default_rng(5)


@pytest.fixture
def known(generator):
    return Similarity(1.7, Rotation.random(random_state=2).as_matrix(), np.array([3.0, -20.0, 5.0]))


def test_a_known_similarity_is_recovered(generator, known):
    points = generator.normal(0, 40, (50, 3))
    found = fit_similarity(points, known.apply(points))
    np.testing.assert_allclose(found.apply(points), known.apply(points), atol=1e-9)
    np.testing.assert_allclose(found.inverse().apply(known.apply(points)), points, atol=1e-9)


def test_a_mirrored_face_is_never_mirrored_back(generator):
    points = generator.normal(0, 40, (50, 3)) * [3, 2, 1]
    found = fit_similarity(points, points * [-1, 1, 1])
    assert np.linalg.det(found.rotation) == pytest.approx(1)


def test_a_third_of_outliers_does_not_matter(generator, known):
    points = generator.normal(0, 40, (300, 3))
    target = known.apply(points)
    target[:100] += generator.normal(60, 40, (100, 3))
    found, distances = fit_similarity_robustly(points, target)
    assert np.abs(found.apply(points) - known.apply(points)).max() < 1.0
    assert np.median(distances[100:]) < 1.0


def test_points_on_a_line_are_refused():
    line = np.outer(np.arange(5.0), [1, 2, 3])
    with pytest.raises(ValueError, match="one line"):
        fit_similarity(line, line)
