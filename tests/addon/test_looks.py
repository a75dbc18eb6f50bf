"""What the add-on does to views and cameras for a while: it comes back exactly, in whatever order it ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.landmark_pins import shows_pins
from pix2vertex_blender.addon.views.fit_view import show_distances
from pix2vertex_blender.addon.views.looks import show_colours
from pix2vertex_blender.exchange.result import Reconstruction

pytestmark = pytest.mark.usefixtures("practice")


@pytest.fixture(autouse=True)
def default_scene(practice) -> None:
    """Blender's scene and window as they ship: the camera of the scene is at its place."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, load_ui=True)


def view_area() -> bpy.types.Area:
    return next(area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")


@contextmanager
def in_view(active: bpy.types.Object) -> Iterator[None]:
    """As if the artist clicked in the sidebar, with an object active."""
    area = view_area()
    bpy.context.view_layer.objects.active = active
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=bpy.context.window, area=area, region=region):
        yield


def click(operator: str, active: bpy.types.Object, **arguments: object) -> None:
    with in_view(active):
        assert getattr(bpy.ops.pix2vertex, operator)("EXEC_DEFAULT", **arguments) == {"FINISHED"}


def everything() -> dict[str, object]:
    """What looks may change."""
    scene, view = bpy.context.scene, view_area().spaces.active
    region = view.region_3d
    return {
        "camera": scene.camera.name if scene.camera else None,
        "size": (scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage),
        "shading": (view.shading.type, view.shading.color_type),
        "xray": view.shading.show_xray,
        "lines": view.overlay.show_relationship_lines,
        "perspective": region.view_perspective,
        "place": [round(value, 5) for value in (*region.view_location, *region.view_rotation, region.view_distance)],
        "cameras": len(bpy.data.cameras),
    }


@pytest.fixture
def faces(reconstruction: Reconstruction) -> list[bpy.types.Object]:
    """Three faces in a scene whose render is not square, and a view that the artist has set up."""
    scene, view = bpy.context.scene, view_area().spaces.active
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 1234, 777, 50
    view.shading.type, view.shading.color_type = "SOLID", "OBJECT"
    view.shading.show_xray, view.overlay.show_relationship_lines = True, False
    view.region_3d.view_distance = 3.25
    return [build_face_object(reconstruction, bpy.context) for _face in range(3)]


def colour(face: bpy.types.Object) -> None:
    """As after the measuring."""
    with in_view(face):
        show_distances(face, np.linspace(0.0, 3.0, len(face.data.vertices)))
        show_colours(bpy.context)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_shading_comes_back_when_the_last_of_several_faces_is_plain_again(faces, order) -> None:
    before = everything()
    for face in faces:
        colour(face)
    for number in order:
        assert everything()["shading"] == ("SOLID", "VERTEX")
        click("show_distances", faces[number])
    assert everything() == before


def test_shading_chosen_while_faces_are_coloured_is_what_was_there_before(faces) -> None:
    colour(faces[0])
    view_area().spaces.active.shading.type = "WIREFRAME"
    colour(faces[1])
    for face in faces[:2]:
        click("show_distances", face)
    assert everything()["shading"][0] == "WIREFRAME"


def test_shading_comes_back_when_coloured_faces_are_deleted_or_undone(faces) -> None:
    before = everything()
    colour(faces[0])
    bpy.data.objects.remove(faces[0])
    bpy.context.view_layer.update()
    assert everything() == before
    bpy.ops.ed.undo_push(message="Plain")
    colour(faces[1])
    bpy.ops.ed.undo_push(message="Coloured")
    bpy.ops.ed.undo()
    assert everything() == before


