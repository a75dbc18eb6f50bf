"""A face that the photo's edge cuts off: what the photo does not show is a calm guess, and said to be one."""

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.exchange.confidence import MOST_OUTSIDE, doubts, share_outside
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.photo.photo import inside_photo
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct


@pytest.mark.slow
def test_nothing_bulges_beyond_the_edge(tmp_path):
    whole = reconstruct(SAMPLE_PORTRAIT, Options(detail_level=0))
    x, y, width, height = whole.report.face_box
    edge = int(x + 0.45 * width)
    with Image.open(SAMPLE_PORTRAIT) as image:
        image.crop((edge, 0, image.width, image.height)).save(tmp_path / "cut.png")
    cut = reconstruct(tmp_path / "cut.png", Options(detail_level=0, face_box=(x - edge, y, width, height)))
    mask = cut.view.maps.mask
    inside = inside_photo(cut.view.crop_to_photo, cut.view.photo_size, len(mask))
    assert mask.any() and not (mask & ~inside).any(), "the continued edge is no face"
    distance = np.linalg.norm(cut.vertices - whole.vertices, axis=1)
    assert np.percentile(distance, 95) < 15
    assert distance.max() < 25
    outside = share_outside(cut.report.landmarks_68, cut.view.photo_size)
    assert outside > MOST_OUTSIDE
    assert "cuts off" in doubts(1.0, outside)[0]
    assert doubts(1.0, share_outside(whole.report.landmarks_68, whole.view.photo_size)) == []
