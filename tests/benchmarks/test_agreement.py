"""The benchmark that asks whether pictures and mirror images disagree about wrong heads."""

import numpy as np
import pytest

from benchmarks.agreement import GROUPS, SPOILT, Trial, by_measure, by_picture


def trial(apart: float, followed: float, spoilt: str = "as it is") -> Trial:
    return Trial(spoilt, apart, 0.9, 1.0, without=3.0, followed=followed)


def test_groups_go_from_those_that_agree_to_those_that_do_not():
    """Here following makes a head worse where picture and mirror image are more than 1.4 mm apart."""
    generator = np.random.default_rng(0)
    trials = [trial(apart, 4.0 if apart > 1.4 else 2.0) for apart in generator.permutation(np.linspace(0.1, 2.0, 20))]
    rows = by_measure(trials, "apart").rows
    assert [row[1] for row in rows] == [4] * GROUPS
    assert [row[-1] for row in rows] == ["0%", "0%", "0%", "50%", "100%"]
    assert rows[0][0] == "up to 0.40" and rows[-1][0] == "up to 2.00"


def test_each_way_to_spoil_a_picture_has_its_row():
    rows = by_picture([trial(1.0, 2.0, name) for name in SPOILT]).rows
    assert [row[0] for row in rows] == [*SPOILT, "all"]
    assert rows[-1][1] == len(SPOILT)


@pytest.mark.parametrize("name", [name for name in SPOILT if name != "as it is"])
def test_a_spoilt_picture_is_as_large_as_it_was_and_another_one(name):
    generator = np.random.default_rng(1)
    picture = generator.integers(0, 256, (200, 240, 3), dtype=np.uint8)
    landmarks = generator.uniform((80, 60), (160, 150), (68, 2))
    spoilt = SPOILT[name](picture.copy(), landmarks, generator)
    assert spoilt.shape == picture.shape and spoilt.dtype == np.uint8
    assert np.abs(spoilt.astype(int) - picture).mean() > 1
