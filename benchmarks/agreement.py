"""Whether a picture and its mirror image that tell different heads tell a wrong one.

python -m benchmarks.agreement [--count M] [--seed N] [--device DEVICE]

Held-out rendered people near the front are reconstructed from their picture as it is and spoilt: half of the face
covered, a blot of the skin's colour before it, one side in deep shadow, few pixels. Each head is made without and with
its likeliest one followed all the way. The table tells, by how far picture and mirror image are apart
(`likeness.disagreement`), how wrong both are, and how often following makes a head worse: where it mostly does,
`likeness.AGREEING` and `likeness.CONTRARY` belong.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.identity import compare
from benchmarks.measures.surface import Points
from benchmarks.synthetic import SIZE, draw_face
from benchmarks.synthetic import photograph as write_picture
from benchmarks.tables import Table
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.exchange.progress import StageClock, silent
from pix2vertex_blender.reconstruction.fitting import register_template
from pix2vertex_blender.reconstruction.pipeline import Networks, Options, Sight, load_networks, look
from pix2vertex_blender.template import load_template
from training.generate import HELD_OUT_STREAM

Picture = NDArray[np.uint8]

#: People whom nothing else is measured or chosen with.
SEED = 40419
COUNT = 20
YAW = (0.0, 60.0)
#: Into how many groups of the same size the pictures are parted.
GROUPS = 5


@dataclass(frozen=True)
class Trial:
    """What became of one picture.

    Attributes
    ----------
    spoilt : str
        A name of `SPOILT`.
    apart, confidence, strength : float
        Millimetres between the likeliest heads of picture and mirror image, the maps' confidence, and how far the
        product follows.
    without, followed : float
        Error of the head in percent (NME) without its likeliest one, and with all of it.
    """

    spoilt: str
    apart: float
    confidence: float
    strength: float
    without: float
    followed: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.agreement",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--count", type=int, default=COUNT, help="people (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the people")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    if options.count < 1:
        parser.error("count must be at least 1")
    try:
        trials = list(try_people(options.seed, options.count, load_networks(options.device)))
    except Pix2VertexError as error:
        sys.exit(str(error))
    for measure in ("apart", "confidence"):
        print(by_measure(trials, measure).markdown(), end="\n\n")
    print(by_picture(trials).markdown())
    return 0


def try_people(seed: int, count: int, networks: Networks) -> Iterator[Trial]:
    """Reconstruct people from good and spoilt pictures; those that show too little of a face are left out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture.png"
        for number in range(count):
            seeds = [seed, HELD_OUT_STREAM, number]
            sample, _, truth = draw_face(seeds, "neutral", YAW, SIZE)
            write_picture(sample, seeds, path)
            picture = cv2.imread(str(path))
            for index, (name, spoil) in enumerate(SPOILT.items()):
                spoilt = spoil(picture.copy(), sample.landmarks, np.random.default_rng([*seeds, index]))
                cv2.imwrite(str(path), spoilt)
                corner, extent = sample.landmarks.min(axis=0), np.ptp(sample.landmarks, axis=0)
                box = (float(corner[0]), float(corner[1]), float(extent[0]), float(extent[1]))
                trial = try_picture(name, path, box, truth, networks)
                print(f"person {number}, {name}: {trial or 'not read'}", file=sys.stderr, flush=True)
                if trial is not None:
                    yield trial


def try_picture(
    name: str, path: Path, box: tuple[float, float, float, float], truth: Points, networks: Networks
) -> Trial | None:
    """Register one picture twice; None if nothing is known of the likeliest head."""
    try:
        sight = look(path, networks, Options(face_box=box), StageClock(silent))
        if sight.likeness is None:
            return None
        without, followed = (error_of(sight, strength, truth) for strength in (0.0, 1.0))
    except Pix2VertexError:
        return None
    known, confidence = sight.likeness, sight.seen.maps.confidence
    return Trial(name, known.apart, confidence, known.strength, without, followed)


def error_of(sight: Sight, strength: float, truth: Points) -> float:
    """NME in percent of the registered head that follows its likeliest one so far."""
    assert sight.likeness is not None
    likeness = replace(sight.likeness, strength=strength)
    registration, _, _ = register_template(sight.seen, 0, likeness, StageClock(silent))
    face = load_template().groups["face"] > 0.5
    return compare(registration.vertices[face], truth, face).nme


