"""The rig of a face: bones, weights and drivers, as Blender evaluates them."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.rig.armature import bones_of, rig_of
from pix2vertex_blender.addon.scene.axes import from_blender, to_blender
from pix2vertex_blender.addon.scene.expressions import set_expressions
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.face_update import add_missing_eyeballs, bring_rig_along, update_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates, set_mesh_coordinates
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.geometry.mesh import boundary_edges, unique_edges
from pix2vertex_blender.rig.joints import JAW_AXIS, template_jaw_motion, turned_down
from pix2vertex_blender.template import load_template

from .rigged import by_hand, child, expressions_of, keys, posed, shown, with_eyeballs


@pytest.fixture
def face(addon: None, reconstruction: Reconstruction) -> Iterator[bpy.types.Object]:
    """The template with eyeballs, teeth and a tongue, and with expressions."""
    face = build_face_object(with_eyeballs(reconstruction), bpy.context, with_eyeballs=True)
    for name, place in (("Teeth Upper", (0, -20, 95)), ("Teeth Lower", (0, -45, 93)), ("Tongue", (0, -42, 75))):
        bpy.ops.mesh.primitive_grid_add(size=0.03, x_subdivisions=4, y_subdivisions=4)
        part = bpy.context.active_object
        part.name, part.parent = name, face
        part.location = to_blender(np.array([place], dtype=float))[0]
    bpy.context.view_layer.objects.active = face
    set_expressions(face, "PHOTO", expressions_of(load_template().vertices))
    return face


def test_a_rig_changes_nothing_until_it_is_posed(face) -> None:
    parts = [face, *face.children]
    before = [shown(item) for item in parts]
    assert bpy.ops.pix2vertex.add_rig() == {"FINISHED"}
    assert set(bones_of(rig_of(face))) == {"neck", "head", "jaw", "jaw_skin", "left_eye", "right_eye", "tongue"}
    for item, points in zip(parts, before, strict=True):
        assert np.abs(shown(item) - points).max() < 1e-6, item.name
    assert bpy.context.view_layer.objects.active == face
    assert not bpy.data.objects.get("Face Rig.001")


def test_jaw_open_moves_the_skin_once_and_the_jaw_with_all_it_carries(face) -> None:
    bpy.ops.pix2vertex.add_rig()
    lower, upper, skin = child(face, "Teeth Lower"), child(face, "Teeth Upper"), shown(face)
    teeth, fixed, tongue = shown(lower), shown(upper), shown(child(face, "Tongue"))
    rest = np.array(posed(face, "jaw").tail)
    keys(face)["jawOpen"].value = 1.0
    wanted = to_blender(load_expressions().of("jawOpen"))
    assert np.abs(shown(face) - skin - wanted).max() < 1e-6, "not twice"
    chin = load_template().landmarks_68[8]
    assert np.linalg.norm(np.array(posed(face, "jaw").tail) - rest - wanted[chin]) < 0.2 * np.linalg.norm(wanted[chin])
    assert (shown(lower) - teeth)[:, 2].max() < -0.012, "down"
    assert (shown(child(face, "Tongue")) - tongue)[:, 2].max() < -0.005
    assert np.abs(shown(upper) - fixed).max() < 1e-6


def test_the_jaw_by_hand_opens_the_mouth_as_jaw_open_does(face) -> None:
    bpy.ops.pix2vertex.add_rig()
    skin, teeth = shown(face), shown(child(face, "Teeth Lower"))
    keys(face)["jawOpen"].value = 1.0
    by_key, teeth_by_key = shown(face) - skin, shown(child(face, "Teeth Lower")) - teeth
    turn = posed(face, "jaw").matrix.to_3x3() @ posed(face, "jaw_skin").matrix.to_3x3().inverted()
    keys(face)["jawOpen"].value = 0.0
    jaw = by_hand(face, "jaw")
    local = jaw.bone.matrix_local.to_3x3()
    jaw.rotation_euler = (local.inverted() @ turn @ local).to_euler("XYZ")
    by_bone = shown(face) - skin
    moved = np.linalg.norm(by_key, axis=1) > 0.001
    assert np.linalg.norm(by_bone - by_key, axis=1)[moved].mean() < 0.3 * np.linalg.norm(by_key, axis=1)[moved].mean()
    assert np.linalg.norm(shown(child(face, "Teeth Lower")) - teeth - teeth_by_key, axis=1).max() < 0.002
    lips = load_template().landmarks_68[[62, 66]]
    assert by_bone[lips[1], 2] < -0.015 < by_bone[lips[0], 2], "the lips part"


def test_parts_with_keys_of_their_own_move_once(face) -> None:
    """Teeth, a tongue and the inside of the mouth that follow `jawOpen` by keys of their own, driven by the face's."""
    motion = template_jaw_motion("jawOpen")
    place = np.array(JAW_AXIS)
    for name, reach in (("Teeth Lower", 1.0), ("Tongue", 0.8), ("Mouth Bag", 0.5)):
        if name == "Mouth Bag":
            bpy.ops.mesh.primitive_grid_add(size=0.04, x_subdivisions=4, y_subdivisions=4)
            part = bpy.context.active_object
            part.name, part.parent, part["pix2vertex_part"] = name, face, "mouth_bag"
            part.location = to_blender(np.array([[0.0, -35.0, 80.0]]))[0]
        part = child(face, name)
        part.shape_key_add(name="Basis", from_mix=False)
        own = part.shape_key_add(name="jawOpen", from_mix=False)
        rest = from_blender(mesh_coordinates(own.data) + np.array(part.location, dtype=np.float32))
        added = reach * ((rest - place) @ (turned_down(motion.angle) - np.eye(3)).T + motion.shift)
        set_mesh_coordinates(own.data, mesh_coordinates(own.data) + to_blender(added))
        driver = own.driver_add("value").driver
        driver.type = "SUM"
        target = driver.variables.new().targets[0]
        target.id_type, target.id, target.data_path = "KEY", face.data.shape_keys, 'key_blocks["jawOpen"].value'
    bpy.context.view_layer.objects.active = face
    bpy.context.view_layer.update()
    parts = [child(face, name) for name in ("Teeth Lower", "Tongue", "Mouth Bag")]
    rest = [shown(part) for part in parts]
    keys(face)["jawOpen"].value = 1.0
    wanted = [shown(part) for part in parts]
    bpy.ops.pix2vertex.add_rig()
    for part, points in zip(parts, wanted, strict=True):
        assert np.abs(shown(part) - points).max() < 1e-6, part.name
    keys(face)["jawOpen"].value = 0.0
    jaw = by_hand(face, "jaw")
    jaw.rotation_euler.x = motion.angle * np.sign(jaw.bone.matrix_local[0][0])
    for part, before, points in zip(parts, rest, wanted, strict=True):
        moved = np.linalg.norm(points - before, axis=1).mean()
        assert np.linalg.norm(shown(part) - points, axis=1).mean() < 0.15 * moved, part.name


