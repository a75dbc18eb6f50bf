"""The main job as a user starts it, on the astronaut's portrait."""

import json
import subprocess
import sys
from pathlib import Path

import bpy
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.exchange.progress import STAGE_LABELS, STAGES
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.rig.names import NAMINGS
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
LEVEL = 1


#: Nobody has put pins.
PASSED = [name for name in STAGES if name != "pins"]


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "astronaut"
    command = [sys.executable, "-m", "pix2vertex_blender", "--output", folder, "--detail-level", str(LEVEL)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    return folder, result.stdout


@pytest.fixture(scope="module")
def report(job):
    return json.loads((job[0] / "report.json").read_text())


@pytest.fixture(scope="module")
def maps(job):
    with np.load(job[0] / "maps.npz") as file:
        return dict(file)


def test_each_stage_is_shown_once_with_its_time_and_nothing_else(job):
    lines = job[1].strip().splitlines()
    assert [line[:24].strip() for line in lines[:-1]] == [*(STAGE_LABELS[name] for name in PASSED), "Total"]
    assert all(line.endswith(" s") for line in lines[:-1])
    assert lines[-1].startswith("Written to")


def test_all_files_are_there(job):
    names = {path.name for path in job[0].iterdir()}
    assert names == {
        *("face.blend", "face.fbx", "face.glb", "preview.png"),
        *("maps.npz", "report.json", "vertices.npy"),
    }
    with Image.open(job[0] / "preview.png") as preview:
        columns = np.asarray(preview).reshape(preview.height, 5, -1, 3).std(axis=(0, 2))
        assert (columns > 10).all(), "one of the five pictures is empty"


def test_the_report_has_its_fields(report):
    assert report["photo"] == "astronaut.png"
    assert report["photo_size"] == [512, 512]
    assert report["faces_found"] == 1
    assert report["device"] in {"cpu", "cuda", "mps", "xpu"}
    assert 0.5 < report["confidence"] <= 1
    assert set(report["seconds"]) == {*PASSED, "total"}
    stages = sum(report["seconds"][name] for name in PASSED)
    assert report["seconds"]["total"] == pytest.approx(stages, rel=0.1)
    assert report["registration"]["matches"] > 1000
    assert 0 < report["registration"]["median_distance_mm"] < 2
    template = load_template()
    assert report["template"]["vertices"] == len(template.vertices)
    assert report["template"]["faces"] == len(template.faces)
    assert "blender" in report["versions"]


def test_the_landmarks_lie_on_the_face(report):
    """Eyes, tip of the nose and mouth, read off the photo, in which her face is about 100 pixels high."""
    landmarks = np.array(report["landmarks_68"])
    assert landmarks.shape == (68, 2)
    for chosen, position in (
        (slice(36, 42), (202, 101)),
        (slice(42, 48), (245, 103)),
        ([30], (223, 125)),
        (slice(48, 60), (225, 145)),
    ):
        assert np.linalg.norm(landmarks[chosen].mean(axis=0) - position) < 6
    x, y, width, height = report["face_box"]
    inside = (landmarks > np.array([x, y]) - 1e-6) & (landmarks < np.array([x + width, y + height]) + 1e-6)
    assert inside.all()


def test_the_mesh_covers_what_the_network_saw(maps):
    mask, network, mesh = maps["mask"], maps["network_depth"], maps["mesh_depth"]
    assert maps["correspondence"].shape == (*mask.shape, 3)
    assert maps["crop_to_photo"].shape == (2, 3)
    assert np.isnan(network[~mask]).all()
    assert np.isfinite(network[mask]).all()
    both = mask & np.isfinite(mesh)
    assert both.sum() > 0.85 * mask.sum()
    assert np.median(np.abs(mesh - network)[both]) < 2.0


def test_the_blender_file_holds_an_upright_head_in_metres(job):
    bpy.ops.wm.open_mainfile(filepath=str(job[0] / "face.blend"))
    face = bpy.data.objects["Face"]
    assert [key.name for key in face.data.shape_keys.key_blocks] == ["Basis", "Detail", "Likeness", "Caricature"]
    assert len(face.data.vertices) == len(load_template(LEVEL).vertices)
    assert len(face.data.uv_layers) == 1
    assert 0.2 < face.dimensions.z < 0.5
    coordinates = np.array([vertex.co for vertex in face.data.vertices])
    nose = coordinates[load_template(LEVEL).landmarks_68[30]]
    assert nose[1] < coordinates[:, 1].min() + 0.01, "the nose is not the foremost part"
    assert abs(nose[0]) < 0.015
    detail = np.array([point.co for point in face.data.shape_keys.key_blocks["Detail"].data])
    moved = np.linalg.norm(detail - coordinates, axis=1)
    assert 0.00002 < moved.max() < 0.003


@pytest.mark.parametrize("name", ["face.fbx", "face.glb"])
def test_exported_files_bring_the_shape_key_along(job, name):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if name.endswith("fbx"):
        bpy.ops.import_scene.fbx(filepath=str(job[0] / name))
    else:
        bpy.ops.import_scene.gltf(filepath=str(job[0] / name))
    faces = [item for item in bpy.data.objects if item.type == "MESH" and item.data.shape_keys]
    assert len(faces) == 1
    assert "Detail" in faces[0].data.shape_keys.key_blocks
    bpy.context.view_layer.update()
    height = max((faces[0].matrix_world @ vertex.co).z for vertex in faces[0].data.vertices)
    depth = min((faces[0].matrix_world @ vertex.co).z for vertex in faces[0].data.vertices)
    assert 0.2 < height - depth < 0.5


def test_the_result_is_a_face_with_eyes_and_mouth(job):
    parts = {"Eyeball Left", "Eyeball Right", "Teeth Upper", "Teeth Lower", "Tongue", "Mouth Bag"}
    parts |= {"Lashes", "Tear Lines", "Eye Corners"}
    bpy.ops.wm.open_mainfile(filepath=str(job[0] / "face.blend"))
    assert {item.name for item in bpy.data.objects if item.type == "MESH"} == {"Face"} | parts
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(job[0] / "face.glb"))
    assert {item.name for item in bpy.data.objects if item.type == "MESH"} == {"Face"} | {
        part.replace(" ", "_") for part in parts
    }
    assert all(item.data.materials for item in bpy.data.objects if item.type == "MESH")


