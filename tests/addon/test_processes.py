"""Blender's modules stay in Blender's process, the worker's libraries in the worker's."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pix2vertex_blender"
BLENDER_MODULES = {"bpy", "bmesh", "mathutils", "bpy_extras", "addon_utils", "gpu", "blf"}
WORKER_LIBRARIES = {"torch", "scipy", "cv2", "safetensors"}


def imported(path: Path) -> set[str]:
    """The top-level modules that a file imports, wherever in the file it does."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_addon_folder_imports_blender(path: Path) -> None:
    if path.is_relative_to(PACKAGE / "addon"):
        assert not imported(path) & WORKER_LIBRARIES
    else:
        assert not imported(path) & BLENDER_MODULES


def test_blenders_process_loads_none_of_the_workers_libraries() -> None:
    script = (
        "import sys, bpy, pix2vertex_blender; pix2vertex_blender.register(); bpy.ops.pix2vertex.add_template_head();"
        "print(*sorted(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    ).stdout
    assert not set(output.split()) & {*WORKER_LIBRARIES, "PIL"}
