from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.paths import SAMPLE_PORTRAIT

#: What a camera held in each way stores: the upright photo is got back by EXIF orientation n.
STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture(scope="session")
def portrait() -> Image.Image:
    """The sample portrait, not quite square, so that no turn can hide."""
    with Image.open(SAMPLE_PORTRAIT) as image:
        return image.convert("RGB").resize((160, 140))


@pytest.fixture(scope="session")
def stored(portrait: Image.Image):
    """Makes the picture that a camera stores with an orientation."""

    def turn(orientation: int, picture: Image.Image = portrait) -> Image.Image:
        step = STORED[orientation]
        return picture if step is None else picture.transpose(step)

    return turn


@pytest.fixture
def difference():
    """Largest difference of the mean over small blocks, so that compression and rounding do not count."""

    def measure(pixels: np.ndarray, picture: Image.Image) -> float:
        expected = np.asarray(picture.convert("RGB"), dtype=float)
        assert pixels.shape == expected.shape
        return float(np.abs(pixels - expected).mean())

    return measure


@pytest.fixture
def file(tmp_path: Path):
    """Makes a path."""
    return lambda name: tmp_path / name
