"""Run in a Blender of another Python, without any library of ours: all of the add-on that needs none.

Arguments: a zip without wheels, a folder for files. Prints what it saw as one line of JSON.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import bpy
import numpy as np

zip_path, folder = (Path(argument) for argument in sys.argv[1:])
PACKAGE = "bl_ext.user_default.pix2vertex"
seen: dict[str, object] = {"python": list(sys.version_info[:2]), "blender": bpy.app.version_string}


def module(name: str):
    return importlib.import_module(f"{PACKAGE}.{name}")


def reconstruction():
    """The template as if a photo had shown it, with bumps for its detail."""
    head = module("template").load_template()
    detail = np.zeros_like(head.vertices)
    detail[:, 2] = np.sin(head.vertices[:, 0])
    view = module("exchange.view").View(
        photo_size=(640, 480),
        crop_to_photo=np.array([[1.5, 0.0, 40.0], [0.0, 1.5, 90.0]]),
        head_to_camera=np.eye(4),
        maps=module("exchange.maps").FaceMaps(
            mask=np.eye(8, dtype=bool),
            opening=np.zeros((8, 8)),
            correspondence=np.zeros((8, 8, 3)),
            geometry=np.zeros((8, 8, 3)),
            camera=module("exchange.camera").Camera(0.9, (130.0, 120.0), 1.0 / 900.0),
            head_pose=module("geometry.similarity").Similarity(1.0, np.eye(3), np.zeros(3)),
            confidence=0.9,
        ),
        crop_png=b"",
        pins=module("exchange.view").no_pins(),
    )
    return module("exchange.result").Reconstruction(
        vertices=head.vertices,
        faces=head.faces,
        uvs=head.uvs,
        detail=detail,
        groups=head.groups,
        landmarks_68=head.landmarks_68,
        eyeballs=(),
        views=(view,),
        coarse_vertices=head.vertices,
        automatic_vertices=head.vertices,
        detail_level=0,
        report=module("exchange.report").Report(photo="someone.jpg", confidence=0.9),
    )


def coordinates(item: bpy.types.Object, key: str) -> np.ndarray:
    """World coordinates of a shape key."""
    points = item.data.shape_keys.key_blocks[key].data
    local = np.empty(3 * len(points), dtype=np.float32)
    points.foreach_get("co", local)
    matrix = np.array(item.matrix_world)
    return local.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]


bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(filepath=str(zip_path), repo="user_default", enable_on_install=True)
seen["enabled"] = PACKAGE in bpy.context.preferences.addons

module("addon").unregister()
module("addon").register()

panels = module("addon.panels").CLASSES
seen["panels"] = [panel.bl_label for panel in panels if panel.is_registered]
for panel in panels:
    if hasattr(panel, "poll"):
        panel.poll(bpy.context)

bpy.ops.pix2vertex.add_template_head(with_eyeballs=True)
seen["template"] = sorted(item.name for item in bpy.data.objects)

face = module("addon.scene.face_object").build_face_object(reconstruction(), bpy.context)
seen["keys"] = {key.name: key.value for key in face.data.shape_keys.key_blocks}
bpy.context.view_layer.update()
before = coordinates(face, "Basis"), coordinates(face, "Detail")
seen["height"] = float(np.ptp(before[0][:, 2]))
module("addon.export.export").export_fbx(folder / "face.fbx", [face])

try:
    bpy.ops.pix2vertex.reconstruct(filepath=str(folder / "absent.png"), device="cpu")
except RuntimeError as error:
    seen["error_without_libraries"] = str(error)

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.fbx(filepath=str(folder / "face.fbx"))
[imported] = [item for item in bpy.data.objects if item.type == "MESH" and item.data.shape_keys]
bpy.context.view_layer.update()
after = coordinates(imported, "Basis"), coordinates(imported, "Detail")
seen["fbx_error"] = max(float(np.abs(a - b).max()) for a, b in zip(before, after, strict=True))
seen["detail"] = float(np.abs(after[1] - after[0]).max())
seen["libraries"] = sorted({"torch", "scipy", "cv2", "PIL"} & set(sys.modules))

bpy.ops.extensions.package_uninstall(
    repo_directory=bpy.utils.user_resource("EXTENSIONS", path="user_default"), pkg_id="pix2vertex"
)
seen["operator_after_removal"] = hasattr(bpy.types, "PIX2VERTEX_OT_reconstruct")
print("SEEN" + json.dumps(seen), flush=True)
os._exit(0)  # the static destructors of the `bpy` package can wait forever for a thread of its own