@pytest.mark.parametrize(
    ("key", "eye", "direction"),
    [
        ("eyeLookUpLeft", "left_eye", (0, 0, 1)),
        ("eyeLookDownRight", "right_eye", (0, 0, -1)),
        ("eyeLookOutLeft", "left_eye", (1, 0, 0)),
        ("eyeLookInLeft", "left_eye", (-1, 0, 0)),
        ("eyeLookOutRight", "right_eye", (-1, 0, 0)),
        ("eyeLookInRight", "right_eye", (1, 0, 0)),
    ],
)
def test_eyes_look_where_their_keys_say(face, key, eye, direction) -> None:
    bpy.ops.pix2vertex.add_rig()
    ball = child(face, "Eyeball Left" if eye == "left_eye" else "Eyeball Right")
    other = child(face, "Eyeball Right" if eye == "left_eye" else "Eyeball Left")
    rest, still = shown(ball), shown(other)
    front = rest[:, 1].argmin()
    keys(face)[key].value = 1.0
    moved = shown(ball)
    assert (moved - rest)[front] @ np.array(direction) > 0.0045
    boxes = [(points.min(axis=0) + points.max(axis=0)) / 2 for points in (moved, rest)]
    assert np.abs(boxes[0] - boxes[1]).max() < 5e-4, "about its own centre"
    assert np.abs(shown(other) - still).max() < 1e-6


