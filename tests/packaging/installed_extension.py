"""Run in a Blender without any library of ours: upgrade to the zip, reconstruct a face, send it through FBX, uninstall.

Arguments: an older version's zip, the zip, a photo, a folder for files. Prints what it saw as one line of JSON.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import bpy
import numpy as np

sys.path.append(str(Path(__file__).parents[1]))
from processes import process_exists

older_zip, newer_zip, photo, folder = (Path(argument) for argument in sys.argv[1:])
seen: dict[str, object] = {}
PACKAGE = "bl_ext.user_default.pix2vertex"
USER = Path(os.environ["BLENDER_USER_RESOURCES"])


def install(path: Path) -> None:
    bpy.ops.extensions.package_install_files(filepath=str(path), repo="user_default", enable_on_install=True)


def files(pattern: str = "*") -> set[str]:
    """Files below the user's folder."""
    return {str(path.relative_to(USER)) for path in USER.rglob(pattern) if path.is_file()}


def worker_process() -> int:
    return importlib.import_module(PACKAGE + ".addon.process.session").SESSION.worker.process_id


def coordinates(item: bpy.types.Object, key: str) -> np.ndarray:
    """World coordinates of a shape key."""
    points = item.data.shape_keys.key_blocks[key].data
    local = np.empty(3 * len(points), dtype=np.float32)
    points.foreach_get("co", local)
    matrix = np.array(item.matrix_world)
    return local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def reconstruct() -> set[str]:
    return bpy.ops.pix2vertex.reconstruct(filepath=str(photo), device="cpu", detail_level=1)


bpy.ops.wm.read_factory_settings(use_empty=True)
untouched = files()

install(older_zip)
seen["older_files"] = sorted(Path(name).name for name in files("forgotten*.py"))
try:
    reconstruct()
except RuntimeError as error:
    seen["error_without_libraries"] = str(error)
older_worker = worker_process()

install(newer_zip)
seen["older_files_after_upgrade"] = sorted(files("forgotten*"))
seen["older_worker_after_upgrade"] = process_exists(older_worker)
seen["enabled_after_upgrade"] = PACKAGE in bpy.context.preferences.addons

seen["result"] = list(reconstruct())
newer_worker = worker_process()
face = bpy.context.active_object
seen["keys"] = [key.name for key in face.data.shape_keys.key_blocks]
seen["height"] = float(np.ptp(coordinates(face, "Basis")[:, 2]))
seen["report"] = json.loads(face.data["pix2vertex"]["report"])
seen["libraries"] = sorted({"torch", "scipy", "cv2"} & set(sys.modules))
before = coordinates(face, "Basis"), coordinates(face, "Detail")

bpy.ops.export_scene.fbx(filepath=str(folder / "face.fbx"), use_mesh_modifiers=False)
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.fbx(filepath=str(folder / "face.fbx"))
with_keys = [item for item in bpy.data.objects if item.type == "MESH" and item.data.shape_keys]
imported = next(item for item in with_keys if "Detail" in item.data.shape_keys.key_blocks)
bpy.context.view_layer.update()
after = coordinates(imported, "Basis"), coordinates(imported, "Detail")
seen["fbx_error"] = max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True))
seen["detail"] = float(np.abs(after[1] - after[0]).max())

bpy.ops.extensions.package_uninstall(
    repo_directory=bpy.utils.user_resource("EXTENSIONS", path="user_default"), pkg_id="pix2vertex"
)
seen["operator_after_removal"] = hasattr(bpy.types, "PIX2VERTEX_OT_reconstruct")
seen["worker_after_removal"] = process_exists(newer_worker)
seen["files_after_removal"] = sorted(files() - untouched)
print("SEEN" + json.dumps(seen), flush=True)
os._exit(0)  # the static destructors of the `bpy` package can wait forever for a thread of its own
