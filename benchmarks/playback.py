"""How fast Blender plays a take on a rigged face: ``benchmarks/playback.py``.

The template's head with eyeballs, all 52 expressions and the rig plays a made-up take of Live Link Face, 60 frames a
second, in which everything moves. What is timed is `scene.frame_set`, which evaluates keys, drivers, bones and skin;
drawing is not in it, since it needs a window. The processor's time is that of all threads together, and says what a
machine that does nothing else reaches. Prints a line for each level of subdivision as JSON.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bpy
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.addon.rig.actions import apply_take
from pix2vertex_blender.addon.rig.rig import set_rig
from pix2vertex_blender.addon.scene.axes import to_blender
from pix2vertex_blender.addon.scene.mesh_object import add_eyeballs, add_vertex_group, build_mesh, set_mesh_coordinates
from pix2vertex_blender.animation.reading import read_take
from pix2vertex_blender.animation.retime import at_rate
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_both

RATE, SECONDS = 60, 4
ROTATIONS = [f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll")]


def acting_head(level: int) -> bpy.types.Object:
    """The template's head of a level in an empty scene, with expressions and a rig."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    coarse, template = load_template(), load_template(level)
    face = bpy.data.objects.new("Face", build_mesh("Face", (template.vertices, template.faces, template.uvs)))
    parts = [face]
    add_eyeballs(place_both(coarse, coarse.vertices), face, parts)
    for item in parts:
        bpy.context.scene.collection.objects.link(item)
    for name, weights in template.groups.items():
        add_vertex_group(face, name, weights)
    face.shape_key_add(name="Basis", from_mix=False)
    for name, offset in zip(ARKIT_NAMES, load_expressions().offsets, strict=True):
        key = face.shape_key_add(name=name, from_mix=False)
        set_mesh_coordinates(key.data, to_blender(template.vertices + coarse.subdivide(offset, level)))
    set_rig(face, "BLENDER", with_neck=True)
    return face


def write_take(path: Path) -> None:
    """A take in which all columns go up and down, each at its own pace."""
    columns = [name[0].upper() + name[1:] for name in ARKIT_NAMES] + ROTATIONS
    frames = np.arange(RATE * SECONDS)
    pace: NDArray[np.float64] = np.linspace(0.3, 2.0, len(columns))
    values = 0.3 * (1 - np.cos(2 * np.pi * pace * frames[:, None] / RATE))
    lines = [",".join(["Timecode", "BlendshapeCount", *columns])]
    for frame, row in zip(frames, values, strict=True):
        code = f"00:00:{frame // RATE:02d}:{frame % RATE:02d}.000"
        lines.append(",".join([code, str(len(columns)), *(f"{value:.5f}" for value in row)]))
    path.write_text("\n".join(lines))


def measure(level: int) -> dict[str, float]:
    """Frames a second at a level, with the size of what is played."""
    face = acting_head(level)
    scene = bpy.context.scene
    scene.render.fps = RATE
    with tempfile.TemporaryDirectory() as folder:
        write_take(Path(folder) / "take.csv")
        apply_take(face, at_rate(read_take(Path(folder) / "take.csv"), RATE), 1)
    scene.frame_set(1)
    count = RATE * SECONDS - 1
    started, used = time.perf_counter(), time.process_time()
    for frame in range(2, count + 2):
        scene.frame_set(frame)
    seconds, work = time.perf_counter() - started, time.process_time() - used
    return {
        "level": level,
        "vertices": len(face.data.vertices),
        "frames_per_second": round(count / seconds, 1),
        "processor_milliseconds": round(1000 * work / count, 1),
    }


def main() -> None:
    """Measure the levels that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", nargs="+", type=int, default=[0, 1], choices=range(4))
    for level in parser.parse_args().levels:
        print(json.dumps(measure(level)), flush=True)


if __name__ == "__main__":
    main()
