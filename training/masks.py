"""What the mask takes for face that is none, and which face it misses: `python -m training.masks HELD_OUT`.

Each pixel of a held-out portrait is of one kind: face of the skin's colour or not (brows, beards, shadows), something
in front of the face of the skin's colour (hands) or not (hair, things), or what surrounds the face. What is in front is
told apart by whether it lies at the edge of what is seen of the face, where a mask is a pixel or two wrong wherever it
ends, or further in, where a hand is taken for a cheek. Printed is how much of each kind the mask calls face, and its
intersection over union with the truth, for several thresholds.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.network import load_network, predict

from .data.augmentation import CROPS, AugmentationParameters, Augmented, augment
from .data.backgrounds import background_bank
from .data.samples import list_samples, read_sample

KINDS = (
    "face of the skin's colour",
    "face of another colour, above the nose's tip",
    "face of another colour, below (beards, lips, shadows)",
    "before the face, of the skin's colour, at its edge",
    "before the face, of the skin's colour, further in (hands)",
    "before the face, of another colour, at its edge",
    "before the face, of another colour, further in (things)",
    "around the face",
)
#: CIE Lab difference from the face's median colour up to which a colour is that of the skin.
SKIN_DIFFERENCE = 22.0
#: Pixels from what is seen of the face up to which something lies at its edge.
EDGE_WIDTH = 3.5
#: Logits of the mask from which a pixel may count as face.
THRESHOLDS = (-2.0, -1.0, 0.0, 1.0, 2.0)
_NOSE_TIP = 30
#: As the product cuts a found face for the first network.
SETTLED = AugmentationParameters(settled_share=1.0)


def kinds_of(portrait: Augmented) -> NDArray[np.int64]:
    """The kind (R, R) of each pixel, an index of `KINDS`."""
    resolution = len(portrait.mask)
    face = portrait.mask > 0
    hull = np.zeros((resolution, resolution), np.uint8)
    outline = cv2.convexHull(portrait.landmarks.astype(np.float32)).round().astype(np.int32)
    cv2.fillPoly(hull, [outline], (1.0,))
    lab = cv2.cvtColor(portrait.image.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    skin = np.linalg.norm(lab - np.median(lab[face], axis=0), axis=2) < SKIN_DIFFERENCE
    below = np.arange(resolution)[:, None] + 0.5 > portrait.landmarks[_NOSE_TIP, 1]
    inner = cv2.distanceTransform((~face).astype(np.uint8), cv2.DIST_L2, 5) > EDGE_WIDTH
    of_face = np.where(skin, 0, np.where(below, 2, 1))
    before = np.where(skin, 3, 5) + inner
    return np.where(face, of_face, np.where(hull == 1, before, KINDS.index("around the face")))


def counts_of(logits: NDArray[np.floating], portrait: Augmented) -> NDArray[np.int64]:
    """Of each kind all pixels, and those that each threshold calls face, (kinds, 1 + thresholds)."""
    kinds = kinds_of(portrait)
    called = [np.ones_like(kinds, bool), *(logits > threshold for threshold in THRESHOLDS)]
    return np.stack([np.bincount(kinds[each], minlength=len(KINDS)) for each in called], axis=1)


def format_report(counts: Sequence[NDArray[np.int64]]) -> str:
    """The counts of several portraits as a table: shares of the pixels of all, and the mean over portraits of the
    intersection over union.
    """
    total = np.sum(counts, axis=0)
    lines = [f"{'called face at a logit above':56s}" + "".join(f"{threshold:8g}" for threshold in THRESHOLDS)]
    for name, (pixels, *called) in zip(KINDS, total, strict=True):
        shares = "".join(f"{number / max(pixels, 1):8.1%}" for number in called)
        lines.append(f"{name:56s}{shares}  of {pixels / total[:, 0].sum():.1%}")
    unions = [each[:, 1:].sum(axis=0) + each[:3, :1].sum() - each[:3, 1:].sum(axis=0) for each in counts]
    shares = np.mean([each[:3, 1:].sum(axis=0) / union for each, union in zip(counts, unions, strict=True)], axis=0)
    return "\n".join([*lines, f"{'intersection over union':56s}" + "".join(f"{share:8.3f}" for share in shares)])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.masks", description=__doc__)
    parser.add_argument("folder", type=Path, help="held-out samples (training.generate --held-out)")
    parser.add_argument("--weights", type=Path, default=NETWORK_WEIGHTS)
    parser.add_argument("--crop", choices=CROPS, default="ordinary", help="as the network sees them")
    parser.add_argument("--count", type=int, default=120, help="samples to use")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    options = parser.parse_args(arguments)
    try:
        network = load_network(options.weights)
        paths = list_samples(options.folder)[: options.count]
        backgrounds = background_bank(options.backgrounds)
        generator = np.random.default_rng(0)
        parameters = SETTLED if options.crop == "ordinary" else CROPS[options.crop]
        counts = []
        for path in paths:
            portrait = augment(
                read_sample(path), network.configuration.resolution, generator, backgrounds, (), parameters
            )
            if (portrait.mask > 0).sum() >= 0.02 * portrait.mask.size:
                counts.append(counts_of(predict(network, portrait.image)[0], portrait))
        if not counts:
            parser.exit(2, f"{options.folder} has no samples with a face: make some with training.generate.\n")
        print(format_report(counts))
    except Pix2VertexError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
