"""Several photos of one person through the whole algorithm."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.errors import PhotoError
from pix2vertex_blender.exchange.record import from_bytes, to_bytes
from pix2vertex_blender.exchange.view import no_pins
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.reconstruction.refit import refit
from pix2vertex_blender.reconstruction.several.common_head import LEAST_EXPRESSION, shown_expressions
from pix2vertex_blender.reconstruction.several.together import change_photos, reconstruct_together

CPU = Options(device="cpu", detail_level=0)


def test_what_all_photos_show_is_the_face_and_what_one_shows_is_its_expression():
    coefficients = np.zeros((3, len(ARKIT_NAMES)))
    coefficients[:, ARKIT_NAMES.index("browInnerUp")] = 0.4
    smile = [ARKIT_NAMES.index(name) for name in ("mouthSmileLeft", "mouthSmileRight")]
    coefficients[1, smile] = 0.9
    coefficients[2, smile] = 0.2
    shown = shown_expressions(coefficients)
    np.testing.assert_allclose(shown[1, smile], 0.9)
    assert shown[1].sum() == pytest.approx(1.8)
    assert not shown[[0, 2]].any(), "too little to be told from the face"


def test_a_smile_in_every_photo_is_a_smile():
    coefficients = np.zeros((2, len(ARKIT_NAMES)))
    coefficients[:, [ARKIT_NAMES.index(name) for name in ("mouthSmileLeft", "mouthSmileRight")]] = LEAST_EXPRESSION
    np.testing.assert_allclose(shown_expressions(coefficients), coefficients)


def test_too_many_photos_and_none_are_told_in_one_sentence():
    with pytest.raises(PhotoError, match="65 photos are too many"):
        reconstruct_together(["a.jpg"] * 65)
    with pytest.raises(PhotoError, match="Choose the photos"):
        reconstruct_together([])


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """The portrait, the portrait tilted and darker, mirrored as by a phone, stored again, a picture of nothing, and of
    somebody with a narrower face."""
    folder = tmp_path_factory.mktemp("photos")
    with Image.open(SAMPLE_PORTRAIT) as portrait:
        portrait = portrait.convert("RGB")
    made = {
        "upright.png": portrait,
        "tilted.png": portrait.rotate(12, Image.Resampling.BICUBIC, fillcolor="grey").point(lambda value: value * 0.7),
        "mirrored.png": portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "nothing.png": Image.new("RGB", (300, 300), "grey"),
        "narrow.png": portrait.resize((int(0.68 * portrait.width), portrait.height), Image.Resampling.BICUBIC),
    }
    for name, image in made.items():
        image.save(folder / name)
    portrait.save(folder / "again.jpg", quality=90)
    return folder


@pytest.fixture(scope="module")
def together(photos):
    names = ("upright.png", "tilted.png", "mirrored.png", "again.jpg", "nothing.png")
    return reconstruct_together([photos / name for name in names], CPU)


@pytest.mark.slow
def test_useless_and_double_photos_are_left_out_and_said(together):
    told = {view.photo: view for view in together.report.views}
    assert list(told) == ["upright.png", "tilted.png", "mirrored.png", "again.jpg", "nothing.png"]
    assert not told["nothing.png"].used and "No face" in told["nothing.png"].sentence
    double = [told[name] for name in ("upright.png", "again.jpg")]
    assert sorted(view.used for view in double) == [False, True]
    assert "same photo" in next(view.sentence for view in double if not view.used)
    assert told["tilted.png"].used and told["mirrored.png"].used
    assert len(together.views) == 3


@pytest.mark.slow
def test_the_order_does_not_change_the_head(together, photos):
    names = ("nothing.png", "mirrored.png", "again.jpg", "tilted.png", "upright.png")
    other = reconstruct_together([photos / name for name in names], CPU)
    assert np.abs(other.vertices - together.vertices).max() < 0.05
    assert other.view.photo == together.view.photo


@pytest.mark.slow
def test_somebody_else_is_left_out_and_named(photos):
    names = ("narrow.png", "upright.png", "tilted.png")
    mixed = reconstruct_together([photos / name for name in names], CPU)
    told = {view.photo: view for view in mixed.report.views}
    assert [told[name].used for name in names] == [False, True, True]
    assert "somebody else" in told["narrow.png"].sentence
    alone = reconstruct_together([photos / name for name in names[1:]], CPU)
    np.testing.assert_allclose(mixed.vertices, alone.vertices, atol=0.05)


@pytest.mark.slow
def test_it_can_be_kept_and_fitted_again(together):
    kept = from_bytes(to_bytes(together), [view.crop_png for view in together.views])
    assert [view.photo for view in kept.views] == [view.photo for view in together.views]
    np.testing.assert_allclose(kept.views[1].expression, together.views[1].expression)
    np.testing.assert_allclose(kept.views[1].likeness, together.views[1].likeness, atol=1e-3)
    assert kept.report.views == together.report.views
    again = refit(kept, no_pins(), 0)
    assert np.abs(again.vertices - together.vertices).max() < 0.001
    assert len(again.views) == 3


@pytest.mark.slow
def test_twice_the_same_photo_is_that_photo(photos):
    twice = reconstruct_together([photos / "upright.png", photos / "upright.png"], CPU)
    alone = reconstruct(photos / "upright.png", CPU)
    assert np.abs(twice.vertices - alone.vertices).max() < 0.01


@pytest.mark.slow
def test_photos_are_taken_away_and_added_without_reading_the_others_again(together, photos):
    kept = from_bytes(to_bytes(together), [view.crop_png for view in together.views])
    index = next(index for index, view in enumerate(kept.views) if Path(view.photo).name == "tilted.png")
    use = [position != index or None for position in range(3)]
    without = change_photos(kept, use)
    assert len(without.views) == 2
    assert np.abs(without.vertices - together.vertices).max() > 0.1
    back = change_photos(without, [True, True], [photos / "tilted.png"], CPU)
    assert np.abs(back.vertices - together.vertices).max() < 0.05
    off = change_photos(back, [True, True, False])
    assert [view.used for view in off.views] == [True, True, False]
    with pytest.raises(PhotoError, match="one photo at least"):
        change_photos(back, [False, False, False])
