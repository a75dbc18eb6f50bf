"""Find the confidence below which a result is bad: `python -m training.calibrate HELD_OUT`.

Held-out portraits are cut as the product cuts a face that it has found; the confidence of `read_maps` is set against
the error of the correspondence. Backgrounds without a face are shown to it too. The threshold that is printed is the
value of `exchange/confidence.py`.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pix2vertex_blender.errors import FaceNotFoundError, Pix2VertexError
from pix2vertex_blender.exchange.confidence import LOW_CONFIDENCE
from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.maps import read_maps
from pix2vertex_blender.reconstruction.network.network import MapNetwork, load_network, predict_views
from pix2vertex_blender.template.canonical import SIZE

from .arrays import Bytes
from .data.augmentation import AugmentationParameters, Augmented, augment
from .data.backgrounds import background_bank
from .data.composition import background
from .data.photometry import degrade
from .data.samples import list_samples, read_sample

#: Millimetres of mean error of the correspondence above which an artist would not want the result.
BAD_ERROR = 10.0
#: Share of the bad results that must be called out.
CAUGHT = 0.9
#: As the product cuts a found face.
SETTLED = AugmentationParameters(settled_share=1.0)


class Outcome(NamedTuple):
    """Confidence in a result, 0 if no face was seen, and its error in millimetres, infinite if there is no face."""

    confidence: float
    error: float


def confidence_in(network: MapNetwork, image: Bytes) -> tuple[float, NDArray[np.float32] | None]:
    """Confidence in the maps of a crop, and its correspondence (S, S, 3), NaN where no face is seen."""
    try:
        maps = read_maps(predict_views(network, image))
    except FaceNotFoundError:
        return 0.0, None
    return maps.confidence, maps.correspondence


def portrait_outcome(network: MapNetwork, portrait: Augmented) -> Outcome | None:
    """Confidence and error where the face is both seen and there; None if hardly anything of the face is there."""
    there = portrait.mask == 1
    if there.sum() < 0.02 * there.size:
        return None
    confidence, correspondence = confidence_in(network, portrait.image)
    if correspondence is None:
        return Outcome(confidence, np.inf)
    distance = SIZE * np.linalg.norm(correspondence - np.moveaxis(portrait.correspondence, 0, -1), axis=2)
    both = there & np.isfinite(distance)
    return Outcome(confidence, float(distance[both].mean()) if both.sum() > 0.5 * there.sum() else np.inf)


def outcomes(
    network: MapNetwork, paths: Sequence[Path], backgrounds: Bytes, faceless: int, generator: Generator
) -> list[Outcome]:
    """Of one portrait for each sample, and of `faceless` pictures without a face."""
    resolution = network.configuration.resolution
    results = []
    for path in paths:
        outcome = portrait_outcome(network, augment(read_sample(path), resolution, generator, backgrounds, (), SETTLED))
        if outcome is not None:
            results.append(outcome)
    for _ in range(faceless):
        skin = generator.uniform(40, 220, 3)
        picture = degrade(background(resolution, skin, generator, backgrounds), generator)
        results.append(Outcome(confidence_in(network, picture)[0], np.inf))
    return results


def threshold(results: Sequence[Outcome]) -> float:
    """Confidence below which `CAUGHT` of the bad results lie.

    Raises
    ------
    ValueError
        If there is no bad result.
    """
    bad = [result.confidence for result in results if result.error > BAD_ERROR]
    if not bad:
        raise ValueError("there is no bad result to calibrate with")
    return float(np.quantile(bad, CAUGHT))


def format_report(results: Sequence[Outcome]) -> str:
    """How well the confidence tells good from bad."""
    confidence, error = np.array([r.confidence for r in results]), np.array([r.error for r in results])
    limit = threshold(results)
    bad = error > BAD_ERROR
    lines = [f"{len(results)} results, {bad.sum()} of them bad (no face, or mean error above {BAD_ERROR:g} mm)"]
    for meaning, bound in (("calibrated here", limit), ("what artists are warned by", LOW_CONFIDENCE)):
        below = confidence < bound
        lines.append(
            f"confidence below {bound:.2f} ({meaning}): {below[bad].sum()} of {bad.sum()} bad, "
            f"{below[~bad].sum()} of {(~bad).sum()} good results"
        )
    lines.append("confidence      results  bad  median error, mm")
    edges = np.quantile(confidence, np.linspace(0, 1, 9))
    for low, high in pairwise(edges):
        here = (confidence >= low) & ((confidence < high) | (high == edges[-1]))
        if here.any():
            lines.append(
                f"{low:.2f} to {high:.2f} {here.sum():10d} {bad[here].sum():4d} {np.median(error[here]):17.1f}"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument("folder", type=Path, help="held-out samples (training.generate --held-out)")
    parser.add_argument("--weights", type=Path, default=NETWORK_WEIGHTS)
    parser.add_argument("--count", type=int, default=240, help="samples to use")
    parser.add_argument("--faceless", type=int, default=40, help="pictures without a face to use")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    options = parser.parse_args(arguments)
    try:
        network = load_network(options.weights)
        paths = list_samples(options.folder)[: options.count]
        backgrounds = background_bank(options.backgrounds)
        results = outcomes(network, paths, backgrounds, options.faceless, np.random.default_rng(0))
        print(format_report(results))
    except (Pix2VertexError, ValueError) as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
