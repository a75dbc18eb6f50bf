"""Curves lose their jitter, and neither height nor time; takes are written as they are read."""

import numpy as np
import pytest

from pix2vertex_blender.animation.reading import read_take
from pix2vertex_blender.animation.steady import noise_of, steadied
from pix2vertex_blender.animation.take import Take
from pix2vertex_blender.animation.writing import write_take

TIMES = np.arange(100) / 25.0
NOISE = np.random.default_rng(3).normal(0.0, 0.02, (100, 4))


def acceleration(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values, 2, axis=0)).max())


def test_what_only_trembles_becomes_still() -> None:
    assert noise_of(NOISE) == pytest.approx(np.full(4, 0.02), rel=0.35)
    assert acceleration(steadied(TIMES, NOISE)) < acceleration(NOISE) / 20


def test_a_blink_keeps_its_height_and_its_moment() -> None:
    blink = np.zeros((100, 4))
    blink[48:53, 0] = [0.5, 1.0, 1.0, 1.0, 0.5]
    steady = steadied(TIMES, blink + NOISE)
    assert steady[:, 0].max() > 0.85
    assert abs(int(steady[:, 0].argmax()) - 50) <= 1
    half = [np.interp(0.5, part[40:50, 0], np.arange(10)) for part in (steady, blink)]
    assert half[0] == pytest.approx(half[1], abs=0.5), "it begins when it did"
    assert np.abs(steady[:, 1:]).max() < 0.03, "the other columns do not know of it"


def test_slow_motion_comes_no_later() -> None:
    wave = np.sin(2 * np.pi * 0.5 * TIMES)[:, None]
    assert np.abs(steadied(TIMES, wave + NOISE[:, :1]) - wave)[5:-5].max() < 0.1


def test_nothing_is_averaged_across_a_cut() -> None:
    values = np.where(TIMES < 2.0, 0.0, 0.05)[:, None] + NOISE[:, :1]
    steady = steadied(TIMES, values, starts=[50])
    assert steady[:50].mean() == pytest.approx(values[:50].mean(), abs=0.004)
    assert steady[49] - steady[50] < -0.02
    assert noise_of(np.where(TIMES < 2.0, 0.0, 9.0)[:, None], [50]) == pytest.approx([0.0])


def test_frames_of_uneven_length_count_for_as_long_as_they_are() -> None:
    times = np.sort(np.concatenate([np.arange(20) / 10.0, 2.0 + np.arange(40) / 40.0]))
    values = np.random.default_rng(4).normal(0.0, 0.02, (60, 2))
    assert acceleration(steadied(times, values)) < acceleration(values) / 8


@pytest.mark.parametrize("count", [1, 2])
def test_the_shortest_takes_stay_as_they_are(count: int) -> None:
    np.testing.assert_array_equal(steadied(TIMES[:count], NOISE[:count]), NOISE[:count])


def test_a_written_take_is_read_as_it_was(tmp_path) -> None:
    values = {"jawOpen": np.linspace(0, 1, 5), "eyeBlinkLeft": np.full(5, 0.25)}
    turns = {part: np.full((5, 3), 0.1 * index) for index, part in enumerate(("head", "left_eye", "right_eye"))}
    write_take(Take("hello", np.array([0.0, 0.04, 0.08, 0.2, 0.24]), values, turns), tmp_path / "hello.json")
    read = read_take(tmp_path / "hello.json")
    np.testing.assert_allclose(read.times, [0.0, 0.04, 0.08, 0.2, 0.24], atol=1e-6)
    for name, column in values.items():
        np.testing.assert_allclose(read.values[name], column, atol=1e-5)
    for part, rotation in turns.items():
        np.testing.assert_allclose(read.rotations[part], rotation, atol=1e-5)
