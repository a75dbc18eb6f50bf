"""Contact sheets of the expressions: ``python -m training.template.expression_pictures FOLDER [RECONSTRUCTION]``.

Shows all 52 on two made-up heads, and on a saved reconstruction (.npz) if one is given, with close-ups in profile.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.neutral import neutral_face
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import load_template

from ..face_model import load_face_model
from .expressions import ModelOnTemplate, carry_shapes
from .pictures import rotation
from .shading import Image, shade

Points = NDArray[np.float64]

COLUMNS, CELL, LEVEL = 9, 170, 1
SHEET_ANGLES = (-25.0, 0.0)
CLOSE = {
    "eyeBlink": (("eyeBlinkLeft", "eyeBlinkRight"), 55.0, (31.0, 35.0, 95.0)),
    "jawOpen": (("jawOpen",), 190.0, (0.0, -10.0, 80.0)),
    "mouthSmile": (("mouthSmileLeft", "mouthSmileRight"), 120.0, (0.0, -25.0, 95.0)),
}
CLOSE_YAWS, CLOSE_CELL = (0.0, -45.0, -88.0), 300


def captioned(picture: Image, caption: str) -> Image:
    """The picture with a caption."""
    result = picture.copy()
    cv2.putText(result, caption, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (130, 40, 30), 1, cv2.LINE_AA)
    return result


def sheet(neutral: Points, offsets: NDArray[np.floating], eyeballs: Points) -> Image:
    """The neutral head (n, 3) and its 52 expressions."""
    template = load_template()
    cells = []
    for name, offset in (("neutral", np.zeros_like(neutral)), *zip(ARKIT_NAMES, offsets, strict=True)):
        head = template.subdivide(neutral + offset, LEVEL)
        cells.append(captioned(shade(load_template(LEVEL), head, eyeballs, SHEET_ANGLES, CELL), name))
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
    return np.vstack([np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)])


def close_ups(neutral: Points, offsets: NDArray[np.floating], eyeballs: Points) -> Image:
    """Blink, open jaw and smile from the front, from three quarters and in profile."""
    template = load_template()
    rows = []
    for title, (names, side, middle) in CLOSE.items():
        offset = sum(offsets[ARKIT_NAMES.index(name)] for name in names)
        head = template.subdivide(neutral + offset, 2)
        row = []
        for yaw in CLOSE_YAWS:
            x, y, _ = rotation(yaw, 0.0) @ np.array(middle)
            row.append(captioned(shade(load_template(2), head, eyeballs, (yaw, 0.0), CLOSE_CELL, (x, y, side)), title))
        rows.append(np.hstack(row))
    return np.vstack(rows)


def made_up_head(seed: int) -> Points:
    """A head of the morphable model."""
    template = load_template()
    identities = carry_shapes(load_face_model().identity, ModelOnTemplate.of(template))
    coefficients = np.random.default_rng(seed).standard_normal(len(identities))
    return clear_eyeballs(template, template.vertices + np.tensordot(coefficients, identities, 1))


def main() -> None:
    """Write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("reconstruction", nargs="?", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    template = load_template()
    heads = {}
    for name, seed in (("first", 11), ("second", 12)):
        head = made_up_head(seed)
        both = balls(template, head)
        heads[name] = (head, personal_expressions(head, both, LEVEL), template.place_eyeballs(head))
    if options.reconstruction:
        face = Reconstruction.load(options.reconstruction)
        found = neutral_face(face.coarse_vertices, balls(template, face.coarse_vertices), LEVEL)
        eyeballs = template.place_eyeballs(face.coarse_vertices)
        heads["astronaut"] = (found.vertices, found.offsets, eyeballs)
        views = [
            shade(load_template(2), template.subdivide(head, 2), eyeballs, (yaw, 0.0), CLOSE_CELL)
            for head in (face.coarse_vertices, found.vertices)
            for yaw in CLOSE_YAWS[:2]
        ]
        write(options.folder / "astronaut_neutral.jpg", np.hstack(views))
        shown = zip(ARKIT_NAMES, found.coefficients, strict=True)
        print(*(f"{name} {value:.2f}" for name, value in shown if value > 0.02), sep="\n")
    for name, (head, offsets, eyeballs) in heads.items():
        write(options.folder / f"expressions_{name}.jpg", sheet(head, offsets, eyeballs))
        write(options.folder / f"close_ups_{name}.jpg", close_ups(head, offsets, eyeballs))


def write(path: Path, picture: Image) -> None:
    """Write a picture (h, w, 3) RGB."""
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
