"""A face that the photo's edge cuts off: what the photo does not show is a calm guess, and said to be one."""

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.exchange.confidence import MOST_OUTSIDE, doubts, share_outside
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct


@pytest.mark.slow
def test_nothing_bulges_beyond_the_edge(tmp_path):
    whole = reconstruct(SAMPLE_PORTRAIT, Options(detail_level=0))
    x, y, width, height = whole.report.face_box
    edge = int(x + 0.45 * width)
    with Image.open(SAMPLE_PORTRAIT) as image:
        image.crop((edge, 0, image.width, image.height)).save(tmp_path / "cut.png")
    cut = reconstruct(tmp_path / "cut.png", Options(detail_level=0, face_box=(x - edge, y, width, height)))
    assert not cut.view.maps.mask[:, : _first_column(cut)].any(), "the continued edge is no face"
    distance = np.linalg.norm(cut.vertices - whole.vertices, axis=1)
    assert np.percentile(distance, 95) < 12
    assert distance.max() < 25
    outside = share_outside(cut.report.landmarks_68, cut.view.photo_size)
    assert outside > MOST_OUTSIDE
    assert "cuts off" in doubts(1.0, outside)[0]
    assert doubts(1.0, share_outside(whole.report.landmarks_68, whole.view.photo_size)) == []


def _first_column(face) -> int:
    """The first column of the maps that lies in the photo."""
    affine = face.view.crop_to_photo
    return int(-affine[0, 2] / affine[0, 0])
