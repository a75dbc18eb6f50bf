"""Curves without jitter and without delay: what trembles is averaged, what moves stays as quick as it was."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .take import Array

#: Standard deviations at which a Gaussian ends.
_WIDTH = 3.0
#: The standard deviation of the second difference of noise is this many times that of the noise.
_SECOND_DIFFERENCE = 6.0**0.5
#: The median of the size of Gaussian noise over its standard deviation.
_MEDIAN_SIZE = 0.6745


@dataclass(frozen=True)
class SteadyParameters:
    """How curves are averaged in time.

    Attributes
    ----------
    seconds, frames : float
        Standard deviation of the average in time: so many seconds, and no fewer frames.
    noises : float
        Values differ, rather than tremble, if they differ by this many standard deviations of the noise.
    """

    seconds: float = 0.1
    frames: float = 3.0
    noises: float = 6.0


def steadied(
    times: Array,
    values: Array,
    starts: Sequence[int] = (),
    least_noise: Array | float = 0.0,
    parameters: SteadyParameters = SteadyParameters(),
) -> Array:
    """Values (f, k) at times (f,), averaged over those before and after that differ by no more than noise.

    A bilateral filter in time, each column by itself. It looks both ways, so that nothing comes later, and a blink,
    which differs, keeps its height.

    Parameters
    ----------
    times : (f,)
        Seconds, rising.
    values : (f, k)
    starts : sequence of int
        Frames across whose beginning nothing is averaged, such as those after a cut.
    least_noise : float or (k,)
        Noise is taken for at least this.
    parameters : SteadyParameters, optional
    """
    result = np.array(values, dtype=np.float64)
    noise = np.maximum(noise_of(result, starts), least_noise)
    ends = sorted({0, *starts, len(times)})
    for first, last in pairwise(ends):
        result[first:last] = _averaged(times[first:last], result[first:last], noise, parameters)
    return result


def noise_of(values: Array, starts: Sequence[int] = ()) -> Array:
    """The standard deviation (k,) of what trembles in values (f, k), from second differences within each part."""
    ends = sorted({0, *starts, len(values)})
    parts = [np.diff(values[one:other], 2, axis=0) for one, other in pairwise(ends)]
    differences = np.concatenate([part for part in parts if len(part)] or [np.zeros((1, values.shape[1]))])
    noise: Array = np.median(np.abs(differences), axis=0) / (_MEDIAN_SIZE * _SECOND_DIFFERENCE)
    return noise


def _averaged(times: Array, values: Array, noise: Array, parameters: SteadyParameters) -> Array:
    """One part without cuts."""
    count = len(times)
    if count < 3:
        return values
    share = np.gradient(times)
    deviation = np.maximum(parameters.seconds, parameters.frames * share)
    # Which values differ is seen in lightly averaged ones, whose own noise is small.
    guide = _plain(values)
    reach = min(int(np.ceil(_WIDTH * np.median(deviation / share))), count - 1)
    total, weights = np.zeros_like(values), np.zeros_like(values)
    for shift in range(-reach, reach + 1):
        here = slice(max(0, -shift), count - max(0, shift))
        there = slice(max(0, shift), count - max(0, -shift))
        near = share[there] * np.exp(-0.5 * ((times[there] - times[here]) / deviation[here]) ** 2)
        apart = (guide[there] - guide[here]) / np.maximum(parameters.noises * noise, 1e-12)
        weight = near[:, None] * np.exp(-0.5 * apart**2)
        total[here] += weight * values[there]
        weights[here] += weight
    return total / weights


def _plain(values: Array) -> Array:
    """Values averaged with their neighbours, a quarter each."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    return (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