def test_shading_comes_back_after_saving_and_opening(faces, tmp_path: Path) -> None:
    before = everything()
    colour(faces[0])
    path = str(tmp_path / "coloured.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_factory_startup=True, load_ui=True)
    bpy.ops.wm.open_mainfile(filepath=path, load_ui=True)
    assert everything()["shading"] == ("SOLID", "VERTEX")
    click("show_distances", bpy.data.objects["Face"])
    assert everything() == before


@pytest.mark.parametrize("xray", [True, False])
@pytest.mark.parametrize("changed_between", [True, False])
def test_pins_give_xray_camera_and_view_back(faces, xray, changed_between) -> None:
    view = view_area().spaces.active
    view.shading.show_xray = xray
    before = everything()
    click("show_pins", faces[0])
    assert view.region_3d.view_perspective == "CAMERA" and bpy.context.scene.camera.name != before["camera"]
    if changed_between:
        view.shading.show_xray = True
    click("hide_pins", faces[0])
    assert everything() == before


def test_pins_are_seen_on_the_photo_over_the_face_and_not_on_what_lies_behind_the_skin(faces) -> None:
    click("show_pins", faces[0])
    camera = bpy.context.scene.camera
    [background] = camera.data.background_images
    assert camera.data.show_background_images and not everything()["xray"]
    assert background.display_depth == "FRONT" and 0.3 < background.alpha < 0.7
    click("show_over_photo", faces[0])
    [background] = bpy.context.scene.camera.data.background_images
    assert background.display_depth == "BACK" and background.alpha == 1.0


def test_pins_of_two_faces(faces) -> None:
    before = everything()
    for face in faces[:2]:
        click("show_pins", face)
    click("hide_pins", faces[1])
    assert bpy.context.scene.camera is not None and everything()["camera"] != before["camera"]
    assert not everything()["xray"] and shows_pins(faces[0])
    click("hide_pins", faces[0])
    assert everything() == before


def test_pins_of_another_face_over_the_photo_give_everything_back(faces) -> None:
    view = view_area().spaces.active
    view.shading.show_xray, view.overlay.show_relationship_lines = False, True
    before = everything()
    click("show_pins", faces[0])
    click("show_over_photo", faces[0])
    click("show_pins", faces[1])
    click("hide_pins", faces[1])
    click("hide_pins", faces[0])
    click("hide_photo", faces[0])
    assert everything() == before


@pytest.mark.parametrize("photo_first", [True, False])
@pytest.mark.parametrize("photo_ends_first", [True, False])
def test_photo_and_pins_in_any_order(faces, photo_first, photo_ends_first) -> None:
    before = everything()
    shows = ["show_over_photo", "show_pins"]
    hides = ["hide_photo", "hide_pins"]
    for show in shows if photo_first else reversed(shows):
        click(show, faces[0])
    click("show_map", faces[0], view="DEPTH")
    for hide in hides if photo_ends_first else reversed(hides):
        click(hide, faces[0])
    assert everything() == before


def test_the_photo_of_one_face_after_another(faces) -> None:
    before = everything()
    for face in faces:
        click("show_over_photo", face)
    click("hide_photo", faces[2])
    left = everything()
    assert {**left, "cameras": 0} == {**before, "cameras": 0}
    with in_view(faces[0]):
        assert not bpy.ops.pix2vertex.hide_photo.poll()


def test_a_camera_that_the_artist_has_chosen_meanwhile_stays(faces) -> None:
    click("show_over_photo", faces[0])
    own = bpy.data.objects["Camera"]
    bpy.context.scene.camera = own
    bpy.context.view_layer.update()
    assert bpy.context.scene.camera == own
    assert view_area().spaces.active.region_3d.view_perspective == "CAMERA"


def test_undo_of_the_photo_gives_the_view_back(faces) -> None:
    bpy.ops.ed.undo_push(message="Faces")
    before = everything()
    click("show_over_photo", faces[0])
    assert everything() != before
    bpy.ops.ed.undo_push(message="Show over Photo")
    bpy.ops.ed.undo()
    assert everything() == before


@pytest.mark.parametrize("look", ["show_over_photo", "show_pins"])
def test_deleting_the_face_itself_gives_the_view_back(faces, look) -> None:
    before = everything()
    click(look, faces[0])
    with in_view(faces[0]):
        for item in bpy.context.view_layer.objects.selected:
            item.select_set(False)
        faces[0].select_set(True)
        bpy.ops.object.delete()
    bpy.context.view_layer.update()
    after = everything()
    assert {**after, "cameras": 0} == {**before, "cameras": 0}


def test_looks_are_saved_with_the_file(faces, tmp_path: Path) -> None:
    before = everything()
    click("show_pins", faces[0])
    path = str(tmp_path / "pins.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_factory_startup=True, load_ui=True)
    bpy.ops.wm.open_mainfile(filepath=path, load_ui=True)
    click("hide_pins", bpy.data.objects["Face"])
    assert everything() == before
