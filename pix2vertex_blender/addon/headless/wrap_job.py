"""A scan becomes a folder of files, in a Blender without a window: `build.py wrap`."""

import argparse
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import bpy
import numpy as np

from ...errors import MeshError
from ...exchange.arrays import write_arrays
from ...exchange.result import Reconstruction
from ...exchange.wrap_report import AUTOMATIC, UNITS, WrapReport
from ..batch.names import result_name
from ..batch.output_folder import output_folder
from ..export.export import export_fbx, export_glb, save_blend
from ..operators.texture import put_on
from ..process import session
from ..properties.face import SIZES
from ..scene.face_object import build_face_object
from ..scene.scan_object import read_scan
from .arguments import Parser, path
from .photo_job import Clock, StageLines, await_job, quiet
from .preview import compose_preview

#: The first argument that asks for this instead of a photo.
WRAP = "wrap"
PREVIEW, VERTICES, REPORT, TEXTURE = "preview.png", "wrapped.npy", "report.json", "texture.png"
#: The files of one scan.
RESULTS = ("face.blend", "face.fbx", "face.glb", VERTICES, REPORT, PREVIEW, TEXTURE)
_PREVIEW_SIZE = 512
#: Files that may carry their depth, so that they need no other.
_PORTRAITS = (".jpg", ".jpeg", ".heic", ".heif", ".hif")

NO_FILE = "There is no file {scan}: choose another scan."
UNKNOWN_FORMAT = "{scan} is no scan that can be read: choose an OBJ, PLY, STL or GLB file, or give --depth."
UNREADABLE = "{scan} cannot be read as a mesh: export it again, or choose another scan."

#: From glTF's axes, whose y is up, to Blender's, as Blender's importer turns them; the others are read as they are.
_FROM_GLTF = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def wrap_parser() -> Parser:
    """The options of `build.py wrap`."""
    parser = Parser(prog="build.py wrap", description="Lay a head with our topology over a scanned head.")
    parser.add_argument(
        "scan",
        type=path,
        help="an OBJ, PLY, STL or GLB file, a portrait that carries its depth, or with --depth a colour photo",
    )
    parser.add_argument("--output", type=path, help="folder for the results (default: out/<scan's name>)")
    parser.add_argument(
        "--depth", type=path, help="16-bit PNG in millimetres or OpenEXR that belongs to the colour photo"
    )
    parser.add_argument(
        "--intrinsics",
        nargs=4,
        type=float,
        metavar=("FX", "FY", "CX", "CY"),
        help="focal lengths and principal point of the depth image in pixels, the first pixel's centre at (0, 0)",
    )
    parser.add_argument(
        "--unit",
        choices=[AUTOMATIC, *UNITS],
        default=AUTOMATIC,
        help="the scan's (found from the head's size if left out)",
    )
    parser.add_choices(detail_level=2)
    parser.add_argument(
        "--texture-size",
        type=int,
        default=2048,
        choices=[int(size[0]) for size in SIZES],
        help="texels along each side of the texture of a scan with colours (default: %(default)s)",
    )
    parser.add_argument("--no-preview", action="store_true", help="leave out preview.png")
    return parser


def run_wrap(options: argparse.Namespace) -> None:
    """Wrap one scan into a folder, and say how well it went.

    Raises
    ------
    Pix2VertexError
        If the scan, an option or the folder cannot be used.
    """
    place = options.output or Path("out") / result_name(options.scan.stem)
    with output_folder(place, RESULTS) as folder:
        report = _write_results(options, folder)
    print(f"{'Total':<24}{report.seconds['total']:6.1f} s")
    found = "seems to be" if report.unit_found else "is"
    print(f"The scan's unit {found} {report.unit}: one is {report.millimetres_per_unit:.4g} mm.")
    print(
        f"The face lies {report.median_distance_mm:.2f} mm off in the median, {report.p95_distance_mm:.2f} mm in 95 of "
        f"100 places; the scan covers {report.covered:.0%} of it."
    )
    print(f"Written to {place}")


