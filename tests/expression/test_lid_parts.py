"""Lashes grow on the lids, and the corners of the eyes are closed, through the blink and other expressions."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from pix2vertex_blender.exchange.mouth import MouthPart
from pix2vertex_blender.expression.lid_parts import LidFrames, place_lid_parts
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.raster import rasterise
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import Ball
from pix2vertex_blender.template.parts import load_parts

from .conftest import bumpy_head

#: A window (mm) around both eyes, and its pixels per mm.
WIDTH, HEIGHT, SCALE = 120.0, 50.0, 4.0
SHOWN = (
    {},
    {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
    {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    {"eyeWideLeft": 1.0, "eyeLookUpRight": 1.0},
    {"eyeSquintLeft": 1.0, "cheekSquintRight": 1.0, "mouthSmileLeft": 0.7},
    {"eyeLookDownLeft": 1.0, "eyeLookInRight": 1.0, "browDownLeft": 1.0},
)


@dataclass(frozen=True)
class Eyes:
    """A head with its expressions, its eyeballs and what is on its lids."""

    head: np.ndarray
    offsets: np.ndarray
    balls: tuple[Ball, Ball]
    eyeballs: np.ndarray
    parts: dict[str, MouthPart]

    def face(self, values: Mapping[str, float]) -> np.ndarray:
        return self.head + np.tensordot([values.get(name, 0.0) for name in ARKIT_NAMES], self.offsets, 1)

    def part(self, name: str, values: Mapping[str, float]) -> np.ndarray:
        part = self.parts[name]
        return part.vertices + sum(values.get(key, 0.0) * move for key, move in part.moves.items())


@pytest.fixture(scope="module", params=[None, pytest.param(1, marks=pytest.mark.slow)], ids=["template", "bumpy"])
def eyes(request) -> Eyes:
    template = load_template()
    head = clear_eyeballs(template, template.vertices if request.param is None else bumpy_head(template, request.param))
    both = balls(template, head)
    offsets = personal_expressions(head, both, 1)
    parts = {part.name: part for part in place_lid_parts(head, both, offsets)}
    return Eyes(head, offsets, both, template.place_eyeballs(head), parts)


def pixels(eyes: Eyes, points: np.ndarray, yaw: float) -> np.ndarray:
    """Column, row and depth (n, 3) of points in the picture of `seen`."""
    a = np.radians(yaw)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    middle = (eyes.balls[0].centre + eyes.balls[1].centre) / 2
    return (points - middle) @ turn.T * (SCALE, -SCALE, 1.0) + np.array([WIDTH * SCALE / 2, HEIGHT * SCALE / 2, 0.0])


def seen(eyes: Eyes, meshes: list[tuple[np.ndarray, np.ndarray]], yaw: float) -> tuple[np.ndarray, np.ndarray]:
    """The mesh and the depth in each pixel of a picture around the eyes; -1 where there is none."""
    points = pixels(eyes, np.concatenate([vertices for vertices, _faces in meshes]), yaw)
    starts = np.cumsum([0, *(len(vertices) for vertices, _faces in meshes)])
    triangles = [triangulate(faces) + start for (_vertices, faces), start in zip(meshes, starts, strict=False)]
    owner = np.repeat(np.arange(len(meshes)), [len(each) for each in triangles])
    every = np.concatenate(triangles)
    hit, weights = rasterise(points[:, :2], points[:, 2], every, (int(HEIGHT * SCALE), int(WIDTH * SCALE)))
    depth = (points[:, 2][every[np.maximum(hit, 0)]] * weights).sum(axis=-1)
    return np.where(hit >= 0, owner[np.maximum(hit, 0)], -1), np.where(hit >= 0, depth, -np.inf)


def meshes_of(eyes: Eyes, values: Mapping[str, float]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The skin before the lids' borders, the sockets behind them, the balls and the parts on the lids."""
    template, fine = load_template(), load_template(1)
    face = template.subdivide(eyes.face(values), 1)
    inside = fine.groups["eye_socket"][fine.faces].min(axis=1) > 0.3
    opaque = template.eyeballs.faces[template.eyeballs.groups["cornea"][template.eyeballs.faces].max(axis=1) < 0.5]
    parts = {name: (eyes.part(name, values), load_parts().lids[name].faces) for name in eyes.parts}
    return {
        "skin": (face, fine.faces[~inside]),
        "socket": (face, fine.faces[inside]),
        "balls": (eyes.eyeballs, opaque),
    } | parts


