"""The detail of a head from several photos: each region's from the one that shows it best."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.errors import PhotoError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.detail_readings import READINGS, Reading
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.exchange.view import View, no_pins
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.paths import DETAIL_NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.detail.detail import add_detail
from pix2vertex_blender.reconstruction.detail.shown_face import ShownFace
from pix2vertex_blender.reconstruction.several.detail import MOST_PHOTOS, detail_of_photos, detail_views
from pix2vertex_blender.template import load_template

SIDE, MAPS = 1024, 128
CAMERA = Camera(0.5, (MAPS / 2, MAPS / 2), 1 / 900)


def picture(stripes: bool) -> np.ndarray:
    """Grey skin, or with a dark line every 8 mm."""
    rows = np.full(SIDE, 150.0)
    if stripes:
        rows -= 60.0 * (np.cos(2 * np.pi * np.arange(SIDE) / (8.0 * CAMERA.scale * SIDE / MAPS)) > 0.7)
    return np.broadcast_to(rows[:, None, None], (SIDE, SIDE, 3)).astype(np.uint8)


def photo(yaw: float, stripes: bool) -> View:
    """What a camera sees of the template that is turned by so many degrees."""
    cos, sin = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
    matrix = np.eye(4)
    matrix[:3, :3] = [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]
    file = io.BytesIO()
    Image.fromarray(picture(stripes)).save(file, "PNG")
    nothing = np.zeros((MAPS, MAPS, 3), dtype=np.float32)
    maps = FaceMaps(
        np.ones((MAPS, MAPS), dtype=bool),
        np.zeros((MAPS, MAPS), dtype=np.float32),
        nothing,
        nothing,
        CAMERA,
        Similarity(1.0, np.eye(3), np.zeros(3)),
        0.9,
    )
    return View((SIDE, SIDE), SIDE / MAPS * np.eye(2, 3), matrix, maps, file.getvalue(), no_pins())


def detail_of(*views: View, reading: Reading = "SHADING") -> np.ndarray:
    template, level = load_template(), load_template(1)
    return detail_of_photos(template.vertices, level.vertices, level, views, reading)


def cheek(side: float) -> np.ndarray:
    """Vertices of the cheek on the left of the person (1) or on the right (-1)."""
    x, y, z = load_template(1).vertices.T
    return (np.abs(side * x - 48.0) < 8.0) & (np.abs(y + 12.0) < 14.0) & (z > 0.0)


def roughness(detail: np.ndarray, where: np.ndarray) -> float:
    return float(np.linalg.norm(detail[where], axis=1).std())


def test_one_photo_says_what_it_says_alone() -> None:
    level, view = load_template(1), photo(0.0, True)
    alone = add_detail(
        level.vertices,
        level,
        ShownFace(picture(True), CAMERA.resized(SIDE / MAPS), np.ones((MAPS, MAPS), dtype=bool), 1.0),
    )
    assert np.allclose(detail_of(view), alone, atol=1e-3)


def test_each_cheek_is_from_the_photo_that_shows_it() -> None:
    """A head that is turned to its left (positive yaw) shows its right cheek."""
    detail = detail_of(photo(45.0, True), photo(-45.0, False))
    other = detail_of(photo(45.0, False), photo(-45.0, True))
    assert roughness(detail, cheek(-1.0)) > 4 * roughness(detail, cheek(1.0))
    assert roughness(other, cheek(1.0)) > 4 * roughness(other, cheek(-1.0))


@pytest.mark.parametrize("reading", READINGS if DETAIL_NETWORK_WEIGHTS.exists() else ("SHADING",))
def test_what_one_photo_shows_best_is_as_from_that_photo_alone(reading: Reading) -> None:
    left, right = photo(-45.0, True), photo(45.0, True)
    both = detail_of(left, right, reading=reading)
    for side, view in ((1.0, left), (-1.0, right)):
        alone = detail_of(view, reading=reading)[cheek(side)]
        assert np.linalg.norm(both[cheek(side)] - alone, axis=1).mean() < 0.15 * np.linalg.norm(alone, axis=1).mean()


def test_photos_that_are_not_used_or_too_many_are_not_read() -> None:
    view = photo(0.0, False)
    assert len(detail_views([view, replace(view, used=False), view])) == 2
    assert len(detail_views([view] * 40)) == MOST_PHOTOS


def test_another_photo_whose_crop_is_lost_is_left_out() -> None:
    view = photo(0.0, True)
    damaged = replace(view, crop_png=b"nothing")
    assert np.allclose(detail_of(view, damaged), detail_of(view), atol=1e-6)
    with pytest.raises(PhotoError):
        detail_of(damaged, view)
