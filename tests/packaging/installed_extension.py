"""Run in a Blender without any library of ours: install the zip, reconstruct a face, send it through FBX, uninstall.

Arguments: the zip, a photo, a folder for files. Prints what it saw as one line of JSON.
"""

import json
import os
import sys
from pathlib import Path

import bpy
import numpy as np

zip_path, photo, folder = (Path(argument) for argument in sys.argv[1:])
seen: dict[str, object] = {}


def coordinates(item: bpy.types.Object, key: str) -> np.ndarray:
    """World coordinates of a shape key."""
    points = item.data.shape_keys.key_blocks[key].data
    local = np.empty(3 * len(points), dtype=np.float32)
    points.foreach_get("co", local)
    matrix = np.array(item.matrix_world)
    return local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


def libraries() -> list[str]:
    """Libraries of ours that this process has loaded."""
    return sorted({"torch", "scipy", "cv2"} & set(sys.modules))


bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=str(zip_path), repo="user_default", enable_on_install=True)
seen["enabled"] = "bl_ext.user_default.pix2vertex" in bpy.context.preferences.addons
seen["result"] = list(bpy.ops.pix2vertex.reconstruct(filepath=str(photo), device="cpu", detail_level=1))
face = bpy.context.active_object
seen["keys"] = [key.name for key in face.data.shape_keys.key_blocks]
seen["height"] = float(np.ptp(coordinates(face, "Basis")[:, 2]))
seen["report"] = json.loads(face["pix2vertex"]["report"])
seen["libraries"] = libraries()
before = coordinates(face, "Basis"), coordinates(face, "Detail")

bpy.ops.export_scene.fbx(filepath=str(folder / "face.fbx"), use_mesh_modifiers=False)
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.fbx(filepath=str(folder / "face.fbx"))
[imported] = [item for item in bpy.data.objects if item.type == "MESH" and item.data.shape_keys]
bpy.context.view_layer.update()
after = coordinates(imported, "Basis"), coordinates(imported, "Detail")
seen["fbx_error"] = max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True))
seen["detail"] = float(np.abs(after[1] - after[0]).max())

bpy.ops.extensions.package_uninstall(
    repo_directory=bpy.utils.user_resource("EXTENSIONS", path="user_default"), pkg_id="pix2vertex"
)
seen["operator_after_removal"] = hasattr(bpy.types, "PIX2VERTEX_OT_reconstruct")
extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
seen["files_after_removal"] = sorted(
    str(path.relative_to(extensions))
    for path in extensions.rglob("*")
    if "pix2vertex" in path.name or "torch" in path.name
)
print("SEEN" + json.dumps(seen), flush=True)
os._exit(0)  # the static destructors of the `bpy` package can wait forever for a thread of its own
