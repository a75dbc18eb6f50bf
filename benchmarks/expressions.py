"""How much nearer to the true neutral face the recovered one is than the photo's: ``benchmarks/expressions.py``.

Faces are drawn from the ICT-FaceKit identities, with smooth bumps that they do not span, show one of the renderer's
expressions, and have the smooth errors of a registration. Prints a table by expression and writes it as JSON.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pix2vertex_blender.expression.neutral import neutral_face
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs
from pix2vertex_blender.template import Template, load_template
from training.face_model import FaceModel, load_face_model
from training.face_sampling import EXPRESSIONS, show_expression
from training.template.expressions import ModelOnTemplate, carry_shapes

Points = NDArray[np.float64]

#: Standard deviation (mm) of the errors of the registration, and of what the model's identities do not have; widths.
ERROR, BUMP, WIDTHS = 0.8, 1.5, (15.0, 45.0)


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
) -> tuple[Points, Points]:
    """A neutral head (n, 3), and what is registered when it shows an expression."""
    identities, expressions = shapes
    neutral = template.vertices + np.tensordot(generator.standard_normal(len(identities)), identities, 1)
    neutral = neutral + smooth_field(template, generator, BUMP)
    shown = show_expression(expression, model.expression_names, generator)
    weights = np.array([shown.get(name, 0.0) for name in model.expression_names])
    error = smooth_field(template, generator, ERROR)
    return neutral, clear_eyeballs(template, neutral + np.tensordot(weights, expressions, 1) + error)


def distance(head: Points, other: Points, template: Template) -> float:
    """Root mean square distance (mm) of the face's vertices."""
    weights = template.groups["face"]
    return float(np.sqrt((weights * ((head - other) ** 2).sum(axis=1)).sum() / weights.sum()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10, help="faces for each expression (default: %(default)s)")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    model, template = load_face_model(), load_template()
    places = ModelOnTemplate.of(template)
    shapes = (carry_shapes(model.identity, places), carry_shapes(model.expression, places))
    table = {}
    for number, expression in enumerate(("neutral", *EXPRESSIONS)):
        before, after, seconds = [], [], []
        for index in range(options.count):
            generator = np.random.default_rng([7, number, index])
            neutral, registered = face_pair(model, shapes, template, expression, generator)
            started = time.perf_counter()
            found = neutral_face(registered, balls(template, registered))
            seconds.append(time.perf_counter() - started)
            before.append(distance(registered, neutral, template))
            after.append(distance(found.vertices, neutral, template))
        table[expression] = {
            "registered_mm": round(float(np.mean(before)), 2),
            "recovered_mm": round(float(np.mean(after)), 2),
            "nearer": round(1 - float(np.mean(after)) / float(np.mean(before)), 2),
            "seconds": round(float(np.median(seconds)), 2),
        }
        print(
            f"{expression:<10}" + "  ".join(f"{name} {value}" for name, value in table[expression].items()), flush=True
        )
    options.json.write_text(json.dumps(table, indent=1) + "\n")


if __name__ == "__main__":
    main()
