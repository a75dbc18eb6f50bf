"""What a known face does is found from perfect maps."""

import numpy as np
import pytest

from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.reconstruction.video.performance import Performer, rotation_of

SHOWN = {"jawOpen": 0.5, "mouthSmileLeft": 0.7, "mouthSmileRight": 0.7, "browInnerUp": 0.6}


def coefficients(values: dict[str, float]) -> np.ndarray:
    result = np.zeros(len(ARKIT_NAMES))
    for name, value in values.items():
        result[ARKIT_NAMES.index(name)] = value
    return result


@pytest.fixture(scope="module")
def performer(template):
    return Performer(template.vertices, load_expressions().offsets)


@pytest.mark.parametrize("yaw", [0.0, 30.0])
def test_expression_and_pose_are_found(performer, look_at, template, yaw: float) -> None:
    shown = template.vertices + np.tensordot(coefficients(SHOWN), load_expressions().offsets, 1)
    pose = performer.pose(performer.places(look_at(shown, yaw, 96).maps))
    np.testing.assert_allclose(pose.coefficients, coefficients(SHOWN), atol=0.12)
    turned = np.degrees(np.arctan2(pose.head.rotation[0, 2], pose.head.rotation[2, 2]))
    assert turned == pytest.approx(yaw, abs=0.1)
    assert pose.error < 0.3


def test_a_still_face_has_no_expression(performer, look_at, template) -> None:
    pose = performer.pose(performer.places(look_at(template.vertices, 15.0, 96).maps))
    assert not pose.coefficients.any()


def test_a_hand_before_the_face_is_no_expression(performer, look_at, template) -> None:
    view = look_at(template.vertices, 0.0, 96)
    geometry = view.maps.geometry.copy()
    geometry[60:, :40] += np.float32(15.0)
    covered = type(view.maps)(**{**vars(view.maps), "geometry": geometry})
    pose = performer.pose(performer.places(covered))
    assert pose.coefficients.max() < 0.25
    assert np.abs(pose.head.rotation - np.eye(3)).max() < 0.03


def test_what_is_known_is_not_found_again(performer, look_at, template) -> None:
    looks = coefficients({"eyeLookDownLeft": 0.8, "eyeLookDownRight": 0.8})
    shown = template.vertices + np.tensordot(looks, load_expressions().offsets, 1)
    pose = performer.pose(performer.places(look_at(shown, 0.0, 96).maps), looks)
    np.testing.assert_allclose(pose.coefficients, looks, atol=0.05)


def test_hardly_anything_of_a_face_is_none(performer, look_at, template) -> None:
    view = look_at(template.vertices, 0.0, 96)
    mask = view.maps.mask.copy()
    mask[:, :48] = mask[50:] = False
    mask[:44] = False
    assert performer.places(type(view.maps)(**{**vars(view.maps), "mask": mask})) is None


def test_rotations_about_a_vector() -> None:
    np.testing.assert_allclose(rotation_of([0.0, np.pi / 2, 0.0]) @ [0.0, 0.0, 1.0], [1.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(rotation_of(np.zeros(3)), np.eye(3))
