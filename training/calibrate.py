"""Find the confidence below which a result is bad: `python -m training.calibrate HELD_OUT`.

Held-out portraits are cut as the product cuts a face that it has found; the confidence of `read_maps` is set against
the error of the correspondence. One of four lies at the edge of its photo, which cuts off part of the face. Backgrounds
without a face are shown to it too. The threshold that is printed is the value of `exchange/confidence.py`, whose other
one, for cut-off faces, is tried as well.
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
from pix2vertex_blender.exchange.confidence import LOW_CONFIDENCE, MOST_OUTSIDE, share_outside
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.maps import read_maps
from pix2vertex_blender.reconstruction.network.network import MapNetwork, load_network, predict_views
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import SIZE, to_millimetres

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
#: Of the portraits that lie at the photo's edge, and the share of the landmarks that it cuts off.
CUT_SHARE, CUT = 0.25, (0.05, 0.6)
#: As the product cuts a found face.
SETTLED = AugmentationParameters(settled_share=1.0)


class Edges(NamedTuple):
    """Where the photo lies in a crop, in its pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def share_outside(self, landmarks: NDArray[np.floating]) -> float:
        """The share of landmarks (n, 2) in pixels of the crop that lie outside the photo."""
        return share_outside(landmarks - (self.left, self.top), (self.right - self.left, self.bottom - self.top))


class Outcome(NamedTuple):
    """What becomes of a crop.

    Attributes
    ----------
    confidence : float
        0 if no face was seen.
    error : float
        In millimetres, infinite if there is no face.
    outside, said : float
        The share of the landmarks that lie outside the photo, and what the product says of it.
    """

    confidence: float
    error: float
    outside: float = 0.0
    said: float = 0.0


def maps_of(network: MapNetwork, image: Bytes) -> FaceMaps | None:
    """The maps of a crop; None if no face is seen."""
    try:
        return read_maps(predict_views(network, image))
    except FaceNotFoundError:
        return None


def confidence_in(network: MapNetwork, image: Bytes) -> float:
    """Confidence in the maps of a crop, 0 if no face is seen."""
    maps = maps_of(network, image)
    return 0.0 if maps is None else maps.confidence


def portrait_outcome(network: MapNetwork, portrait: Augmented, edges: Edges | None = None) -> Outcome | None:
    """Confidence and error where the face is both seen and there; None if hardly anything of the face is there."""
    there = portrait.mask == 1
    if there.sum() < 0.02 * there.size:
        return None
    edges = edges or Edges(-np.inf, -np.inf, np.inf, np.inf)
    outside = edges.share_outside(portrait.landmarks)
    maps = maps_of(network, portrait.image)
    if maps is None:
        return Outcome(0.0, np.inf, outside)
    template = load_template()
    mean_face = to_millimetres(template.canonical[template.landmarks_68])
    said = edges.share_outside(maps.camera.project(maps.head_pose.apply(mean_face)))
    distance = SIZE * np.linalg.norm(maps.correspondence - np.moveaxis(portrait.correspondence, 0, -1), axis=2)
    both = there & np.isfinite(distance)
    error = float(distance[both].mean()) if both.sum() > 0.5 * there.sum() else np.inf
    return Outcome(maps.confidence, error, outside, said)


def cut_off(portrait: Augmented, generator: Generator) -> tuple[Augmented, Edges]:
    """The portrait where the photo's edge runs through the face: beyond it the edge's pixels are repeated."""
    resolution = len(portrait.mask)
    axis, beyond = int(generator.integers(2)), bool(generator.integers(2))
    share = float(generator.uniform(*CUT))
    place = round(float(np.quantile(portrait.landmarks[:, axis], 1 - share if beyond else share)))
    place = min(max(place, 1), resolution - 1)
    kept = np.clip(np.arange(resolution), *((0, place - 1) if beyond else (place, resolution - 1)))
    image = np.ascontiguousarray(np.take(portrait.image, kept, axis=1 - axis))
    mask = portrait.mask.copy()
    np.moveaxis(mask, 1 - axis, 0)[kept != np.arange(resolution)] = 0
    limits = [0.0, 0.0, float(resolution), float(resolution)]
    limits[axis + 2 if beyond else axis] = float(place)
    return portrait._replace(image=image, mask=mask), Edges(*limits)


def outcomes(
    network: MapNetwork, paths: Sequence[Path], backgrounds: Bytes, faceless: int, generator: Generator
) -> list[Outcome]:
    """Of one portrait for each sample, `CUT_SHARE` of them cut off, and of `faceless` pictures without a face."""
    resolution = network.configuration.resolution
    results = []
    for path in paths:
        portrait = augment(read_sample(path), resolution, generator, backgrounds, (), SETTLED)
        edges = None
        if generator.random() < CUT_SHARE:
            portrait, edges = cut_off(portrait, generator)
        outcome = portrait_outcome(network, portrait, edges)
        if outcome is not None:
            results.append(outcome)
    for _ in range(faceless):
        skin = generator.uniform(40, 220, 3)
        picture = degrade(background(resolution, skin, generator, backgrounds), generator)
        results.append(Outcome(confidence_in(network, picture), np.inf))
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
    lines += [_format_cut_off([result for result in results if result.outside > 0])]
    lines.append("confidence      results  bad  median error, mm")
    edges = np.quantile(confidence, np.linspace(0, 1, 9))
    for low, high in pairwise(edges):
        here = (confidence >= low) & ((confidence < high) | (high == edges[-1]))
        if here.any():
            lines.append(
                f"{low:.2f} to {high:.2f} {here.sum():10d} {bad[here].sum():4d} {np.median(error[here]):17.1f}"
            )
    return "\n".join(lines)


def _format_cut_off(results: Sequence[Outcome]) -> str:
    """Whether artists are told of the faces of which the photo's edge cuts off much."""
    much = [result.said > MOST_OUTSIDE for result in results if result.outside > MOST_OUTSIDE]
    little = [result.said > MOST_OUTSIDE for result in results if result.outside <= MOST_OUTSIDE]
    told = [result.said > MOST_OUTSIDE or result.confidence < LOW_CONFIDENCE for result in results]
    bad = [warned for warned, result in zip(told, results, strict=True) if result.error > BAD_ERROR]
    return (
        f"{len(results)} cut off: warned of the edge for {sum(much)} of {len(much)} with more than {MOST_OUTSIDE:.0%} "
        f"of the landmarks outside, {sum(little)} of {len(little)} with less; "
        f"of anything for {sum(bad)} of {len(bad)} bad"
    )


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
