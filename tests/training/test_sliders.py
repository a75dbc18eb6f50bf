"""The shape sliders are made from the face model and change what they say."""

import numpy as np
import pytest

from pix2vertex_blender.shaping.sliders import load_sliders
from training.template.sliders import SLIDERS, author, slider_offset

pytestmark = [pytest.mark.development_data("face_models/ict_facekit.npz"), pytest.mark.slow]


@pytest.mark.parametrize("name", ["Nose Width", "Chin Length"])
def test_a_slider_changes_its_measure_by_its_amount(name: str) -> None:
    slider = SLIDERS[name]
    assert float(slider.measure.of(slider_offset(slider))) == pytest.approx(slider.amount)


def test_what_ships_is_what_is_authored() -> None:
    made = author()
    shipped = load_sliders()
    assert list(shipped) == made["names"].tolist()
    assert np.allclose(list(shipped.values()), made["offsets"].astype(np.float64), atol=0.02)
