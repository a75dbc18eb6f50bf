"""Learn the likeliest head from rendered people: `python -m training.likeness FOLDER --seed 1 [--output FILE]`.

FOLDER holds samples of `training.generate` with that seed; their heads are drawn again, so that it is known where every
vertex of the template truly lies. Each sample is cut as the second look cuts a face, read by the network, and what its
maps show (`reconstruction.likeness.view_deviations`) becomes a pair with the true head. A ridge regression of the true
heads' coefficients on what is shown is their conditional mean, as far as a linear one goes. `--pairs FILE` keeps the
pairs, and goes on from those that are there.
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
from numpy.typing import NDArray

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.likeness import (
    LikenessModel,
    estimate_coefficients,
    face_vertices,
    view_deviations,
)
from pix2vertex_blender.reconstruction.network.network import load_network, predict_views
from pix2vertex_blender.template import load_template

from .data.augmentation import UPRIGHT, augment, sample_crop
from .data.backgrounds import background_bank
from .data.dataset import is_portrait
from .data.samples import Sample, list_samples, read_sample
from .face_sampling import ShapeParameters
from .generate import TRAINING_STREAM
from .renderer.camera import ViewParameters
from .renderer.surface import head_surface
from .renderer.synthesis import SynthesisParameters, sample_head_and_view
from .template.vertices import template_vertices

#: How many points of the template are looked for, and how many coefficients a head has.
POINTS, COEFFICIENTS = 400, 100
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
    """Vertices of the face that lie as far as possible from each other, the tip of the nose first."""
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
    look: tuple[int, Path], seed: int, weights: Path, backgrounds: Path | None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float16]] | None:
    """What the maps show in a look at a sample, what of it is seen, and the true head; None for what is no portrait."""
    number, path = look
    sample = read_sample(path)
    index = int(path.stem)
    truth = true_head(sample, seed, index) if is_portrait(sample) else None
    if truth is None:
        return None
    template, network = load_template(), load_network(weights)
    generator, again = (np.random.default_rng([seed, 2 + number, index]) for _ in range(2))
    mirrored = sample_crop(again, UPRIGHT).mirrored
    crop = augment(sample, network.configuration.resolution, generator, _backgrounds(backgrounds), (), UPRIGHT)
    found = view_deviations(predict_views(network, crop.image), template, _points())
    if found is None:
        return None
    face = face_vertices(template)
    head = fit_similarity(truth[face], template.vertices[face]).apply(truth) - template.vertices
    if mirrored:
        head = (head * (-1, 1, 1))[template.mirror]
    return found[0].astype(np.float32), found[1].astype(np.float32), head.astype(np.float16)


def true_head(sample: Sample, seed: int, index: int) -> NDArray[np.float64] | None:
    """The template's vertices (n, 3) on a sample's head; None if the head is not the first that was drawn for it."""
    surface = head_surface()
    size = len(sample.mask)
    generator = np.random.default_rng([seed, TRAINING_STREAM, index])
    parameters = SynthesisParameters(size=size, shape=ShapeParameters(), view=ViewParameters())
    head, view = sample_head_and_view(surface, generator, parameters)
    if abs(view.yaw - sample.yaw) > 1e-3 or abs(view.pitch - sample.pitch) > 1e-3:
        return None
    return template_vertices(head.vertices)


def collect(options: argparse.Namespace, known: int) -> Iterator[Pairs]:
    """Pairs of all looks at samples after the first `known`, some hundred at a time."""
    paths = [path for folder in options.folders for path in list_samples(folder)]
    looks = [(number, path) for number in range(options.looks) for path in paths]
    if not looks:
        raise DataFileError("There are no samples: make some with python -m training.generate.")
    job = partial(make_pair, seed=options.seed, weights=options.weights, backgrounds=options.backgrounds)
    with multiprocessing.get_context("spawn").Pool(options.workers, _prepare_process) as pool:
        for start in range(known, len(looks), 500):
            made = [pair for pair in pool.imap(job, looks[start : start + 500], chunksize=16) if pair is not None]
            shown, seen, heads = (np.array(each) for each in zip(*made, strict=True))
            print(f"{min(start + 500, len(looks))} of {len(looks)} looks, {len(made)} more pairs", flush=True)
            yield Pairs(shown, seen, heads)


def learn(pairs: Pairs, points: NDArray[np.int64], ridge: float) -> LikenessModel:
    """The linear estimate with the least squared error, and a ridge."""
    template = load_template()
    face = face_vertices(template)
    heads = pairs.heads.astype(np.float32)
    basis = head_basis(heads, face)
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
    return LikenessModel(points, mean.astype(np.float64), often, SEEN_WEIGHT, regression, middle, basis)


def head_basis(heads: NDArray[np.float32], face: NDArray[np.bool_], count: int = COEFFICIENTS) -> NDArray[np.float64]:
    """Directions (k, n, 3) in which heads (m, n, 3) differ most from the rest shape, orthonormal over the face."""
    flat = heads[:, face].reshape(len(heads), -1)
    values, vectors = np.linalg.eigh((flat @ flat.T).astype(np.float64))
    order = np.argsort(values)[::-1][: min(count, int((values > 1e-6 * values.max()).sum()))]
    # The same mixture of heads that makes a direction on the face makes it everywhere.
    mixtures = vectors[:, order] / np.sqrt(values[order])
    basis: NDArray[np.float64] = np.einsum("mk,mnc->knc", mixtures, heads)
    return basis


def explained(model: LikenessModel, pairs: Pairs) -> float:
    """How much of the true heads' deviation from the rest shape the estimate explains, over the face (R2)."""
    face = face_vertices(load_template())
    estimate = np.einsum("mk,knc->mnc", estimate_coefficients(model, pairs.shown, pairs.seen), model.basis[:, face])
    truth = pairs.heads[:, face].astype(np.float64)
    return float(1 - ((estimate - truth) ** 2).sum() / (truth**2).sum())


def choose_ridge(pairs: Pairs, points: NDArray[np.int64]) -> float:
    """The ridge that explains most of heads that were left out."""
    scores = {}
    fold = np.arange(len(pairs.seen)) % FOLDS == 0
    kept, left = (Pairs(pairs.shown[part], pairs.seen[part], pairs.heads[part]) for part in (~fold, fold))
    for ridge in RIDGES:
        scores[ridge] = explained(learn(kept, points, ridge), left)
        print(f"ridge {ridge:g}: R2 {scores[ridge]:.3f} of {fold.sum()} heads left out", flush=True)
    return max(scores, key=lambda ridge: scores[ridge])


def save_likeness(model: LikenessModel, path: Path) -> None:
    """Write an estimate in half precision, beside `path` first."""
    arrays = {
        "points": model.points.astype(np.int32),
        "shown_mean": model.shown_mean.astype(np.float32),
        "seen_mean": model.seen_mean.astype(np.float32),
        "seen_weight": np.float32(model.seen_weight),
        "regression": model.regression.astype(np.float32),
        "coefficient_mean": model.coefficient_mean.astype(np.float32),
        "basis": model.basis.astype(np.float16),
    }
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    beside.replace(path)
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
    parser = argparse.ArgumentParser(prog="python -m training.likeness", description="Learn the likeliest head.")
    parser.add_argument("folders", type=Path, nargs="+", help="samples of training.generate")
    parser.add_argument("--seed", type=int, required=True, help="that they were generated with")
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
    points = choose_points()
    save_likeness(learn(pairs, points, choose_ridge(pairs, points)), options.output)
    print(f"{len(pairs.seen)} pairs, {options.output.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
