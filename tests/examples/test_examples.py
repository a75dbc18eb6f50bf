"""Each of the examples does what it says, as a process of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import bpy
import pytest

from pix2vertex_blender.paths import SAMPLE_PORTRAIT

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def run(example: str, *arguments: Path, code: int = 0) -> str:
    command = [sys.executable, str(ROOT / "examples" / example), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


def test_a_photo_becomes_an_fbx_file(tmp_path):
    printed = run("photo_to_fbx.py", SAMPLE_PORTRAIT, tmp_path / "face.fbx")
    assert "Basis" in printed and "Detail" in printed
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "face.fbx"))
    assert any(item.type == "MESH" and item.data.shape_keys for item in bpy.data.objects)


def test_a_folder_becomes_textured_glb_files(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(SAMPLE_PORTRAIT, photos / "anna.jpg")
    (photos / "broken.jpg").write_text("no photo")
    printed = run("folder_to_glb.py", photos, tmp_path / "heads", code=1)
    assert "broken.jpg: " in printed
    assert [file.name for file in (tmp_path / "heads").iterdir()] == ["anna.glb"]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "heads" / "anna.glb"))
    assert any(image.size[0] == 1024 for image in bpy.data.images)


def test_results_are_read_without_blender(tmp_path):
    command = [sys.executable, "-m", "pix2vertex_blender", str(SAMPLE_PORTRAIT), "--output", str(tmp_path / "face")]
    subprocess.run([*command, "--detail-level", "0", "--no-preview"], cwd=ROOT, check=True, capture_output=True)
    printed = run("read_results.py", tmp_path / "face")
    assert "astronaut.jpg: confidence 0." in printed
    assert "mm apart" in printed