def behind_the_ball(eyes: Eyes, values: Mapping[str, float], meshes: list, yaw: float) -> int:
    """How many pixels between the lids show a socket, the second of the meshes, or the head's inside."""
    owner, _depth = seen(eyes, meshes, yaw)
    count = 0
    for side, ball in enumerate(eyes.balls):
        opening = np.zeros(owner.shape, np.uint8)
        edge = LidFrames.of(eyes.face(values), ball, side).lines[1]
        cv2.fillPoly(opening, [np.rint(pixels(eyes, edge, yaw)[:, :2]).astype(np.int32)], 1)
        count += int(((owner == 1) | (owner == -1))[opening > 0].sum())
    return count


@pytest.mark.parametrize("values", SHOWN, ids=lambda values: "-".join(values) or "neutral")
def test_no_look_goes_past_the_ball_into_the_socket(eyes, values):
    meshes = meshes_of(eyes, values)
    for yaw in (0.0, -40.0):
        closed = ["skin", "socket", "balls", "eye_corners"]
        assert behind_the_ball(eyes, values, [meshes[name] for name in closed], yaw) <= 4, yaw


def test_flesh_is_seen_at_the_inner_corners_and_hardly_elsewhere(eyes):
    meshes = meshes_of(eyes, {})
    owner, _depth = seen(eyes, [meshes[name] for name in ("skin", "socket", "balls", "eye_corners")], 0.0)
    columns = np.nonzero(owner == 3)[1] / SCALE - WIDTH / 2
    for side, ball in enumerate(eyes.balls):
        own = columns > 0 if side == 0 else columns < 0
        middle = abs(ball.centre[0] - (eyes.balls[0].centre + eyes.balls[1].centre)[0] / 2)
        inner = np.abs(columns[own]) < middle - 8
        assert 40 < inner.sum() < 500
        assert (~inner).sum() < 0.5 * inner.sum()


def test_closed_lids_hide_tears_and_corners(eyes):
    meshes = meshes_of(eyes, SHOWN[2])
    for yaw in (0.0, 40.0, -40.0):
        shown = ["skin", "socket", "balls", "eye_corners", "tear_lines"]
        owner, _depth = seen(eyes, [meshes[name] for name in shown], yaw)
        assert (owner > 0).sum() <= 10, yaw


@pytest.mark.parametrize("values", SHOWN, ids=lambda values: "-".join(values) or "neutral")
def test_lashes_grow_from_the_skin_and_do_not_go_back_into_it(eyes, values):
    meshes = meshes_of(eyes, values)
    lashes = meshes["lashes"][0].reshape(-1, 4, 3, 3).mean(axis=2)  # lash by lash, from root to tip
    skin = meshes["skin"][0]
    nearby = skin[np.linalg.norm(skin - lashes[:, 0].mean(axis=0), axis=1) < 80]
    roots = np.linalg.norm(lashes[:, 0, None] - nearby[None], axis=2).min(axis=1)
    assert roots.max() < 1.0
    _owner, depth = seen(eyes, [meshes["skin"]], 0.0)
    tips = pixels(eyes, lashes[:, 3], 0.0)
    column, row = np.rint(tips[:, :2]).astype(int).T
    buried = depth[np.clip(row, 0, len(depth) - 1), column] - tips[:, 2]
    assert buried.max() < 0.5
    assert (buried > 0.1).mean() < 0.02


def test_lashes_stay_as_long_through_a_blink(eyes):
    for value in (0.0, 0.5, 1.0):
        lashes = eyes.part("lashes", {"eyeBlinkLeft": value, "eyeBlinkRight": value}).reshape(-1, 4, 3, 3).mean(axis=2)
        length = np.linalg.norm(np.diff(lashes, axis=1), axis=2).sum(axis=1)
        assert length.min() > 2.0 and length.max() < 10.5


def test_only_expressions_near_the_eyes_move_them(eyes):
    for part in eyes.parts.values():
        assert {"eyeBlinkLeft", "eyeBlinkRight", "eyeSquintLeft", "eyeWideRight"} <= set(part.moves)
        assert not {"mouthClose", "mouthPucker", "mouthRollLower"} & set(part.moves)
