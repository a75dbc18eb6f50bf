"""Learn the likeliest head from rendered people: `python -m training.identity.likeness FOLDER=SEED --pairs FOLDER`.

FOLDER holds samples of `training.generate` with that seed; their heads are drawn again, so that it is known where every
vertex of the template truly lies. Each sample is cut as the second look cuts a face, read by the network, and what its
maps show (`reconstruction.likeness.shown`) becomes a pair with the true head. A ridge regression of the true
heads' coefficients on what is shown is their conditional mean, as far as a linear one goes. `--pairs FOLDER` keeps the
pairs, and goes on from those that are there. What the identity network adds is learnt by `training.identity.blend`.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.files import replacing
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.likeness.estimate import estimate_coefficients
from pix2vertex_blender.reconstruction.likeness.model import LikenessModel, face_vertices
from pix2vertex_blender.reconstruction.likeness.shown import view_deviations
from pix2vertex_blender.reconstruction.network.network import MapNetwork, load_network, predict_views
from pix2vertex_blender.template import load_template

from ..data.backgrounds import background_bank
from ..data.dataset import is_portrait
from ..data.samples import read_sample
from .basis import read_basis
from .heads import People, mirrored, people
from .looks import take_look

#: How many points of the template are looked for.
POINTS = 400
#: Millimetres that being seen counts beside the deviations.
SEEN_WEIGHT = 3.0
#: Ridges to choose from, as a share of the features' mean variance times the number of pairs.
RIDGES = (0.03, 0.1, 0.3, 1.0, 3.0)
FOLDS = 5


@dataclass(frozen=True)
class Pairs:
    """What the maps show of people, and their true heads.

    Attributes
    ----------
    shown : (m, p, 3) float32
        Deviations of the points in millimetres, zero where not seen, the mean over a picture and its mirror image.
    seen : (m, p) float32
        In what share of the views.
    heads : (m, n, 3) float16
        Deviations of all vertices from the rest shape in millimetres, without pose, place and size.
    """

    shown: NDArray[np.float32]
    seen: NDArray[np.float32]
    heads: NDArray[np.float16]


def choose_points(count: int = POINTS) -> NDArray[np.int64]:
    """Vertices (count,) of the face that lie as far as possible from each other, the tip of the nose first."""
    template = load_template()
    candidates = np.flatnonzero(face_vertices(template))
    places = template.vertices[candidates]
    chosen = [int(places[:, 2].argmax())]
    distance = np.full(len(places), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, np.linalg.norm(places - places[chosen[-1]], axis=1))
        chosen.append(int(distance.argmax()))
    return candidates[chosen]


def make_pair(
    look: tuple[int, People, Path], weights: Path, backgrounds: Path | None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float16]] | None:
    """What the maps show in a look at a sample, what of it is seen, and the true head; None for what is no portrait."""
    number, people, path = look
    sample = read_sample(path)
    head = people.deviation(sample, path) if is_portrait(sample) else None
    if head is None:
        return None
    network = load_network(weights)
    generator = np.random.default_rng([people.seed, 2 + number, int(path.stem)])
    image, flipped = take_look(sample, network.configuration.resolution, generator, _backgrounds(backgrounds))
    return pair_of(network, image, mirrored(head) if flipped else head)


def pair_of(
    network: MapNetwork, image: NDArray[np.uint8], head: NDArray[np.float64], precision: torch.dtype = torch.float32
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float16]] | None:
    """What the maps show in a look (R, R, 3) at a head that deviates by (n, 3); None if it is too little."""
    found = view_deviations(predict_views(network, image, precision), load_template(), _points())
    if found is None:
        return None
    return found[0].astype(np.float32), found[1].astype(np.float32), head.astype(np.float16)


def collect(options: argparse.Namespace, known: int) -> Iterator[Pairs]:
    """Pairs of all looks at samples after the first `known`, some hundred at a time."""
    listed = [(people, path) for people in options.people for path in people.paths()]
    looks = [(number, people, path) for number in range(options.looks) for people, path in listed]
    job = partial(make_pair, weights=options.weights, backgrounds=options.backgrounds)
    with multiprocessing.get_context("spawn").Pool(options.workers, _prepare_process) as pool:
        for start in range(known, len(looks), 500):
            made = [pair for pair in pool.imap(job, looks[start : start + 500], chunksize=16) if pair is not None]
            shown, seen, heads = (np.array(each) for each in zip(*made, strict=True))
            print(f"{min(start + 500, len(looks))} of {len(looks)} looks, {len(made)} more pairs", flush=True)
            yield Pairs(shown, seen, heads)


def learn(pairs: Pairs, points: NDArray[np.int64], basis: NDArray[np.float64], ridge: float) -> LikenessModel:
    """The linear estimate of coefficients of a basis (k, n, 3) with the least squared error, and a ridge."""
    face = face_vertices(load_template())
    heads = pairs.heads.astype(np.float32)
    coefficients = np.einsum("knc,mnc->mk", basis[:, face], heads[:, face])
    often = pairs.seen.mean(axis=0)
    mean = pairs.shown.sum(axis=0) / np.maximum(pairs.seen.sum(axis=0), 1)[:, None] * often[:, None]
    features = np.concatenate(
        [(pairs.shown - mean).reshape(len(heads), -1), SEEN_WEIGHT * (pairs.seen - often)], axis=1
    )
    features = features.astype(np.float64)
    products = features.T @ features
    products[np.diag_indices_from(products)] += ridge * np.trace(products) / len(products)
    middle = coefficients.mean(axis=0)
    regression = np.linalg.solve(products, features.T @ (coefficients - middle))
    nothing_read = np.eye(2 * len(basis), len(basis)), np.zeros(len(basis))
    return LikenessModel(points, mean.astype(np.float64), often, SEEN_WEIGHT, regression, middle, basis, *nothing_read)


def explained(model: LikenessModel, pairs: Pairs) -> float:
    """How much of the true heads' deviation from the rest shape the estimate explains, over the face (R2)."""
    face = face_vertices(load_template())
    estimate = np.einsum("mk,knc->mnc", estimate_coefficients(model, pairs.shown, pairs.seen), model.basis[:, face])
    truth = pairs.heads[:, face].astype(np.float64)
    return float(1 - ((estimate - truth) ** 2).sum() / (truth**2).sum())


