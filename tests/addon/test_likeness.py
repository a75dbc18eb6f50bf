"""The slider Likeness: from the head as registered over the one that ships to its caricature, with eyes and teeth."""

import dataclasses
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import EYEBALL, PART, mesh_coordinates
from pix2vertex_blender.addon.scene.mouth import template_mouth
from pix2vertex_blender.addon.scene.record import read_record
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_both
from tests.addon.landmarks import move_landmark

pytestmark = pytest.mark.usefixtures("practice")

#: What the estimate of these tests has added: a nose nearer to the camera, and a whole head that lies farther up.
UP = 3.0


@pytest.fixture
def likely(reconstruction: Reconstruction) -> Reconstruction:
    vertices = reconstruction.vertices
    likeness = np.zeros_like(vertices)
    likeness[:, 1] = UP
    likeness[:, 2] = 2.0 * load_template().groups["nose"]
    character = 0.1 * (vertices - vertices.mean(axis=0))
    return dataclasses.replace(
        reconstruction,
        likeness=likeness,
        character=character,
        detail=np.zeros_like(vertices),
        eyeballs=place_both(load_template(), vertices),
        mouth=template_mouth(),
    )


@pytest.fixture
def face(likely: Reconstruction) -> bpy.types.Object:
    return build_face_object(likely, bpy.context, with_eyeballs=True)


def seen(item: bpy.types.Object) -> np.ndarray:
    """The vertices as they are drawn, in millimetres in the head's axes."""
    bpy.context.view_layer.update()
    shown = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    coordinates = mesh_coordinates(shown.data.vertices) @ np.array(shown.matrix_world)[:3, :3].T
    coordinates = 1000.0 * (coordinates + np.array(shown.matrix_world.translation))
    return np.column_stack([coordinates[:, 0], coordinates[:, 2], -coordinates[:, 1]])


def middle(item: bpy.types.Object) -> np.ndarray:
    points = seen(item)
    return (points.min(axis=0) + points.max(axis=0)) / 2


def child(face: bpy.types.Object, mark: str, value: object) -> bpy.types.Object:
    return next(item for item in face.children if item.get(mark) == value)


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0, 1.5])
def test_the_slider_goes_from_the_registered_head_to_the_caricature(face, likely, value) -> None:
    face.pix2vertex_shape.likeness = value
    expected = likely.vertices + min(value - 1.0, 0.0) * likely.likeness + max(value - 1.0, 0.0) * likely.character
    assert np.allclose(seen(face), expected, atol=1e-3)
    assert face.pix2vertex_shape.likeness == pytest.approx(value)


def test_eyes_and_teeth_go_with_the_head(face) -> None:
    items = [child(face, EYEBALL, 0), child(face, EYEBALL, 1), child(face, PART, "mouth_bag")]
    items += [child(face, PART, "teeth_upper"), child(face, PART, "tongue")]
    before = [seen(item) for item in items]
    face.pix2vertex_shape.likeness = 0.0
    for item, former in zip(items, before, strict=True):
        moved = seen(item) - former
        tilted = 0.3 if EYEBALL in item else 1.0  # the mouth turns a little with the nose
        assert np.allclose(moved[:, 1], -UP, atol=tilted) and np.abs(moved[:, 0]).max() < 0.3, item.name


def test_refit_keeps_the_slider_and_what_it_means(face, likely) -> None:
    face.pix2vertex_shape.likeness = 0.5
    bpy.ops.pix2vertex.show_pins()
    move_landmark(face, 30, (2.0, 0.0, 0.0))
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    assert face.pix2vertex_shape.likeness == pytest.approx(0.5)
    expected = likely.vertices + np.array([1.0, 0.0, 0.0]) - 0.5 * likely.likeness
    assert np.allclose(seen(face), expected, atol=0.01), "the practice worker moves the head by a millimetre"
    assert np.allclose(read_record(face).likeness, likely.likeness, atol=1e-3)


