"""The expressions of a face in Blender, made by the real worker."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.export.export import export_fbx, export_glb
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.axes import to_blender
from pix2vertex_blender.addon.scene.detail_split import WRINKLES_KEY, write_detail
from pix2vertex_blender.addon.scene.expressions import PHOTO_KEY, basis_of, set_expressions
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.face_update import update_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.exchange.expressions import ExpressionSet
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.levels import expression_set
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.template import load_template

SMILE = {"mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "cheekSquintLeft": 0.4, "cheekSquintRight": 0.4}


def with_shape(reconstruction: Reconstruction, vertices: np.ndarray) -> Reconstruction:
    groups = {name: weights.astype(np.float32) for name, weights in load_template().groups.items()}
    return dataclasses.replace(
        reconstruction, vertices=vertices, coarse_vertices=vertices, automatic_vertices=vertices, groups=groups
    )


@pytest.fixture(scope="module")
def smiling(reconstruction: Reconstruction) -> Reconstruction:
    """The template's head, which smiles."""
    known = load_expressions()
    vertices = load_template().vertices + sum(value * known.of(name) for name, value in SMILE.items())
    return with_shape(reconstruction, vertices.astype(np.float64))


@pytest.fixture(scope="module")
def of_smiling(smiling: Reconstruction) -> ExpressionSet:
    return expression_set(smiling, "NEUTRAL")


@pytest.fixture
def face(addon: None, smiling: Reconstruction) -> Iterator[bpy.types.Object]:
    yield build_face_object(smiling, bpy.context)
    session.stop_worker()


def key(face: bpy.types.Object, name: str) -> np.ndarray:
    return mesh_coordinates(face.data.shape_keys.key_blocks[name].data)


def shown(face: bpy.types.Object) -> np.ndarray:
    """The coordinates that Blender shows."""
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return mesh_coordinates(evaluated.data.vertices)


def names(face: bpy.types.Object) -> list[str]:
    return [each.name for each in face.data.shape_keys.key_blocks]


@pytest.mark.slow
def test_the_basis_becomes_neutral_and_the_face_looks_as_before(face, smiling):
    before = shown(face)
    assert bpy.ops.pix2vertex.add_expressions() == {"FINISHED"}
    assert names(face) == ["Basis", "Detail", PHOTO_KEY, *ARKIT_NAMES, WRINKLES_KEY]
    assert np.abs(shown(face) - before).max() < 1e-6
    keys = face.data.shape_keys.key_blocks
    assert all((keys[name].slider_min, keys[name].slider_max, keys[name].value) == (0, 1, 0) for name in ARKIT_NAMES)
    assert keys[PHOTO_KEY].value == 1
    neutral = np.linalg.norm(key(face, "Basis") - to_metres(load_template().vertices), axis=1)
    smile = np.linalg.norm(to_metres(smiling.vertices) - to_metres(load_template().vertices), axis=1)
    assert neutral.max() < 0.4 * smile.max()
    bpy.ops.pix2vertex.add_expressions(basis="PHOTO")
    assert names(face) == ["Basis", "Detail", *ARKIT_NAMES]
    assert np.abs(shown(face) - before).max() < 1e-6


def test_a_face_whose_vertices_were_changed_is_refused_before_anything_is_touched(face):
    import bmesh

    edited = bmesh.new()
    edited.from_mesh(face.data)
    edited.verts.ensure_lookup_table()
    bmesh.ops.delete(edited, geom=[edited.verts[0]], context="VERTS")
    edited.to_mesh(face.data)
    edited.free()
    kept, before, children = names(face), shown(face), list(face.children)
    with pytest.raises(RuntimeError, match="no longer has the vertices of a reconstructed face"):
        bpy.ops.pix2vertex.add_expressions()
    assert names(face) == kept and np.array_equal(shown(face), before) and list(face.children) == children


def to_metres(points: np.ndarray) -> np.ndarray:
    from pix2vertex_blender.addon.scene.axes import to_blender

    return to_blender(points)


