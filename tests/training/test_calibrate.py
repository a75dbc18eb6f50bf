"""The confidence tells good results from bad ones."""

from functools import partial

import numpy as np
import pytest

from pix2vertex_blender.exchange.confidence import LOW_CONFIDENCE
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.network import load_network
from training.calibrate import (
    BAD_ERROR,
    PHOTO_SIDE,
    SETTLED,
    Outcome,
    confidence_in,
    cut_off,
    first_look,
    format_report,
    looking_twice,
    portrait_outcome,
    threshold,
)
from training.data.augmentation import Augmented, augment
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


def test_faces_that_the_edge_cuts_off_are_told_apart():
    cut = [Outcome(0.9, 4.0, outside, said) for outside, said in ((0.1, 0.2), (0.2, 0.3), (0.4, 0.3), (0.5, 0.1))]
    missed = [Outcome(0.9, 30.0, 0.6, 0.0), Outcome(0.1, 30.0, 0.6, 0.0)]
    report = format_report([*cut, *missed, Outcome(0.9, 4.0)])
    assert "6 cut off: warned of the edge for 1 of 4 with more than 25% of the landmarks outside" in report
    assert "1 of 2 with less; of anything for 1 of 2 bad" in report


@pytest.mark.parametrize("seed", range(6))
def test_beyond_the_edge_nothing_of_the_face_is_left(seed):
    generator = np.random.default_rng(seed)
    landmarks = generator.uniform(20, 44, (68, 2)).astype(np.float32)
    maps = np.zeros((3, 64, 64), np.float32)
    picture = generator.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    whole = Augmented(picture, np.ones((64, 64), np.uint8), maps, maps, np.zeros(3, np.float32), landmarks)
    cut, edges = cut_off(whole, generator)
    assert 0 < edges.share_outside(landmarks) < 0.75
    left, top, right, bottom = (int(edge) for edge in edges)
    inside = np.zeros((64, 64), bool)
    inside[top:bottom, left:right] = True
    assert (cut.image[inside] == picture[inside]).all() and (cut.mask == inside).all()
    assert len(np.unique(cut.image[~inside], axis=0)) <= 64, "each row or column goes on in its last colour"


def test_without_bad_results_there_is_nothing_to_calibrate():
    with pytest.raises(ValueError, match="no bad result"):
        threshold([Outcome(0.9, 1.0)])


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
@pytest.mark.parametrize("looks", [1, 2])
def test_a_portrait_is_trusted_and_a_background_is_not(looks):
    network, backgrounds = load_network(), background_bank(count=4, size=128)
    twice = looking_twice(network, load_network(CLOSE_NETWORK_WEIGHTS))
    read, side = (partial(first_look, network), 128) if looks == 1 else (twice, PHOTO_SIDE)
    generator = np.random.default_rng(1)
    seen = []
    for index in range(4):
        sample = generate_sample(index, 1, HELD_OUT_STREAM, SynthesisParameters())
        outcome = portrait_outcome(read, augment(sample, side, generator, backgrounds, (), SETTLED))
        if outcome is not None and outcome.error < BAD_ERROR:
            seen.append(outcome.confidence)
    assert len(seen) >= 3
    assert np.median(seen) > LOW_CONFIDENCE
    assert all(confidence_in(read, picture) < LOW_CONFIDENCE for picture in backgrounds)
