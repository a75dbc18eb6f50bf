"""Held-out synthetic faces by expression and yaw, whose depth and correspondence are exactly known.

python benchmarks/synthetic.py FOLDER [--per-cell N] [--size PIXELS]

Writes a folder that `depth.py` and `shape.py` read: `index.json`, `<key>.png` and `<key>.npz` with `depth`, `mask`,
`surface`, the point seen at each pixel, and `vertices`, where each vertex of the head template at level 0 truly is. The
index has the 68 landmarks with their depth, in pixels. The heads come from the stream that is never trained on.
"""

import argparse
import json
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.measures.landmarks import YAW_BINS
from benchmarks.measures.surface import Surface
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import to_millimetres
from training.data.backgrounds import make_background
from training.data.samples import Sample
from training.face_model import FACE, LANDMARKS_68
from training.face_sampling import Head, ShapeParameters, sample_head
from training.generate import HELD_OUT_STREAM
from training.renderer.camera import View, ViewParameters, sample_view
from training.renderer.surface import head_surface
from training.renderer.synthesis import SynthesisParameters, render, sample_scene

#: The expressions of pix2vertex's table 2 and what the generator calls them.
EXPRESSIONS = {
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "smile",
    "neutral": "neutral",
    "sadness": "sadness",
    "surprise": "surprise",
}
SIZE = 512
#: Portraits as people take them: upright, from a metre or so, the head in the picture, no scarf over the mouth.
VIEW = ViewParameters(largest_pitch=20.0, largest_roll=12.0, least_distance=500.0, crop_sizes=(2.0, 2.5, 3.0))
BELONGINGS = SynthesisParameters(
    view=VIEW, least_face_share=0.04, hat_share=0.0, hand_share=0.0, object_share=0.0, mask_share=0.0, scarf_share=0.0
)
#: Apart from the seeds that people generate held-out samples with.
SEED = 70101
LARGEST_YAW = 90.0


def main() -> int:
    """Write the faces."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-cell", type=int, default=1, help="faces of each expression in each interval of yaw")
    parser.add_argument("--size", type=int, default=SIZE)
    options = parser.parse_args()
    write_faces(options.folder, options.per_cell, options.size)
    return 0


def write_faces(
    folder: Path, per_cell: int = 1, size: int = SIZE, expressions: tuple[str, ...] = tuple(EXPRESSIONS)
) -> None:
    """Write `per_cell` faces of each expression in each interval of yaw; what is there already is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.json"
    index: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for expression, interval, number in product(expressions, range(len(YAW_BINS)), range(per_cell)):
        lower, upper = YAW_BINS[interval]
        key = f"{expression}_{lower:.0f}_{min(upper, LARGEST_YAW):.0f}_{number}"
        if key in index:
            continue
        seed = [SEED, HELD_OUT_STREAM, list(EXPRESSIONS).index(expression), interval, number]
        index[key] = write_face(folder, key, seed, expression, (lower, upper), size)
        path.write_text(json.dumps(index))


def write_face(
    folder: Path, key: str, seed: list[int], expression: str, yaws: tuple[float, float], size: int
) -> dict[str, Any]:
    """Write one face and return its entry of the index."""
    sample, view, vertices = draw_face(seed, expression, yaws, size)
    photograph(sample, seed, folder / f"{key}.png")
    mask = sample.mask == 1
    surface = np.where(mask[..., None], np.moveaxis(sample.geometry, 0, -1) / sample.geometry_scale, np.nan)
    np.savez_compressed(folder / f"{key}.npz", depth=-surface[..., 2], surface=surface, mask=mask, vertices=vertices)
    pixel = 2 / (sample.geometry_scale * size)
    points = load_template().landmark_points(vertices)
    landmarks = np.column_stack([view.project(points)[:, :2] / 2, points[:, 2] / pixel])
    lower, upper = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    return {
        "image": f"{key}.png",
        "box": [float(value) for value in (*lower, *upper)],
        "expression": expression,
        "yaw": sample.yaw,
        "millimetres_per_pixel": pixel,
        "landmarks": landmarks.tolist(),
    }


def photograph(sample: Sample, seed: list[int], path: Path) -> None:
    """Write a sample's picture before a background of the seed's."""
    background = make_background(np.random.default_rng([*seed, 1]), len(sample.mask))
    alpha = sample.image[..., 3:].astype(np.float64) / 255
    picture = alpha * sample.image[..., :3] + (1 - alpha) * background
    cv2.imwrite(str(path), picture[..., ::-1].round().astype(np.uint8))


def draw_face(
    seed: list[int], expression: str, yaws: tuple[float, float], size: int
) -> tuple[Sample, View, NDArray[np.float64]]:
    """A sample with an expression and |yaw| in an interval: the first of a seed's heads whose view lies there.

    Returns
    -------
    sample : Sample
    view : View
        Of the picture at twice the sample's size.
    vertices : (n, 3)
        Where the template's vertices truly are, in the axes of the sample's geometry, millimetres.
    """
    surface = head_surface()
    parameters = replace(BELONGINGS, size=size, shape=ShapeParameters(expression=EXPRESSIONS[expression]))
    attempt = 0
    while True:
        attempt += 1
        if not yaws[0] <= abs(_yaw_of([*seed, attempt], parameters)) < min(yaws[1], LARGEST_YAW):
            continue
        generator = np.random.default_rng([*seed, attempt])
        scene = sample_scene(surface, generator, parameters)
        sample = render(surface, scene, generator, parameters)
        if sample is not None:
            vertices = scene.view.to_camera(vertices_on_template(scene.head))
            return sample, scene.view, vertices.astype(np.float64)


def _yaw_of(seed: list[int], parameters: SynthesisParameters) -> float:
    """The yaw that `sample_scene` will draw, which begins with head and view."""
    surface, generator = head_surface(), np.random.default_rng(seed)
    head = sample_head(surface.model, generator, parameters.shape)
    centre = head.vertices[surface.model.face_vertices].mean(0)
    view = sample_view(centre, head.vertices[LANDMARKS_68], 2 * parameters.size, generator, parameters.view)
    return view.yaw


def vertices_on_template(head: Head) -> NDArray[np.float32]:
    """Where the template's vertices (n, 3) truly are on a head: they lie on the same mean neutral face."""
    model = head_surface().model
    triangles = model.triangles[(model.triangles < FACE.stop).all(axis=1)]
    places = Surface(model.neutral, triangles).nearest(to_millimetres(load_template().canonical))
    return places.interpolate(head.vertices).astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