@pytest.mark.slow
def test_what_the_artist_has_made_survives(face, of_smiling):
    basis = face.data.shape_keys.reference_key
    basis.data[50].co.y += 0.03
    face.data.vertices[50].co = basis.data[50].co  # as sculpting does it
    wart = face.shape_key_add(name="Wart", from_mix=False)
    wart.data[100].co.z += 0.01
    own = face.shape_key_add(name="jawOpen", from_mix=False)
    own.data[7].co.x += 0.02
    registered = to_metres(of_smiling.basis)
    assert set_expressions(face, "NEUTRAL", of_smiling) == ["jawOpen"]
    assert names(face).count("jawOpen") == 1
    for name, vertex, axis, distance in (("Wart", 100, 2, 0.01), ("jawOpen", 7, 0, 0.02)):
        added = key(face, name) - key(face, "Basis")
        assert added[vertex, axis] == pytest.approx(distance, abs=1e-6)
        assert np.flatnonzero(np.abs(added).max(axis=1) > 1e-6).tolist() == [vertex]
    assert (key(face, "Basis") - registered)[50, 1] == pytest.approx(0.03, abs=1e-6)


@pytest.mark.slow
def test_another_shape_takes_all_expressions_with_it(face, smiling, of_smiling):
    set_expressions(face, "NEUTRAL", of_smiling)
    smile = face.data.shape_keys.key_blocks["mouthSmileLeft"]
    smile.data[200].co.z += 0.005  # sculpted
    smile.value = 0.3
    larger = with_shape(smiling, smiling.vertices * 1.1)
    after = expression_set(larger, "NEUTRAL")
    update_face_object(face, larger, smiling.vertices, bpy.context, expressions=(of_smiling, after))
    assert smile.value == pytest.approx(0.3)
    assert np.abs(key(face, "Basis") - to_metres(after.basis)).max() < 1e-6
    assert np.abs(key(face, PHOTO_KEY) - to_metres(larger.vertices)).max() < 1e-6
    added = key(face, "mouthSmileLeft") - key(face, "Basis") - to_metres(after.offset("mouthSmileLeft"))
    assert added[200, 2] == pytest.approx(0.005, abs=1e-6)
    assert np.abs(np.delete(added, 200, axis=0)).max() < 1e-6
    detail = key(face, "Detail") + key(face, "Expression Detail") - 2 * key(face, "Basis")
    assert np.abs(detail - to_metres(larger.detail)).max() < 1e-6


@pytest.mark.slow
def test_another_level_of_subdivision_takes_all_expressions_with_it(face, smiling, of_smiling):
    set_expressions(face, "NEUTRAL", of_smiling)
    face.data.shape_keys.key_blocks["mouthSmileLeft"].data[200].co.z += 0.005  # sculpted
    level = load_template(1)
    finer = dataclasses.replace(
        smiling,
        vertices=load_template().subdivide(smiling.coarse_vertices, 1),
        detail=np.zeros_like(level.vertices),
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        detail_level=1,
    )
    after = expression_set(finer, "NEUTRAL")
    update_face_object(face, finer, smiling.vertices, bpy.context, expressions=(of_smiling, after))
    assert len(key(face, "Basis")) == len(level.vertices)
    assert np.abs(key(face, "Basis") - to_metres(after.basis)).max() < 1e-6
    for name, sculpted in (("mouthSmileLeft", 0.005), ("jawOpen", 0.0)):
        added = key(face, name) - key(face, "Basis") - to_metres(after.offset(name))
        assert added[200, 2] == pytest.approx(sculpted, abs=1e-6)


def test_presets_show_an_expression_and_reset(face, of_smiling):
    assert not bpy.ops.pix2vertex.expression_preset.poll()
    set_expressions(face, "NEUTRAL", of_smiling)
    keys = face.data.shape_keys.key_blocks
    bpy.ops.pix2vertex.expression_preset(preset="SURPRISE")
    assert keys["eyeWideLeft"].value == keys["eyeWideRight"].value > 0.5
    assert keys[PHOTO_KEY].value == keys["mouthSmileLeft"].value == 0
    bpy.ops.pix2vertex.random_expression(seed=3)
    values = [keys[name].value for name in ARKIT_NAMES]
    assert 2 < np.count_nonzero(values) < 20
    bpy.ops.pix2vertex.random_expression(seed=3)
    assert values == [keys[name].value for name in ARKIT_NAMES]
    bpy.ops.pix2vertex.expression_preset(preset="NEUTRAL")
    assert not any(keys[name].value for name in (*ARKIT_NAMES, PHOTO_KEY))
    bpy.ops.pix2vertex.expression_preset(preset="PHOTO")
    assert keys[PHOTO_KEY].value == 1