@pytest.mark.parametrize(
    ("key", "direction"),
    [("eyeLookUpLeft", (0, 0, 1)), ("eyeLookDownLeft", (0, 0, -1)), ("eyeLookOutLeft", (1, 0, 0))],
)
def test_eyes_look_where_their_keys_say_without_a_rig_and_no_farther_with_one(face, key, direction) -> None:
    bring_rig_along(face)
    ball, other = child(face, "Eyeball Left"), child(face, "Eyeball Right")
    rest, still = shown(ball), shown(other)
    keys(face)[key].value = 1.0
    looking = shown(ball)
    assert (looking - rest)[rest[:, 1].argmin()] @ np.array(direction) > 0.0045
    assert np.abs(shown(other) - still).max() < 1e-6
    ball.rotation_euler.z = 0.1
    by_hand_too = shown(ball)
    assert np.abs(by_hand_too - looking).max() > 0.001, "what is turned by hand is added"
    ball.rotation_euler.z = 0.0
    bpy.ops.pix2vertex.add_rig()
    assert np.abs(shown(ball) - looking).max() < 1e-5
    keys(face)[key].value = 0.0
    assert np.abs(shown(ball) - rest).max() < 1e-5


def test_a_blender_file_of_a_face_has_eyes_that_go_on_following_its_keys(face, tmp_path: Path) -> None:
    bring_rig_along(face)
    keys(face)["eyeLookUpLeft"].value = 0.5
    looking = shown(child(face, "Eyeball Left"))
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "face.blend"), preset="BLENDER")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "face.blend")) as (there, here):
        here.objects = list(there.objects)
    for item in here.objects:
        bpy.context.scene.collection.objects.link(item)
    written = bpy.data.objects["Eyeball_Left"]
    assert np.abs(shown(written) - looking).max() < 1e-5
    keys(written.parent)["eyeLookUpLeft"].value = 0.0
    assert np.abs(shown(written) - looking).max() > 0.002
    assert len(bpy.data.shape_keys) == 1, "it follows keys of its own face"


def test_the_head_takes_everything_along_and_a_gaze_by_hand_is_added(face) -> None:
    bpy.ops.pix2vertex.add_rig()
    parts = [face, *(item for item in face.children if item.type == "MESH")]
    before = [shown(item) for item in parts]
    by_hand(face, "head").rotation_euler = (0.0, 0.5, 0.0)
    head = posed(face, "head").matrix @ by_hand(face, "head").bone.matrix_local.inverted()
    turn, shift = np.array(head.to_3x3()), np.array(head.translation)
    for item, points in zip(parts, before, strict=True):
        moved = shown(item)
        above = points[:, 2] > (0.02 if item == face else -1)
        assert np.abs(moved - (points @ turn.T + shift))[above].max() < 0.004, item.name
    assert (shown(face) - before[0])[load_template().landmarks_68[30], 0] > 0.03, "to the person's left"
    foot = np.unique(boundary_edges(load_template().faces))
    foot = foot[load_template().groups["neck"][foot] > 0.5]
    assert np.abs(shown(face) - before[0])[foot].max() < 1e-6, "the neck's foot stays"
    by_hand(face, "head").rotation_euler = (0.0, 0.0, 0.0)
    keys(face)["eyeLookUpLeft"].value = 0.5
    by_hand(face, "left_eye").rotation_euler = (np.radians(15.0), 0.0, 0.0)
    eye = posed(face, "left_eye")
    assert np.array(eye.tail - eye.head)[2] == pytest.approx(eye.length * np.sin(np.radians(30.0)), abs=1e-5)


@pytest.mark.parametrize("naming", ["BLENDER", "UNREAL", "UNITY", "VRM"])
def test_names_and_another_naming_later(face, naming) -> None:
    bpy.ops.pix2vertex.add_rig(naming="VRM" if naming == "UNITY" else "UNITY")
    bpy.ops.pix2vertex.add_rig(naming=naming)
    rig = rig_of(face)
    names = {bone: each.name for bone, each in bones_of(rig).items()}
    expected = {"UNREAL": "FACIAL_L_Eye", "UNITY": "LeftEye", "VRM": "J_Adj_L_FaceEye", "BLENDER": "DEF-eye.L"}
    assert names["left_eye"] == expected[naming]
    assert {names["jaw_skin"], names["head"], names["neck"]} <= {group.name for group in face.vertex_groups}
    assert len(bpy.data.armatures) == 1
    skin = shown(face)
    keys(face)["jawOpen"].value = keys(face)["eyeLookUpLeft"].value = 1.0
    assert posed(face, "left_eye").tail[2] - posed(face, "left_eye").head[2] > 0.005, "the drivers followed"
    wanted = load_expressions().of("jawOpen") + load_expressions().of("eyeLookUpLeft")
    assert np.abs(shown(face) - skin - to_blender(wanted)).max() < 1e-6


