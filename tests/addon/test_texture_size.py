import dataclasses

import numpy as np
import pytest

from pix2vertex_blender.addon.images.texture_size import pixels_per_millimetre, side_of_texture
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.texels import texels_per_millimetre


def with_photo(reconstruction: Reconstruction, enlargement: float) -> Reconstruction:
    """The face as in a photo with so many pixels for one of the crop's."""
    return reconstruction.with_view(crop_to_photo=np.array([[enlargement, 0.0, 0.0], [0.0, enlargement, 0.0]]))


@pytest.mark.parametrize(("enlargement", "side"), [(1.0, 1024), (3.0, 2048), (6.0, 4096), (40.0, 4096)])
def test_the_photos_pixels_decide(reconstruction: Reconstruction, enlargement: float, side: int) -> None:
    face = with_photo(reconstruction, enlargement)
    assert pixels_per_millimetre(face) == pytest.approx(0.9 * enlargement), "as the camera of 0.9 pixels has it"
    assert side_of_texture("AUTO", face) == side
    if side < 4096:
        assert side * texels_per_millimetre() > pixels_per_millimetre(face), "none of them is lost"
    assert side_of_texture("2048", face) == 2048


def test_of_several_photos_the_sharpest_that_counts_decides(reconstruction: Reconstruction) -> None:
    blurred, sharp = (with_photo(reconstruction, enlargement).view for enlargement in (1.0, 3.0))
    both = dataclasses.replace(reconstruction, views=(blurred, sharp))
    assert side_of_texture("AUTO", both) == 2048
    off = dataclasses.replace(reconstruction, views=(blurred, dataclasses.replace(sharp, used=False)))
    assert side_of_texture("AUTO", off) == 1024


def test_texels_are_counted_along_edges_of_the_face() -> None:
    template = load_template()
    face = template.faces[(template.groups["face"][template.faces] > 0.99).all(axis=1)][:, :2]
    rows = np.flatnonzero((template.groups["face"][template.faces] > 0.99).all(axis=1))
    on_head = np.linalg.norm(np.diff(template.vertices[face], axis=1)[:, 0], axis=1)
    on_texture = np.linalg.norm(np.diff(template.uvs[rows][:, :2], axis=1)[:, 0], axis=1)
    assert np.median(on_texture / on_head) == pytest.approx(texels_per_millimetre(), rel=0.1)
