"""The rig together with teeth, tongue and the mouth's inside, which follow the expressions by keys of their own."""

import dataclasses

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.rig.armature import rig_of
from pix2vertex_blender.addon.scene.expressions import set_expressions
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.exchange.eyes import EyeLook
from pix2vertex_blender.expression.mouth import Wearer, place_mouth
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.rig.joints import template_jaw_motion
from pix2vertex_blender.template import load_template

from .rigged import by_hand, child, expressions_of, keys, shown, with_eyeballs
from .test_export_presets import import_again
from .test_rig_export import groups_of

PARTS = ("Teeth Upper", "Teeth Lower", "Tongue", "Mouth Bag")


@pytest.fixture
def silent(addon, reconstruction) -> bpy.types.Object:
    """A head with a mouth and without expressions."""
    still = tuple(dataclasses.replace(part, moves={}) for part in mouth())
    return build_face_object(
        dataclasses.replace(with_eyeballs(reconstruction), mouth=still), bpy.context, with_eyeballs=True
    )


@pytest.fixture
def face(silent) -> bpy.types.Object:
    """The same with expressions."""
    give_expressions(silent)
    return silent


def mouth():
    return place_mouth(Wearer.without_expression(load_template().vertices), load_expressions().offsets)


def give_expressions(face: bpy.types.Object) -> None:
    set_expressions(face, "PHOTO", dataclasses.replace(expressions_of(load_template().vertices), mouth=mouth()))
    bpy.context.view_layer.update()


def test_what_follows_a_key_moves_once(face) -> None:
    rest = {name: shown(child(face, name)) for name in PARTS}
    keys(face)["jawOpen"].value = 1.0
    wanted = {name: shown(child(face, name)) for name in PARTS}
    assert np.linalg.norm(wanted["Teeth Lower"] - rest["Teeth Lower"], axis=1).min() > 0.01
    bpy.ops.pix2vertex.add_rig()
    for name in PARTS:
        assert np.abs(shown(child(face, name)) - wanted[name]).max() < 1e-6, name
    keys(face)["jawOpen"].value = 0.0
    for name in PARTS:
        assert np.abs(shown(child(face, name)) - rest[name]).max() < 1e-6, name


def test_the_jaw_by_hand_takes_all_of_the_mouth_along(face) -> None:
    bpy.ops.pix2vertex.add_rig()
    rest = {name: shown(child(face, name)) for name in PARTS}
    keys(face)["jawOpen"].value = 1.0
    wanted = {name: shown(child(face, name)) for name in PARTS}
    keys(face)["jawOpen"].value = 0.0
    jaw = by_hand(face, "jaw")
    jaw.rotation_euler.x = template_jaw_motion("jawOpen").angle * np.sign(jaw.bone.matrix_local[0][0])
    for name in PARTS:
        moved = np.linalg.norm(wanted[name] - rest[name], axis=1).mean()
        error = np.linalg.norm(shown(child(face, name)) - wanted[name], axis=1).mean()
        assert error < max(0.25 * moved, 1e-6), (name, error, moved)


def test_a_rig_from_before_the_expressions_is_brought_up_to_date(silent) -> None:
    bpy.ops.pix2vertex.add_rig()
    give_expressions(silent)
    bpy.ops.pix2vertex.add_rig()
    names = {name: {group.name for group in child(silent, name).vertex_groups} for name in PARTS}
    assert "DEF-jaw_skin" in names["Teeth Lower"] and "DEF-jaw" not in names["Teeth Lower"]
    assert "DEF-tongue" in names["Tongue"] and "DEF-head" in names["Teeth Upper"]
    assert rig_of(silent).data.bones["DEF-tongue"].parent.name == "DEF-jaw_skin"


@pytest.mark.slow
def test_all_of_it_arrives_skinned(face, tmp_path) -> None:
    bpy.ops.pix2vertex.add_rig(naming="UNITY")
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "face.glb"), preset="UNITY", file_format="GLB")
    assert rig_of(face) is not None
    import_again(tmp_path / "face.glb")
    for name, bone in (("Teeth_Lower", "Jaw"), ("Teeth_Upper", "Head"), ("Tongue", "Tongue"), ("Mouth_Bag", "Jaw")):
        item = bpy.data.objects[name]
        assert [modifier.type for modifier in item.modifiers] == ["ARMATURE"]
        assert groups_of(item)[bone].max() > 0.9, name
    assert "jawOpen" in keys(bpy.data.objects["Teeth_Lower"])


def test_eyes_that_look_aside_in_the_photo_are_posed(addon, reconstruction) -> None:
    look = EyeLook(gaze=np.array([[0.2, 0.1], [0.2, 0.1]]), iris=None)
    face = build_face_object(
        dataclasses.replace(with_eyeballs(reconstruction), eye_look=look), bpy.context, with_eyeballs=True
    )
    eye = child(face, "Eyeball Left")
    bpy.context.view_layer.update()
    before = shown(eye)
    bpy.ops.pix2vertex.add_rig()
    assert np.abs(shown(eye) - before).max() < 1e-5
    assert tuple(eye.rotation_euler) == (0.0, 0.0, 0.0)
    bpy.ops.pix2vertex.add_rig()
    assert np.abs(shown(eye) - before).max() < 1e-5, "once"
