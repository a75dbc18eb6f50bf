"""The real worker process with jobs whose length and outcome the tests decide. Run as a script, like `worker.py`."""

import dataclasses
import importlib.util
import os
import shutil
import sys
import time
from pathlib import Path

specification = importlib.util.spec_from_file_location("worker_script", sys.argv[1])
assert specification is not None and specification.loader is not None
script = importlib.util.module_from_spec(specification)
specification.loader.exec_module(script)
script.extend_module_path()
script.load_package()

import cv2  # noqa: E402
import numpy as np  # noqa: E402

from pix2vertex_blender import serving  # noqa: E402 - importable only now
from pix2vertex_blender.animation.take import Take  # noqa: E402
from pix2vertex_blender.animation.writing import write_take  # noqa: E402
from pix2vertex_blender.errors import PhotoError  # noqa: E402
from pix2vertex_blender.exchange.expressions import ExpressionSet  # noqa: E402
from pix2vertex_blender.exchange.report import ViewReport  # noqa: E402
from pix2vertex_blender.exchange.result import Reconstruction  # noqa: E402
from pix2vertex_blender.exchange.view import no_pins  # noqa: E402
from pix2vertex_blender.expression.names import ARKIT_NAMES  # noqa: E402
from pix2vertex_blender.expression.shapes import load_expressions  # noqa: E402
from pix2vertex_blender.template import load_template  # noqa: E402


def endless(request, progress):
    """Report progress for ever; with `deaf`, say nothing more and listen to nothing."""
    print("chatter of a library")
    os.write(1, b"chatter of a compiled library\n")
    progress("network", 0.25)
    while True:
        if not request.get("deaf"):
            progress("network", 0.5)
        time.sleep(0.01)


def reconstruct(request, progress):
    """Pass on a saved reconstruction as if it came from a photo; some names stand for what can happen."""
    photo = Path(request["photo"])
    if photo.name == "endless.png":
        endless(request, progress)
    if "photos" in request:
        shown = [Path(name).name for name in request["photos"]]
        face = Reconstruction.load(photo)
        report = dataclasses.replace(face.report, views=[ViewReport(name, sentence="It is odd.") for name in shown])
        views = tuple(dataclasses.replace(face.view, photo=name) for name in request["photos"])
        dataclasses.replace(face, views=views, report=report).save(request["result"])
        return {"result": request["result"]}
    if photo.name == "empty.png":
        raise PhotoError("The photo is empty; choose another.")
    if photo.name == "fault.png":
        raise KeyError("lost")
    progress("start", 0.0)
    shutil.copy(photo, request["result"])
    if "source" in request:
        np.save(request["vertices"], Reconstruction.load(request["source"]).coarse_vertices)
    return {"result": request["result"], "options": request["options"]}


def refit(request, progress):
    """Pretend to fit: every pin moves the whole head by a millimetre to the right."""
    progress("start", 0.0)
    source = Reconstruction.load(request["source"])
    np.save(request["vertices"], source.coarse_vertices)
    pins = no_pins()
    for landmark, pixel in request["pins"].items():
        pins[int(landmark)] = pixel
    moved = source.automatic_vertices + len(request["pins"]) * np.array([1.0, 0.0, 0.0])
    dataclasses.replace(source.with_view(pins=pins), vertices=moved, coarse_vertices=moved).save(request["result"])
    return {"result": request["result"]}


def change_photos(request, progress):
    """Take away what shall go, switch off what shall be off, add what is new, and move the head to the right."""
    progress("start", 0.0)
    source = Reconstruction.load(request["source"])
    np.save(request["vertices"], source.coarse_vertices)
    wishes = zip(source.views, request["use"], strict=True)
    views = [dataclasses.replace(view, used=wish) for view, wish in wishes if wish is not None]
    views += [dataclasses.replace(source.view, photo=photo) for photo in request["photos"]]
    moved = source.coarse_vertices + np.array([1.0, 0.0, 0.0])
    dataclasses.replace(source, views=tuple(views), vertices=moved, coarse_vertices=moved).save(request["result"])
    return {"result": request["result"]}


def nothing(_request, progress):
    """Say that all is done without having done or found anything, as a fault of ours would."""
    progress("start", 0.0)
    progress("detect", 0.0)
    return {}


def detail(request, progress):
    """Half a millimetre to the right everywhere."""
    progress("detail", 0.0)
    with np.load(request["mesh"]) as arrays:
        np.savez(request["result"], detail=np.tile([0.5, 0.0, 0.0], (len(arrays["vertices"]), 1)))
    return {}


def target(request, progress):
    """A triangle, one millimetre away."""
    progress("target", 0.0)
    with np.load(request["mesh"]) as arrays:
        count = len(arrays["vertices"])
    np.savez(request["result"], vertices=np.eye(3), triangles=np.array([[0, 1, 2]]), distance=np.ones(count))
    return {}


def texture(request, progress):
    """One colour."""
    progress("texture", 0.0)
    for name in ("colour", "origin", "eyeballs"):
        cv2.imwrite(request[name], np.full((8, 8, 3), 120, dtype=np.uint8))
    return {"from_photo": False}