def test_a_face_keeps_its_expressions_in_the_file(face, of_smiling, tmp_path):
    set_expressions(face, "NEUTRAL", of_smiling)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    assert basis_of(bpy.data.objects["Face"]) == "NEUTRAL"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fbx", "glb"])
def test_other_programs_get_all_expressions(face, of_smiling, tmp_path: Path, kind):
    set_expressions(face, "NEUTRAL", of_smiling)
    face.data.shape_keys.key_blocks["Detail"].value = 0.0
    expected = np.linalg.norm(of_smiling.offset("jawOpen"), axis=1).max() / 1000
    write = {"fbx": export_fbx, "glb": export_glb}[kind]
    write(tmp_path / f"face.{kind}", [face])
    bpy.ops.wm.read_factory_settings(use_empty=True)
    load = bpy.ops.import_scene.fbx if kind == "fbx" else bpy.ops.import_scene.gltf
    load(filepath=str(tmp_path / f"face.{kind}"))
    imported = next(item for item in bpy.data.objects if item.type == "MESH")
    assert set(ARKIT_NAMES) | {PHOTO_KEY} <= set(names(imported))
    jaw = np.linalg.norm(key(imported, "jawOpen") - key(imported, "Basis"), axis=1).max()
    scale = imported.matrix_world.to_scale()[0]
    assert jaw * scale == pytest.approx(expected, rel=0.01)


def detail_shown(face: bpy.types.Object) -> np.ndarray:
    """What of the detail is seen (n, 3)."""
    keys = face.data.shape_keys.key_blocks
    with_detail = shown(face)
    keys["Detail"].value = 0.0
    bpy.context.view_layer.update()
    without = shown(face)
    keys["Detail"].value = 1.0
    bpy.context.view_layer.update()
    return with_detail - without


def test_wrinkles_of_the_expression_do_not_stay_on_the_neutral_face(face, of_smiling):
    whole = key(face, "Detail") - key(face, "Basis")
    set_expressions(face, "NEUTRAL", of_smiling)
    keys = face.data.shape_keys.key_blocks
    bpy.context.view_layer.update()
    assert np.abs(detail_shown(face) - whole).max() < 1e-6, "the photo's face has all of it"
    keys[PHOTO_KEY].value = 0.0
    bpy.context.view_layer.update()
    left = (1 - of_smiling.wrinkles[:, None]) * whole
    assert np.abs(detail_shown(face) - left).max() < 1e-6
    assert of_smiling.wrinkles.max() > 0.5
    keys[PHOTO_KEY].value, keys["Detail"].value = 1.0, 0.3
    bpy.context.view_layer.update()
    assert keys[WRINKLES_KEY].value == pytest.approx(0.3), "Detail Strength is that of both"


def test_other_detail_is_split_alike_and_joined_when_the_basis_is_the_photo_again(face, smiling, of_smiling):
    set_expressions(face, "NEUTRAL", of_smiling)
    other = np.random.default_rng(0).normal(0, 0.001, (len(smiling.vertices), 3)).astype(np.float32)
    write_detail(face, other)
    kept = key(face, "Detail") - key(face, "Basis")
    assert np.abs(kept - (1 - of_smiling.wrinkles[:, None]) * other).max() < 1e-6
    set_expressions(face, "PHOTO", expression_set(smiling, "PHOTO"), of_smiling)
    assert WRINKLES_KEY not in names(face)
    assert np.abs(key(face, "Detail") - key(face, "Basis") - other).max() < 1e-6


def test_a_face_that_is_fitted_again_keeps_its_wrinkles_apart(face, smiling, of_smiling):
    set_expressions(face, "NEUTRAL", of_smiling)
    update_face_object(face, smiling, smiling.vertices, bpy.context, expressions=(of_smiling, of_smiling))
    together = key(face, "Detail") + key(face, WRINKLES_KEY) - 2 * key(face, "Basis")
    assert np.abs(together - to_blender(smiling.detail)).max() < 1e-6
    assert np.abs(key(face, WRINKLES_KEY) - key(face, "Basis")).max() > 0
