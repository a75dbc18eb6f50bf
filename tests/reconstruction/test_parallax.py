"""Photos of a made-up head from three sides correct a wrong head, and only where they show the same."""

from dataclasses import replace

import numpy as np
import pytest

from pix2vertex_blender.geometry.similarity import Similarity, fit_similarity
from pix2vertex_blender.reconstruction.several.evidence import averaged
from pix2vertex_blender.reconstruction.several.parallax import Shot, correct_by_parallax
from pix2vertex_blender.template import load_template
from tests.reconstruction.made_up_portrait import CAMERA, MIDDLE, head, painted, photograph, rotation

YAWS = (0.0, -24.0, 24.0)


def somebody() -> np.ndarray:
    """A head (n, 3) that differs from the template by some millimetres, mostly forwards and backwards."""
    template = load_template()
    field = averaged(np.random.default_rng(3).standard_normal(len(template.vertices)), 60)
    forwards = 2.5 * field / field[template.groups["face"] > 0.5].std()
    return template.vertices + forwards[:, None] * (0.0, 0.0, 1.0)


def photographed(vertices: np.ndarray, yaw: float, freckles: int = 0, error: float = 0.0) -> Shot:
    """A photo of a head with freckles of its own, and its pose, which is so many degrees and millimetres wrong."""
    noise = averaged(np.random.default_rng(freckles).standard_normal(len(vertices)), 1)
    colours = np.clip(painted(vertices) * (1 + 0.25 * noise[:, None]), 0, 255)
    pixels, inside = photograph(head(yaw, vertices), colours)
    turn = rotation(yaw + error)
    pose = Similarity(1.0, turn, error - turn @ MIDDLE)
    return Shot(pixels, CAMERA, inside, pose, np.zeros_like(vertices))


def distance(vertices: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square distance (mm) of faces, seen from the front, after the best similarity."""
    face = load_template().groups["face"] > 0.9
    moved = fit_similarity(vertices[face], truth[face]).apply(vertices[face])
    return float(np.sqrt(((moved - truth[face]) ** 2).sum(axis=1).mean()))


def yaws(poses: list[Similarity]) -> list[float]:
    return [np.degrees(np.arctan2(pose.rotation[0, 2], pose.rotation[2, 2])) for pose in poses]


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    return [photographed(somebody(), yaw, error=error) for yaw, error in zip(YAWS, (0.0, 0.7, -0.7), strict=True)]


def test_what_photos_from_three_sides_show_corrects_the_head_and_the_poses(shots) -> None:
    before = load_template().vertices
    after, poses = correct_by_parallax(before, shots)
    assert distance(after, somebody()) < 0.85 * distance(before, somebody())
    assert yaws(poses)[1] - yaws(poses)[2] == pytest.approx(YAWS[1] - YAWS[2], abs=0.9), "1.4 before"


def test_photos_that_show_other_skin_hardly_change_anything() -> None:
    before = load_template().vertices
    others = [photographed(somebody(), yaw, freckles) for yaw, freckles in zip(YAWS, (5, 6, 7), strict=True)]
    after, poses = correct_by_parallax(before, others)
    assert distance(after, somebody()) < 1.05 * distance(before, somebody())
    assert yaws(poses) == pytest.approx(YAWS, abs=0.6)


def test_photos_from_one_side_and_photos_without_contrast_leave_the_head_as_it_is(shots) -> None:
    before = load_template().vertices
    for same in ([shots[0]], [shots[0], shots[0]], [replace(shot, crop=np.full_like(shot.crop, 90)) for shot in shots]):
        after, poses = correct_by_parallax(before, same)
        np.testing.assert_allclose(after, before, atol=1e-6)
        assert [pose.scale for pose in poses] == pytest.approx([1.0] * len(same))