def bake_maps(request, progress):
    """Flat ones."""
    progress("bake", 0.0)
    for kind in ("normal", "displacement"):
        cv2.imwrite(f"{request['stem']}_{kind}.{request['file_format']}", np.full((8, 8, 3), 128, dtype=np.uint8))
    return {"middle": 0.5, "range_mm": 1.0}


def surface(request, progress):
    """The same everywhere."""
    progress("surface", 0.0)
    for name in ("roughness", "specular", "subsurface"):
        cv2.imwrite(request[name], np.full((8, 8), 128, dtype=np.uint8))
    return {}


def wrap(request, progress):
    """Pass on a saved reconstruction as if it came from the depth photo whose colours it is."""
    progress("start", 0.0)
    shutil.copy(request["colour"], request["result"])
    for file in request.get("texture_files", {}).values():
        cv2.imwrite(file, np.full((8, 8, 3), 120, dtype=np.uint8))
    report = {"unit": "mm", "unit_found": False, "median_distance_mm": 0.1, "matrix": np.eye(4).tolist()}
    report |= {"scan": str(request["intrinsics"]), "device": str(request["options"])}
    return {"report": report, "textured": "texture_files" in request}


def carry(request, progress):
    """Move every vertex of the head and its parts by a unit upwards."""
    progress("start", 0.0)
    up = [0.0, 0.0, 1.0]
    with np.load(request["mesh"]) as arrays:
        count = len(arrays["vertices"]) + len(arrays.get("part_vertices", ()))
        moves = {"moves.whole": np.tile(up, (count, 1))}
        if request["regions"]:
            moves |= {f"moves.{name}": np.tile(up, (count, 1)) / 2 for name in ("proportions", "nose")}
        if "points" in arrays:
            moves["points"] = arrays["points"] + up
    np.savez(request["result"], **moves)
    return {"report": {}}


def carry_expressions(request, progress):
    """Two expressions: a unit upwards, and a unit to the right."""
    progress("start", 0.0)
    with np.load(request["mesh"]) as arrays:
        count = len(arrays["vertices"]) + len(arrays.get("part_vertices", ()))
    ways = {"jawOpen": [0.0, 0.0, 1.0], "mouthLeft": [1.0, 0.0, 0.0]}
    np.savez(request["result"], **{f"moves.{name}": np.tile(way, (count, 1)) for name, way in ways.items()})
    return {"report": {}}


def video_person(request, progress):
    """Pass on the saved reconstruction beside the movie as if the movie showed it."""
    progress("frames", 0.0)
    shutil.copy(Path(request["movie"]).with_suffix(".npz"), request["result"])
    return {"person": ["film_000001.png"]}


def expressions(request, progress):
    """The template's, for whatever head."""
    progress("expressions", 0.0)
    offsets, vertices = load_expressions().offsets, load_template().vertices.astype(np.float32)
    moved = [np.flatnonzero(offset.any(axis=1)).astype(np.int32) for offset in offsets]
    chosen = tuple(offset[rows] for offset, rows in zip(offsets, moved, strict=True))
    nothing = np.zeros(52, dtype=np.float32)
    ExpressionSet(vertices, vertices, nothing, ARKIT_NAMES, tuple(moved), chosen).save(request["result"])
    return {}


def video_take(request, progress):
    """The jaw opens within a second while the head turns; of the movie `endless.mp4` only a half is ever done."""
    progress("video", 0.0)
    endlessly = Path(request["movie"]).name == "endless.mp4"
    times = np.array([0.0, 0.5] if endlessly else [0.0, 0.5, 1.0])
    head = np.stack([0 * times, 0.4 * times, 0 * times], axis=1)
    write_take(Take("film", times, {"jawOpen": times}, {"head": head}), Path(request["take"]))
    if endlessly:
        endless(request, progress)
    return {"report": {"notes": [f"The basis is {request['basis']}, the rate {request['rate']:g}."]}}


def user_error(_request, _progress):
    """Fail as on a bad photo."""
    raise PhotoError("The photo is empty; choose another.")


def fault(_request, _progress):
    """Fail as on a mistake of ours."""
    raise KeyError("lost")


def modules(_request, _progress):
    """Tell which of Blender's modules this process has, where the package lies, and the module path it was given."""
    blender = sorted({"bpy", "bmesh", "mathutils"} & set(sys.modules))
    return {"blender": blender, "package": serving.__name__, "path": sys.path}


serving.main(
    {
        "reconstruct": reconstruct,
        "refit": refit,
        "change_photos": change_photos,
        "detail": detail,
        "target": target,
        "texture": texture,
        "bake_maps": bake_maps,
        "surface": surface,
        "wrap": wrap,
        "expressions": expressions,
        "video_person": video_person,
        "video_take": video_take,
        "carry": carry,
        "carry_expressions": carry_expressions,
        "endless": endless,
        "find_faces": nothing,
        "list_devices": nothing,
        "user_error": user_error,
        "fault": fault,
        "modules": modules,
    }
)
