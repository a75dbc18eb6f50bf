"""A face that is made from several photos: the one that is shown, those that are used, those that are added."""

import shutil
from dataclasses import replace
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from pix2vertex_blender.addon.scene.face_object import build_face_object, read_provenance, view_summaries
from pix2vertex_blender.addon.scene.landmark_pins import shows_pins
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.scene.record import photo_crop, read_record
from pix2vertex_blender.exchange.report import ViewReport
from pix2vertex_blender.exchange.result import Reconstruction


def picture(value: int) -> bytes:
    return cv2.imencode(".png", np.full((16, 16, 3), value, dtype=np.uint8))[1].tobytes()


@pytest.fixture
def two(reconstruction: Reconstruction) -> Reconstruction:
    """A face from two photos; the second was taken from the other side."""
    turned = reconstruction.view.head_to_camera.copy()
    turned[:3, :3] = turned[:3, :3].T
    views = (
        replace(reconstruction.view, photo="/photos/front.jpg", crop_png=picture(40)),
        replace(reconstruction.view, photo="/photos/side.jpg", crop_png=picture(200), head_to_camera=turned),
    )
    report = replace(reconstruction.report, views=[ViewReport("side.jpg", weight=0.3, sentence="It contradicts.")])
    return replace(reconstruction, views=views, report=report)


@pytest.fixture
def face(addon: None, two: Reconstruction) -> bpy.types.Object:
    return build_face_object(two, bpy.context, photo=Path("/photos/front.jpg"))


def crops(item: bpy.types.Object) -> list[bytes]:
    return [view.crop_png for view in read_record(item).views]


def test_all_photos_are_kept_and_the_panel_knows_them(face: bpy.types.Object, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    face = bpy.data.objects["Face"]
    assert crops(face) == [picture(40), picture(200)]
    assert [(view.photo, view.sentence) for view in view_summaries(face)] == [
        ("front.jpg", ""),
        ("side.jpg", "It contradicts."),
    ]


def test_choosing_a_photo_has_everything_use_it_and_leaves_the_head(
    face: bpy.types.Object, two: Reconstruction
) -> None:
    before = mesh_coordinates(face.data.vertices)
    bpy.ops.pix2vertex.show_pins()
    assert bpy.ops.pix2vertex.choose_view(index=1) == {"FINISHED"}
    provenance = read_provenance(face)
    assert provenance is not None and provenance.photo == "/photos/side.jpg"
    np.testing.assert_allclose(provenance.frame.head_to_camera, two.views[1].head_to_camera)
    assert bytes(photo_crop(face).packed_file.data) == picture(200)
    assert crops(face) == [picture(200), picture(40)]
    assert not shows_pins(face), "they belonged to the other photo"
    np.testing.assert_array_equal(mesh_coordinates(face.data.vertices), before)
    assert bpy.ops.pix2vertex.choose_view(index=1) == {"FINISHED"}
    assert crops(face) == [picture(40), picture(200)]
    assert len([image for image in bpy.data.images if image.packed_file]) == 2, "none is kept twice"


def test_a_photo_that_is_not_there_is_told(face: bpy.types.Object) -> None:
    with pytest.raises(RuntimeError, match="no photo 3"):
        bpy.ops.pix2vertex.choose_view(index=2)


def test_photos_are_switched_off_added_and_removed_in_place(
    practice: object, two: Reconstruction, tmp_path: Path
) -> None:
    face = build_face_object(two, bpy.context, photo=Path("/photos/front.jpg"))
    before = mesh_coordinates(face.data.vertices)
    assert bpy.ops.pix2vertex.change_photos(change="SWITCH", index=1) == {"FINISHED"}
    assert [view.used for view in view_summaries(face)] == [True, False]
    assert not np.allclose(mesh_coordinates(face.data.vertices), before), "the head is another"
    new = [{"name": "left.jpg"}, {"name": "right.jpg"}]
    assert bpy.ops.pix2vertex.change_photos(change="ADD", files=new, directory=str(tmp_path)) == {"FINISHED"}
    names = ["front.jpg", "side.jpg", "left.jpg", "right.jpg"]
    assert [view.photo for view in view_summaries(face)] == names
    assert bpy.ops.pix2vertex.change_photos(change="REMOVE", index=0) == {"FINISHED"}
    assert [view.photo for view in view_summaries(face)] == names[1:]
    assert bpy.context.scene.objects[:] == [face]


def test_several_files_become_one_face(practice: object, saved: str) -> None:
    other = Path(saved).with_name("other.npz")
    shutil.copy(saved, other)
    files = [{"name": Path(saved).name}, {"name": other.name}]
    assert bpy.ops.pix2vertex.reconstruct(files=files, directory=str(other.parent)) == {"FINISHED"}
    [face] = [item for item in bpy.context.scene.objects if item.parent is None]
    assert [view.photo for view in view_summaries(face)] == [Path(saved).name, "other.npz"]
    assert [view.sentence for view in view_summaries(face)] == ["It is odd."] * 2


def test_photos_that_are_chosen_together_are_reconstructed_together(practice: object, saved: str) -> None:
    folder = Path(saved).parent
    shutil.copy(saved, folder / "other.npz")
    files = [{"name": Path(saved).name}, {"name": "other.npz"}]
    bpy.ops.pix2vertex.choose_photo(files=files, directory=str(folder))
    settings = bpy.context.scene.pix2vertex
    assert settings.photo == saved and [other.name for other in settings.others] == [str(folder / "other.npz")]
    assert bpy.ops.pix2vertex.reconstruct() == {"FINISHED"}
    assert [view.photo for view in view_summaries(bpy.context.active_object)] == [Path(saved).name, "other.npz"]
    bpy.ops.pix2vertex.one_photo()
    assert bpy.ops.pix2vertex.reconstruct(destination="NEW") == {"FINISHED"}
    assert not view_summaries(bpy.context.active_object)
    bpy.ops.pix2vertex.choose_photo(files=files, directory=str(folder))
    settings.photo = saved + "x"
    assert not settings.others, "they belonged to the photo before"
