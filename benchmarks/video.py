"""How well a face is followed in a movie, and how fast, the whole product at work.

python -m benchmarks.video [--count M] [--seed N] [--frames N] [--json OUT]
python -m benchmarks.video --picture FILE [--seed N] [--frames N]

A held-out rendered person sits still before a noisy camera, then turns the head, smiles, opens the mouth, raises the
brows and blinks. Of the take are told: the acceleration of the face while it is still, in millimetres a frame squared
(as found, and as averaged), the error of the head's yaw, which part of what each expression does is there
(its range over the true one) and how well both go together (correlation), the frames followed a second, and the seconds
of computing of a frame, by stage, since a busy computer's clock says little. A picture shows frames of such a movie and
below them the head that was made of it, in clay, as the take moves it.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from benchmarks.clay_rows import SIDE, clay_rows
from benchmarks.people import Act, film_person
from pix2vertex_blender.animation.take import Array, Take
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.exchange.video_report import VideoReport
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.reconstruction.pipeline import Options
from pix2vertex_blender.reconstruction.video.follow import Actor, follow
from pix2vertex_blender.reconstruction.video.movie import Movie, open_movie
from pix2vertex_blender.reconstruction.video.performance import Performer
from pix2vertex_blender.reconstruction.video.person import PersonParameters, person_of
from pix2vertex_blender.reconstruction.video.tracking import Tracker
from pix2vertex_blender.template import load_template

#: Not the people that anything was chosen with.
SEED = 51107
#: Frames a second, and the share of the frames in which the face is still.
RATE, STILL = 25.0, 0.3
LARGEST_YAW = 22.0
#: What the person does while it moves, by ARKit's names: when it begins and ends, as shares of that time, and how much.
SCRIPT: dict[str, tuple[float, float, float]] = {
    "mouthSmile": (0.05, 0.45, 0.9),
    "jawOpen": (0.5, 0.8, 0.6),
    "browInnerUp": (0.3, 0.7, 0.9),
    "eyeBlink": (0.8, 0.98, 1.0),
}
#: What is done for a frame.
STAGES = {
    "look": (Tracker, "follow"),
    "places": (Performer, "places"),
    "pose": (Performer, "pose"),
    "eyes": (Actor, "_eyes"),
}
#: Those that both sides have.
_BOTH = ("mouthSmile", "eyeBlink")


@dataclass(frozen=True)
class Figures:
    """What was measured of one movie.

    Attributes
    ----------
    acceleration_mm : float
        95 of 100 places and frames of the still face have less.
    yaw_degrees : float
        The mean error of the yaw, a constant apart.
    correlation, share : dict of str to float
        Of each expression.
    frames_per_second, seconds_for_person : float
    cpu_seconds_a_frame : dict of str to float
        By stage, and in all with the networks' start.
    """

    acceleration_mm: float
    yaw_degrees: float
    correlation: dict[str, float]
    share: dict[str, float]
    frames_per_second: float
    cpu_seconds_a_frame: dict[str, float]
    seconds_for_person: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.video", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2, help="people (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the people")
    parser.add_argument("--frames", type=int, default=75, help="of each movie (default: %(default)s)")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--picture", type=Path, help="only draw frames of the first person's movie and its head")
    options = parser.parse_args(arguments)
    if options.picture:
        cv2.imwrite(str(options.picture), picture_of(options.seed, options.frames, options.device)[..., ::-1])
        return 0
    found = []
    for number in range(options.count):
        with tempfile.TemporaryDirectory() as folder:
            found.append(measure(options.seed, number, options.frames, Path(folder), options.device))
        print(f"person {number}: {asdict(found[-1])}", flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(each) for each in found], indent=1) + "\n")
    return 0


def script(frames: int) -> tuple[list[Act], dict[str, Array], Array]:
    """What is done in each frame, the true coefficients (f,) by name, and the true yaw (f,) in degrees."""
    still = round(STILL * frames)
    moving = np.clip((np.arange(frames) - still) / max(frames - 1 - still, 1), 0.0, 1.0)
    yaw = LARGEST_YAW * np.sin(2 * np.pi * moving)
    truth = {}
    for name, (begin, end, most) in SCRIPT.items():
        truth[name] = most * np.sin(np.pi * np.clip((moving - begin) / (end - begin), 0.0, 1.0)) ** 2
    acts = []
    for frame in range(frames):
        shown: dict[str, float] = {}
        for name, values in truth.items():
            sides = ("_L", "_R") if name in _BOTH else ("", "_L", "_R")
            shown |= {f"{name}{side}": float(values[frame]) for side in sides if values[frame] > 1e-6}
        acts.append(Act(float(yaw[frame]), shown))
    return acts, truth, yaw


def measure(seed: int, number: int, frames: int, folder: Path, device: str) -> Figures:
    """Film a person, follow it, and compare."""
    acts, truth, yaw = script(frames)
    film_person(seed, number, acts, folder)
    movie = open_movie(folder, RATE)
    with tempfile.TemporaryDirectory() as chosen:
        started = time.perf_counter()
        options = Options(device=device, detail_level=0)
        face = person_of(movie, Path(chosen), options, parameters=PersonParameters(samples=min(32, frames)))
        seconds = time.perf_counter() - started
    take, report, spent = timed_follow(movie, face, device)
    frame_numbers = np.round(take.times * RATE).astype(int)
    still = int((frame_numbers < round(STILL * frames)).sum())
    found = {name: _mean_of_sides(name, take.values) for name in SCRIPT}
    true = {name: values[frame_numbers] for name, values in truth.items()}
    error = np.degrees(take.rotations["head"][:, 1]) - yaw[frame_numbers]
    return Figures(
        acceleration_mm=round(float(np.percentile(accelerations(face, take)[: max(still - 4, 1)], 95)), 4),
        yaw_degrees=round(float(np.abs(error - np.median(error)).mean()), 3),
        correlation={name: round(float(np.corrcoef(found[name], true[name])[0, 1]), 3) for name in SCRIPT},
        share={name: round(float(np.ptp(found[name]) / np.ptp(true[name])), 3) for name in SCRIPT},
        frames_per_second=report.frames_per_second,
        cpu_seconds_a_frame=spent,
        seconds_for_person=round(seconds, 1),
    )


def picture_of(seed: int, frames: int, device: str) -> NDArray[np.uint8]:
    """Frames of a movie, the first and one for each expression, above our head as the take moves it."""
    acts, _, _ = script(frames)
    still = round(STILL * frames)
    middles = sorted((begin + end) / 2 for begin, end, _ in SCRIPT.values())
    moments = [0, *(still + round(middle * (frames - 1 - still)) for middle in middles)]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as chosen:
        paths = film_person(seed, 0, acts, Path(folder))
        shown = [
            cv2.resize(cv2.imread(str(paths[each])), (SIDE, SIDE), interpolation=cv2.INTER_AREA) for each in moments
        ]
        movie, options = open_movie(Path(folder), RATE), Options(device=device, detail_level=0)
        face = person_of(movie, Path(chosen), options, parameters=PersonParameters(samples=min(32, frames)))
        take, _ = follow(movie, face, "NEUTRAL", device)
    drawn = []
    for moment in moments:
        index = int(np.abs(take.times - moment / RATE).argmin())
        worn = np.tensordot([take.values[name][index] for name in ARKIT_NAMES], load_expressions().offsets, 1)
        drawn.append(clay_rows([face.coarse_vertices + worn], [float(np.degrees(take.rotations["head"][index, 1]))]))
    rows: NDArray[np.uint8] = np.concatenate([np.concatenate(shown, axis=1)[..., ::-1], np.concatenate(drawn, axis=1)])
    return rows


def timed_follow(movie: Movie, face: Reconstruction, device: str) -> tuple[Take, VideoReport, dict[str, float]]:
    """Follow a face; also the seconds of computing of a frame, by stage and in all."""
    spent = dict.fromkeys(STAGES, 0.0)
    started = time.process_time()
    with timed_stages(spent):
        take, report = follow(movie, face, "NEUTRAL", device)
    spent["all"] = time.process_time() - started
    return take, report, {name: round(seconds / report.frames, 3) for name, seconds in spent.items()}


@contextmanager
def timed_stages(spent: dict[str, float]) -> Iterator[None]:
    """Add to `spent` the seconds of computing of each stage."""

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def measured(*arguments: Any) -> Any:
            started = time.process_time()
            try:
                return work(*arguments)
            finally:
                spent[name] += time.process_time() - started

        return measured

    with ExitStack() as stack:
        for name, (owner, method) in STAGES.items():
            stack.enter_context(patch.object(owner, method, timed(name, getattr(owner, method))))
        yield


def accelerations(face: Reconstruction, take: Take) -> Array:
    """How much (f - 2, k) places of the face change their way from frame to frame, in millimetres."""
    places = np.flatnonzero(load_template().groups["face"] > 0.5)[::10]
    values = np.stack([take.values[name] for name in ARKIT_NAMES], axis=1)
    worn = np.einsum("fe,enc->fnc", values, load_expressions().offsets[:, places])
    pitch, yaw, roll = take.rotations["head"].T
    turns = Rotation.from_euler("YXZ", np.stack([yaw, pitch, roll], axis=1)).as_matrix()
    moved = np.einsum("fij,fnj->fni", turns, face.coarse_vertices[places] + worn)
    sizes: Array = np.linalg.norm(np.diff(moved, 2, axis=0), axis=2)
    return sizes


def _mean_of_sides(name: str, values: Mapping[str, Array]) -> Array:
    sides = [values[each] for each in (name, f"{name}Left", f"{name}Right") if each in values]
    mean: Array = np.mean(sides, axis=0)
    return mean


if __name__ == "__main__":
    sys.exit(main())
