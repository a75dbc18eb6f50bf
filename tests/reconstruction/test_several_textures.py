"""The textures of one head from several photos become one."""

import cv2
import numpy as np
import pytest

from pix2vertex_blender.geometry.texels import texel_grid
from pix2vertex_blender.reconstruction.several.texture import PhotoTexture, blend, photo_quality, sharpness
from pix2vertex_blender.reconstruction.texture.projection import LEVEL, project_photo
from pix2vertex_blender.template import load_template
from tests.reconstruction.test_texture import SIZE, error, pattern, photograph

pytestmark = pytest.mark.slow


def seen_from(yaw: float, exposure: float = 1.0, blur: float = 0.0) -> PhotoTexture:
    head = load_template(LEVEL)
    vertices, pixels, camera, mask = photograph(head, pattern, yaw)
    pixels = np.clip(np.rint(pixels * exposure), 0, 255).astype(np.uint8)
    if blur:
        pixels = cv2.GaussianBlur(pixels, (0, 0), blur)
    texture = project_photo(vertices, pixels, camera, mask, SIZE, keep_light=True)
    return PhotoTexture(texture, photo_quality(vertices, pixels, camera, mask, SIZE))


@pytest.fixture(scope="module")
def left() -> PhotoTexture:
    return seen_from(40.0)


@pytest.fixture(scope="module")
def right_and_darker() -> PhotoTexture:
    return seen_from(-40.0, exposure=0.7)


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    head = load_template(LEVEL)
    return pattern(texel_grid(head.faces, head.uvs, SIZE, 4.0).interpolate(head.vertices))


def test_what_one_photo_hides_comes_from_the_other_as_bright_as_the_first(
    left: PhotoTexture, right_and_darker: PhotoTexture, truth: np.ndarray
) -> None:
    both = blend([left, right_and_darker])
    shown = both.origin[..., 0] > 250
    assert shown.sum() > 1.3 * (left.texture.origin[..., 0] > 250).sum()
    only_there = (right_and_darker.texture.origin[..., 0] > 250) & (left.texture.origin[..., 0] < 5)
    assert only_there.sum() > 500
    found, before = both.colour.astype(float), left.texture.colour.astype(float)
    mirrored = np.median(error(before, truth, only_there))
    assert np.median(error(found, truth, only_there)) < min(6.0, 0.8 * mirrored)
    assert (np.abs(both.origin.astype(int).sum(axis=-1) - 255) <= 2).all()


def test_the_sharper_photo_decides(left: PhotoTexture, truth: np.ndarray) -> None:
    blurred = seen_from(0.0, blur=4.0)
    both = blend([blurred, left])
    shared = (
        (left.texture.origin[..., 0] > 250)
        & (blurred.texture.origin[..., 0] > 250)
        & (left.quality > 0.5 * left.quality.max())
    )
    assert np.median(error(both.colour.astype(float), truth, shared)) < 0.6 * np.median(
        error(blurred.texture.colour.astype(float), truth, shared)
    )


def test_sharpness_does_not_depend_on_exposure() -> None:
    _vertices, pixels, camera, mask = photograph(load_template(LEVEL), pattern, 0.0)
    darker = np.rint(pixels * 0.6).astype(np.uint8)
    assert sharpness(darker, camera, mask) == pytest.approx(sharpness(pixels, camera, mask), rel=0.25)
    assert sharpness(cv2.GaussianBlur(pixels, (0, 0), 6.0), camera, mask) < 0.5 * sharpness(pixels, camera, mask)


def test_the_only_photo_gives_its_own_texture(left: PhotoTexture) -> None:
    alone = blend([left])
    shown = left.texture.origin[..., 0] > 250
    np.testing.assert_array_equal(alone.colour[shown], left.texture.colour[shown])
