"""Eyeballs, teeth, tongue and the mouth's inside in Blender."""

import dataclasses

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from pix2vertex_blender.addon.export.export import export_face, export_fbx, export_glb
from pix2vertex_blender.addon.scene.axes import to_blender
from pix2vertex_blender.addon.scene.expressions import PHOTO_KEY, set_expressions
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.face_update import update_face_object
from pix2vertex_blender.addon.scene.material import principled_material, use_nodes
from pix2vertex_blender.addon.scene.mesh_object import EYEBALL_PLACE, mesh_coordinates, set_mesh_coordinates
from pix2vertex_blender.addon.scene.mouth import GIVEN
from pix2vertex_blender.addon.scene.record import read_record
from pix2vertex_blender.exchange.expressions import ExpressionSet
from pix2vertex_blender.exchange.eyes import EyeLook
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.levels import expression_set
from pix2vertex_blender.expression.mouth import Wearer
from pix2vertex_blender.expression.parts import place_parts
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_balls, place_both

PARTS = {"Teeth Upper", "Teeth Lower", "Tongue", "Mouth Bag"}
LIDS = {"Lashes", "Tear Lines", "Eye Corners"}
EYES = ("Eyeball Left", "Eyeball Right")
GREY_BLUE = np.array([112.0, 128.0, 146.0])


def of_shape(reconstruction: Reconstruction, vertices: np.ndarray) -> Reconstruction:
    template = load_template()
    return dataclasses.replace(
        reconstruction,
        vertices=vertices,
        coarse_vertices=vertices,
        automatic_vertices=vertices,
        groups={name: weights.astype(np.float32) for name, weights in template.groups.items()},
        eyeballs=place_both(template, vertices),
        mouth=place_parts(Wearer.as_in_photo(vertices)),
        eye_look=EyeLook(np.radians([[5.0, 2.0], [3.0, 2.0]]), GREY_BLUE),
    )


@pytest.fixture(scope="module")
def open_mouthed(reconstruction: Reconstruction) -> Reconstruction:
    opened = load_template().vertices + 0.6 * load_expressions().of("jawOpen")
    return of_shape(reconstruction, opened.astype(np.float64))


@pytest.fixture(scope="module")
def of_open_mouthed(open_mouthed: Reconstruction) -> ExpressionSet:
    return expression_set(open_mouthed, "NEUTRAL")


@pytest.fixture
def face(addon: None, open_mouthed: Reconstruction) -> bpy.types.Object:
    return build_face_object(open_mouthed, bpy.context, with_eyeballs=True)


def child(face: bpy.types.Object, name: str) -> bpy.types.Object:
    return next(each for each in face.children if each.name == name)


def shown(item: bpy.types.Object) -> np.ndarray:
    bpy.context.view_layer.update()
    return mesh_coordinates(item.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices)


def test_eyeballs_turn_about_their_own_centres(face, open_mouthed):
    for name, ball in zip(EYES, place_balls(load_template(), open_mouthed.vertices), strict=True):
        eyeball = child(face, name)
        assert np.allclose(eyeball.location, to_blender(ball.centre[None])[0], atol=1e-5)
        own = mesh_coordinates(eyeball.data.vertices)
        assert 0.0235 <= np.ptp(own[:, 0]) <= 0.0245
        assert np.abs(own.max(axis=0) + own.min(axis=0))[[0, 2]].max() < 1e-4


def test_eyes_look_as_in_the_photo_and_have_its_colour(face):
    eyeball = child(face, EYES[0])
    bpy.context.view_layer.update()
    ahead = eyeball.matrix_world.to_3x3() @ Vector((0.0, -1.0, 0.0))
    assert np.degrees(np.arctan2(ahead.x, -ahead.y)) == pytest.approx(5.0, abs=0.1)
    assert np.degrees(np.arcsin(ahead.z)) == pytest.approx(2.0, abs=0.1)
    iris = eyeball.data.materials[1]
    red, green, blue, _alpha = iris.diffuse_color
    assert blue > green > red, "grey-blue"
    slots = {eyeball.data.materials[face.material_index].name for face in eyeball.data.polygons}
    assert slots == {"pix2vertex Eye", iris.name, "pix2vertex Pupil", "pix2vertex Cornea"}


