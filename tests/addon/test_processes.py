"""Blender's modules stay in Blender's process, the worker's libraries in the worker's."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "pix2vertex_blender"
BLENDER_MODULES = {"bpy", "bmesh", "mathutils", "bpy_extras", "addon_utils", "gpu", "blf"}
WORKER_LIBRARIES = {"torch", "scipy", "cv2", "safetensors", "pillow_heif"}


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


def imported_modules(path: Path) -> set[Path]:
    """The files of the package that a file imports, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            places = [folder, *(folder / alias.name for alias in node.names)]
            found |= {each for place in places for each in (place.with_suffix(".py"), place / "__init__.py")}
    return {place for place in found if place.is_file()}


def test_no_way_leads_from_the_addon_to_the_algorithm() -> None:
    ways = {path: [path] for path in (PACKAGE / "addon").rglob("*.py")}
    waiting = list(ways)
    while waiting:
        path = waiting.pop()
        for each in imported_modules(path) - set(ways):
            ways[each] = [*ways[path], each]
            waiting.append(each)
    assert PACKAGE / "exchange" / "result.py" in ways, "the imports are followed"
    for path, way in ways.items():
        assert not path.is_relative_to(PACKAGE / "reconstruction"), " -> ".join(map(str, way))
        assert not path.is_relative_to(PACKAGE / "jobs"), " -> ".join(map(str, way))


def test_blenders_process_loads_none_of_the_workers_libraries() -> None:
    script = (
        "import sys, bpy, pix2vertex_blender; pix2vertex_blender.register(); bpy.ops.pix2vertex.add_template_head();"
        "print(*sorted(sys.modules))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    ).stdout
    assert not set(output.split()) & {*WORKER_LIBRARIES, "PIL"}


def test_what_blender_loads_at_every_start_is_what_the_panels_need() -> None:
    """The rest is loaded by the first click; `benchmarks/interface.py` measures the start."""
    script = (
        "import sys, bpy; before = set(sys.modules); import pix2vertex_blender; pix2vertex_blender.register();"
        "print(*sorted(set(sys.modules) - before))"
    )
    output = subprocess.run(
        [sys.executable, "-c", script], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    ).stdout
    late = {"process.worker_client", "process.pipe", "process.log_file", "batch.table", "batch.destinations"}
    names = {f"pix2vertex_blender.addon.{name}" for name in late}
    names |= {f"pix2vertex_blender.{name}" for name in ("exchange.result", "exchange.record", "serving", "template")}
    assert "pix2vertex_blender.addon.panels" in output.split()
    assert not set(output.split()) & {*names, "logging", "subprocess", "zipfile", "shutil", "socket", "csv"}
