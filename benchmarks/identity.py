"""Whether a head is that person's: held-out rendered people, the whole product at work.

python -m benchmarks.identity [--seed N] [--count M] [--expression NAME] [--yaw LEAST MOST] [--size PIXELS] [--json OUT]
    [--sheet OUT]

Renders M people whom training never sees, neutral and near the front if nothing else is asked for, reconstructs each
picture and compares the head with the true one (`measures/identity.py`): how much of what makes a face differ from the
mean face is there (`r2`, `cosine`, `size`), how far it is off (`nme`, by region in millimetres) beside the mean face
itself, and who is who: each head's place for its own person among all M true heads, by shape alone. `--sheet` writes a
picture of the first eight in clay, ours beside the true heads.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clay_rows import SIDE, clay_rows
from benchmarks.measures.identity import IDENTITY_REGIONS, Likeness, likeness, mean_likeness, ranks
from benchmarks.measures.landmarks import OUTER_EYE_CORNERS
from benchmarks.measures.surface import Points
from benchmarks.product import Outcome, run_product
from benchmarks.synthetic import EXPRESSIONS, SIZE, draw_face, photograph
from benchmarks.tables import Table
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.template import load_template
from training.generate import HELD_OUT_STREAM

#: Neither of the other benchmarks' faces nor of what people generate to validate a training with.
SEED = 40417
COUNT = 32
YAW = (0.0, 30.0)
#: People on a sheet, from which sides (degrees), and the square of the photo in extents of the landmarks.
SHEET, SHEET_YAWS, AROUND = 8, (0.0, 45.0), 1.7


@dataclass(frozen=True)
class Person:
    """What became of one person.

    Attributes
    ----------
    truth : (n, 3)
        The true head at the template's vertices, millimetres.
    yaw : float
        Degrees.
    outcome : Outcome
    picture : (SIDE, SIDE, 3) uint8
        The face in the photo.
    """

    truth: Points
    yaw: float
    outcome: Outcome
    picture: NDArray[np.uint8]

    @property
    def head(self) -> Points | None:
        """The registered head (n, 3), or None if the product failed."""
        made = self.outcome.reconstruction
        return None if made is None else made.coarse_vertices


@dataclass(frozen=True)
class Identity:
    """The figures over all people.

    Attributes
    ----------
    people, failed : int
        How many there are, and of how many there is no head.
    mean : Likeness
        Over those that have one.
    rank_1 : float
        Share of all people whose head is likest themselves; who has no head is not recognised.
    mean_rank : float
        Over those that have one; 1 is best.
    each : tuple of (int, float, Likeness, int)
        Number, yaw in degrees, figures and rank of those that have one.
    """

    people: int
    failed: int
    mean: Likeness
    rank_1: float
    mean_rank: float
    each: tuple[tuple[int, float, Likeness, int], ...]

    def to_json(self) -> dict[str, Any]:
        """The figures as they are written."""
        counts = {"people": self.people, "failed": self.failed}
        each = [
            {"person": number, "yaw": round(yaw, 2), "rank": rank} | asdict(figures)
            for number, yaw, figures, rank in self.each
        ]
        return asdict(self.mean) | {"rank_1": self.rank_1, "mean_rank": self.mean_rank} | counts | {"each": each}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.identity",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=SEED, help="of the people")
    parser.add_argument("--count", type=int, default=COUNT, help="people")
    parser.add_argument("--expression", choices=list(EXPRESSIONS), default="neutral")
    parser.add_argument("--yaw", type=float, nargs=2, default=YAW, metavar=("LEAST", "MOST"), help="degrees, |yaw|")
    parser.add_argument("--size", type=int, default=SIZE, help="pixels of a picture's side")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--sheet", type=Path, help="draw the first eight in clay, beside the true heads")
    options = parser.parse_args(arguments)
    if options.count < 1 or options.size < 384 or not 0 <= options.yaw[0] < options.yaw[1]:
        parser.error("count must be at least 1, size at least 384, and the yaws rise from 0 or more")
    try:
        people = meet(options.seed, options.count, options.expression, tuple(options.yaw), options.size, options.device)
    except Pix2VertexError as error:
        sys.exit(str(error))
    identity = measure(people)
    print(summary(identity))
    if options.json:
        options.json.write_text(json.dumps(identity.to_json(), indent=1) + "\n")
    if options.sheet:
        cv2.imwrite(str(options.sheet), sheet(people[:SHEET])[..., ::-1])
    return 0


def meet(
    seed: int, count: int, expression: str, yaws: tuple[float, float], size: int = SIZE, device: str = "cpu"
) -> list[Person]:
    """Render and reconstruct people; a seed gives the same ones every time, however many there are."""
    people = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            seeds = [seed, HELD_OUT_STREAM, list(EXPRESSIONS).index(expression), number]
            sample, _, truth = draw_face(seeds, expression, yaws, size)
            path = Path(folder) / f"{number}.png"
            photograph(sample, seeds, path)
            box = tuple(float(value) for value in (*sample.landmarks.min(0), *np.ptp(sample.landmarks, axis=0)))
            outcome = run_product(path, (box[0], box[1], box[2], box[3]), device, 0, sample.landmarks)
            people.append(Person(truth, sample.yaw, outcome, cut_out(path, sample.landmarks)))
            said = outcome.failure or f"{outcome.seconds:.1f} s{'' if outcome.found else ', by its box'}"
            print(f"person {number}, yaw {sample.yaw:.0f}: {said}", file=sys.stderr, flush=True)
    return people


def cut_out(photo: Path, landmarks: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The square (SIDE, SIDE, 3) of a photo around landmarks (68, 2)."""
    lower, upper = landmarks.min(axis=0), landmarks.max(axis=0)
    side = AROUND * float((upper - lower).max())
    corner = (lower + upper) / 2 - side * np.array([0.5, 0.6])
    to_photo = np.array([[side / SIDE, 0, corner[0]], [0, side / SIDE, corner[1]]])
    pixels = cv2.warpAffine(cv2.imread(str(photo)), to_photo, (SIDE, SIDE), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP)
    square: NDArray[np.uint8] = pixels[..., ::-1]
    return square


