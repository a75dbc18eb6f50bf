"""Teeth, tongue and the mouth's inside stay where they belong while the face moves."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pix2vertex_blender.addon.scene.expression_presets import random_values
from pix2vertex_blender.exchange.mouth import MouthPart
from pix2vertex_blender.expression.mouth import BAG_OUTSIDE, Wearer, place_mouth
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.expression.rims import lip_rims
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.geometry.mesh import triangle_normals, triangulate
from pix2vertex_blender.geometry.raster import rasterise
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import Template
from pix2vertex_blender.template.parts import MATERIALS, load_parts
from training.template.surface import border_loops

from .conftest import bumpy_head

#: From the front, from either side, from below and from above, in degrees; pixels per mm, and the picture's side in mm.
VIEWS = ((0, 0), (45, 0), (-45, 0), (80, 0), (-80, 0), (20, 15), (0, -35))
SCALE, SIDE = 2.0, 150.0
#: Beside the opening between the lips, whose edge is drawn by straight lines, so many pixels do not count.
MARGIN = 3


def moved(part: MouthPart, values: Mapping[str, float]) -> np.ndarray:
    return part.vertices + sum(values.get(name, 0.0) * move for name, move in part.moves.items())


def turned(points: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
    a, b = np.radians((yaw, pitch))
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return points @ (nod @ turn).T


def poking(
    template: Template, head: np.ndarray, parts: dict[str, np.ndarray], view: tuple[int, int]
) -> dict[str, float]:
    """How far (mm) each part is seen in front of the skin, beside the opening between the lips."""
    middle = head[lip_rims().corners].mean(axis=0)
    size = int(SIDE * SCALE)

    def picture(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = turned(points - middle, *view)
        return points[:, :2] * (SCALE, -SCALE) + size / 2, points[:, 2]

    def depths(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
        flat, depth = picture(points)
        triangles = triangulate(faces)
        seen, weights = rasterise(flat, depth, triangles, (size, size))
        values = (depth[triangles[np.maximum(seen, 0)]] * weights).sum(axis=-1)
        return np.where(seen >= 0, values, -np.inf)

    rims = lip_rims()
    upper, lower = (np.concatenate([rims.corners[:1], rim, rims.corners[1:]]) for rim in (rims.upper, rims.lower))
    opening = np.zeros((size, size), np.uint8)
    # Strip by strip: seen from a side, the outline of the whole would cross itself.
    for strip in np.stack([upper[:-1], upper[1:], lower[1:], lower[:-1]], axis=1):
        cv2.fillConvexPoly(opening, cv2.convexHull(np.rint(picture(head[strip])[0]).astype(np.int32)), 1)
    opening = cv2.dilate(opening, np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)) > 0
    skin = depths(head, template.faces)
    before = {}
    skin[skin == -np.inf] = -SIDE
    for name, points in parts.items():
        ahead = depths(points, load_parts().mouth[name].faces) - skin
        before[name] = float(ahead[~opening & np.isfinite(ahead)].max(initial=-np.inf))
    return before


def random_expressions(count: int) -> Iterator[dict[str, float]]:
    generator = np.random.default_rng(11)
    for _ in range(count):
        yield random_values(generator)


def shown(offsets: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
    return np.tensordot([values.get(name, 0.0) for name in ARKIT_NAMES], offsets, 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [None, 1])
def test_nothing_pokes_through_lips_or_cheeks(template, seed):
    head = clear_eyeballs(template, template.vertices if seed is None else bumpy_head(template, seed))
    offsets = personal_expressions(head, balls(template, head))
    mouth = place_mouth(Wearer.without_expression(head), offsets)
    for number, values in enumerate(random_expressions(50)):
        parts = {part.name: moved(part, values) for part in mouth}
        if values.get("tongueOut", 0.0) > 0:
            del parts["tongue"]  # which comes out
        face = head + shown(offsets, values)
        for name, ahead in poking(template, face, parts, VIEWS[number % len(VIEWS)]).items():
            # The bag begins outside the rim behind the lips, and may be seen there at a very oblique look.
            assert ahead < 0.3 + (BAG_OUTSIDE if name == "mouth_bag" else 0.0), (name, values)


@pytest.fixture(scope="module")
def resting(template: Template) -> tuple[np.ndarray, np.ndarray, tuple[MouthPart, ...]]:
    """A neutral head, what its expressions add, and its mouth."""
    head = clear_eyeballs(template, template.vertices)
    offsets = personal_expressions(head, balls(template, head))
    return head, offsets, place_mouth(Wearer.without_expression(head), offsets)


def by_name(mouth: tuple[MouthPart, ...]) -> dict[str, MouthPart]:
    return {part.name: part for part in mouth}


def test_the_upper_teeth_stay_and_the_lower_ones_turn_rigidly_with_the_jaw(resting):
    parts = by_name(resting[2])
    assert parts["teeth_upper"].moves == {}
    lower = parts["teeth_lower"]
    assert set(lower.moves) == {"jawOpen", "jawForward", "jawLeft", "jawRight", "tongueOut"}
    opened = moved(lower, {"jawOpen": 1.0})
    assert fit_similarity(lower.vertices, opened).scale == pytest.approx(1.0, abs=1e-4)
    fitted = fit_similarity(lower.vertices, opened).apply(lower.vertices)
    assert np.abs(fitted - opened).max() < 0.01
    assert (lower.vertices - opened)[:, 1].max() > 20
    assert moved(lower, {"jawLeft": 1.0})[:, 0].mean() - lower.vertices[:, 0].mean() > 3, "to the person's left"


def test_the_tongue_goes_with_the_jaw_and_comes_out_between_the_lips(resting):
    head, offsets, mouth = resting
    tongue = by_name(mouth)["tongue"]
    assert np.abs(tongue.moves["jawOpen"]).max() > 20
    lips = head + shown(offsets, {"jawOpen": 0.4, "tongueOut": 1.0})
    out = moved(tongue, {"jawOpen": 0.4, "tongueOut": 1.0})
    front = lips[lip_rims().lower][:, 2].max()
    assert tongue.vertices[:, 2].max() < head[lip_rims().lower][:, 2].max()
    assert out[:, 2].max() > front + 8
    between = out[np.abs(out[:, 2] - front) < 4]
    assert between[:, 1].max() < lips[lip_rims().upper][:, 1].max()
    assert between[:, 1].min() > lips[lip_rims().lower][:, 1].min() - 4


def inside_teeth(points: np.ndarray, jaw: str, vertices: np.ndarray) -> np.ndarray:
    """Which points (k,) lie in a tooth: a ray upwards leaves more of their surfaces than it enters."""
    part = load_parts().mouth[f"teeth_{jaw}"]
    triangles = vertices[triangulate(part.faces[part.materials == 0])]
    flat, height = triangles[..., [0, 2]], triangles[..., 1]
    edges = np.roll(flat, -1, axis=1) - flat
    area = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    away = points[:, None, None, [0, 2]] - flat[None]
    share = (edges[..., 0] * away[..., 1] - edges[..., 1] * away[..., 0]) / area[:, None]
    crossing = (share * np.roll(height, 1, axis=1)).sum(axis=2)
    above = (share >= 0).all(axis=2) & (crossing > points[:, None, 1])
    return np.abs((above * np.sign(area)).sum(axis=1)) > 0.5


@pytest.mark.parametrize("out", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0])
@pytest.mark.parametrize("opened", [0.0, 0.4])
def test_no_tooth_cuts_the_tongue_on_its_way_out_also_with_the_jaw_shut(resting, out, opened):
    values = {"tongueOut": out, "jawOpen": opened}
    parts = by_name(resting[2])
    tongue = moved(parts["tongue"], values)
    points = np.concatenate([tongue, tongue[load_parts().mouth["tongue"].faces].mean(axis=1)])
    for jaw in ("upper", "lower"):
        assert not inside_teeth(points, jaw, moved(parts[f"teeth_{jaw}"], values)).any(), jaw


def test_the_palate_closes_the_mouth_above(resting):
    part, points = load_parts().mouth["teeth_upper"], by_name(resting[2])["teeth_upper"].vertices
    below = np.array([[x, -20.0, z] for x in (-12.0, 0.0, 12.0) for z in (58.0, 70.0, 82.0)])
    flat = points[triangulate(part.faces[part.materials == 1])]
    for place in below:
        hits = [
            corners
            for corners in flat
            if cv2.pointPolygonTest(corners[:, [0, 2]].astype(np.float32), place[[0, 2]].tolist(), False) >= 0
        ]
        assert hits and min(corners[:, 1].min() for corners in hits) > place[1]


@pytest.mark.parametrize("values", [{}, {"jawOpen": 1.0}, {"mouthSmileLeft": 1.0, "mouthPucker": 0.5, "jawLeft": 1.0}])
def test_the_bag_is_closed_and_sewn_to_the_inside_of_the_lips(resting, values):
    head, offsets, mouth = resting
    bag = load_parts().mouth["mouth_bag"]
    (border,) = border_loops(bag.faces)
    assert len(border) == len(load_parts().rim)
    triangles = triangulate(bag.faces)
    inwards = np.array([0.0, -33.0, 60.0]) - bag.vertices[triangles].mean(axis=1)
    assert ((triangle_normals(bag.vertices, triangles) * inwards).sum(axis=1) > 0).all(), "seen from within"
    points = moved(by_name(mouth)["mouth_bag"], values)
    face = head + shown(offsets, values)
    assert np.abs(np.linalg.norm(points[: len(border)] - face[load_parts().rim], axis=1) - 0.6).max() < 0.05


def test_an_open_mouth_of_a_photo_has_an_open_jaw(template):
    head = clear_eyeballs(template, template.vertices)
    opened = head + 0.8 * load_expressions().of("jawOpen").astype(float)
    shut, wide = (by_name(place_mouth(Wearer.as_in_photo(each))) for each in (head, opened))
    drop = (shut["teeth_lower"].vertices - wide["teeth_lower"].vertices)[:, 1].mean()
    assert drop > 0.5 * 0.8 * 20
    assert np.abs(shut["teeth_upper"].vertices - wide["teeth_upper"].vertices).max() < 3
    assert all(part.moves == {} for part in wide.values())


def test_a_larger_head_has_larger_teeth(template):
    small, large = (
        by_name(place_mouth(Wearer.without_expression(size * template.vertices)))["teeth_upper"].vertices
        for size in (1.0, 1.2)
    )
    assert np.ptp(large, axis=0) == pytest.approx(1.2 * np.ptp(small, axis=0), rel=0.02)


@pytest.mark.parametrize("jaw", ["upper", "lower"])
def test_no_deep_notch_is_between_the_edges_of_front_teeth(jaw):
    part, scale, size = load_parts().mouth[f"teeth_{jaw}"], 20, 1000
    down = 1.0 if jaw == "upper" else -1.0  # where the crowns' edges are; rows go there
    tooth = part.groups["teeth"] > 0.5
    pixels = part.vertices[:, :2] * (scale, -down * scale)
    pixels += (size / 2, size / 2 - pixels[tooth, 1].mean())
    seen, _ = rasterise(pixels, part.vertices[:, 2], triangulate(part.faces), (size, size))
    silhouette = size - np.argmax((seen >= 0)[::-1], axis=0)
    middles = pixels[tooth, 0].reshape(16, -1).mean(axis=1).round().astype(int)[5:11]
    for one, other in pairwise(middles):
        between = silhouette[one:other]
        deepest = int(np.argmin(between))
        edges = between[: deepest + 1].max(), between[deepest:].max()
        assert min(edges) - between[deepest] < 0.8 * scale


def test_gums_reach_farther_between_two_teeth_than_over_their_middles():
    for jaw, towards_edge in (("upper", -1.0), ("lower", 1.0)):
        part = load_parts().mouth[f"teeth_{jaw}"]
        tooth = part.groups["teeth"] > 0.5
        teeth = part.vertices[tooth].reshape(16, -1, 3).mean(axis=1)[6:10]
        front = ~tooth & (part.vertices[:, 2] > teeth[:, 2].min())
        rim, reach = part.vertices[front, 0], towards_edge * part.vertices[front, 1]
        middle, between = (
            [reach[np.abs(rim - x) < 0.8].max() for x in places]
            for places in (teeth[:, 0], (teeth[1:, 0] + teeth[:-1, 0]) / 2)
        )
        assert np.mean(between) > np.mean(middle) + 0.7


def test_parts_are_quads_with_uvs_groups_and_materials():
    for name, part in load_parts().mouth.items():
        assert part.faces.shape[1] == 4 and part.uvs.shape == (*part.faces.shape, 2)
        assert part.uvs.min() >= 0 and part.uvs.max() <= 1
        assert np.isclose(sum(part.groups.values()), 1).all()
        assert set(part.materials.tolist()) == set(range(len(MATERIALS[name])))
