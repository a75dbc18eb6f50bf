"""A take becomes a file: ARKit's values as JSON, as `arkit_json` reads them."""

import json
from pathlib import Path

import numpy as np

from ..files import replace_file
from .take import ROTATED_PARTS, ROTATION_AXES, Take

#: Decimals of seconds, and of values and radians.
_DECIMALS_OF_TIMES, _DECIMALS = 6, 5


def take_text(take: Take) -> str:
    """The text of a file that holds a take: names once, and for each frame its time, weights and rotations."""
    names = list(take.values)
    weights = np.stack([take.values[name] for name in names], axis=1).round(_DECIMALS)
    frames = []
    for index, time in enumerate(take.times):
        frame: dict[str, object] = {"time": round(float(time), _DECIMALS_OF_TIMES), "weights": weights[index].tolist()}
        for part in ROTATED_PARTS:
            if part in take.rotations:
                angles = take.rotations[part][index].round(_DECIMALS).tolist()
                frame[f"{_key(part)}Rotation"] = dict(zip(ROTATION_AXES, angles, strict=True))
        frames.append(frame)
    lines = ",\n".join(json.dumps(frame) for frame in frames)
    return f'{{"names": {json.dumps(names)},\n"frames": [\n{lines}\n]}}\n'


def write_take(take: Take, path: Path) -> None:
    """Write a take as a JSON file, whole or not at all.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    replace_file(path, take_text(take).encode())


def _key(part: str) -> str:
    """A part's name as ARKit writes it: `leftEye` for `left_eye`."""
    first, *others = part.split("_")
    return first + "".join(other.capitalize() for other in others)
