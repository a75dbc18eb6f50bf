import numpy as np
import pytest

from benchmarks.measures.surface import Surface
from benchmarks.readers.depths import read_index
from benchmarks.readers.scans import scan_of_depth
from benchmarks.shape import measure_shape
from benchmarks.synthetic import write_faces
from pix2vertex_blender.template import load_template

pytestmark = [pytest.mark.development_data("face_models/ict_facekit.npz"), pytest.mark.slow]


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    write_faces(folder, 1, 128, ("surprise",))
    return read_index(folder)


def test_each_interval_of_yaw_has_its_face(faces):
    assert [face.expression for face in faces] == 3 * ["surprise"]
    yaws = np.abs([face.yaw for face in faces])
    assert (yaws >= [0, 30, 60]).all()
    assert (yaws <= [30, 60, 90]).all()


def test_the_true_vertices_lie_on_the_surface_that_is_seen(faces):
    scan = scan_of_depth(faces[0])
    seen = load_template().groups["face"] > 0.5
    distances = Surface(scan.vertices, scan.triangles).nearest(scan.counterparts[seen]).distances
    assert (distances < 1).mean() > 0.4


def test_the_true_landmarks_in_the_image_are_where_the_true_vertices_are_seen(faces):
    truth = faces[0].read()
    landmarks = np.array(faces[0].index["landmarks"])
    column, row = np.floor(landmarks[30, :2]).astype(int)  # the tip of the nose
    expected = load_template().landmark_points(truth.vertices)[30]
    assert np.linalg.norm(truth.surface[row, column] - expected) < 2 * truth.pixel + 1
    assert landmarks[30, 2] * truth.pixel == pytest.approx(expected[2], abs=1e-6)


def test_the_true_head_scores_zero_and_a_flattened_one_does_not(faces):
    scan = scan_of_depth(faces[1])
    turned = scan.counterparts[:, [1, 2, 0]]
    perfect = measure_shape(3 * turned + 100, scan)
    assert perfect.nme == pytest.approx(0, abs=1e-4)
    assert perfect.dace < 1
    assert max(perfect.regions.values()) < 1e-4
    flattened = measure_shape(turned * [1, 1, 0.7], scan)
    assert flattened.nme > 2
    assert flattened.nme > flattened.dace
