"""The skeleton of any head: where its bones are, what they carry, and that bone and expression of the jaw agree."""

import numpy as np
import pytest

from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.geometry.mesh import boundary_edges, unique_edges
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.rig.joints import JAW_AXIS, joints, template_jaw_motion, turned_down
from pix2vertex_blender.rig.names import NAMINGS, bone_name
from pix2vertex_blender.rig.weights import skin_weights
from pix2vertex_blender.template import load_template


def test_bones_are_where_a_head_has_them() -> None:
    template = load_template()
    bones = joints(template.vertices)
    for side, sign in (("left", 1), ("right", -1)):
        ball = template.place_eyeballs(template.vertices)[template.eyeballs.groups[side] > 0.5]
        assert np.linalg.norm(bones[f"{side}_eye"].head - (ball.min(axis=0) + ball.max(axis=0)) / 2) < 1.0
        assert sign * bones[f"{side}_eye"].head[0] > 25
    ears = template.vertices[template.groups["ears"] > 0.5]
    assert ears[:, 1].min() < bones["jaw"].head[1] < ears[:, 1].max()
    assert bones["jaw"].tail[1] < -70, "at the chin"
    assert bones["head"].head[1] < bones["jaw"].head[1] < bones["left_eye"].head[1] < bones["head"].tail[1]
    lips = template.vertices[(template.groups["upper_lip"] > 0.5) | (template.groups["lower_lip"] > 0.5)]
    assert bones["tongue"].tail[2] < lips[:, 2].max(), "behind the lips"
    assert "neck" not in joints(template.vertices, with_neck=False)
    assert next(iter(bones)) == "neck", "each comes after its parent"


def test_bones_go_with_the_head() -> None:
    template = load_template()
    angle = np.radians(20)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    moved = Similarity(1.0, turn, np.array([3.0, -2.0, 7.0]))
    before, after = joints(template.vertices), joints(moved.apply(template.vertices))
    for name, bone in before.items():
        assert np.allclose(
            moved.apply(np.array([bone.head, bone.tail])), [after[name].head, after[name].tail], atol=0.5
        )


def test_weights_add_up_are_smooth_and_symmetric() -> None:
    template, weights = load_template(), skin_weights()
    assert np.allclose(sum(weights.values()), 1.0)
    edges = unique_edges(template.faces)
    length = np.linalg.norm(np.diff(template.vertices[edges], axis=1)[:, 0], axis=1)
    for name, each in weights.items():
        assert each.min() >= 0, name
        assert np.abs(each - each[template.mirror]).max() < 0.02, name
        steps = np.abs(np.diff(each[edges], axis=1)[:, 0])
        assert (steps / np.maximum(length, 2.0)).max() < 0.15, name
    groups = template.groups
    assert weights["jaw_skin"][groups["chin"] > 0.9].min() > 0.7
    assert weights["jaw_skin"][groups["forehead"] + groups["nose"] > 0.9].max() < 0.1
    foot = np.unique(boundary_edges(template.faces))
    assert weights["neck"][foot[groups["neck"][foot] > 0.5]].min() == 1.0, "where a body would go on"
    assert weights["neck"][groups["face"] > 0.9].max() < 0.35


def test_the_jaws_bone_does_what_jaw_open_does() -> None:
    template, weights = load_template(), skin_weights()["jaw_skin"]
    motion = template_jaw_motion("jawOpen")
    assert 8 < np.degrees(motion.angle) < 30
    offset = load_expressions().of("jawOpen").astype(np.float64)
    axis = np.array(JAW_AXIS)
    by_bone = weights[:, None] * ((template.vertices - axis) @ (turned_down(motion.angle) - np.eye(3)).T)
    chin = template.landmarks_68[8]
    assert np.linalg.norm(by_bone[chin] - offset[chin]) < 0.2 * np.linalg.norm(offset[chin])
    moved = np.linalg.norm(offset, axis=1) > 1.0
    error = np.linalg.norm(by_bone - offset, axis=1)
    assert error[moved].mean() < 0.3 * np.linalg.norm(offset[moved], axis=1).mean()


def test_the_jaw_moves_as_the_expressions_say() -> None:
    assert template_jaw_motion("jawForward").shift[2] > 3
    assert template_jaw_motion("jawLeft").shift[0] == pytest.approx(-template_jaw_motion("jawRight").shift[0], rel=0.02)
    assert template_jaw_motion("jawLeft").shift[0] > 3, "the person's left"


def test_no_bone_takes_the_weights_of_a_region_or_the_name_of_an_expression() -> None:
    taken = set(load_template().groups) | set(ARKIT_NAMES)
    for naming in NAMINGS:
        names = [bone_name(bone, naming) for bone in joints(load_template().vertices)]
        assert len(set(names)) == 7
        assert not taken & set(names)
