"""Contact sheets of the expressions: ``python -m training.template.expression_pictures FOLDER [RECONSTRUCTION]``.

Shows all 52 on two made-up heads, and on a saved reconstruction (.npz) if one is given, with close-ups in profile; of
the reconstruction also the face as in its photo, neutral with all the detail of the photo, and neutral with its own.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.exchange.mouth import MouthPart
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.mouth import Wearer
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.neutral import neutral_face, rested
from pix2vertex_blender.expression.parts import place_parts
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.expression.wrinkles import wrinkle_share
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.rig.joints import GAZE
from pix2vertex_blender.template import load_template

from ..face_model import load_face_model
from .expressions import ModelOnTemplate, carry_shapes
from .pictures import rotation
from .shading import Image, shade

Points = NDArray[np.float64]

#: Lids and lips meet at the subdivision level at which they are made to: that of the sheet, and that of what is near.
COLUMNS, CELL, LEVEL, CLOSE_LEVEL = 9, 170, 1, 2
SHEET_ANGLES = (-25.0, 0.0)
#: What only means something with another one.
SHOWN_WITH = {"mouthClose": ("jawOpen", "mouthClose")}
CLOSE: dict[str, tuple[tuple[str, ...], float, tuple[float, float, float]]] = {
    "neutral": ((), 55.0, (31.0, 35.0, 95.0)),
    "eyeBlink": (("eyeBlinkLeft", "eyeBlinkRight"), 55.0, (31.0, 35.0, 95.0)),
    "jawOpen": (("jawOpen",), 190.0, (0.0, -10.0, 80.0)),
    "mouthSmile": (("mouthSmileLeft", "mouthSmileRight"), 120.0, (0.0, -25.0, 95.0)),
}
Window = tuple[float, float, float]
WHOLE: Window = (0.0, 5.0, 215.0)
CLOSE_YAWS, CLOSE_CELL, NEUTRAL_CELL = (0.0, -45.0, -88.0), 300, 400


def captioned(picture: Image, caption: str) -> Image:
    """The picture with a caption."""
    result = picture.copy()
    cv2.putText(result, caption, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.38, (130, 40, 30), 1, cv2.LINE_AA)
    return result


@dataclass(frozen=True)
class Actor:
    """A head (n, 3) without expression, its expressions (52, n, 3), its eyeballs (e, 3), and what it has besides.

    All of it for a subdivision level, at level 0.
    """

    neutral: Points
    offsets: NDArray[np.floating]
    eyeballs: Points
    parts: tuple[MouthPart, ...]
    level: int

    @classmethod
    def neutral_head(cls, head: Points, level: int) -> "Actor":
        """A head that shows no expression."""
        both = balls(load_template(), head)
        still = rested(head, both, level)
        return cls._of(still, personal_expressions(still, both, level), head, level)

    @classmethod
    def behind(cls, registered: Points, level: int) -> "Actor":
        """The neutral head behind the expression of a registered one."""
        found = neutral_face(registered, balls(load_template(), registered), level)
        return cls._of(found.vertices, found.offsets, registered, level)

    @classmethod
    def _of(cls, neutral: Points, offsets: NDArray[np.floating], at_home: Points, level: int) -> "Actor":
        """With its eyeballs where the lids of a head (n, 3), with or without expression, lie against them."""
        template = load_template()
        parts = place_parts(Wearer.without_expression(neutral), offsets, eyeballs=balls(template, at_home))
        return cls(neutral, offsets, template.place_eyeballs(at_home), parts, level)

    def picture(self, names: Sequence[str], angles: tuple[float, float], size: int, window: Window = WHOLE) -> Image:
        """The head with some expressions at 1; see `shade`."""
        head = self.neutral + sum(self.offsets[ARKIT_NAMES.index(name)] for name in names)
        parts = {
            part.name: part.vertices + sum(part.moves.get(name, 0.0) for name in names)
            for part in self.parts
            if part.name != "tear_lines"
        }
        fine = load_template().subdivide(head, self.level)
        return shade(load_template(self.level), fine, self._looking(names), angles, size, window, parts)

    def _looking(self, names: Sequence[str]) -> Points:
        """The eyeballs (e, 3), turned as the rig turns them with the `eyeLook...` among the names."""
        turned, groups = self.eyeballs.copy(), load_template().eyeballs.groups
        for side, outwards in (("left", 1.0), ("right", -1.0)):
            own = groups[side] > 0.5
            way = {"Up": (0.0, 1.0), "Down": (0.0, -1.0), "Out": (outwards, 0.0), "In": (-outwards, 0.0)}
            looks = [way[look] for look in way if f"eyeLook{look}{side.capitalize()}" in names]
            across, up = np.sum(looks, axis=0) if looks else (0.0, 0.0)
            white = own & (groups["cornea"] < 0.5) & (groups["iris"] < 0.5)
            centre = (turned[white].min(axis=0) + turned[white].max(axis=0)) / 2
            centre[2] = turned[white][:, 2].min() + np.ptp(turned[white][:, 0]) / 2
            turned[own] = (turned[own] - centre) @ rotation(*np.degrees(GAZE * np.array([across, -up]))).T + centre
        return turned


def sheet(actor: Actor) -> Image:
    """The neutral head and its 52 expressions."""
    cells = [
        captioned(actor.picture(names, SHEET_ANGLES, CELL), title)
        for title, names in (("neutral", ()), *((name, SHOWN_WITH.get(name, (name,))) for name in ARKIT_NAMES))
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
            row.append(captioned(actor.picture(names, (yaw, 0.0), CLOSE_CELL, (x, y, side)), title))
        rows.append(np.hstack(row))
    return np.vstack(rows)


def neutral_beside_photo(face: Reconstruction) -> Image:
    """A face as in its photo, neutral with all the detail of the photo, and neutral with its own."""
    actor, level = Actor.behind(face.coarse_vertices, face.detail_level), load_template(face.detail_level)
    seen, still = (load_template().subdivide(head, level.level) for head in (face.coarse_vertices, actor.neutral))
    share = load_template().subdivide(wrinkle_share(actor.neutral, face.coarse_vertices)[:, None], level.level)
    parts, in_photo = (
        {part.name: part.vertices.astype(np.float64) for part in each if part.name != "tear_lines"}
        for each in (actor.parts, face.mouth)
    )
    rows = []
    for yaw in CLOSE_YAWS[:2]:
        looks = (seen + face.detail, in_photo), (still + face.detail, parts), (still + (1 - share) * face.detail, parts)
        row = [shade(level, head, actor.eyeballs, (yaw, 0.0), NEUTRAL_CELL, parts=worn) for head, worn in looks]
        titles = "as in the photo", "neutral, all of the detail", "neutral"
        rows.append(np.hstack([captioned(each, title) for each, title in zip(row, titles, strict=True)]))
    return np.vstack(rows)


def made_up_head(seed: int) -> Points:
    """A head (n, 3) of the morphable model, on the template's vertices."""
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
    heads: dict[str, tuple[Callable[[Points, int], Actor], Points]]
    heads = {name: (Actor.neutral_head, made_up_head(seed)) for name, seed in (("first", 11), ("second", 12))}
    if options.reconstruction:
        face = Reconstruction.load(options.reconstruction)
        heads["astronaut"] = Actor.behind, face.coarse_vertices
        write(options.folder / "astronaut_neutral.jpg", neutral_beside_photo(face))
    for name, (make, head) in heads.items():
        write(options.folder / f"expressions_{name}.jpg", sheet(make(head, LEVEL)))
        write(options.folder / f"close_ups_{name}.jpg", close_ups(make(head, CLOSE_LEVEL)))


def write(path: Path, picture: Image) -> None:
    """Write a picture (h, w, 3) RGB."""
    cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
