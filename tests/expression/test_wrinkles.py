"""Fine detail belongs to an expression where the expression compresses the skin."""

import numpy as np
import pytest

from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.expression.wrinkles import compression, wrinkle_share


def showing(template, **values: float) -> np.ndarray:
    return template.vertices + sum(value * load_expressions().of(name) for name, value in values.items())


def of_region(template, share: np.ndarray, region: str) -> float:
    weights = template.groups[region]
    return float((weights * share).sum() / weights.sum())


def test_a_smile_has_its_wrinkles_in_the_cheeks_and_none_in_the_forehead(template):
    smile = showing(template, mouthSmileLeft=1.0, mouthSmileRight=1.0, cheekSquintLeft=0.7, cheekSquintRight=0.7)
    share = wrinkle_share(template.vertices, smile)
    assert share.min() >= 0 and share.max() == pytest.approx(1.0)
    assert of_region(template, share, "cheeks") > 0.2
    assert of_region(template, share, "forehead") < 0.01


def test_raised_brows_have_theirs_in_the_forehead(template):
    share = wrinkle_share(template.vertices, showing(template, browInnerUp=1.0, browOuterUpLeft=1.0))
    assert of_region(template, share, "forehead") > 3 * of_region(template, share, "chin")


def test_a_still_face_keeps_all_of_its_detail(template):
    assert wrinkle_share(template.vertices, template.vertices).max() == 0
    turned = template.vertices[:, [2, 1, 0]] * (1, 1, -1)
    assert wrinkle_share(template.vertices, 1.02 * turned).max() == 0


def test_compression_is_the_largest_in_any_direction(template):
    squeezed = template.vertices * (1.0, 0.7, 1.0)
    assert compression(template.vertices, squeezed).max() == pytest.approx(0.3, abs=1e-6)
    assert compression(squeezed, template.vertices).max() < 1e-6, "what is stretched has none"
