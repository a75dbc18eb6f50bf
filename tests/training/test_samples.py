"""Samples survive the file, and damaged ones are told."""

import numpy as np
import pytest

from pix2vertex_blender.errors import DataFileError
from tests.training.made_up import made_up_sample
from training.data.samples import pack_sample, read_sample, sample_path, unpack_sample, write_sample


def test_a_sample_survives_the_file(tmp_path):
    sample = made_up_sample(48)
    write_sample(sample_path(tmp_path, 7), sample)
    restored = read_sample(sample_path(tmp_path, 7))
    np.testing.assert_array_equal(restored.image, sample.image)
    np.testing.assert_array_equal(restored.mask, sample.mask)
    np.testing.assert_allclose(restored.correspondence, sample.correspondence, atol=1 / 32000)
    np.testing.assert_allclose(restored.geometry, sample.geometry, atol=1 / 16000)
    np.testing.assert_array_equal(restored.landmarks, sample.landmarks)
    assert restored.yaw == pytest.approx(sample.yaw, abs=1e-4)
    assert restored.geometry_scale == pytest.approx(sample.geometry_scale, rel=1e-6)


def test_damaged_and_missing_files_are_named(tmp_path):
    data = pack_sample(made_up_sample(48))
    for broken in (b"", data[:10], data[: len(data) // 2], b"x" * len(data)):
        with pytest.raises(DataFileError, match="broken file"):
            unpack_sample(broken, "broken file")
    with pytest.raises(DataFileError, match=r"0000001\.sample"):
        read_sample(sample_path(tmp_path, 1))
