"""How much nearer to the true neutral face the recovered one is than the photo's: ``benchmarks/expressions.py``.

Faces are drawn from the ICT-FaceKit identities, with smooth bumps that they do not span, show one of the renderer's
expressions, and have the smooth errors of a registration. `--portraits` also renders some, and takes their registered
mesh from the whole pipeline. Prints a table by expression and writes it as JSON. Beside what is recovered stands what
the registered face is from which the true expression is taken: that far the registration's errors let it come.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pix2vertex_blender.expression.neutral import neutral_face
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import Template, load_template
from training.face_model import FaceModel, load_face_model
from training.face_sampling import EXPRESSIONS, ShapeParameters, show_expression
from training.template.expressions import ModelOnTemplate, carry_shapes

Points = NDArray[np.float64]
#: Heads (n, 3): without an expression, registered with it, and registered less the true expression.
Faces = tuple[Points, Points, Points]

#: Standard deviation (mm) of the errors of the registration, and of what the model's identities do not have; widths.
ERROR, BUMP, WIDTHS = 0.8, 1.5, (15.0, 45.0)
#: Of the portraits: their expressions, and the largest yaw in degrees.
PORTRAITS, LARGEST_YAW = ("smile", "grin", "laugh", "surprise"), 30.0


def smooth_field(template: Template, generator: np.random.Generator, size: float, count: int = 40) -> Points:
    """A smooth random displacement (n, 3) of the face with a standard deviation in mm."""
    face = np.flatnonzero(template.groups["face"] > 0.5)
    field = np.zeros_like(template.vertices)
    for _ in range(count):
        squared = ((template.vertices - template.vertices[generator.choice(face)]) ** 2).sum(axis=1)
        field += np.exp(-squared / (2 * generator.uniform(*WIDTHS) ** 2))[:, None] * generator.standard_normal(3)
    scaled: Points = field * size / field[face].std()
    return scaled


def face_pair(
    model: FaceModel, shapes: tuple[Points, Points], template: Template, expression: str, generator: np.random.Generator
) -> Faces:
    """A neutral head, and what is registered when it shows an expression."""
    identities, expressions = shapes
    neutral = template.vertices + np.tensordot(generator.standard_normal(len(identities)), identities, 1)
    neutral = neutral + smooth_field(template, generator, BUMP)
    shown = show_expression(expression, model.expression_names, generator)
    weights = np.array([shown.get(name, 0.0) for name in model.expression_names])
    error = smooth_field(template, generator, ERROR)
    worn = np.tensordot(weights, expressions, 1)
    return neutral, clear_eyeballs(template, neutral + worn + error), clear_eyeballs(template, neutral + error)


def portrait_pair(expression: str, index: int, folder: Path) -> Faces:
    """The same heads, of a portrait that is rendered and reconstructed, in the axes of the registered one."""
    # Rendering and reconstructing need libraries that the rest does not.
    from benchmarks.synthetic import BELONGINGS, vertices_on_template
    from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
    from training.data.backgrounds import make_background
    from training.generate import HELD_OUT_STREAM
    from training.renderer.surface import head_surface
    from training.renderer.synthesis import render, sample_scene

    surface, template = head_surface(), load_template()
    parameters = replace(BELONGINGS, size=512, shape=ShapeParameters(expression=expression))
    sample, attempts = None, count()
    while sample is None:
        attempt = next(attempts)
        generator = np.random.default_rng([71, HELD_OUT_STREAM, list(EXPRESSIONS).index(expression), index, attempt])
        scene = sample_scene(surface, generator, parameters)
        sample = render(surface, scene, generator, parameters) if abs(scene.view.yaw) < LARGEST_YAW else None
    alpha = sample.image[..., 3:] / 255.0
    picture = alpha * sample.image[..., :3] + (1 - alpha) * make_background(generator, 512)
    path = folder / f"{expression}_{index}.png"
    cv2.imwrite(str(path), picture[..., ::-1].round().astype(np.uint8))
    found = reconstruct(path, Options(device="cpu", detail_level=0)).coarse_vertices
    weights = [scene.head.expression.get(name, 0.0) for name in surface.model.expression_names]
    worn = np.tensordot(np.array(weights), surface.model.expression, 1).reshape(-1, 3)
    without = replace(scene.head, vertices=(scene.head.vertices - worn).astype(np.float32))
    seen, neutral = (vertices_on_template(head).astype(np.float64) for head in (scene.head, without))
    to_found = fit_similarity(seen, found, template.groups["face"])
    return to_found.apply(neutral), found, found + to_found.apply(neutral) - to_found.apply(seen)


def distance(head: Points, other: Points, template: Template) -> float:
    """Root mean square distance (mm) of the face's vertices."""
    weights = template.groups["face"]
    return float(np.sqrt((weights * ((head - other) ** 2).sum(axis=1)).sum() / weights.sum()))


def compare(pairs: Iterable[Faces]) -> dict[str, float]:
    """Mean distances from the true neutral faces, before and after, by how much they differ, and the seconds."""
    template, before, after, best, seconds = load_template(), [], [], [], []
    for neutral, registered, exactly in pairs:
        started = time.perf_counter()
        found = neutral_face(registered, balls(template, registered))
        seconds.append(time.perf_counter() - started)
        before.append(distance(registered, neutral, template))
        after.append(distance(found.vertices, neutral, template))
        best.append(distance(exactly, neutral, template))
    return {
        "registered_mm": round(float(np.mean(before)), 2),
        "recovered_mm": round(float(np.mean(after)), 2),
        "exactly_mm": round(float(np.mean(best)), 2),
        "nearer": round(1 - float(np.mean(after)) / float(np.mean(before)), 2),
        "exactly_nearer": round(1 - float(np.mean(best)) / float(np.mean(before)), 2),
        "seconds": round(float(np.median(seconds)), 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10, help="faces for each expression (default: %(default)s)")
    parser.add_argument("--portraits", type=int, default=0, help="rendered portraits for each (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    model, template = load_face_model(), load_template()
    places = ModelOnTemplate.of(template)
    shapes = (carry_shapes(model.identity, places), carry_shapes(model.expression, places))
    table = json.loads(options.json.read_text()) if options.json.exists() else {}

    def measure(name: str, pairs: Iterable[Faces]) -> None:
        figures = compare(pairs)
        print(f"{name:<20}" + "  ".join(f"{key} {value}" for key, value in figures.items()), flush=True)
        table[name] = {key: value for key, value in figures.items() if key != "seconds"}  # which others' work changes
        options.json.write_text(json.dumps(table, indent=1) + "\n")

    for number, expression in enumerate(("neutral", *EXPRESSIONS) if options.count else ()):
        generators = (np.random.default_rng([7, number, index]) for index in range(options.count))
        measure(expression, (face_pair(model, shapes, template, expression, generator) for generator in generators))
    with tempfile.TemporaryDirectory() as folder:
        for expression in PORTRAITS if options.portraits else ():
            pairs = (portrait_pair(expression, index, Path(folder)) for index in range(options.portraits))
            measure(f"{expression}, portraits", pairs)


if __name__ == "__main__":
    main()
