"""Rendered people in several pictures."""

import cv2
import numpy as np
import pytest

from benchmarks.people import photograph_person
from pix2vertex_blender.template import load_template

pytestmark = [pytest.mark.slow, pytest.mark.development_data("face_models/ict_facekit.npz")]


def test_all_pictures_show_one_neutral_head_and_each_number_is_somebody(tmp_path):
    paths, truth = photograph_person(3, 0, (0.0, 30.0), tmp_path, ("neutral", "smile"), size=128)
    assert truth.shape == load_template().vertices.shape
    pictures = [cv2.imread(str(path)) for path in paths]
    assert all(picture.shape == (128, 128, 3) for picture in pictures)
    assert np.abs(pictures[0].astype(float) - pictures[1]).mean() > 5
    _, again = photograph_person(3, 0, (10.0,), tmp_path, size=128)
    np.testing.assert_array_equal(again, truth)
    _, other = photograph_person(3, 1, (10.0,), tmp_path, size=128)
    assert np.abs(other - truth).max() > 2
