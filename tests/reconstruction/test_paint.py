import cv2
import numpy as np
import pytest

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.reconstruction.detail.detail import add_detail
from pix2vertex_blender.reconstruction.detail.shown_face import ShownFace
from pix2vertex_blender.reconstruction.detail.solver import DetailParameters
from pix2vertex_blender.template import load_template

SKIN = np.array([196.0, 150.0, 126.0])
CAMERA = Camera(3.0, (400.0, 400.0))
AS_PUBLISHED = DetailParameters(largest_hue=float("inf"))


def displaced(paint, parameters=None):
    """Mean displacement around two places of the cheeks, of which the right one shows a wrinkle and the left a mark."""
    level = load_template(1)
    photo = np.tile(SKIN, (800, 800, 1))
    wrinkle, mark = np.array([38.0, -5.0]), np.array([-38.0, -5.0])
    for place, colour in ((wrinkle, SKIN * 0.75), (mark, paint)):
        x, y = (400 + 3 * place[0], 400 - 3 * place[1])
        cv2.ellipse(photo, (int(x), int(y)), (9, 4), 0, 0, 360, tuple(float(v) for v in colour), -1, cv2.LINE_AA)
    photo = cv2.GaussianBlur(photo, (0, 0), 1.5).astype(np.uint8)
    size = np.linalg.norm(add_detail(level.vertices, level, ShownFace(photo, CAMERA), parameters=parameters), axis=1)
    near = [
        (np.linalg.norm(level.vertices[:, :2] - place, axis=1) < 4) & (level.vertices[:, 2] > 30)
        for place in (wrinkle, mark)
    ]
    flat = np.linalg.norm(
        add_detail(level.vertices, level, ShownFace(np.tile(SKIN, (800, 800, 1)).astype(np.uint8), CAMERA)), axis=1
    )
    return [max(float((size - flat)[where].mean()), 0.0) for where in near]


@pytest.mark.slow
@pytest.mark.parametrize("paint", [(110, 70, 45), (40, 38, 36)], ids=["mole", "frame"])
def test_what_has_another_hue_is_no_relief_and_what_is_only_darker_is(paint):
    wrinkle, mark = displaced(paint)
    wrinkle_before, mark_before = displaced(paint, AS_PUBLISHED)
    assert wrinkle_before > 0.02 and mark_before > 0.02
    assert wrinkle > 0.8 * wrinkle_before
    assert mark < 0.35 * mark_before