def test_without_a_neck_without_expressions_and_without_parts(addon, reconstruction) -> None:
    face = build_face_object(with_eyeballs(reconstruction), bpy.context)
    rest = shown(face)
    bpy.ops.pix2vertex.add_rig()
    bpy.ops.pix2vertex.add_rig(with_neck=False)
    assert set(bones_of(rig_of(face))) == {"head", "jaw", "jaw_skin", "left_eye", "right_eye", "tongue"}
    assert not [group.name for group in face.vertex_groups if group.name == "DEF-neck"]
    by_hand(face, "head").location = (0.0, 0.1, 0.0)
    assert np.allclose(shown(face) - rest, (0, 0, 0.1), atol=1e-5), "all of it"
    set_expressions(face, "PHOTO", expressions_of(load_template().vertices))
    by_hand(face, "head").location = (0.0, 0.0, 0.0)
    bpy.ops.pix2vertex.add_rig(with_neck=False)
    keys(face)["eyeLookUpLeft"].value = 1.0
    assert posed(face, "left_eye").tail[2] > posed(face, "left_eye").head[2] + 0.005


def test_a_face_whose_vertices_were_changed_is_refused_before_anything_is_touched(face) -> None:
    import bmesh

    edited = bmesh.new()
    edited.from_mesh(face.data)
    edited.faces.ensure_lookup_table()
    bmesh.ops.delete(edited, geom=[edited.faces[0]], context="FACES")
    edited.to_mesh(face.data)
    edited.free()
    groups = len(face.vertex_groups)
    with pytest.raises(RuntimeError, match="no longer has the vertices of a reconstructed face"):
        bpy.ops.pix2vertex.add_rig()
    assert rig_of(face) is None and not bpy.data.armatures and not face.modifiers
    assert len(face.vertex_groups) == groups


def test_what_the_artist_has_changed_survives_another_shape(face, reconstruction) -> None:
    bpy.ops.pix2vertex.add_rig()
    rig = rig_of(face)
    face.modifiers.new("Subdivision", "SUBSURF")
    wart = face.shape_key_add(name="Wart", from_mix=False)
    wart.data[100].co.z += 0.01
    keys(face)["jawOpen"].data[200].co.z += 0.004
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    rig.data.edit_bones["DEF-tongue"].tail.z += 0.006
    rig.data.edit_bones["DEF-eye.L"].name = "Left"
    hat = rig.data.edit_bones.new("Hat")
    hat.head, hat.tail, hat.parent = (0, 0, 0.15), (0, 0, 0.2), rig.data.edit_bones["DEF-head"]
    bpy.ops.object.mode_set(mode="OBJECT")
    face.vertex_groups["DEF-head"].add([5], 0.25, "REPLACE")
    before = {bone: np.array(each.head_local) for bone, each in bones_of(rig).items()}
    tongue = np.array(rig.data.bones["DEF-tongue"].tail_local)
    larger = with_eyeballs(reconstruction, 1.1)
    expressions = expressions_of(load_template().vertices), expressions_of(larger.vertices, 1.1)
    bpy.ops.object.mode_set(mode="POSE")
    update_face_object(face, larger, load_template().vertices, bpy.context, expressions=expressions)
    assert bpy.context.mode == "POSE" and bpy.context.view_layer.objects.active == rig
    for bone, head in before.items():
        near = 0.004 if "eye" in bone else 1e-5  # eyeballs need not grow with the head
        assert np.allclose(np.array(bones_of(rig)[bone].head_local), 1.1 * head, atol=near), bone
    moved = np.array([0, 0, 0.006])
    assert np.allclose(np.array(rig.data.bones["DEF-tongue"].tail_local), 1.1 * (tongue - moved) + moved, atol=1e-5)
    assert rig.data.bones["Hat"].parent.name == "DEF-head"
    assert bones_of(rig)["left_eye"].name == "Left"
    assert face.vertex_groups["DEF-head"].weight(5) == pytest.approx(0.25)
    assert [modifier.type for modifier in face.modifiers] == ["ARMATURE", "SUBSURF"]
    face.modifiers["Subdivision"].show_viewport = False
    rest = shown(face)
    assert np.abs(rest - to_blender(larger.vertices)).max() < 1e-6, "at rest again"
    for name in ARKIT_NAMES:
        added = mesh_coordinates(keys(face)[name].data) - mesh_coordinates(keys(face)["Basis"].data)
        added[200, 2] -= 0.004 if name == "jawOpen" else 0.0
        assert np.abs(added - to_blender(1.1 * load_expressions().of(name))).max() < 1e-6, name
    assert (mesh_coordinates(wart.data) - mesh_coordinates(keys(face)["Basis"].data))[100, 2] == pytest.approx(0.01)
    keys(face)["jawOpen"].value = 1.0
    chin = 1.1 * to_blender(load_expressions().of("jawOpen"))[load_template().landmarks_68[8]]
    assert np.linalg.norm(np.array(posed(face, "jaw").tail - posed(face, "jaw_skin").tail) - chin) < 0.008


