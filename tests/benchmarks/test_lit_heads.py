import numpy as np

from benchmarks.lit_heads import BACKGROUND, lit_head
from pix2vertex_blender.template import load_template


def test_the_side_of_the_lamp_is_brighter_and_the_texture_is_seen():
    texture = np.full((64, 64, 3), (200, 120, 90), dtype=np.uint8)
    head = load_template().vertices
    left, right = (lit_head(head, texture, 80, np.array([x, 0.2, 0.5])) for x in (-0.8, 0.8))
    assert left[40, 28].mean() > 1.2 * left[40, 52].mean()
    assert np.abs(left[:, ::-1].astype(int) - right).mean() < 8
    assert (left[0, 0] == BACKGROUND).all()
    assert left[40, 28, 0] > left[40, 28, 1] > left[40, 28, 2]