def sheet(people: Sequence[Person]) -> NDArray[np.uint8]:
    """A picture with a row for each person: the photo, then our head and the true one from each of `YAWS`."""
    rows = []
    for person in people:
        if person.head is not None:
            ours_and_true = clay_rows([person.head, person.truth], SHEET_YAWS)
            turned = np.split(ours_and_true, len(SHEET_YAWS))
            rows.append(np.concatenate([person.picture, *turned], axis=1))
    return np.concatenate(rows)


def measure(people: Sequence[Person]) -> Identity:
    """The figures of all people.

    Raises
    ------
    Pix2VertexError
        If the product failed on all of them.
    """
    face = load_template().groups["face"] > 0.5
    met = [index for index, person in enumerate(people) if person.head is not None]
    if not met:
        raise Pix2VertexError("The product failed on every picture.")
    heads = [head[face] for person in people if (head := person.head) is not None]
    truths = [person.truth[face] for person in people]
    places = ranks(heads, truths, met)
    each = [compare(head, people[index].truth, face) for head, index in zip(heads, met, strict=True)]
    return Identity(
        people=len(people),
        failed=len(people) - len(met),
        mean=mean_likeness(each),
        rank_1=float((places == 1).sum() / len(people)),
        mean_rank=float(places.mean()),
        each=tuple(
            (index, people[index].yaw, figures, int(place))
            for index, figures, place in zip(met, each, places, strict=True)
        ),
    )


def compare(head: Points, truth: Points, face: NDArray[np.bool_]) -> Likeness:
    """`likeness` of the face's vertices (k, 3) of a head with a true head (n, 3) of the template's topology."""
    template = load_template()
    right, left = template.landmark_points(truth)[list(OUTER_EYE_CORNERS)]
    groups = {name: weights[face] for name, weights in template.groups.items()}
    return likeness(head, truth[face], template.vertices[face], float(np.linalg.norm(left - right)), groups)


def summary(identity: Identity) -> str:
    """The figures as text."""
    mean = identity.mean
    lines = [
        f"{identity.people} people, {identity.failed} failed",
        f"r2 {mean.r2:.3f}  cosine {mean.cosine:.3f}  size {mean.size:.3f}",
        f"NME {mean.nme:.2f} %, of the mean face {mean.nme_mean_face:.2f} %",
        f"who is who: {identity.rank_1:.0%} first, mean rank {identity.mean_rank:.2f} of {identity.people}",
        region_table(mean).markdown(),
    ]
    return "\n".join(lines)


def region_table(mean: Likeness) -> Table:
    """Errors by region beside those of the mean face."""
    rows = [(name, *mean.regions[name]) for name in IDENTITY_REGIONS]
    return Table("identity_regions", "By region, mm", ("", "ours", "mean face"), rows)


if __name__ == "__main__":
    sys.exit(main())
