"""Choosing a photo and a face in it: the search in the real worker, images open in Blender, the thumbnail."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest
from PIL import Image

import pix2vertex_blender
from pix2vertex_blender.addon.process import photo_search, session
from pix2vertex_blender.addon.process.photo_search import SEARCHES, search_of
from pix2vertex_blender.addon.process.worker_client import WorkerClient
from pix2vertex_blender.addon.scene.material import use_nodes
from pix2vertex_blender.addon.views.thumbnail import CHOSEN_COLOUR, OTHER_COLOUR, draw_boxes

PORTRAIT = Path(pix2vertex_blender.__file__).parent / "data" / "astronaut.jpg"
WORKER = Path(pix2vertex_blender.__file__).with_name("worker.py")
#: Centre of the astronaut's face in the portrait, and its height, read off it.
FACE, FACE_HEIGHT = (164, 118), 105
ROTATED_RIGHT = 6

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture(scope="module")
def shared_worker(tmp_path_factory) -> Iterator[WorkerClient]:
    """One real worker for all tests here, since torch takes seconds to load."""
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    client = WorkerClient([sys.executable, str(WORKER)], {}, log)
    yield client
    client.stop()


@pytest.fixture
def worker(addon: None, shared_worker: WorkerClient) -> Iterator[WorkerClient]:
    session.stop_worker()
    photo_search.forget()
    session.SESSION.worker = shared_worker
    yield shared_worker
    session.SESSION.worker = None


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    """A photo taken with a rotated camera, of a pair, without a face, and something that is no photo."""
    folder = tmp_path_factory.mktemp("photos")
    portrait = Image.open(PORTRAIT)
    exif = Image.Exif()
    exif[0x0112] = ROTATED_RIGHT
    portrait.transpose(Image.Transpose.ROTATE_90).save(folder / "rotated.jpg", exif=exif, quality=95)
    pair = Image.new("RGB", (340 + 255, 340), (128, 128, 128))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait.resize((255, 255), Image.Resampling.LANCZOS), (340, 85))
    pair.save(folder / "pair.png")
    Image.new("RGB", (300, 200), (120, 130, 140)).save(folder / "wall.png")
    (folder / "broken.jpg").write_text("no photo")
    return folder


def find(photo: Path) -> photo_search.Search:
    settings = bpy.context.scene.pix2vertex
    settings.photo = str(photo)
    assert bpy.ops.pix2vertex.find_faces() == {"FINISHED"}
    search = search_of(settings)
    assert search is not None
    return search


def centre(box) -> np.ndarray:
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])


@pytest.mark.slow
def test_face_and_thumbnail_are_upright_whatever_the_camera_did(photos: Path) -> None:
    search = find(photos / "rotated.jpg")
    assert search.size == (340, 340)
    [face] = search.faces
    assert np.linalg.norm(centre(face.box) - FACE) < 25
    assert 0.7 < face.box[3] / FACE_HEIGHT < 1.6
    assert face.confidence > 0.8
    upright = np.asarray(Image.open(PORTRAIT)).astype(float)
    assert np.abs(search.pixels.astype(float) - upright).mean() < 5.0


@pytest.mark.slow
def test_several_faces_are_counted_from_the_largest_and_one_is_chosen(photos: Path) -> None:
    search = find(photos / "pair.png")
    settings = bpy.context.scene.pix2vertex
    assert len(search.faces) == 2
    assert search.faces[0].box[2] > search.faces[1].box[2]
    assert search.faces[0].box[0] < 340 < centre(search.faces[1].box)[0]
    assert settings.face == 0, "the largest, automatically"
    bpy.ops.pix2vertex.next_face()
    assert settings.face == 2
    bpy.ops.pix2vertex.next_face()
    assert settings.face == 1, "after the last comes the first"
    bpy.ops.pix2vertex.next_face(step=-1)
    assert settings.face == 2
    settings.use_face_box = True
    assert np.allclose(settings.face_box, search.faces[1].box, atol=0.5), "a box of one's own begins with the found one"
    settings.photo = str(photos / "rotated.jpg")
    assert (settings.face, settings.use_face_box, tuple(settings.face_box)) == (0, False, (0, 0, 0, 0))


@pytest.mark.slow
def test_no_face_is_an_answer_and_a_box_can_be_drawn(photos: Path) -> None:
    search = find(photos / "wall.png")
    assert (search.faces, search.sentence) == ((), "")
    assert bpy.ops.pix2vertex.draw_face_box(box=(50, 40, 100, 120)) == {"FINISHED"}
    settings = bpy.context.scene.pix2vertex
    assert settings.use_face_box and tuple(settings.face_box) == (50, 40, 100, 120)
    assert not bpy.ops.pix2vertex.next_face.poll()


@pytest.mark.slow
def test_a_bad_photo_is_one_sentence(photos: Path) -> None:
    settings = bpy.context.scene.pix2vertex
    settings.photo = str(photos / "broken.jpg")
    with pytest.raises(RuntimeError, match="not an image"):
        bpy.ops.pix2vertex.find_faces()
    assert "not an image" in search_of(settings).sentence
    assert not bpy.ops.pix2vertex.draw_face_box.poll()


@pytest.mark.slow
def test_the_search_goes_on_in_the_background_and_a_path_being_typed_is_no_error(photos: Path) -> None:
    settings = bpy.context.scene.pix2vertex
    for text in ("/", str(photos), str(photos / "pai"), ""):
        settings["photo"] = text
        photo_search.search_in_background(settings)
    assert not SEARCHES.by_photo
    settings["photo"] = str(photos / "pair.png")
    photo_search.search_in_background(settings)
    search = search_of(settings)
    assert search.is_running
    settings["photo"] = str(photos / "rotated.jpg")
    photo_search.search_in_background(settings)
    assert list(SEARCHES.by_photo)[-1].name == "rotated.jpg"
    while SEARCHES.update():
        time.sleep(0.02)
    assert [photo.name for photo in SEARCHES.by_photo] == ["rotated.jpg"], "nobody waits for the other one any more"
    assert len(search_of(settings).faces) == 1


@pytest.mark.slow
def test_a_box_drawn_meanwhile_ends_the_search_and_keeps_the_photo(photos: Path, tmp_path: Path) -> None:
    photo = tmp_path / "large.png"
    with Image.open(photos / "pair.png") as pair:  # which takes seconds to look through
        pair.resize((6 * pair.width, 6 * pair.height)).save(photo)
    settings = bpy.context.scene.pix2vertex
    settings["photo"] = str(photo)
    photo_search.search_in_background(settings)
    search = search_of(settings)
    while search.pixels is None:
        assert SEARCHES.update(), "the photo is shown while it is looked through"
        time.sleep(0.01)
    assert bpy.ops.pix2vertex.draw_face_box(box=(600, 400, 1000, 1200)) == {"FINISHED"}
    while SEARCHES.update():
        time.sleep(0.02)
    assert search_of(settings) is search and search.skipped and (search.faces, search.sentence) == ((), "")
    assert search.pixels is not None and settings.use_face_box


@pytest.mark.slow
def test_a_changed_photo_is_looked_at_again(photos: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    Image.open(photos / "wall.png").save(photo)
    assert find(photo).faces == ()
    Image.open(PORTRAIT).save(photo)
    assert search_of(bpy.context.scene.pix2vertex) is None
    assert len(find(photo).faces) == 1


@pytest.mark.parametrize("kind", ["generated", "packed", "painted", "file"])
def test_images_in_blender_become_photos(kind: str, tmp_path: Path) -> None:
    if kind == "generated":
        image = bpy.data.images.new("My Face: 1", 96, 80)
        image.pixels.foreach_set(np.random.default_rng(0).random(96 * 80 * 4, dtype=np.float32))
    else:
        Image.open(PORTRAIT).resize((96, 80)).save(tmp_path / "face.jpg")
        image = bpy.data.images.load(str(tmp_path / "face.jpg"))
    if kind == "packed":
        image.pack()
        (tmp_path / "face.jpg").unlink()
    if kind == "painted":
        image.pixels[0:4] = (1.0, 0.0, 0.0, 1.0)
        image.update()
    before = (image.source, image.filepath_raw, image.file_format, image.is_dirty, image.packed_file is None)
    assert bpy.ops.pix2vertex.use_open_image(image=image.name) == {"FINISHED"}
    assert (image.source, image.filepath_raw, image.file_format, image.is_dirty, image.packed_file is None) == before
    photo = Path(bpy.context.scene.pix2vertex.photo)
    assert (photo == tmp_path / "face.jpg") == (kind == "file")
    assert kind == "file" or photo.is_relative_to(session.temporary_folder())
    expected = np.reshape(image.pixels, (80, 96, 4))[::-1, :, :3]
    stored = np.asarray(Image.open(photo).convert("RGBA"))[..., :3]
    if kind != "generated":  # whose random alpha is multiplied in
        assert np.abs(stored / 255.0 - expected).max() < 2.0 / 255.0


def test_a_render_becomes_a_photo_whatever_the_output_settings_are() -> None:
    addon_utils.enable("cycles")
    scene = bpy.context.scene
    scene.render.engine, scene.cycles.samples = "CYCLES", 1
    scene.render.resolution_x, scene.render.resolution_y = 64, 72
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.view_settings.view_transform = "Standard"
    scene.world = bpy.data.worlds.new("Grey")
    use_nodes(scene.world)
    sky = next(node for node in scene.world.node_tree.nodes if node.type == "BACKGROUND")
    sky.inputs["Color"].default_value = (0.5, 0.5, 0.5, 1.0)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    bpy.ops.render.render()
    assert bpy.ops.pix2vertex.use_open_image(image="Render Result") == {"FINISHED"}
    photo = Image.open(scene.pix2vertex.photo)
    assert (photo.format, photo.size) == ("PNG", (64, 72))
    assert abs(photo.convert("L").getpixel((32, 36)) - 188) < 3, "0.5 as it looks on the screen"
    assert scene.render.image_settings.file_format == "OPEN_EXR"


def test_empty_and_missing_images_are_one_sentence(tmp_path: Path) -> None:
    image = bpy.data.images.new("Empty", 8, 8)
    image.source, image.filepath = "FILE", str(tmp_path / "gone.png")
    for name, words in (("Empty", "Empty has nothing in it"), ("Other", "no image called Other")):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.pix2vertex.use_open_image(image=name)
    assert bpy.context.scene.pix2vertex.photo == ""


def test_dropped_photos_are_taken() -> None:
    handler = bpy.types.PIX2VERTEX_FH_photo
    assert {".jpg", ".png", ".webp"} <= set(handler.bl_file_extensions.split(";"))
    assert bpy.ops.pix2vertex.choose_photo(filepath=str(PORTRAIT)) == {"FINISHED"}
    assert bpy.context.scene.pix2vertex.photo == str(PORTRAIT)


def test_boxes_are_drawn_where_the_faces_are() -> None:
    pixels = np.zeros((400, 800, 3), dtype=np.uint8)
    chosen, other = (160.0, 80.0, 160.0, 160.0), (480.0, 80.0, 80.0, 80.0)
    thumbnail = draw_boxes(pixels, 1600, chosen, [chosen, other])  # the photo itself is twice as large
    assert thumbnail.shape == (100, 200, 3)
    for colour, box in ((CHOSEN_COLOUR, chosen), (OTHER_COLOUR, other)):
        rows, columns = np.nonzero((thumbnail == colour).all(axis=2))
        left, top, width, height = (round(value / 8) for value in box)
        assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == (left, top, left + width, top + height)
        assert not thumbnail[top + height // 2, left + width // 2].any(), "only an outline"
    assert not draw_boxes(pixels, 0, None, []).any()
    assert draw_boxes(pixels, 1600, (-900.0, -900.0, 5000.0, 100.0), []).shape == thumbnail.shape
