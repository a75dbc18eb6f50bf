import numpy as np

from benchmarks.lit_heads import BACKGROUND, LEVEL, lit_head, lit_surface
from pix2vertex_blender.template import load_template


def test_the_side_of_the_lamp_is_brighter_and_the_texture_is_seen():
    texture = np.full((64, 64, 3), (200, 120, 90), dtype=np.uint8)
    head = load_template().vertices
    left, right = (lit_head(head, texture, 80, np.array([x, 0.2, 0.5])) for x in (-0.8, 0.8))
    assert left[40, 28].mean() > 1.2 * left[40, 52].mean()
    assert np.abs(left[:, ::-1].astype(int) - right).mean() < 8
    assert (left[0, 0] == BACKGROUND).all()
    assert left[40, 28, 0] > left[40, 28, 1] > left[40, 28, 2]


def test_a_wrinkle_of_half_a_millimetre_is_seen_under_raking_light_more_than_from_the_front():
    level = load_template(LEVEL)
    clay = np.full((2, 2, 3), 200, dtype=np.uint8)
    wrinkled = level.vertices.copy()
    forehead = level.groups["forehead"] > 0.9
    wrinkled[:, 2] += 0.5 * forehead * np.sin(wrinkled[:, 0] / 2)
    seen = []
    for lamp in ((0.9, 0.3, 0.3), (0.0, 0.0, 1.0)):
        smooth, rough = (lit_surface(each, clay, 160, np.array(lamp), 0.05) for each in (level.vertices, wrinkled))
        seen.append(np.abs(rough.astype(float) - smooth).max(axis=-1)[smooth[..., 0] != BACKGROUND].mean())
    assert seen[0] > 1.5 * seen[1]
