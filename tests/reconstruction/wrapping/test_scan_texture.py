"""A scan's colours on our UVs."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.texels import texel_grid
from pix2vertex_blender.reconstruction.texture.projection import LEVEL
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.reconstruction.wrapping.scan_texture import texture_of_scan
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.slow
SIZE = 256


def colour_at(rest: NDArray[np.floating]) -> NDArray[np.float64]:
    """A colour for each place (..., 3) of the template that is the same on no two sides."""
    x, y, z = np.moveaxis(np.asarray(rest, dtype=np.float64), -1, 0)
    return np.stack([150 + 0.5 * x, 130 + 0.4 * y, 110 + 0.4 * z], axis=-1)


def coloured(*, textured: bool) -> Scan:
    """Our head in centimetres without its left cheek, coloured by its vertices or by an image of heights over x."""
    level = load_template(LEVEL)
    hidden = (level.groups["cheeks"] > 0.5) & (level.vertices[:, 0] > 25)
    triangles = triangulate(level.faces)
    triangles = triangles[~hidden[triangles].any(axis=1)].astype(np.int32)
    scan = Scan(level.vertices / 10, triangles)
    if not textured:
        return replace(scan, colours=np.clip(np.rint(colour_at(level.vertices)), 0, 255).astype(np.uint8))
    lower, upper = level.vertices.min(axis=0), level.vertices.max(axis=0)
    rows, columns = np.mgrid[0:400, 0:400] + 0.5
    x, y = lower[0] + columns / 400 * np.ptp(level.vertices[:, 0]), upper[1] - rows / 400 * np.ptp(level.vertices[:, 1])
    image = np.clip(np.rint(colour_at(np.stack([x, y, 0 * x], axis=-1))), 0, 255).astype(np.uint8)
    uvs = ((level.vertices - lower) / (upper - lower))[:, :2].astype(np.float32)
    # As where a texture repeats.
    return replace(scan, corner_uvs=uvs[triangles] + np.float32(2.0), texture=image)


@pytest.mark.parametrize("textured", [False, True])
def test_the_whole_scan_is_on_our_uvs_and_the_rest_is_skin(*, textured: bool) -> None:
    """Face, ears, neck and the back of the head as the scan has them; a hole from the other side."""
    template, level = load_template(), load_template(LEVEL)
    texture = texture_of_scan(coloured(textured=textured), template.vertices / 10, 10.0, SIZE)
    assert texture is not None
    grid = texel_grid(level.faces, level.uvs, SIZE, 4.0)
    rest = grid.interpolate(level.vertices).astype(np.float64)
    sure = grid.covered & (texture.origin[..., 0] > 250)
    expected = colour_at(rest * (1, 1, 0) if textured else rest)
    difference = np.abs(texture.colour - expected).max(axis=-1)
    assert np.quantile(difference[sure], 0.98) < 4
    assert sure[grid.covered & (rest[..., 2] < -60) & (rest[..., 1] > -40)].mean() > 0.9, "behind"
    cheek = grid.covered & (rest[..., 0] > 35) & (rest[..., 2] > 40) & (np.abs(rest[..., 1] + 20) < 15)
    hidden = cheek & (texture.origin[..., 0] == 0)
    assert hidden.sum() > 50
    assert (texture.origin[hidden][:, 1] > 250).mean() > 0.9, "mirrored"
    assert texture.colour[hidden].min() > 60


def test_finer_textures_show_the_scans_own_texels() -> None:
    """Stripes of two millimetres, seen at 2k as in the scan's own image."""
    template, scan = load_template(), coloured(textured=True)
    assert scan.texture is not None
    striped = np.where(np.arange(400)[:, None, None] // 4 % 2, 200, 100) * np.ones((400, 400, 3))
    texture = texture_of_scan(replace(scan, texture=striped.astype(np.uint8)), template.vertices / 10, 10.0, 2048)
    assert texture is not None
    sure = texture.origin[..., 0] > 250
    values = texture.colour[sure][:, 0]
    assert ((values < 115) | (values > 185)).mean() > 0.6
    assert sure.mean() > 0.3


def test_what_the_scan_lacks_has_the_pattern_of_its_skin() -> None:
    """Pores everywhere on a scan without its cheeks: they go on where those are filled."""
    template, scan = load_template(), coloured(textured=True)
    assert scan.corner_uvs is not None
    kept = (np.abs(scan.vertices[:, 0]) < 3.5)[scan.triangles].all(axis=1)
    cut = replace(scan, triangles=scan.triangles[kept], corner_uvs=scan.corner_uvs[kept])
    spreads = []
    for strength in (0.0, 8.0):
        pores = 150 + strength * np.random.default_rng(0).normal(size=(2048, 2048, 1)) + np.zeros(3)
        image = np.clip(np.rint(pores), 0, 255).astype(np.uint8)
        image[0, 0] = 0  # a scan of one colour has none
        texture = texture_of_scan(replace(cut, texture=image), template.vertices / 10, 10.0, 512)
        assert texture is not None
        grey = texture.colour.mean(axis=-1)
        filled = ndimage.binary_erosion(texture.origin[..., 2] == 255, iterations=8)
        assert filled.sum() > 1000
        spreads.append(np.median(np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 4))[filled]))
    assert spreads[1] > 3 * spreads[0]
    assert spreads[1] > 1.0


def test_without_colours_there_is_no_texture() -> None:
    scan = coloured(textured=False)
    assert texture_of_scan(replace(scan, colours=None), load_template().vertices / 10, 10.0, SIZE) is None