def test_it_is_saved_and_undone(face, likely, tmp_path: Path) -> None:
    bpy.ops.ed.undo_push(message="before")
    face.pix2vertex_shape.likeness = 0.0
    bpy.ops.ed.undo_push(message="after")
    path = str(tmp_path / "face.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path, copy=True)
    bpy.ops.ed.undo()
    face = bpy.data.objects["Face"]
    assert face.pix2vertex_shape.likeness == 1.0 and np.allclose(seen(face), likely.vertices, atol=1e-3)
    bpy.ops.wm.open_mainfile(filepath=path)
    face = bpy.data.objects["Face"]
    assert face.pix2vertex_shape.likeness == 0.0
    assert np.allclose(seen(face), likely.vertices - likely.likeness, atol=1e-3)
    eyeball = child(face, EYEBALL, 0)
    assert 1000.0 * (eyeball.matrix_world.translation.z - eyeball.location.z) == pytest.approx(-UP, abs=0.3)


def test_a_key_that_was_deleted_stays_gone(face) -> None:
    face.shape_key_remove(face.data.shape_keys.key_blocks["Caricature"])
    bpy.ops.pix2vertex.show_pins()
    move_landmark(face, 30, (2.0, 0.0, 0.0))
    bpy.ops.pix2vertex.refit()
    assert "Caricature" not in face.data.shape_keys.key_blocks
    face.pix2vertex_shape.likeness = 1.4
    assert face.pix2vertex_shape.likeness == 1.0


def test_a_face_whose_likeness_is_not_known_has_no_slider(reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    assert [key.name for key in face.data.shape_keys.key_blocks] == ["Basis", "Detail"]


@pytest.mark.slow
def test_other_programs_get_the_head_as_it_is_seen(face, likely, tmp_path: Path) -> None:
    face.pix2vertex_shape.likeness = 0.0
    eye = middle(child(face, EYEBALL, 0))
    before = [mesh_coordinates(key.data) for key in face.data.shape_keys.key_blocks]
    path = str(tmp_path / "face.glb")
    assert bpy.ops.pix2vertex.export(filepath=path, file_format="GLB", move_to_origin=False) == {"FINISHED"}
    assert all(
        np.array_equal(mesh_coordinates(key.data), each)
        for key, each in zip(face.data.shape_keys.key_blocks, before, strict=True)
    ), "the scene's own mesh stays as it is"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=path)
    arrived = next(item for item in bpy.data.objects if item.name.startswith("Face"))
    assert [key.name for key in arrived.data.shape_keys.key_blocks] == ["Basis", "Detail"]
    expected = likely.vertices - likely.likeness
    distance = np.abs(seen(arrived)[:, None, :] - expected[None, ::500]).sum(axis=2).min(axis=0)
    assert distance.max() < 0.01
    left = next(item for item in bpy.data.objects if item.name.startswith("Eyeball_Left"))
    assert np.allclose(middle(left), eye, atol=0.01)


@pytest.mark.slow
def test_a_blender_file_keeps_the_slider(face, likely, tmp_path: Path) -> None:
    face.pix2vertex_shape.likeness = 0.0
    eye = seen(child(face, EYEBALL, 0))
    path = str(tmp_path / "face.blend")
    assert bpy.ops.pix2vertex.export(filepath=path, file_format="BLEND", move_to_origin=False) == {"FINISHED"}
    bpy.ops.wm.open_mainfile(filepath=path)
    face = next(item for item in bpy.data.objects if item.name.startswith("Face"))
    assert np.allclose(seen(face), likely.vertices - likely.likeness, atol=1e-2)
    assert np.allclose(seen(child(face, EYEBALL, 0)), eye, atol=1e-2)
    face.pix2vertex_shape.likeness = 1.0
    assert np.allclose(seen(child(face, EYEBALL, 0))[:, 1], eye[:, 1] + UP, atol=0.3)
