"""The expressions that ship."""

import numpy as np
import pytest

from pix2vertex_blender.expression.names import ARKIT_NAMES, REGIONS
from pix2vertex_blender.expression.rims import lip_rims
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.geometry.mesh import unique_edges

# As Apple documents them (ARFaceAnchor.BlendShapeLocation).
DOCUMENTED = tuple(
    """
eyeBlinkLeft eyeLookDownLeft eyeLookInLeft eyeLookOutLeft eyeLookUpLeft eyeSquintLeft eyeWideLeft
eyeBlinkRight eyeLookDownRight eyeLookInRight eyeLookOutRight eyeLookUpRight eyeSquintRight eyeWideRight
jawForward jawLeft jawRight jawOpen mouthClose mouthFunnel mouthPucker mouthLeft mouthRight
mouthSmileLeft mouthSmileRight mouthFrownLeft mouthFrownRight mouthDimpleLeft mouthDimpleRight
mouthStretchLeft mouthStretchRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper
mouthPressLeft mouthPressRight mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft mouthUpperUpRight
browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight
cheekPuff cheekSquintLeft cheekSquintRight noseSneerLeft noseSneerRight tongueOut
""".split()  # noqa: SIM905
)
ONE_SIDED = [name for name in DOCUMENTED if name.endswith("Left") and not name.startswith(("jaw", "mouthLeft"))]


def test_the_names_are_arkits():
    assert sorted(ARKIT_NAMES) == sorted(DOCUMENTED)
    assert load_expressions().names == ARKIT_NAMES
    assert sum(len(names) for names in REGIONS.values()) == 52


@pytest.mark.parametrize(
    "name", [name for name in DOCUMENTED if name.endswith("Left") and name[:3] not in ("jaw", "mou")]
)
def test_left_is_the_persons_left_and_right_its_mirror_image(template, name):
    left = load_expressions().of(name)
    right = load_expressions().of(name.removesuffix("Left") + "Right")
    assert np.abs(left[template.mirror] * (-1, 1, 1) - right).max() < 0.02
    size = np.linalg.norm(left, axis=1)
    assert (size * template.vertices[:, 0]).sum() > 0  # in the template's axes the person's left has positive x


def test_the_jaw_and_the_mouth_go_to_the_persons_left(template):
    chin = template.groups["chin"] > 0.5
    for name in ("jawLeft", "mouthLeft"):
        assert load_expressions().of(name)[chin, 0].mean() > 2


@pytest.mark.parametrize("name", ["jawOpen", "cheekPuff", "mouthFunnel", "browInnerUp"])
def test_shapes_without_a_side_are_symmetric(template, name):
    shape = load_expressions().of(name)
    assert np.abs(shape[template.mirror] * (-1, 1, 1) - shape).max() < 0.02


def test_the_open_jaw_moves_the_chin_and_the_lower_lip_only(template):
    size = np.linalg.norm(load_expressions().of("jawOpen"), axis=1)
    assert size[template.groups["chin"] > 0.9].min() > 25
    assert size[template.vertices[:, 1] > 65].max() < 1  # above the brows, where the temples follow a little
    rims = lip_rims()
    middle = slice(len(rims.upper) // 4, -len(rims.upper) // 4)
    assert size[rims.upper[middle]].max() < 8
    assert size[rims.lower[middle]].min() > 25


@pytest.mark.parametrize(
    "name", ["jawOpen", "mouthLowerDownLeft", "mouthUpperUpRight", "mouthSmileLeft", "mouthFunnel"]
)
def test_no_vertex_is_drawn_along_by_the_other_lip(name):
    """Along either lip the shape changes steadily from vertex to vertex: a torn seam jumps there and back."""
    shape = load_expressions().of(name).astype(float)
    for edge in (lip_rims().upper, lip_rims().lower):
        along = shape[edge]
        jumps = np.linalg.norm(along[1:-1] - (along[2:] + along[:-2]) / 2, axis=1)
        assert jumps.max() < 0.12 * np.linalg.norm(along, axis=1).max() + 0.1


@pytest.mark.parametrize("name", ARKIT_NAMES)
def test_shapes_are_smooth(template, name):
    """Neighbouring vertices move nearly alike: no edge becomes many times as long."""
    edges = unique_edges(template.faces)
    moved = template.vertices + load_expressions().of(name)
    before, after = (np.linalg.norm(v[edges[:, 0]] - v[edges[:, 1]], axis=1) for v in (template.vertices, moved))
    assert (after < 3 * before + 5).all()