def with_gaze(face: bpy.types.Object) -> None:
    """Give the eyeballs their own centres as origins, and have them look aside."""
    for name in ("Eyeball Left", "Eyeball Right"):
        eyeball = child(face, name)
        points = mesh_coordinates(eyeball.data.vertices)
        centre = (points.min(axis=0) + points.max(axis=0)) / 2
        set_mesh_coordinates(eyeball.data.vertices, points - centre)
        eyeball.location, eyeball.rotation_euler = centre, (-0.1, 0.0, 0.3)
    bpy.context.view_layer.update()


def test_the_gaze_of_the_photo_becomes_the_pose_of_the_bones(face) -> None:
    with_gaze(face)
    eyes = [child(face, name) for name in ("Eyeball Left", "Eyeball Right")]
    before = [shown(eye) for eye in eyes]
    bpy.ops.pix2vertex.add_rig()
    for eye, points in zip(eyes, before, strict=True):
        assert np.abs(shown(eye) - points).max() < 2e-4, "it looks as before"
    direction = np.array(posed(face, "left_eye").matrix.to_3x3())[:, 1]
    assert direction == pytest.approx([np.sin(0.3) * np.cos(0.1), -np.cos(0.3) * np.cos(0.1), np.sin(0.1)], abs=1e-4)
    bpy.ops.pix2vertex.reset_expression()
    assert np.array(posed(face, "left_eye").matrix.to_3x3())[:, 1] == pytest.approx([0, -1, 0], abs=1e-4)
    straight = mesh_coordinates(eyes[0].data.vertices) + np.array(eyes[0].location)
    assert np.abs(shown(eyes[0]) - straight).max() < 2e-4


def test_eyeballs_that_come_later_follow_too(addon, reconstruction) -> None:
    source = with_eyeballs(reconstruction)
    face = build_face_object(source, bpy.context)
    bpy.ops.pix2vertex.add_rig()
    created = add_missing_eyeballs(face, source)
    assert all(item.modifiers["Rig"].object == rig_of(face) for item in created)


def test_a_copy_of_a_face_gets_a_rig_of_its_own(face) -> None:
    bpy.ops.pix2vertex.add_rig()
    copy = face.copy()
    copy.data = face.data.copy()
    bpy.context.scene.collection.objects.link(copy)
    bpy.context.view_layer.objects.active = copy
    bpy.context.view_layer.update()
    bpy.ops.pix2vertex.add_rig()
    assert rig_of(copy) not in (None, rig_of(face))
    assert [modifier.object for modifier in copy.modifiers] == [rig_of(copy)]
    rest = shown(face)
    by_hand(copy, "head").rotation_euler.x = 0.3
    assert np.abs(shown(face) - rest).max() < 1e-6 < 0.01 < np.abs(shown(copy) - rest).max()


