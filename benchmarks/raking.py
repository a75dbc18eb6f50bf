"""Heads in clay under raking light, which shows what of a photo's marks has become relief.

python -m benchmarks.raking FILE [--people N]

A row for the astronaut and for each of some rendered older people, with wrinkles that have a height and, on top, moles,
stubble and the dark line of a frame that have none: the photo, the head without detail, with that of the detail
network, and with that of the equations (eqs. 9 to 14) with the hue counting.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.lit_heads import LEVEL, lit_surface
from benchmarks.marks import PEOPLE, photograph_marked
from benchmarks.skin import CELL, RenderedPhoto, face_of, reconstructed
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.detail.detail import add_detail
from pix2vertex_blender.reconstruction.detail.learned import learned_detail
from pix2vertex_blender.reconstruction.detail.shown_face import ShownFace
from pix2vertex_blender.template import load_template

#: Towards the lamp: nearly along the cheek and the forehead. It is the only light but for a little from all sides.
LAMP, AMBIENT = np.array([-0.9, 0.45, 0.3]), 0.06
CLAY = np.full((2, 2, 3), 205, np.uint8)
#: The quality of a JPEG file, and how much larger heads are drawn than they are shown.
QUALITY, FINER = 85, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.raking", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path, help="picture to write")
    parser.add_argument("--people", type=int, default=2, help="rendered people (default: %(default)s)")
    options = parser.parse_args(arguments)
    older = (photograph_marked(number, PEOPLE["older"])[2] for number in range(options.people))
    photos = [reconstructed(SAMPLE_PORTRAIT), *older]
    sheet = np.vstack([raking_row(photo) for photo in photos])
    cv2.imwrite(str(options.file), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return 0


def raking_row(photo: RenderedPhoto) -> NDArray[np.uint8]:
    """Pictures (h, 4 h, 3) of a photo and of its head without detail, with the network's and with the equations'."""
    template, level = load_template(), load_template(LEVEL)
    vertices = template.subdivide(photo.vertices, LEVEL)
    shown = (vertices, level, ShownFace(photo.pixels, photo.camera, photo.mask))
    upright = fit_similarity(photo.vertices, template.vertices, template.groups["face"])
    heads = [vertices + detail for detail in (np.zeros_like(vertices), learned_detail(*shown), add_detail(*shown))]
    pictures = [lit_surface(upright.apply(head), CLAY, FINER * CELL, LAMP, AMBIENT) for head in heads]
    return np.hstack(
        [cv2.resize(each, (CELL, CELL), interpolation=cv2.INTER_AREA) for each in (face_of(photo), *pictures)]
    )


if __name__ == "__main__":
    sys.exit(main())
