"""Rendered samples depend on their index alone and show a face."""

from dataclasses import replace

import numpy as np
import pytest

from training.data.samples import list_samples, pack_sample, read_sample, sample_path
from training.generate import HELD_OUT_STREAM, TRAINING_STREAM, generate_sample, main
from training.renderer.synthesis import SynthesisParameters

pytestmark = pytest.mark.development_data("face_models/ict_facekit.npz")

SMALL = SynthesisParameters(size=48)


@pytest.fixture(scope="module")
def sample():
    return generate_sample(7, 1, TRAINING_STREAM, SMALL)


@pytest.mark.slow
def test_an_index_gives_the_same_sample_however_it_is_asked_for(sample, tmp_path):
    options = ["--seed", "1", "--size", "48"]
    main([str(tmp_path / "all"), "--start", "6", "--count", "3", *options])
    main([str(tmp_path / "parallel"), "--start", "6", "--count", "3", "--workers", "2", *options])
    expected = pack_sample(sample)
    for folder in ("all", "parallel"):
        assert [path.name for path in list_samples(tmp_path / folder)] == [
            sample_path(tmp_path, i).name for i in (6, 7, 8)
        ]
        assert sample_path(tmp_path / folder, 7).read_bytes() == expected


def test_resuming_keeps_what_is_there(tmp_path):
    first = sample_path(tmp_path, 0)
    first.write_bytes(b"kept")
    main([str(tmp_path), "--count", "2", "--size", "48"])
    assert first.read_bytes() == b"kept"
    assert read_sample(sample_path(tmp_path, 1)).mask.shape == (48, 48)


def test_held_out_heads_and_other_seeds_differ(sample):
    for seed, stream in ((1, HELD_OUT_STREAM), (2, TRAINING_STREAM)):
        other = generate_sample(7, seed, stream, SMALL)
        assert (other.yaw, other.distance) != (sample.yaw, sample.distance)


def test_samples_show_a_face_and_zero_maps_elsewhere(sample):
    assert set(np.unique(sample.mask)) <= {0, 1, 2}
    assert (sample.mask > 0).mean() > 0.01
    off = sample.mask == 0
    assert not sample.correspondence[:, off].any() and not sample.geometry[:, off].any()
    assert (sample.image[..., 3][sample.mask > 0] > 0).all()
    assert sample.image[sample.mask > 0][:, :3].mean() > 5
    assert np.isfinite(replace(sample).geometry).all()