def _write_results(options: argparse.Namespace, folder: Path) -> WrapReport:
    clock = Clock(StageLines())
    bpy.ops.wm.read_factory_settings(use_empty=True)
    request, turned = _depth_photo(options) if _is_photo(options) else _mesh(options.scan)
    choices: dict[str, Any] = {name: getattr(options, name) for name in ("device", "detail_level", "seed")}
    if "mesh" in request:
        choices["unit"] = options.unit
    # Not in Blender's own folder, which goes when another file is read.
    with TemporaryDirectory() as place:
        files = {name: Path(place) / f"{name}.png" for name in ("colour", "origin", "eyeballs")}
        request |= {"texture_files": {name: str(file) for name, file in files.items()}}
        request |= {"texture_size": options.texture_size, "options": choices}
        reconstruction, reply = _wrapped(request, clock)
        report = WrapReport(**reply["report"])
        clock.take(report.seconds)
        clock.enter("scene")
        write_scene(reconstruction, files if reply["textured"] else None, folder)
    if not options.no_preview:
        compose_preview(reconstruction, _PREVIEW_SIZE, folder / PREVIEW)
    report = report.turned(turned)
    matrix = np.array(report.matrix)
    np.save(folder / VERTICES, reconstruction.coarse_vertices @ matrix[:3, :3].T + matrix[:3, 3])
    clock.end()
    report = report.with_run(options.scan.name, clock.seconds, {"blender": bpy.app.version_string})
    (folder / REPORT).write_text(report.to_json(indent=2) + "\n", encoding="utf-8")
    return report


def _wrapped(request: Mapping[str, Any], clock: Clock) -> tuple[Reconstruction, dict[str, Any]]:
    """Have the worker wrap; also returns its reply."""
    result = session.temporary_folder() / "wrapped.npz"
    job = session.worker().submit(WRAP, result=str(result), **request)
    await_job(job, clock)
    return Reconstruction.load(result), job.result


def write_scene(reconstruction: Reconstruction, textures: Mapping[str, Path] | None, folder: Path) -> None:
    """Write the Blender, FBX and glTF files of the head, and its texture if there is one."""
    with quiet():
        bpy.ops.wm.read_factory_settings(use_empty=True)
        face = build_face_object(reconstruction, bpy.context)
        if textures is not None:
            put_on(face, textures, "PACKED")
            shutil.copyfile(textures["colour"], folder / TEXTURE)
        save_blend(folder / "face.blend")
        export_fbx(folder / "face.fbx", [face])
        export_glb(folder / "face.glb", [face])


def _is_photo(options: argparse.Namespace) -> bool:
    return options.depth is not None or options.scan.suffix.lower() in _PORTRAITS


def _depth_photo(options: argparse.Namespace) -> tuple[dict[str, Any], np.ndarray]:
    request: dict[str, Any] = {}
    for name, file in (("colour", options.scan), ("depth", options.depth)):
        if file is None:
            continue
        if not file.is_file():
            raise MeshError(NO_FILE.format(scan=file.name))
        request[name] = str(file.absolute())
    if options.intrinsics is not None:
        request["intrinsics"] = list(options.intrinsics)
    return request, np.eye(3)


def _mesh(scan: Path) -> tuple[dict[str, Any], np.ndarray]:
    """The job's request for a mesh file, and the rotation (3, 3) from its axes to those that Blender has read it in."""
    if not scan.is_file():
        raise MeshError(NO_FILE.format(scan=scan.name))
    with quiet():
        objects, turned = import_mesh(scan)
        arrays = read_scan(objects, bpy.context)
    mesh = session.temporary_folder() / "scan.npz"
    write_arrays(mesh, **arrays.arrays)
    texture = {"texture": str(arrays.texture)} if arrays.texture is not None else {}
    return {"mesh": str(mesh), **texture}, turned


def import_mesh(scan: Path) -> tuple[Sequence[bpy.types.Object], np.ndarray]:
    """Read a mesh file into the scene; also returns the rotation (3, 3) from the file's axes to the scene's.

    Raises
    ------
    MeshError
        If Blender cannot read it, or there is no mesh in it.
    """
    upright = {"forward_axis": "Y", "up_axis": "Z"}
    suffix, turned = scan.suffix.lower(), np.eye(3)
    file = str(scan.absolute())
    try:
        if suffix == ".obj":
            bpy.ops.wm.obj_import(filepath=file, **upright)
        elif suffix == ".ply":
            bpy.ops.wm.ply_import(filepath=file, **upright)
        elif suffix == ".stl":
            bpy.ops.wm.stl_import(filepath=file, **upright)
        elif suffix in (".glb", ".gltf"):
            bpy.ops.import_scene.gltf(filepath=file)
            turned = _FROM_GLTF
        else:
            raise MeshError(UNKNOWN_FORMAT.format(scan=scan.name))
    except RuntimeError as error:
        raise MeshError(UNREADABLE.format(scan=scan.name)) from error
    bpy.context.view_layer.update()
    objects = [item for item in bpy.context.scene.objects if item.type == "MESH"]
    if not objects:
        raise MeshError(UNREADABLE.format(scan=scan.name))
    return objects, turned
