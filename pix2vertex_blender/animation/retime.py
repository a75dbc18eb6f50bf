"""Takes at another rate and speed, and smoother."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .take import Array, Take

#: Standard deviations at which a Gaussian ends.
_WIDTH = 4.0


def at_rate(take: Take, rate: float, speed: float = 1.0) -> Take:
    """A take with a frame every 1 / `rate` seconds, played at a speed.

    Where frames become fewer, each is the mean of what was captured around it, so that nothing flickers.

    Parameters
    ----------
    take : Take
    rate : float
        Frames a second.
    speed : float
        2 makes it last half as long.
    """
    source = take.times / speed
    count = int(np.floor(source[-1] * rate + 1e-6)) + 1
    times = np.arange(count) / rate
    step = float(np.median(np.diff(source))) if len(source) > 1 else 1 / rate
    if step < 0.75 / rate:
        take = smoothed(take, 0.3 * speed / rate)

    def resampled(values: Array) -> Array:
        return np.interp(times, source, values)

    return replace(_each(take, resampled), times=times)


def smoothed(take: Take, seconds: float) -> Take:
    """A take averaged by a Gaussian whose standard deviation is `seconds`; peaks do not come later.

    Frames weigh as much as the time that they stand for, so that uneven ones do not pull.
    """
    times = take.times
    if seconds <= 0 or len(times) < 2:
        return take
    share = np.gradient(times)
    reach = int(np.ceil(_WIDTH * seconds / np.median(np.diff(times))))
    own = np.arange(len(times))
    neighbours = [(own + shift).clip(0, len(times) - 1) for shift in range(-reach, reach + 1)]
    weights = [
        share[there] * np.exp(-0.5 * ((times[there] - times) / seconds) ** 2) * (there - own == shift)
        for shift, there in zip(range(-reach, reach + 1), neighbours, strict=True)
    ]
    total = np.sum(weights, axis=0)

    def average(values: Array) -> Array:
        parts = [weight * values[there] for weight, there in zip(weights, neighbours, strict=True)]
        mean: Array = np.sum(parts, axis=0) / total
        return mean

    return _each(take, average)


def _each(take: Take, change: Callable[[Array], Array]) -> Take:
    """A take whose values and rotations are changed one column at a time; turns past half a circle go on."""
    return replace(
        take,
        values={name: change(values) for name, values in take.values.items()},
        rotations={
            part: np.stack([change(np.unwrap(column)) for column in rotation.T], axis=1)
            for part, rotation in take.rotations.items()
        },
    )
