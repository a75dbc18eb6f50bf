"""A new head is seen at once, in Blender's scene as it ships and in others, and undo gives the view back."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from mathutils import Vector

from pix2vertex_blender.addon.process import preference_values
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.views.free_region import free_rectangle, main_region

pytestmark = pytest.mark.usefixtures("practice")


@pytest.fixture(autouse=True)
def default_scene(practice) -> None:
    """Cube, camera, light and window as Blender ships them."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, load_ui=True)
    bpy.ops.ed.undo_push(message="Original")


def area() -> bpy.types.Area:
    return next(area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")


def view() -> bpy.types.SpaceView3D:
    return area().spaces.active


@contextmanager
def in_view() -> Iterator[None]:
    with bpy.context.temp_override(window=bpy.context.window, area=area(), region=main_region(area())):
        yield


def is_seen(item: bpy.types.Object) -> bool:
    return bool(item.visible_get(viewport=view()))


def reconstruct(saved: str, **settings: object) -> bpy.types.Object:
    """As the button does, but waiting for the end."""
    with in_view():
        bpy.ops.pix2vertex.reconstruct("EXEC_DEFAULT", filepath=saved, detail_level=0, **settings)
    bpy.context.view_layer.update()
    return bpy.context.view_layer.objects.active


def state() -> dict[str, object]:
    look = view().region_3d
    return {
        "local": view().local_view is not None,
        "shading": (view().shading.type, view().shading.color_type, view().shading.studio_light),
        "perspective": (look.view_perspective, look.is_orthographic_side_view),
        "place": [round(value, 5) for value in (*look.view_location, *look.view_rotation, look.view_distance)],
        "clip": (view().clip_start, view().clip_end),
    }


def in_the_view(face: bpy.types.Object) -> np.ndarray:
    """Pixels of the head's box in the view without perspective, lowest and highest."""
    region, look = main_region(area()), view().region_3d
    to_view = look.view_rotation.inverted()
    seen = [to_view @ (face.matrix_world @ Vector(corner) - look.view_location) for corner in face.bound_box]
    pixel = look.view_distance * 72.0 / view().lens / max(region.width, region.height)
    middle = np.array([region.width, region.height]) / 2
    pixels = np.array([middle + np.array(point[:2]) / pixel for point in seen])
    return np.array([pixels.min(axis=0), pixels.max(axis=0)])


def is_framed(face: bpy.types.Object) -> bool:
    """Whether the head fills most of the free part of the view and none of it lies outside."""
    low, high = in_the_view(face)
    (left, bottom), (right, top) = free_rectangle(area(), main_region(area()))
    filled = max((high[0] - low[0]) / (right - left), (high[1] - low[1]) / (top - bottom))
    inside = left <= low[0] and bottom <= low[1] and high[0] <= right and high[1] <= top
    return inside and 0.5 < filled <= 1.0


def test_in_the_default_scene_the_head_is_seen_alone_from_the_front_and_selected(saved) -> None:
    objects = set(bpy.context.scene.objects)
    cube = bpy.data.objects["Cube"]
    face = reconstruct(saved)
    assert view().local_view is not None and is_seen(face) and not is_seen(cube)
    assert is_framed(face)
    assert view().region_3d.view_perspective == "ORTHO"
    assert view().region_3d.is_orthographic_side_view, "so that turning the view brings the perspective back"
    looking = view().region_3d.view_rotation @ Vector((0.0, 0.0, -1.0))
    assert np.allclose(looking, (0.0, 1.0, 0.0), atol=1e-5), "at a face that looks along -Y"
    assert bpy.context.selected_objects == [face]
    assert len(face.children) == 2, "the eyes are in"
    assert all(is_seen(child) for child in face.children)
    assert objects < set(bpy.context.scene.objects)
    assert not (cube.hide_get() or cube.hide_viewport or cube.hide_render) and cube.location == Vector()


def test_who_wants_to_see_everything_again_has_the_view_of_before(saved) -> None:
    before = state()
    reconstruct(saved)
    with in_view():
        bpy.ops.view3d.localview()
    after = state()
    assert (after["perspective"], after["place"], after["local"]) == (before["perspective"], before["place"], False)


def test_undo_gives_the_view_back_and_redo_the_head(saved) -> None:
    before = state()
    with in_view():
        bpy.ops.pix2vertex.reconstruct("EXEC_DEFAULT", True, filepath=saved, detail_level=0, with_texture=True)
    assert state() != before and view().shading.color_type == "TEXTURE"
    after = state()
    bpy.ops.ed.undo()
    assert "Face" not in bpy.data.objects
    assert state() == before
    bpy.ops.ed.redo()
    assert state() == after and is_seen(bpy.data.objects["Face"]) and not is_seen(bpy.data.objects["Cube"])
    bpy.ops.ed.undo()
    assert state() == before


def test_undo_of_the_texture_gives_the_shading_back_and_leaves_the_face(saved) -> None:
    reconstruct(saved)
    bpy.ops.ed.undo_push(message="Face")
    before = state()
    assert view().shading.color_type == "MATERIAL"
    with in_view():
        bpy.ops.pix2vertex.project_photo("EXEC_DEFAULT", True)
    assert view().shading.color_type == "TEXTURE"
    bpy.ops.ed.undo()
    assert "Face" in bpy.data.objects and state() == before


def test_undo_of_something_else_leaves_the_shading(saved) -> None:
    reconstruct(saved)
    with in_view():
        bpy.ops.pix2vertex.project_photo("EXEC_DEFAULT", True)
        bpy.ops.pix2vertex.project_photo("EXEC_DEFAULT", True)
    bpy.data.objects["Face"].location.x = 3.0
    bpy.ops.ed.undo_push(message="Move")
    bpy.ops.ed.undo()
    assert bpy.data.objects["Face"].location.x == 0.0
    assert view().shading.color_type == "TEXTURE"
    bpy.ops.ed.undo()
    assert view().shading.color_type == "TEXTURE", "the texture of before"


def test_what_the_artist_shades_otherwise_stays(saved) -> None:
    reconstruct(saved)
    bpy.ops.ed.undo_push(message="Face")
    with in_view():
        bpy.ops.pix2vertex.project_photo("EXEC_DEFAULT", True)
    view().shading.color_type = "RANDOM"
    bpy.ops.ed.undo()
    assert view().shading.color_type == "RANDOM"


def test_nothing_in_the_way_needs_no_local_view(saved) -> None:
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    face = reconstruct(saved)
    assert view().local_view is None and is_framed(face)


@pytest.mark.parametrize("hidden", ["hidden", "as wires"])
def test_what_hides_nothing_is_not_in_the_way(saved, hidden) -> None:
    cube = bpy.data.objects["Cube"]
    if hidden == "hidden":
        cube.hide_set(True)
    else:
        cube.display_type = "WIRE"
    reconstruct(saved)
    assert view().local_view is None


@pytest.mark.parametrize("y", [-0.5, -5.0])
def test_what_stands_before_the_head_is_in_the_way(saved, y) -> None:
    cube = bpy.data.objects["Cube"]
    cube.scale, cube.location = (0.1, 0.1, 0.1), (0.0, y, 0.05)
    reconstruct(saved)
    assert view().local_view is not None


@pytest.mark.parametrize("place", [(0.0, 0.5, 0.05), (0.5, 0.0, 0.05)])
def test_what_stands_behind_or_beside_the_head_is_not_in_the_way(saved, place) -> None:
    cube = bpy.data.objects["Cube"]
    cube.scale, cube.location = (0.1, 0.1, 0.1), place
    reconstruct(saved)
    assert view().local_view is None


def test_a_moved_cursor_and_a_view_through_the_camera(saved) -> None:
    bpy.context.scene.cursor.location = (3.0, 4.0, -2.0)
    view().region_3d.view_perspective = "CAMERA"
    camera = bpy.data.objects["Camera"]
    place = camera.matrix_world.copy()
    face = reconstruct(saved)
    assert is_framed(face) and view().local_view is None
    assert camera.matrix_world == place


@pytest.mark.parametrize("scale_length", [0.01, 1000.0])
def test_in_scenes_of_other_units(saved, scale_length) -> None:
    bpy.context.scene.unit_settings.scale_length = scale_length
    face = reconstruct(saved)
    assert is_framed(face)
    assert view().clip_start < 0.1 * view().region_3d.view_distance < view().clip_end


def test_a_second_head_joins_the_local_view(saved) -> None:
    first = reconstruct(saved)
    second = reconstruct(saved, destination="NEW")
    assert second != first and is_seen(second) and is_seen(first)


def test_an_update_leaves_the_view_alone(saved) -> None:
    face = reconstruct(saved)
    view().region_3d.view_distance = 7.0
    before = state()
    assert reconstruct(saved) == face
    assert state() == before


def test_an_artist_in_another_mode_is_not_disturbed(saved) -> None:
    bpy.context.view_layer.objects.active = bpy.data.objects["Cube"]
    bpy.ops.object.mode_set(mode="EDIT")
    before = state()
    reconstruct(saved)
    assert state() == before and bpy.context.mode == "EDIT_MESH"


def test_the_preference_turns_it_off(saved, monkeypatch) -> None:
    preferences = SimpleNamespace(frames_new_faces=False, idle_minutes=5, threads=0, memory_limit=0.0)
    monkeypatch.setattr(preference_values, "_preferences", lambda: preferences)
    before = state()
    reconstruct(saved, with_texture=True)
    assert state() == before


def test_the_texture_is_made_and_seen_at_once(saved) -> None:
    face = reconstruct(saved, with_texture=True)
    assert view().shading.color_type == "TEXTURE"
    assert view().shading.studio_light == "paint.sl", "the usual light makes skin brown"
    material = face.material_slots[0].material
    assert material.node_tree.nodes.active.image == face["pix2vertex_texture_image"]


@pytest.mark.parametrize("shading", [("WIREFRAME", "MATERIAL"), ("SOLID", "VERTEX")])
def test_other_shading_stays(saved, shading) -> None:
    view().shading.type, view().shading.color_type = shading
    reconstruct(saved, with_texture=True)
    assert (view().shading.type, view().shading.color_type) == shading


def test_the_light_that_the_artist_has_chosen_stays(saved) -> None:
    view().shading.studio_light = "rim.sl"
    reconstruct(saved, with_texture=True)
    assert (view().shading.color_type, view().shading.studio_light) == ("TEXTURE", "rim.sl")


def test_baked_maps_are_seen_at_once_and_the_texture_again(saved) -> None:
    face = reconstruct(saved, with_texture=True)
    nodes = face.material_slots[0].material.node_tree.nodes
    with in_view():
        bpy.ops.pix2vertex.bake_maps("EXEC_DEFAULT", wiring="NONE")
        assert nodes.active.image == face["pix2vertex_normal_image"]
        shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
        assert shader.inputs["Base Color"].links[0].from_node.image == face["pix2vertex_texture_image"]
        assert not shader.inputs["Normal"].is_linked, "as it is rendered nothing has changed"
        bpy.ops.pix2vertex.show_image("EXEC_DEFAULT", image="DISPLACEMENT")
        assert nodes.active.image == face["pix2vertex_displacement_image"]
        count = len(nodes)
        bpy.ops.pix2vertex.show_image("EXEC_DEFAULT", image="TEXTURE")
    assert nodes.active.image == face["pix2vertex_texture_image"] and len(nodes) == count - 1


def test_a_failed_texture_leaves_the_face(saved, practice, monkeypatch, capfd) -> None:
    submit = practice.submit
    jobs = {"texture": "user_error"}
    monkeypatch.setattr(practice, "submit", lambda kind, **fields: submit(jobs.get(kind, kind), **fields))
    face = reconstruct(saved, with_texture=True)
    assert face is not None and face.name == "Face"
    assert "The photo is empty; choose another." in capfd.readouterr().out


def test_the_settings_that_ship_give_eyes_and_a_texture(reconstruction) -> None:
    settings = bpy.context.scene.pix2vertex
    assert settings.with_eyeballs and settings.with_texture
    assert not build_face_object(reconstruction, bpy.context).children, "code says what it wants"


@pytest.mark.parametrize("alone", [True, False], ids=["already alone", "hidden by the cube"])
def test_the_photo_is_seen_through_its_camera_with_nothing_before_it(saved, alone) -> None:
    face = reconstruct(saved)
    if not alone:
        with in_view():
            bpy.ops.view3d.localview(frame_selected=False)
    before, camera = state(), bpy.context.scene.camera
    with in_view():
        bpy.ops.pix2vertex.show_over_photo()
        shown = bpy.context.scene.camera
        assert shown != camera and view().camera == shown and view().region_3d.view_perspective == "CAMERA"
        assert is_seen(shown) and is_seen(face) and not is_seen(bpy.data.objects["Cube"])
        bpy.ops.pix2vertex.hide_photo()
    assert state() == before and bpy.context.scene.camera == camera
    assert is_seen(face) and is_seen(bpy.data.objects["Cube"]) != alone


def test_what_blender_draws_through_the_photos_camera_does_not_stay(saved) -> None:
    """While it draws, Blender turns a view as its camera stands, which a test without a window has to do itself."""
    reconstruct(saved)
    before = state()
    with in_view():
        bpy.ops.pix2vertex.show_over_photo()
        view().region_3d.view_rotation = bpy.context.scene.camera.matrix_world.to_quaternion()
        bpy.ops.pix2vertex.hide_photo()
    assert state() == before
