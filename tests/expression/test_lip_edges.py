"""Shut lips are shut at the level at which a head is shown, and no teeth are seen between them."""

import numpy as np
import pytest

from pix2vertex_blender.expression.lip_edges import GAP, lip_edges, touching_edges, with_lip_edges
from pix2vertex_blender.expression.mouth import Wearer, place_mouth
from pix2vertex_blender.expression.neutral import rested
from pix2vertex_blender.expression.rims import lip_rims
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.raster import rasterise
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.parts import load_parts

from .conftest import bumpy_head

#: Pixels per mm of the pictures, and their side in mm.
SCALE, SIDE = 4.0, 90.0


def shut(head: np.ndarray, level: int) -> np.ndarray:
    return with_lip_edges(head, touching_edges(head), level)


def teeth_seen(head: np.ndarray, level: int, pitch: float = 0.0) -> float:
    """Square millimetres of the teeth that are seen from in front, somewhat from above or below."""
    fine = load_template(level)
    mouth = {part.name: part.vertices for part in place_mouth(Wearer.without_expression(head))}
    teeth = [(mouth[name], load_parts().mouth[name].faces) for name in ("teeth_upper", "teeth_lower")]
    meshes = [(load_template().subdivide(head, level), fine.faces), *teeth]
    angle = np.radians(pitch)
    nod = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    points = (np.concatenate([vertices for vertices, _ in meshes]) - head[lip_rims().corners].mean(axis=0)) @ nod.T
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in meshes)])
    triangles = [triangulate(faces) + start for (_, faces), start in zip(meshes, starts, strict=False)]
    size = int(SIDE * SCALE)
    hit, _ = rasterise(
        points[:, :2] * (SCALE, -SCALE) + size / 2, points[:, 2], np.concatenate(triangles), (size, size)
    )
    return float((hit >= len(triangles[0])).sum() / SCALE**2)


def crossing(head: np.ndarray) -> int:
    """How many triangles around the mouth cut others at level 2."""
    seen = load_template().subdivide(head, 2)
    near = np.linalg.norm(seen - head[lip_rims().corners].mean(axis=0), axis=1) < 45
    triangles = triangulate(load_template(2).faces)
    return len(intersecting_triangles(seen, triangles[near[triangles].any(axis=1)]))


@pytest.mark.parametrize("seed", [None, 2])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_lips_touch_at_the_level_at_which_they_are_shown(template, seed, level):
    head = shut(template.vertices if seed is None else bumpy_head(template, seed), level)
    upper, lower = lip_edges(template.subdivide(head, level))
    assert np.abs((upper - lower)[:, 1] - GAP).max() < 0.1
    assert np.abs((upper - lower)[:, 2]).max() < 1.0, "neither is before the other"


@pytest.mark.parametrize("seed", [None, 3])
def test_hardly_any_tooth_shows_between_them_and_nothing_crosses(template, seed):
    open_lips = template.vertices if seed is None else bumpy_head(template, seed)
    head = shut(open_lips, 2)
    width = float(np.linalg.norm(np.subtract(*head[lip_rims().corners])))
    for pitch in (-15.0, 0.0, 15.0):
        assert teeth_seen(head, 2, pitch) < GAP * width, "no more than the gap that lips keep"
    assert teeth_seen(open_lips, 2) > 30, "of the face before, whose lips are open at this level"
    assert crossing(head) == 0


def test_lips_that_are_apart_stay_where_they_are_seen(template):
    head = bumpy_head(template, 3)
    rims = lip_rims()
    opened = head + rims.move(*(side * np.tile([0.0, 4.0, 0.0], (len(rims.upper), 1)) for side in (1, -1)))
    chosen = np.zeros(len(rims.upper), dtype=bool)
    edges = touching_edges(opened, chosen.astype(float))
    assert np.array_equal(edges, lip_edges(opened))
    shown = lip_edges(template.subdivide(with_lip_edges(opened, edges, 2), 2))
    assert np.abs(shown - edges).max() < 1e-6


def test_lips_that_are_not_seen_stay(template):
    edges = touching_edges(template.vertices)
    edges[:, :10] = np.nan
    head = with_lip_edges(template.vertices, edges, 1)
    before, after = (lip_edges(template.subdivide(each, 1)) for each in (template.vertices, head))
    assert np.abs(after - before)[:, :10].max() < 1e-6
    assert np.abs(after - edges)[:, 10:].max() < 1e-6


def test_lips_of_a_neutral_face_neither_cross_nor_have_kinks(template):
    rims, head = lip_rims(), clear_eyeballs(template, bumpy_head(template, 1))
    count = len(rims.upper)
    # What is left of an expression: lips are shifted along each other, and one place was seen wrongly.
    shift = np.sin(np.linspace(0, 2 * np.pi, count))[:, None] * (1.2, 0.0, 0.0)
    wrong = np.zeros((count, 3))
    wrong[count // 3] = (0.0, 1.5, 0.0)
    left = head + rims.move(shift + wrong, wrong - shift)
    found = rested(left, balls(template, left), 2)
    assert crossing(shut(left, 2)) > 20 and crossing(found) == 0
    upper, lower = lip_edges(template.subdivide(found, 2))
    assert np.abs((upper - lower)[:, 1] - GAP).max() < 0.3

    def kink(each: np.ndarray) -> float:
        middle = lip_edges(each).mean(axis=0)[:, 1] - lip_edges(head).mean(axis=0)[:, 1]
        return float(np.abs(np.diff(middle, 2)).max())

    assert kink(found) < 0.5 * kink(left)