@pytest.mark.slow
def test_no_veil_of_the_cornea_hides_a_dark_iris(face, tmp_path):
    """In Cycles, in grey light from everywhere: it is seen against the white, also where the white is dark."""
    eyeball, scene = child(face, EYES[0]), bpy.context.scene
    for index, grey in ((0, 0.07), (1, 0.01)):
        eyeball.data.materials[index] = principled_material("dark", (grey, grey, grey, 1.0), roughness=1.0)
    for other in (face, *face.children):
        other.hide_render = other is not eyeball
    world = scene.world = bpy.data.worlds.new("grey")
    use_nodes(world)
    camera = scene.camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    scene.collection.objects.link(camera)
    bpy.context.view_layer.update()
    camera.matrix_world = (
        eyeball.matrix_world @ Matrix.Translation((0.0, -0.3, 0.0)) @ Matrix.Rotation(np.pi / 2, 4, "X")
    )
    camera.data.angle = 0.06
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 16, False
    scene.render.resolution_x = scene.render.resolution_y = 33
    scene.render.image_settings.file_format, scene.view_settings.view_transform = "OPEN_EXR", "Raw"
    scene.render.filepath = str(tmp_path / "eye.exr")
    bpy.ops.render.render(write_still=True)
    pixels = np.array(bpy.data.images.load(scene.render.filepath).pixels).reshape(33, 33, 4)[..., :3].mean(axis=2)
    rows, columns = np.mgrid[:33, :33]
    away = np.hypot(rows - 16, columns - 16) * 0.3 * 0.06 / 33
    iris, white = (
        float(np.median(pixels[(away > low) & (away < high)])) for low, high in ((0.003, 0.005), (0.0065, 0.008))
    )
    assert iris < 0.6 * white


def test_the_mouth_comes_with_materials_and_groups(face):
    assert {each.name for each in face.children} == PARTS | LIDS | set(EYES)
    teeth = child(face, "Teeth Upper")
    assert {group.name for group in teeth.vertex_groups} == {"teeth", "gums"}
    assert [material.name for material in teeth.data.materials] == ["pix2vertex Teeth", "pix2vertex Gums"]
    assert all(len(each.vertices) == 4 for each in teeth.data.polygons)


def test_the_mouth_follows_the_face(face, of_open_mouthed):
    before = {name: shown(child(face, name)) for name in PARTS}
    set_expressions(face, "NEUTRAL", of_open_mouthed)
    for name in PARTS:
        assert np.abs(shown(child(face, name)) - before[name]).max() < 0.004, "it looks as before"
    keys = face.data.shape_keys.key_blocks
    keys[PHOTO_KEY].value = 0.0
    shut = {name: shown(child(face, name)) for name in PARTS}
    keys["jawOpen"].value = 1.0
    opened = {name: shown(child(face, name)) for name in PARTS}
    assert np.array_equal(opened["Teeth Upper"], shut["Teeth Upper"])
    for name in ("Teeth Lower", "Tongue"):
        assert (shut[name] - opened[name])[:, 2].mean() > 0.015
    keys["jawOpen"].value, keys["tongueOut"].value = 0.0, 1.0
    assert shown(child(face, "Tongue"))[:, 1].min() < shut["Tongue"][:, 1].min() - 0.02
    lower = child(face, "Teeth Lower").data.shape_keys
    assert lower.animation_data.drivers[0].driver.type == "AVERAGE", "which runs no script"


def test_lashes_close_with_the_lids_and_are_of_quads_with_materials(face, of_open_mouthed):
    set_expressions(face, "NEUTRAL", of_open_mouthed)
    lashes = child(face, "Lashes")
    assert [material.name for material in lashes.data.materials] == ["pix2vertex Lashes"]
    assert {group.name for group in lashes.vertex_groups} == {"upper_lashes", "lower_lashes"}
    assert all(len(each.vertices) == 4 for each in lashes.data.polygons)
    before = shown(lashes)
    face.data.shape_keys.key_blocks["eyeBlinkLeft"].value = 1.0
    moved = np.linalg.norm(shown(lashes) - before, axis=1)
    left = before[:, 0] > 0
    assert moved[left].max() > 0.005 and moved[~left].max() < 1e-6


def test_lashes_that_were_deleted_stay_so_and_faces_from_before_them_get_them(face, open_mouthed):
    bpy.data.objects.remove(child(face, "Lashes"))
    update_face_object(face, open_mouthed, open_mouthed.vertices, bpy.context)
    assert {each.name for each in face.children} == (PARTS | LIDS | set(EYES)) - {"Lashes"}
    for name in LIDS - {"Lashes"}:
        bpy.data.objects.remove(child(face, name))
    del face.data[GIVEN]
    update_face_object(face, open_mouthed, open_mouthed.vertices, bpy.context)
    assert {each.name for each in face.children} == PARTS | LIDS | set(EYES)


