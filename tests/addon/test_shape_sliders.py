"""Sliders that change a face by region, and its symmetry."""

import dataclasses
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import EYEBALL, mesh_coordinates, set_mesh_coordinates
from pix2vertex_blender.addon.scene.mouth import template_mouth
from pix2vertex_blender.addon.scene.shaping_keys import offset_of
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.shaping.names import SLIDER_NAMES
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_both
from tests.addon.landmarks import move_landmark

pytestmark = pytest.mark.usefixtures("practice")


@pytest.fixture
def lopsided(reconstruction: Reconstruction) -> Reconstruction:
    """A head whose left cheek is fuller."""
    vertices = reconstruction.vertices.copy()
    distance = np.linalg.norm(vertices - (48.0, -12.0, 88.0), axis=1)
    vertices += 4.0 * np.exp(-((distance / 20.0) ** 2))[:, None]
    return dataclasses.replace(
        reconstruction,
        vertices=vertices,
        coarse_vertices=vertices,
        automatic_vertices=vertices,
        eyeballs=place_both(load_template(), vertices),
        mouth=template_mouth(),
    )


@pytest.fixture
def face(lopsided: Reconstruction) -> bpy.types.Object:
    face = build_face_object(lopsided, bpy.context, with_eyeballs=True)
    assert bpy.ops.pix2vertex.add_shape_sliders() == {"FINISHED"}
    return face


def key(face: bpy.types.Object, name: str) -> bpy.types.ShapeKey:
    return face.data.shape_keys.key_blocks[name]


def offset(face: bpy.types.Object, name: str) -> np.ndarray:
    """What a key at 1 adds, in millimetres in the head's axes."""
    added = 1000.0 * offset_of(key(face, name))
    return np.column_stack([added[:, 0], added[:, 2], -added[:, 1]])


def test_each_slider_changes_its_region_alike_on_both_sides(reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    bpy.ops.pix2vertex.add_shape_sliders()
    template = load_template()
    for name in SLIDER_NAMES:
        added = offset(face, name)
        assert (key(face, name).value, key(face, name).slider_min, key(face, name).slider_max) == (0.0, -1.0, 1.0)
        if name == "Asymmetry":
            continue
        assert 1.0 < np.linalg.norm(added, axis=1).max() < 20.0, name
        assert np.allclose(added, (added * (-1, 1, 1))[template.mirror], atol=0.02), name
    tip = template.landmarks_68[30]
    assert offset(face, "Nose Length")[tip, 1] < -3.0
    width = offset(face, "Nose Width")[template.landmarks_68[[35, 31]], 0]
    assert width[0] - width[1] == pytest.approx(4.0, abs=0.3)
    assert np.abs(offset(face, "Nose Width")[template.groups["chin"] > 0.5]).max() == 0.0


def test_without_asymmetry_both_sides_are_alike(face, lopsided) -> None:
    template = load_template()
    even = lopsided.vertices - offset(face, "Asymmetry")
    other = (even * (-1, 1, 1))[template.mirror]
    assert np.abs(fit_similarity(other, even).apply(other) - even).max() < 0.05, "but for where the plane lies"
    assert np.abs(offset(face, "Asymmetry")).max() > 1.0


def test_eyes_go_with_the_eyes_sliders(face) -> None:
    left = next(child for child in face.children if child.get(EYEBALL) == 0)
    bpy.context.view_layer.update()
    before = left.matrix_world.translation.x
    key(face, "Eye Distance").value = 1.0
    bpy.context.view_layer.update()
    assert 1000.0 * (left.matrix_world.translation.x - before) == pytest.approx(2.0, abs=0.5)


def test_sliders_stay_through_refit_and_reset_takes_them_back(face) -> None:
    key(face, "Chin Length").value = 0.75
    before = offset(face, "Chin Length")
    bpy.ops.pix2vertex.show_pins()
    move_landmark(face, 30, (2.0, 0.0, 0.0))
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    assert key(face, "Chin Length").value == 0.75 and np.allclose(offset(face, "Chin Length"), before, atol=1e-3)
    assert bpy.ops.pix2vertex.reset_shape() == {"FINISHED"}
    assert key(face, "Chin Length").value == 0.0


def test_a_key_of_the_artists_stays(lopsided) -> None:
    face = build_face_object(lopsided, bpy.context)
    own = face.shape_key_add(name="Age", from_mix=False)
    own.data[7].co.z += 0.5
    before = mesh_coordinates(own.data)
    bpy.ops.pix2vertex.add_shape_sliders()
    assert np.array_equal(mesh_coordinates(own.data), before)


def test_a_remodelled_face_is_a_sentence(lopsided) -> None:
    face = build_face_object(lopsided, bpy.context)
    face.shape_key_clear()
    face.data.clear_geometry()
    with pytest.raises(RuntimeError, match="no longer has the vertices"):
        bpy.ops.pix2vertex.symmetrise()


@pytest.mark.parametrize("strength", [0.5, 1.0])
def test_symmetrise_goes_as_far_as_it_says(face, lopsided, strength) -> None:
    basis = mesh_coordinates(key(face, "Basis").data)
    detail = offset(face, "Detail")
    half = offset(face, "Asymmetry")
    assert bpy.ops.pix2vertex.symmetrise(strength=strength) == {"FINISHED"}
    moved = 1000.0 * (mesh_coordinates(key(face, "Basis").data) - basis)
    moved = np.column_stack([moved[:, 0], moved[:, 2], -moved[:, 1]])
    assert np.allclose(moved, -strength * half, atol=1e-3)
    assert np.allclose(offset(face, "Detail"), detail, atol=1e-3), "keys keep what they add"
    assert np.allclose(mesh_coordinates(face.data.vertices), mesh_coordinates(key(face, "Basis").data))


def test_symmetrise_counts_what_is_sculpted_and_works_at_finer_levels(reconstruction, tmp_path: Path) -> None:
    template = load_template(1)
    finer = dataclasses.replace(
        reconstruction,
        vertices=template.vertices,
        faces=template.faces.astype(np.int32),
        uvs=template.uvs.astype(np.float32),
        detail=np.zeros_like(template.vertices),
        groups={},
        detail_level=1,
    )
    face = build_face_object(finer, bpy.context)
    sculpted = mesh_coordinates(key(face, "Basis").data)
    sculpted[20000] += 0.002
    for name in ("Basis", "Detail"):
        set_mesh_coordinates(key(face, name).data, sculpted)
    assert bpy.ops.pix2vertex.symmetrise() == {"FINISHED"}
    even = mesh_coordinates(key(face, "Basis").data)
    assert np.allclose(even, (even * (-1, 1, 1))[template.mirror], atol=1e-5)
    assert np.linalg.norm(even[20000] - sculpted[20000]) == pytest.approx(0.001 * np.sqrt(3), rel=0.1)
