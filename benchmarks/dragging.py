"""How fast a face follows a dragged pin: ``benchmarks/dragging.py [LEVEL ...]``.

The template's head stands in an empty scene, with four pins, one of which follows a made-up mouse. An update is what
one motion of the mouse costs: the head's new shape, its shape key, Blender's evaluation of the mesh, and the pins'
places for the overlay; drawing is not in it, since it needs a window. The processor's time says what a machine that
does nothing else reaches. Prints, as JSON, the seconds of what is done once in a session (`factors`) and with each
press of the mouse (`press`), and a line for each level of subdivision.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bpy
import numpy as np

from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.views.face_dragging import FaceDragging
from pix2vertex_blender.addon.views.screen import Screen
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.exchange.report import Report
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.exchange.view import View, no_pins
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.shaping.sheet import load_sheet
from pix2vertex_blender.template import load_template

UPDATES = 60
SIZE, PIXELS = (600.0, 800.0), 2.0
PINS = ((42.0, -8.0), (-42.0, -8.0), (0.0, -70.0), (30.0, 60.0))


def head(level: int) -> bpy.types.Object:
    """The template's head of a level as a face, in an empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    template, coarse = load_template(level), load_template()
    camera = Camera(0.9, (120.0, 120.0), 1.0 / 900.0)
    seen = np.ones((4, 4), dtype=bool)
    nothing = np.zeros((4, 4, 3), dtype=np.float32)
    pose = Similarity(1.0, np.eye(3), np.zeros(3))
    maps = FaceMaps(seen, np.zeros((4, 4), dtype=np.float32), nothing, nothing, camera, pose, 0.9)
    view = View((640, 480), np.eye(2, 3), np.eye(4), maps, b"", no_pins())
    reconstruction = Reconstruction(
        vertices=template.vertices,
        faces=template.faces.astype(np.int32),
        uvs=template.uvs.astype(np.float32),
        detail=np.zeros_like(template.vertices),
        groups={},
        landmarks_68=template.landmarks_68.astype(np.int32),
        eyeballs=(),
        views=(view,),
        coarse_vertices=coarse.vertices,
        automatic_vertices=coarse.vertices,
        detail_level=level,
        report=Report(photo="nobody.jpg"),
    )
    return build_face_object(reconstruction, bpy.context)


def measure(level: int) -> dict[str, float]:
    """Updates a second at a level, and what a press of the mouse takes before."""
    face = head(level)
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 2] = 2000.0 * PIXELS / SIZE[0], 2000.0 * PIXELS / SIZE[1]
    matrix[2, 1] = matrix[3, 3] = 1.0
    screen = Screen(matrix, SIZE)
    mouse = FaceDragging(lambda: face, lambda: False)
    for x, y in PINS:
        place = SIZE[0] / 2 + PIXELS * x, SIZE[1] / 2 + PIXELS * y
        started = time.process_time()
        mouse.press(screen, place)
        press = time.process_time() - started
        if (x, y) != PINS[-1]:
            mouse.release()
    wall, started = time.perf_counter(), time.process_time()
    for step in range(UPDATES):
        mouse.move(screen, (place[0] + 4 + 10 * np.sin(step / 5), place[1] + step / 5))
        bpy.context.view_layer.update()
        face.evaluated_get(bpy.context.evaluated_depsgraph_get())
        mouse.places(screen)
    spent, waited = time.process_time() - started, time.perf_counter() - wall
    return {
        "level": level,
        "vertices": len(face.data.vertices),
        "press_cpu_seconds": round(press, 3),
        "updates_per_cpu_second": round(UPDATES / spent, 1),
        "updates_per_second": round(UPDATES / waited, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("levels", type=int, nargs="*", default=[0, 1, 2])
    levels = parser.parse_args().levels
    load_template()
    started = time.process_time()
    load_sheet()
    print(json.dumps({"factors_cpu_seconds": round(time.process_time() - started, 3)}), flush=True)
    for level in levels:
        print(json.dumps(measure(level)), flush=True)


if __name__ == "__main__":
    main()