def test_another_shape_takes_the_mouth_along_and_keeps_what_was_sculpted(face, open_mouthed, of_open_mouthed):
    set_expressions(face, "NEUTRAL", of_open_mouthed)
    teeth = child(face, "Teeth Lower")
    teeth.data.shape_keys.reference_key.data[5].co.z += 0.002
    larger = of_shape(open_mouthed, 1.1 * open_mouthed.vertices)
    after = expression_set(larger, "NEUTRAL")
    update_face_object(face, larger, open_mouthed.vertices, bpy.context, expressions=(of_open_mouthed, after))
    placed = next(part for part in after.mouth if part.name == "teeth_lower")
    moved = mesh_coordinates(teeth.data.shape_keys.reference_key.data) - to_blender(placed.vertices)
    assert moved[5] == pytest.approx((0, 0, 0.002), abs=1e-6)
    assert np.abs(np.delete(moved, 5, axis=0)).max() < 1e-6
    assert len(teeth.data.shape_keys.animation_data.drivers) == len(placed.moves)


def test_eyeballs_that_were_moved_move_as_far(face, open_mouthed):
    eyeball = child(face, EYES[0])
    made = eyeball.location.copy()
    eyeball.location.x += 0.01
    higher = of_shape(open_mouthed, open_mouthed.vertices + np.array([0.0, 3.0, 0.0]))
    update_face_object(face, higher, open_mouthed.vertices, bpy.context)
    assert tuple(eyeball.location - made) == pytest.approx((0.01, 0.0, 0.003), abs=1e-5)


def test_eyeballs_of_earlier_versions_are_renewed(face, open_mouthed):
    eyeball = child(face, EYES[1])
    former = bpy.data.meshes.new("Eyeball Right of before")
    former.vertices.add(458)
    set_mesh_coordinates(former.vertices, np.random.default_rng(0).normal(0, 0.014, (458, 3)))
    own = bpy.data.materials.new("Mine")
    former.materials.append(own)
    eyeball.data = former
    eyeball.location = (0.0, 0.0, 0.0)
    del eyeball[EYEBALL_PLACE]
    for name in PARTS:
        bpy.data.objects.remove(child(face, name))
    update_face_object(face, open_mouthed, open_mouthed.vertices, bpy.context)
    assert len(eyeball.data.vertices) > 458
    assert eyeball.location.length > 0.05
    assert [eyeball.data.materials[slot] for slot in range(3)] == [own] * 3
    assert {each.name for each in face.children} >= PARTS, "and a mouth comes with them"


def test_a_record_knows_where_the_eyes_are(face, open_mouthed):
    read = read_record(face)
    assert np.allclose(read.eyeballs[0][0], open_mouthed.eyeballs[0][0], atol=1e-3)


def on_the_face(face: bpy.types.Object, item: bpy.types.Object) -> np.ndarray:
    """Where the middle of an object's vertices lies in the face's own space."""
    bpy.context.view_layer.update()
    onto = np.array(face.matrix_world.inverted() @ item.matrix_world)
    return mesh_coordinates(item.data.vertices).mean(axis=0) @ onto[:3, :3].T + onto[:3, 3]


@pytest.mark.parametrize("kind", ["fbx", "glb"])
def test_other_programs_get_the_parts_in_their_places_whatever_the_face_hangs_on(face, of_open_mouthed, tmp_path, kind):
    set_expressions(face, "NEUTRAL", of_open_mouthed)
    stand = bpy.data.objects.new("Stand", None)
    bpy.context.scene.collection.objects.link(stand)
    stand.scale, stand.rotation_euler = (2.0, 2.0, 2.0), (0.3, 0.0, 1.0)
    face.parent, face.location = stand, (1.0, 2.0, 3.0)
    places = {each.name.replace(" ", "_"): on_the_face(face, each) for each in face.children}
    path = tmp_path / f"face.{kind}"
    export_face(path, face, export_fbx if kind == "fbx" else export_glb)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    (bpy.ops.import_scene.fbx if kind == "fbx" else bpy.ops.import_scene.gltf)(filepath=str(path))
    imported = bpy.data.objects["Face"]
    for name, place in places.items():
        item = bpy.data.objects[name]
        assert item.data.materials, name
        assert on_the_face(imported, item) == pytest.approx(place, abs=2e-3), name
    keys = bpy.data.objects["Tongue"].data.shape_keys.key_blocks
    assert {"jawOpen", "tongueOut"} <= set(keys.keys())
