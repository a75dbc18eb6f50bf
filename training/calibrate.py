"""Find the confidence below which a result is bad: `python -m training.calibrate HELD_OUT`.

Held-out portraits are cut as the product cuts a face that it has found; the confidence of `read_maps` is set against
the error of the correspondence, after the first look, or after the second as the product takes it. One of four lies at
the edge of its photo, which cuts off part of the face. Backgrounds without a face are shown too. The threshold that is
printed is the value of `exchange/confidence.py`, whose other one, for cut-off faces, is tried as well.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pix2vertex_blender.errors import FaceNotFoundError, Pix2VertexError
from pix2vertex_blender.exchange.confidence import LOW_CONFIDENCE, MOST_OUTSIDE, share_outside
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.maps import read_maps
from pix2vertex_blender.reconstruction.network.network import MapNetwork, load_network, predict_views
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square, cut_square
from pix2vertex_blender.reconstruction.second_pass import SecondPass, SecondPassParameters
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
#: Sides in pixels of the photo that both networks look at, and of the grid on which what they say is compared.
PHOTO_SIDE, COMPARED_SIDE = 384, 192

#: From a picture (S, S, 3) to the maps of the face in it, over all of it; None if no face is seen.
Read = Callable[[Bytes], FaceMaps | None]


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


def first_look(network: MapNetwork, image: Bytes) -> FaceMaps | None:
    """The maps of a crop (S, S, 3) at the network's resolution; None if no face is seen."""
    try:
        return read_maps(predict_views(network, image))
    except FaceNotFoundError:
        return None


def both_looks(network: MapNetwork, second_pass: SecondPass, image: Bytes) -> FaceMaps | None:
    """The maps of a photo (S, S, 3) as the product has them: those of the second look where it is as good."""
    photo, square = Photo("", image), Square(len(image) / 2, len(image) / 2, float(len(image)))
    first = first_look(network, cut_square(photo, square, network.configuration.resolution).pixels)
    closer = None if first is None else second_pass.look(photo, square, first)
    return first if closer is None else closer.maps


def looking_twice(network: MapNetwork, close_network: MapNetwork) -> Read:
    """`both_looks`, on the grid on which it is compared."""
    template = load_template()
    return partial(
        both_looks,
        network,
        SecondPass(
            partial(predict_views, close_network),
            close_network.configuration.resolution,
            to_millimetres(template.canonical[template.landmarks_68]),
            replace(SecondPassParameters(), resolution=COMPARED_SIDE),
        ),
    )


def confidence_in(read: Read, image: Bytes) -> float:
    """Confidence in the maps of a picture, 0 if no face is seen."""
    maps = read(image)
    return 0.0 if maps is None else maps.confidence


def portrait_outcome(read: Read, portrait: Augmented, edges: Edges | None = None) -> Outcome | None:
    """Confidence and error where the face is both seen and there; None if hardly anything of the face is there."""
    if (portrait.mask == 1).sum() < 0.02 * portrait.mask.size:
        return None
    edges = edges or Edges(-np.inf, -np.inf, np.inf, np.inf)
    outside = edges.share_outside(portrait.landmarks)
    maps = read(portrait.image)
    if maps is None:
        return Outcome(0.0, np.inf, outside)
    template = load_template()
    mean_face = to_millimetres(template.canonical[template.landmarks_68])
    step = len(portrait.mask) / len(maps.mask)
    said = edges.share_outside(step * maps.camera.project(maps.head_pose.apply(mean_face)))
    return Outcome(maps.confidence, correspondence_error(maps, portrait), outside, said)


def correspondence_error(maps: FaceMaps, portrait: Augmented) -> float:
    """Mean millimetres between maps and a portrait, which may be finer; infinite where hardly a face was seen."""
    places = ((np.arange(len(maps.mask)) + 0.5) * len(portrait.mask) / len(maps.mask)).astype(int)
    chosen = np.ix_(places, places)
    there = portrait.mask[chosen] == 1
    true = np.moveaxis(portrait.correspondence, 0, -1)[chosen]
    distance = SIZE * np.linalg.norm(maps.correspondence - true, axis=2)
    both = there & np.isfinite(distance)
    return float(distance[both].mean()) if both.sum() > 0.5 * there.sum() else np.inf


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
    read: Read, side: int, paths: Sequence[Path], backgrounds: Bytes, faceless: int, generator: Generator
) -> list[Outcome]:
    """Of one portrait for each sample, `CUT_SHARE` of them cut off, and of `faceless` pictures without a face.

    Parameters
    ----------
    read : callable
    side : int
        Of the pictures that it is shown, in pixels.
    """
    results = []
    for path in paths:
        portrait = augment(read_sample(path), side, generator, backgrounds, (), SETTLED)
        edges = None
        if generator.random() < CUT_SHARE:
            portrait, edges = cut_off(portrait, generator)
        outcome = portrait_outcome(read, portrait, edges)
        if outcome is not None:
            results.append(outcome)
    for _ in range(faceless):
        skin = generator.uniform(40, 220, 3)
        picture = degrade(background(side, skin, generator, backgrounds), generator)
        results.append(Outcome(confidence_in(read, picture), np.inf))
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


def _reader(options: argparse.Namespace) -> tuple[Read, int]:
    """What looks at pictures, and the side in pixels of those that it is shown."""
    network = load_network(options.weights)
    if options.looks == 1:
        return partial(first_look, network), network.configuration.resolution
    return looking_twice(network, load_network(options.close_weights)), PHOTO_SIDE


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument("folder", type=Path, help="held-out samples (training.generate --held-out)")
    parser.add_argument("--weights", type=Path, default=NETWORK_WEIGHTS)
    parser.add_argument("--looks", choices=(1, 2), type=int, default=2, help="1: the first network alone")
    parser.add_argument("--close-weights", type=Path, default=CLOSE_NETWORK_WEIGHTS)
    parser.add_argument("--count", type=int, default=240, help="samples to use")
    parser.add_argument("--faceless", type=int, default=40, help="pictures without a face to use")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    options = parser.parse_args(arguments)
    try:
        read, side = _reader(options)
        paths = list_samples(options.folder)[: options.count]
        backgrounds = background_bank(options.backgrounds)
        results = outcomes(read, side, paths, backgrounds, options.faceless, np.random.default_rng(0))
        print(format_report(results))
    except (Pix2VertexError, ValueError) as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
