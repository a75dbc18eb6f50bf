"""The confidence tells good results from bad ones."""

import numpy as np
import pytest

from pix2vertex_blender.exchange.confidence import LOW_CONFIDENCE
from pix2vertex_blender.reconstruction.network.network import load_network
from training.calibrate import BAD_ERROR, SETTLED, Outcome, confidence_in, format_report, portrait_outcome, threshold
from training.data.augmentation import augment
from training.data.backgrounds import background_bank
from training.generate import HELD_OUT_STREAM, generate_sample
from training.renderer.synthesis import SynthesisParameters


def test_the_threshold_catches_most_of_the_bad():
    bad = [Outcome(confidence, 20.0) for confidence in np.linspace(0, 0.5, 101)]
    good = [Outcome(confidence, 4.0) for confidence in np.linspace(0.4, 1, 101)]
    assert threshold(bad + good) == pytest.approx(0.45)
    report = format_report(bad + good)
    assert "below 0.45 (calibrated here): 90 of 101 bad, 9 of 101 good" in report
    assert "below 0.75 (what artists are warned by): 101 of 101 bad, 59 of 101 good" in report


def test_without_bad_results_there_is_nothing_to_calibrate():
    with pytest.raises(ValueError, match="no bad result"):
        threshold([Outcome(0.9, 1.0)])


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_a_portrait_is_trusted_and_a_background_is_not():
    network, backgrounds = load_network(), background_bank(count=4, size=128)
    generator = np.random.default_rng(1)
    seen = []
    for index in range(4):
        sample = generate_sample(index, 1, HELD_OUT_STREAM, SynthesisParameters())
        outcome = portrait_outcome(network, augment(sample, 128, generator, backgrounds, (), SETTLED))
        if outcome is not None and outcome.error < BAD_ERROR:
            seen.append(outcome.confidence)
    assert np.median(seen) > LOW_CONFIDENCE
    assert all(confidence_in(network, picture)[0] < LOW_CONFIDENCE for picture in backgrounds)
