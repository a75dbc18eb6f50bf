"""Photos that tell little of whose head it is: small, without colours, half hidden, or hardly a face any more."""

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.exchange.confidence import LITTLE_LIKENESS, MOST_HIDDEN, doubts
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.slow

Box = tuple[float, float, float, float]
Remake = Callable[[Image.Image, Box | None], Reconstruction]


@pytest.fixture(scope="module")
def portrait() -> Image.Image:
    with Image.open(SAMPLE_PORTRAIT) as image:
        return image.convert("RGB")


@pytest.fixture(scope="module")
def remake(tmp_path_factory) -> Remake:
    path = tmp_path_factory.mktemp("photos") / "photo.png"

    def made_from(photo: Image.Image, box: Box | None = None) -> Reconstruction:
        photo.save(path)
        return reconstruct(path, Options(device="cpu", detail_level=0, face_box=box))

    return made_from


@pytest.fixture(scope="module")
def whole(portrait, remake) -> Reconstruction:
    return remake(portrait, None)


@pytest.fixture(scope="module")
def box(whole) -> Box:
    x, y, width, height = whole.report.face_box
    return x, y, width, height


def distances(one: Reconstruction, other: Reconstruction) -> np.ndarray:
    face = load_template().groups["face"] > 0.5
    return np.linalg.norm(one.vertices - other.vertices, axis=1)[face]


def added(made: Reconstruction) -> float:
    """Millimetres that the likeliest head has added to the face, in the mean."""
    face = load_template().groups["face"] > 0.5
    return float(np.linalg.norm(made.likeness, axis=1)[face].mean())


def said(made: Reconstruction) -> str:
    return " ".join(doubts(made.report.confidence, 0.0, made.report.likeness, made.report.hidden))


def test_a_good_photo_is_followed_and_nothing_is_said(whole) -> None:
    assert whole.report.likeness == 1.0 and said(whole) == ""
    assert added(whole) > 1.2


def test_a_photo_of_200_pixels_gives_the_same_head(portrait, remake, whole) -> None:
    share = 200 / max(portrait.size)
    small = portrait.resize((round(portrait.width * share), round(portrait.height * share)), Image.Resampling.LANCZOS)
    made = remake(small, None)
    assert np.percentile(distances(made, whole), 95) < 2.0
    assert made.report.likeness == 1.0 and said(made) == ""


def test_a_photo_without_colours_gives_the_same_head(portrait, remake, whole) -> None:
    made = remake(portrait.convert("L"), None)
    assert np.percentile(distances(made, whole), 95) < 2.0
    assert made.report.likeness == 1.0 and said(made) == ""


@pytest.mark.parametrize("side", ["left", "right"])
def test_half_a_face_that_is_hidden_is_a_calm_guess_and_said_to_be(portrait, remake, whole, box, side) -> None:
    pixels = np.array(portrait)
    middle = int(box[0] + box[2] / 2)
    pixels[:, slice(middle) if side == "left" else slice(middle, None)] = (70, 90, 80)
    made = remake(Image.fromarray(pixels), box)
    assert np.percentile(distances(made, whole), 95) < 12
    assert distances(made, whole).max() < 20
    assert MOST_HIDDEN < made.report.hidden < 0.6
    assert "Something hides much of this face" in said(made)


def test_what_picture_and_mirror_image_tell_differently_is_not_added(portrait, remake, box) -> None:
    """Where mouth and chin should be are brow and eyes: the maps are sure enough, whose head it is nobody knows."""
    pixels = np.array(portrait)
    x, y, width, height = map(int, box)
    half = height // 2
    pixels[y + half : y + height, x : x + width] = pixels[y : y + height - half, x : x + width]
    made = remake(Image.fromarray(pixels), box)
    assert made.report.confidence > 0.7, "the maps alone would be followed"
    assert made.report.likeness < LITTLE_LIKENESS
    assert "The networks know little of whose head this is" in said(made)


def test_a_head_that_is_badly_off_is_not_moved_any_further(portrait, remake, whole, box) -> None:
    """Little but noise: what is finer than a centimetre is the mean head's, and nothing else is added."""
    pixels = np.asarray(portrait) * 0.25 + np.random.default_rng(0).normal(40, 60, (*portrait.size[::-1], 3))
    made = remake(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)), box)
    assert made.report.confidence < 0.6 and made.report.likeness == 0.0
    assert added(made) < 0.6 * added(whole)
    assert "The network is unsure about this face" in said(made)
    assert "so 0% of what would make it likelier was added" in said(made)
