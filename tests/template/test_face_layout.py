"""The second UV layout: the face is larger, and nothing overlaps, turns over or is stretched that was not before."""

import numpy as np
import pytest

from pix2vertex_blender.exchange.uv_layouts import FACE_FIRST, WHOLE_HEAD
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.subdivision import split_corners
from pix2vertex_blender.geometry.texels import triangles_at_texels
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.texels import size_for, texels_per_millimetre
from training.template.face_layout import face_first

SIZE = 1024


def corners_of(layout: str) -> np.ndarray:
    """The corners (t, 3, 2) of the layout's triangles in [0, 1], v upwards."""
    template = load_template(0, layout)
    return template.uvs.reshape(-1, 2)[triangulate(np.arange(template.faces.size).reshape(-1, 4))]


def areas(corners: np.ndarray) -> np.ndarray:
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return (one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0]) / 2


def edges(corners: np.ndarray) -> np.ndarray:
    return np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)


def test_the_file_is_what_its_authoring_makes() -> None:
    assert np.abs(load_template(0, FACE_FIRST).uvs - face_first(load_template())).max() < 1e-6


def test_no_texel_belongs_to_two_faces_and_none_lies_outside() -> None:
    corners = corners_of(FACE_FIRST)
    assert corners.min() > 0.005 and corners.max() < 0.995
    assert areas(corners).min() > 0, "nothing is turned over"
    taken = triangles_at_texels((corners * (1, -1) + (0, 1)) * SIZE, SIZE) >= 0
    assert taken.sum() == pytest.approx(areas(corners).sum() * SIZE**2, rel=2e-3), "overlapping faces would share some"


def test_every_triangle_is_a_similar_copy_of_what_it_was() -> None:
    before, after = (edges(corners_of(layout)) for layout in (WHOLE_HEAD, FACE_FIRST))
    factors = after / before
    assert np.allclose(factors.max(axis=1) / factors.min(axis=1), 1, atol=5e-3)


def test_the_face_has_more_than_twice_the_area_and_both_sides_the_same() -> None:
    template = load_template(0, FACE_FIRST)
    face = template.groups["face"][template.faces].mean(axis=1) > 0.5
    before, after = (areas(corners_of(layout)).reshape(-1, 2).sum(axis=1) for layout in (WHOLE_HEAD, FACE_FIRST))
    assert len(after) == len(face) and (after / before)[face].min() > 2.0
    half = len(template.faces) // 2
    mirrored = ((1, 0) + template.uvs[:half] * (-1, 1))[:, [0, 3, 2, 1]]
    assert np.allclose(mirrored, template.uvs[half:], atol=1e-6)


def test_a_smaller_texture_holds_the_same_photo() -> None:
    assert texels_per_millimetre(FACE_FIRST) > 1.4 * texels_per_millimetre()
    pixels_per_millimetre = 2048 * texels_per_millimetre() * 1.3
    assert size_for(pixels_per_millimetre, (1024, 2048, 4096)) == 4096
    assert size_for(pixels_per_millimetre, (1024, 2048, 4096), FACE_FIRST) == 2048


def test_finer_levels_and_all_but_the_uvs_are_those_of_the_template() -> None:
    plain, fine = load_template(1), load_template(1, FACE_FIRST)
    assert fine.layout == FACE_FIRST and plain.layout == WHOLE_HEAD
    assert fine.vertices is plain.vertices and fine.faces is plain.faces
    assert np.array_equal(fine.uvs, split_corners(load_template(0, FACE_FIRST).uvs))
    with pytest.raises(ValueError, match="layout must be one of"):
        load_template(0, "UDIM")