@pytest.fixture(scope="module")
def neutral_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("neutral") / "astronaut"
    command = [sys.executable, "-m", "pix2vertex_blender", "--output", folder, "--detail-level", "0"]
    command += ["--neutral", "--rig", "--no-preview"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert result.returncode == 0, result.stderr
    return folder


def test_a_neutral_face_has_all_expressions_and_does_not_smile(neutral_folder):
    bpy.ops.wm.open_mainfile(filepath=str(neutral_folder / "face.blend"))
    keys = bpy.data.objects["Face"].data.shape_keys.key_blocks
    assert set(ARKIT_NAMES) <= set(keys.keys())
    assert keys["Photo Expression"].value == 0.0
    points = np.empty((2, len(keys["Basis"].data), 3), dtype=np.float32)
    for name, into in zip(("Basis", "Photo Expression"), points, strict=True):
        keys[name].data.foreach_get("co", into.ravel())
    neutral, photo = (np.linalg.norm(np.subtract(*each[load_template().landmarks_68[[48, 54]]])) for each in points)
    assert neutral < 0.95 * photo, "she smiles in the photo, which makes the mouth wider"
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(neutral_folder / "face.glb"))
    imported = bpy.data.objects["Face"]
    assert set(ARKIT_NAMES) <= set(imported.data.shape_keys.key_blocks.keys())
    assert {"jawOpen", "tongueOut"} <= set(bpy.data.objects["Tongue"].data.shape_keys.key_blocks.keys())


def test_a_rigged_face_comes_with_a_skin(neutral_folder):
    file = (neutral_folder / "face.glb").read_bytes()
    content = json.loads(file[20 : 20 + int.from_bytes(file[12:16], "little")])
    [skin] = content["skins"]
    assert {content["nodes"][joint]["name"] for joint in skin["joints"]} == set(NAMINGS["BLENDER"].values())
    skinned = [node for node in content["nodes"] if "skin" in node and "mesh" in node]
    assert {"Face", "Eyeball_Left", "Eyeball_Right"} <= {node["name"] for node in skinned}
    face = next(content["meshes"][node["mesh"]] for node in skinned if node["name"] == "Face")
    assert set(ARKIT_NAMES) <= set(face["extras"]["targetNames"])
    assert len(face["primitives"][0]["targets"]) == len(face["extras"]["targetNames"])
    bpy.ops.wm.open_mainfile(filepath=str(neutral_folder / "face.blend"))
    face = bpy.data.objects["Face"]
    rig = face.modifiers["Rig"].object
    rest = rig.pose.bones["DEF-jaw"].tail.z
    face.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    assert rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["DEF-jaw"].tail.z < rest - 0.01