def choose_ridge(pairs: Pairs, points: NDArray[np.int64], basis: NDArray[np.float64]) -> float:
    """The ridge that explains most of heads that were left out."""
    scores = {}
    fold = np.arange(len(pairs.seen)) % FOLDS == 0
    kept, left = (Pairs(pairs.shown[part], pairs.seen[part], pairs.heads[part]) for part in (~fold, fold))
    for ridge in RIDGES:
        scores[ridge] = explained(learn(kept, points, basis, ridge), left)
        print(f"ridge {ridge:g}: R2 {scores[ridge]:.3f} of {fold.sum()} heads left out", flush=True)
    return max(scores, key=lambda ridge: scores[ridge])


def save_likeness(model: LikenessModel, path: Path) -> None:
    """Write an estimate in half precision."""
    arrays: dict[str, ArrayLike] = {
        "points": model.points.astype(np.int32),
        "shown_mean": model.shown_mean.astype(np.float32),
        "seen_mean": model.seen_mean.astype(np.float32),
        "seen_weight": np.float32(model.seen_weight),
        "regression": model.regression.astype(np.float32),
        "coefficient_mean": model.coefficient_mean.astype(np.float32),
        "basis": model.basis.astype(np.float16),
        "joint": model.joint.astype(np.float32),
        "joint_offset": model.joint_offset.astype(np.float32),
    }
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez_compressed(file, **arrays)
    write_checksum(path)


@cache
def _points() -> NDArray[np.int64]:
    return choose_points()


@cache
def _backgrounds(path: Path | None) -> NDArray[np.uint8]:
    return background_bank(path)


def _prepare_process() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _gather(options: argparse.Namespace) -> Pairs:
    """All pairs, those of an earlier run among them."""
    parts: list[Pairs] = []
    folder = options.pairs
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            parts.append(Pairs(file["shown"], file["seen"], file["heads"]))
    for part in collect(options, 500 * len(parts)):
        np.savez(folder / f"{len(parts):04}.npz", shown=part.shown, seen=part.seen, heads=part.heads)
        parts.append(part)
    return Pairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("shown", "seen", "heads")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.identity.likeness", description="Learn heads.")
    parser.add_argument("people", type=people, nargs="+", metavar="FOLDER=SEED", help="samples of training.generate")
    parser.add_argument("--basis", type=Path, default=LIKENESS_FILE, help="file with the basis of heads")
    parser.add_argument("--pairs", type=Path, required=True, help="folder that keeps what was collected")
    parser.add_argument("--looks", type=int, default=1, help="at each sample, augmented anew")
    parser.add_argument("--weights", type=Path, default=CLOSE_NETWORK_WEIGHTS)
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--output", type=Path, default=LIKENESS_FILE)
    options = parser.parse_args(arguments)
    try:
        pairs = _gather(options)
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    learn_and_save(pairs, options.basis, options.output)
    return 0


def learn_and_save(pairs: Pairs, basis_file: Path, output: Path) -> None:
    """Learn the estimate with the ridge that leaves least unexplained, and write it."""
    points, basis = choose_points(), read_basis(basis_file)
    save_likeness(learn(pairs, points, basis, choose_ridge(pairs, points, basis)), output)
    print(f"{len(pairs.seen)} pairs, {output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