@pytest.mark.slow
def test_finer_heads_are_bound_as_evenly_and_a_rig_goes_to_another_level(face, reconstruction) -> None:
    level = load_template(1)
    finer = dataclasses.replace(
        with_eyeballs(reconstruction),
        vertices=level.vertices,
        detail=np.zeros_like(level.vertices),
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        groups={},
        detail_level=1,
    )
    made_finer = build_face_object(finer, bpy.context)
    bpy.ops.pix2vertex.add_rig()
    bpy.context.view_layer.objects.active = face
    bpy.ops.pix2vertex.add_rig()
    update_face_object(face, finer, load_template().vertices, bpy.context)
    for each in (made_finer, face):
        bones = {bone.name for bone in bones_of(rig_of(each)).values()}
        table = np.zeros((len(bones), len(level.vertices)))
        for row, name in enumerate(sorted(bones & {group.name for group in each.vertex_groups})):
            group = each.vertex_groups[name].index
            for vertex in each.data.vertices:
                table[row, vertex.index] = sum(part.weight for part in vertex.groups if part.group == group)
        assert np.abs(table.sum(axis=0) - 1).max() < 0.02
        rest = shown(each)
        assert np.abs(rest - to_blender(level.vertices)).max() < 1e-6
        by_hand(each, "jaw").rotation_euler.x = 0.2 * np.sign(by_hand(each, "jaw").bone.matrix_local[0][0])
        moved = np.linalg.norm(shown(each) - rest, axis=1)
        edges = unique_edges(level.faces)
        assert moved.max() > 0.015 and np.abs(np.diff(moved[edges], axis=1)).max() < 0.004, "without tears"


def test_reset_takes_off_what_was_set_and_posed(face) -> None:
    bpy.ops.pix2vertex.add_rig()
    rest = shown(face)
    bpy.ops.pix2vertex.expression_preset(preset="ANGER")
    by_hand(face, "jaw").rotation_euler.x = -0.3
    by_hand(face, "head").rotation_euler.y = 0.2
    assert np.abs(shown(face) - rest).max() > 0.01
    bpy.ops.pix2vertex.reset_expression()
    assert np.abs(shown(face) - rest).max() < 1e-6


def test_an_artists_own_jaw_open_drives_the_jaw_too(addon, reconstruction) -> None:
    face = build_face_object(with_eyeballs(reconstruction), bpy.context)
    own = face.shape_key_add(name="jawOpen", from_mix=False)
    set_mesh_coordinates(own.data, to_blender(load_template().vertices + load_expressions().of("jawOpen")))
    bpy.ops.pix2vertex.add_rig()
    rest = posed(face, "jaw").tail.copy()
    own.value = 1.0
    assert posed(face, "jaw").tail[2] < rest[2] - 0.015


def test_a_moved_and_scaled_head_keeps_its_rig(face) -> None:
    bpy.ops.pix2vertex.add_rig()
    rest = shown(face)
    face.location, face.scale = (1.0, 2.0, 3.0), (10.0, 10.0, 10.0)
    keys(face)["jawOpen"].value = 1.0
    wanted = 10 * (rest + to_blender(load_expressions().of("jawOpen"))) + np.array([1.0, 2.0, 3.0])
    assert np.abs(shown(face) - wanted).max() < 1e-5


@pytest.mark.slow
def test_rigifys_metarig_lies_on_the_landmarks_and_generates(face) -> None:
    assert not bpy.ops.pix2vertex.add_metarig.poll(), "not enabled"
    addon_utils.enable("rigify", default_set=True)
    try:
        face.location = (0.5, 0.0, 1.0)
        bpy.context.view_layer.update()
        assert bpy.ops.pix2vertex.add_metarig() == {"FINISHED"}
        metarig = bpy.context.active_object
        template = load_template()
        landmarks = to_blender(template.landmark_points(template.vertices)) + np.array([0.5, 0.0, 1.0])
        ends = {"jaw": 8, "nose.001": 30, "lip.T.L.001": 54}
        for bone, landmark in ends.items():
            tail = np.array(metarig.matrix_world @ metarig.data.bones[bone].tail_local)
            assert np.linalg.norm(tail - landmarks[landmark]) < 1e-4, bone
        assert bpy.ops.pose.rigify_generate() == {"FINISHED"}
        assert "jaw_master" in bpy.context.active_object.pose.bones
    finally:
        addon_utils.disable("rigify", default_set=True)
