"""Lips end where the photo shows that they do, and stay as they are where it shows nothing of them."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.corrections.lip_borders import lip_borders, with_seen_borders
from pix2vertex_blender.reconstruction.corrections.mouth import lip_lines
from pix2vertex_blender.reconstruction.seen_face import SeenFace
from pix2vertex_blender.template import load_template

Points = NDArray[np.float64]
#: Pixels of the maps' side and how many of the crop's lie along one of them, and of the crop to a millimetre.
SIDE, ENLARGEMENT, SCALE = 128, 4, 4.0
SKIN, RED, STUBBLE = (205, 160, 140), (170, 75, 80), (150, 140, 130)
CAMERA = Camera(SCALE / ENLARGEMENT, (SIDE / 2, SIDE / 4), 1 / 900)


def seen_face(lips: NDArray[np.uint8] | None = None, shown: bool = True) -> SeenFace:
    """A face from the front in the colour of skin; its mask may be empty where something hides it."""
    crop = np.full((SIDE * ENLARGEMENT, SIDE * ENLARGEMENT, 3), SKIN, np.uint8) if lips is None else lips
    grid = (SIDE, SIDE)
    nothing = np.full((*grid, 3), np.nan, np.float32)
    pose = Similarity(1.0, np.eye(3), np.zeros(3))
    maps = FaceMaps(np.full(grid, shown), np.zeros(grid, np.float32), nothing, nothing, CAMERA, pose, 1.0)
    return SeenFace(maps, np.eye(2, 3), (SIDE, SIDE), crop, b"")


def borders(vertices: Points) -> tuple[Points, Points]:
    """Upper and lower border in the crop's pixels."""
    camera = CAMERA.resized(ENLARGEMENT)
    upper, lower = (camera.project(edge.points @ vertices) for edge in lip_borders())
    return upper, lower


def painted(upwards: float, downwards: float, colour: tuple[int, int, int] = RED) -> SeenFace:
    """Lips whose borders lie so many millimetres outside of the template's, less and less towards the corners."""
    outlines = []
    for line, away in zip(borders(load_template().vertices), (-upwards, downwards), strict=True):
        share = np.sin(np.linspace(0, np.pi, len(line)))
        outlines.append(line + np.column_stack([np.zeros(len(line)), share * away * SCALE]))
    crop = seen_face().crop
    outline = np.rint((np.concatenate(outlines) - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(crop, [outline], colour, lineType=cv2.LINE_AA, shift=4)
    return seen_face(cv2.GaussianBlur(crop, (0, 0), 2.0))


def highest_and_lowest(vertices: Points) -> Points:
    """How far (mm) the middles of both borders lie outside of the template's."""
    own, moved = (
        np.array([line[len(line) // 2, 1] for line in borders(v)]) for v in (load_template().vertices, vertices)
    )
    outside: Points = (moved - own) * (-1, 1) / SCALE
    return outside


@pytest.mark.parametrize("away", [(2.0, 2.0), (-1.2, -1.5), (0.0, 2.0), (0.0, 0.0)])
def test_lips_become_as_full_as_they_are_seen(away: tuple[float, float]) -> None:
    moved = with_seen_borders(load_template().vertices, painted(*away))
    np.testing.assert_allclose(highest_and_lowest(moved), away, atol=0.6)


def test_the_mouth_between_the_lips_and_the_nose_stay() -> None:
    template = load_template()
    moved = with_seen_borders(template.vertices, painted(2.0, 2.0))
    assert np.abs(moved - template.vertices).max() > 1
    for still in (lip_lines().ravel(), template.groups["nose"] >= 0.5, template.groups["mouth_interior"] >= 0.5):
        np.testing.assert_array_equal(moved[still], template.vertices[still])


def test_depth_is_not_read_from_borders() -> None:
    """They are seen across the line of sight only."""
    template = load_template()
    moved = with_seen_borders(template.vertices, painted(2.0, 2.0))
    np.testing.assert_allclose(moved[:, 2], template.vertices[:, 2], atol=1e-9)


@pytest.mark.parametrize(
    "face",
    [
        seen_face,
        lambda: painted(2.0, 2.0, STUBBLE),
        lambda: SeenFace(seen_face(shown=False).maps, np.eye(2, 3), (SIDE, SIDE), painted(2.0, 2.0).crop, b""),
    ],
    ids=["skin alone", "grey instead of red", "hidden"],
)
def test_what_is_no_border_moves_nothing(face: Callable[[], SeenFace]) -> None:
    vertices = load_template().vertices
    np.testing.assert_array_equal(with_seen_borders(vertices, face()), vertices)
