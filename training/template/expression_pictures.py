"""Contact sheets of the expressions: ``python -m training.template.expression_pictures FOLDER [RECONSTRUCTION]``.

Shows all 52 on two made-up heads, and on a saved reconstruction (.npz) if one is given, with close-ups in profile.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.exchange.mouth import MouthPart
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.mouth import Wearer
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.neutral import neutral_face
from pix2vertex_blender.expression.parts import place_parts
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
CLOSE: dict[str, tuple[tuple[str, ...], float, tuple[float, float, float]]] = {
    "neutral": ((), 55.0, (31.0, 35.0, 95.0)),
    "eyeBlink": (("eyeBlinkLeft", "eyeBlinkRight"), 55.0, (31.0, 35.0, 95.0)),
    "jawOpen": (("jawOpen",), 190.0, (0.0, -10.0, 80.0)),
    "mouthSmile": (("mouthSmileLeft", "mouthSmileRight"), 120.0, (0.0, -25.0, 95.0)),
}
Window = tuple[float, float, float]
WHOLE: Window = (0.0, 5.0, 215.0)
CLOSE_YAWS, CLOSE_CELL = (0.0, -45.0, -88.0), 300


def captioned(picture: Image, caption: str) -> Image:
    """The picture with a caption."""
    result = picture.copy()
    cv2.putText(result, caption, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (130, 40, 30), 1, cv2.LINE_AA)
    return result


@dataclass(frozen=True)
class Actor:
    """A neutral head (n, 3), its expressions (52, n, 3), its eyeballs (e, 3), and what it has besides."""

    neutral: Points
    offsets: NDArray[np.floating]
    eyeballs: Points
    parts: tuple[MouthPart, ...]

    @classmethod
    def of(cls, neutral: Points, offsets: NDArray[np.floating], at_home: Points) -> "Actor":
        """With its eyeballs where the lids of a head (n, 3), with or without expression, lie against them."""
        template = load_template()
        parts = place_parts(Wearer.without_expression(neutral), offsets, eyeballs=balls(template, at_home))
        return cls(neutral, offsets, template.place_eyeballs(at_home), parts)

    def picture(
        self, names: Sequence[str], level: int, angles: tuple[float, float], size: int, window: Window = WHOLE
    ) -> Image:
        """The head with some expressions at 1; see `shade`."""
        head = self.neutral + sum(self.offsets[ARKIT_NAMES.index(name)] for name in names)
        parts = {
            part.name: part.vertices + sum(part.moves.get(name, 0.0) for name in names)
            for part in self.parts
            if part.name != "tear_lines"
        }
        fine = load_template().subdivide(head, level)
        return shade(load_template(level), fine, self.eyeballs, angles, size, window, parts)


def sheet(actor: Actor) -> Image:
    """The neutral head and its 52 expressions."""
    cells = [
        captioned(actor.picture(names, LEVEL, SHEET_ANGLES, CELL), title)
        for title, names in (("neutral", ()), *((name, (name,)) for name in ARKIT_NAMES))
    ]
    cells += [np.full_like(cells[0], 255)] * (-len(cells) % COLUMNS)
    return np.vstack([np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)])


def close_ups(actor: Actor) -> Image:
    """Eyes open, blink, open jaw and smile from the front, from three quarters and in profile."""
    rows = []
    for title, (names, side, middle) in CLOSE.items():
        row = []
        for yaw in CLOSE_YAWS:
            x, y, _ = rotation(yaw, 0.0) @ np.array(middle)
            row.append(captioned(actor.picture(names, 2, (yaw, 0.0), CLOSE_CELL, (x, y, side)), title))
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
        heads[name] = Actor.of(head, personal_expressions(head, balls(template, head), LEVEL), head)
    if options.reconstruction:
        face = Reconstruction.load(options.reconstruction)
        found = neutral_face(face.coarse_vertices, balls(template, face.coarse_vertices), LEVEL)
        eyeballs = template.place_eyeballs(face.coarse_vertices)
        heads["astronaut"] = Actor.of(found.vertices, found.offsets, face.coarse_vertices)
        views = [
            shade(load_template(2), template.subdivide(head, 2), eyeballs, (yaw, 0.0), CLOSE_CELL)
            for head in (face.coarse_vertices, found.vertices)
            for yaw in CLOSE_YAWS[:2]
        ]
        write(options.folder / "astronaut_neutral.jpg", np.hstack(views))
        shown = zip(ARKIT_NAMES, found.coefficients, strict=True)
        print(*(f"{name} {value:.2f}" for name, value in shown if value > 0.02), sep="\n")
    for name, actor in heads.items():
        write(options.folder / f"expressions_{name}.jpg", sheet(actor))
        write(options.folder / f"close_ups_{name}.jpg", close_ups(actor))


def write(path: Path, picture: Image) -> None:
    """Write a picture (h, w, 3) RGB."""
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
