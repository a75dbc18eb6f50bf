"""Turn Photo and Shape on Photo in Blender with the real worker, and the same from the command line."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from pix2vertex_blender.addon.headless.command_line import main
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.template import load_template
from tests.reconstruction import made_up_portrait as made_up

GRID = 64


@pytest.fixture(scope="module")
def portrait(reconstruction: Reconstruction) -> Reconstruction:
    """A made-up face and its photo, of which only the crop is left."""
    photo = made_up.portrait().pixels
    head_to_camera = np.eye(4)
    head_to_camera[:3, 3] = -made_up.MIDDLE
    camera = made_up.CAMERA.resized(GRID / made_up.SIZE)
    nothing = np.full((GRID, GRID, 3), np.nan, dtype=np.float32)
    mask = np.zeros((GRID, GRID), dtype=bool)
    mask[20:40, 20:40] = True
    geometry, correspondence = (np.where(mask[..., None], 0.0, nothing).astype(np.float32) for _ in range(2))
    pose = Similarity(1.0, np.eye(3), head_to_camera[:3, 3])
    return dataclasses.replace(
        reconstruction,
        detail=np.zeros_like(reconstruction.detail),
        groups={"face": load_template().groups["face"].astype(np.float32)},
    ).with_view(
        head_to_camera=head_to_camera,
        crop_to_photo=np.array([[5.0, 0.0, 0.0], [0.0, 5.0, 0.0]]),
        photo_size=(made_up.SIZE, made_up.SIZE),
        maps=FaceMaps(mask, np.zeros(mask.shape, np.float32), correspondence, geometry, camera, pose, 1.0),
        crop_png=cv2.imencode(".png", photo[..., ::-1])[1].tobytes(),
    )


@pytest.fixture
def face(addon: None, portrait: Reconstruction) -> Iterator[bpy.types.Object]:
    session.stop_worker()
    yield build_face_object(portrait, bpy.context)
    session.stop_worker()


def pixels(image: bpy.types.Image) -> np.ndarray:
    values = np.empty(image.size[0] * image.size[1] * 4, dtype=np.float32)
    image.pixels.foreach_get(values)
    return 255 * values.reshape(image.size[1], image.size[0], 4)[::-1, :, :3]


@pytest.mark.slow
def test_turn_photo_makes_an_image_and_makes_it_anew(face: bpy.types.Object) -> None:
    photo = made_up.portrait().pixels.astype(float)
    assert bpy.ops.pix2vertex.turn_photo(yaw=0.0, pitch=0.0) == {"FINISHED"}
    image = face["pix2vertex_turned_image"]
    assert np.abs(pixels(image) - photo).max() < 1
    assert bpy.ops.pix2vertex.turn_photo() == {"FINISHED"}, "as far as the panel says, 25 degrees"
    assert face["pix2vertex_turned_image"] == image and image.packed_file is not None
    vertices = made_up.head(25.0)
    truth, _inside = made_up.photograph(vertices, made_up.painted(vertices, 25.0))
    middle = np.s_[120:200, 120:200]
    error, before = (np.abs(shown - truth)[middle].mean() for shown in (pixels(image), photo))
    assert error < 0.6 * before
    bpy.context.view_layer.objects.active = None
    assert not bpy.ops.pix2vertex.turn_photo.poll()


@pytest.mark.slow
def test_shape_on_photo_shows_shape_keys_without_detail(face: bpy.types.Object) -> None:
    photo = made_up.portrait().pixels.astype(float)
    assert bpy.ops.pix2vertex.shape_on_photo() == {"FINISHED"}
    image = face["pix2vertex_reshaped_image"]
    assert np.abs(pixels(image) - photo).max() < 1, "the shape of the photo"
    wider = face.shape_key_add(name="Wider", from_mix=False)
    basis = face.data.shape_keys.reference_key
    for point, rest in zip(wider.data, basis.data, strict=True):
        point.co = (1.12 * rest.co[0], rest.co[1], rest.co[2])
    wider.value = 1.0
    assert bpy.ops.pix2vertex.shape_on_photo() == {"FINISHED"}
    vertices = made_up.head() * (1.12, 1.0, 1.0)
    truth, inside = made_up.photograph(vertices, made_up.painted(vertices))
    inside[:80] = inside[240:] = False
    error, before = (np.abs(shown - truth)[inside].mean() for shown in (pixels(image), photo))
    assert error < 0.6 * before


@pytest.mark.slow
def test_the_command_line_turns_the_photo_of_a_saved_face(face: bpy.types.Object, tmp_path: Path) -> None:
    file = tmp_path / "face.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    command = [sys.executable, "-m", "pix2vertex_blender"]
    words = ["turn", "--face", str(file), "--yaw", "-20", "--output", str(tmp_path / "out" / "turned.png")]
    run = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "of the face that is seen now" in run.stdout
    assert cv2.imread(str(tmp_path / "out" / "turned.png")).shape == (made_up.SIZE, made_up.SIZE, 3)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["turn"], "Give a photo"),
        (["turn", "photo.png", "--yaw", "90"], "up to 60 degrees"),
        (["turn", "photo.png", "--yaw", "-1e3"], "up to 60 degrees"),
        (["turn", "photo.png", "--yaw", "left"], "left is not a number of degrees"),
        (["turn", "photo.png", "--output", "turned.gif"], "choose one of .png, .jpg, .jpeg"),
        (["turn", "--face", "nothing.blend"], "no Blender file with a face of ours"),
        (["reshape", "photo.png", "--parts", "ears"], "invalid choice"),
        (["reshape", "photo.png", "--amount", "nan"], "nan is not a number"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    empty_file: None, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    printed = capsys.readouterr().err.strip()
    assert sentence in printed and len(printed.splitlines()) == 1