def by_measure(trials: Sequence[Trial], measure: str) -> Table:
    """How wrong heads are by one attribute of their trials, in groups of the same size."""
    ordered = sorted(trials, key=lambda trial: float(getattr(trial, measure)))
    groups = [[ordered[i] for i in part] for part in np.array_split(np.arange(len(ordered)), GROUPS) if len(part)]
    rows = [(f"up to {getattr(group[-1], measure):.2f}", *_figures(group)) for group in groups]
    return Table(f"agreement_{measure}", f"By {measure}", (measure, *COLUMNS), rows, 2)


def by_picture(trials: Sequence[Trial]) -> Table:
    """How wrong heads are by how their pictures are spoilt."""
    groups = {name: [trial for trial in trials if trial.spoilt == name] for name in SPOILT}
    rows = [(name, *_figures(group)) for name, group in groups.items() if group]
    rows.append(("all", *_figures(trials)))
    return Table("agreement_pictures", "By picture", ("", *COLUMNS), rows, 2)


COLUMNS = (
    "pictures",
    "mm apart",
    "followed by the product",
    "NME without, %",
    "NME followed, %",
    "worse when followed",
)


def _figures(trials: Sequence[Trial]) -> tuple[int | float | str, ...]:
    worse = float(np.mean([trial.followed > trial.without for trial in trials]))
    means = [float(np.mean([getattr(trial, name) for trial in trials])) for name in MEANS]
    return (len(trials), means[0], f"{means[1]:.0%}", means[2], means[3], f"{worse:.0%}")


MEANS = ("apart", "strength", "without", "followed")


def good(picture: Picture, _landmarks: Points, _generator: np.random.Generator) -> Picture:
    """The picture as it is."""
    return picture


def half_covered(picture: Picture, landmarks: Points, generator: np.random.Generator) -> Picture:
    """One half of the face behind a wall."""
    middle = int(landmarks[:, 0].mean())
    side = slice(middle, None) if generator.random() < 0.5 else slice(0, middle)
    picture[:, side] = generator.uniform(20, 220, 3)
    return picture


def with_blot(picture: Picture, landmarks: Points, generator: np.random.Generator) -> Picture:
    """Something of the skin's colour before the face."""
    x, y = (int(value) for value in landmarks[30])
    skin = picture[y - 5 : y + 6, x - 5 : x + 6].reshape(-1, 3).mean(axis=0) * generator.uniform(0.7, 1.1)
    extent = float(np.ptp(landmarks, axis=0).max())
    place = landmarks.mean(axis=0) + extent * generator.uniform((-0.4, -0.3), (0.4, 0.4))
    axes = extent * generator.uniform(0.15, 0.35, 2)
    turn = float(generator.uniform(0, 90))
    cv2.ellipse(picture, (*place.astype(int).tolist(),), (*axes.astype(int).tolist(),), turn, 0, 360, skin.tolist(), -1)
    return picture


def in_shadow(picture: Picture, landmarks: Points, generator: np.random.Generator) -> Picture:
    """One side of the face in deep shadow."""
    width = 0.05 * float(np.ptp(landmarks[:, 0]))
    along = (np.arange(picture.shape[1]) - landmarks[:, 0].mean()) / width * generator.choice([-1, 1])
    light: Picture = (picture * (0.08 + 0.92 / (1 + np.exp(-along)))[:, None]).astype(np.uint8)
    return light


def with_few_pixels(picture: Picture, landmarks: Points, generator: np.random.Generator) -> Picture:
    """A face of 30 to 60 pixels."""
    share = generator.uniform(30, 60) / float(np.ptp(landmarks, axis=0).max())
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    large: Picture = cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    return large


#: How pictures are spoilt, from (h, w, 3) and landmarks (68, 2) to (h, w, 3).
SPOILT: dict[str, Callable[[Picture, Points, np.random.Generator], Picture]] = {
    "as it is": good,
    "half covered": half_covered,
    "a blot": with_blot,
    "in shadow": in_shadow,
    "few pixels": with_few_pixels,
}


if __name__ == "__main__":
    sys.exit(main())
