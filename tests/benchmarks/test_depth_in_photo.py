from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.product import depth_in_photo
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.frames import Frame
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_both

SHAPE = (300, 260)
#: From the crop's pixels to the photo's.
CROP_TO_PHOTO = np.array([[1.5, 0.0, 20.0], [0.0, 1.5, 30.0]])


@pytest.fixture(params=[-40, 0, 40])
def turned_head(request):
    """The template as a result, turned by so many degrees."""
    template = load_template()
    head_to_camera = np.eye(4)
    head_to_camera[:3, :3] = Rotation.from_euler("y", request.param, degrees=True).as_matrix()
    return SimpleNamespace(
        vertices=template.vertices,
        faces=template.faces,
        groups=template.groups,
        view=SimpleNamespace(frame=Frame(head_to_camera, Camera(0.6, (75.0, 85.0)), CROP_TO_PHOTO)),
    )


def test_one_does_not_look_between_the_lids_at_the_face_from_inside(turned_head):
    depth, mask = depth_in_photo(turned_head, SHAPE)
    for vertices, _, _ in place_both(load_template(), turned_head.vertices):
        turned = vertices @ turned_head.view.frame.head_to_camera[:3, :3].T
        pupil = turned[np.argmax(vertices[:, 2])]
        column, row = np.floor(
            turned_head.view.frame.camera.project(pupil[None])[0] * 1.5 + CROP_TO_PHOTO[:, 2]
        ).astype(int)
        around = depth[row - 8 : row + 9, column - 8 : column + 9]
        assert not mask[row, column]
        assert np.nanmax(around) < -pupil[2] + 35
        assert np.isfinite(around).sum() > 40


def test_the_depth_is_that_of_the_vertices_that_are_seen(turned_head):
    depth, mask = depth_in_photo(turned_head, SHAPE)
    turned = turned_head.vertices @ turned_head.view.frame.head_to_camera[:3, :3].T
    columns, rows = np.floor(turned_head.view.frame.camera.project(turned) * 1.5 + CROP_TO_PHOTO[:, 2]).astype(int).T
    behind = -turned[:, 2] - depth[rows, columns]
    seen = mask[rows, columns] & (turned_head.groups["face"] > 0.9) & (np.abs(behind) < 5)
    assert seen.sum() > 800
    assert np.median(np.abs(behind[seen])) < 0.6
