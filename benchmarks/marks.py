"""What the detail makes of wrinkles, which are shape, and of painted marks, which are none, on rendered heads.

python -m benchmarks.marks [--count N] [--weights FILE] [--json FILE]

Each head has the wrinkles, folds and lumps that the renderer gives it, whose height is known, and on top of them moles,
stubble and the dark line of a frame without any height. Detail is read from the picture as published (eqs. 9 to 14),
with the hue counting, and by the detail network. Figures are the correlation with the true height where nothing is
painted, and the mean displacement in millimetres on the marks and elsewhere; first for the renderer's people, hardly
one of whom is old, then for older ones, on whom there is more to see.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.skin import SEED, VIEW, RenderedPhoto, photograph_under
from benchmarks.synthetic import BELONGINGS
from pix2vertex_blender.geometry.extension import smoothed
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.reconstruction.detail.detail import add_detail
from pix2vertex_blender.reconstruction.detail.learned import learned_detail
from pix2vertex_blender.reconstruction.detail.shown_face import ShownFace
from pix2vertex_blender.reconstruction.detail.solver import DetailParameters
from pix2vertex_blender.reconstruction.network.detail_network import DetailNetwork, load_detail_network
from pix2vertex_blender.reconstruction.photo.sampling import visibility
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import to_millimetres
from training.arrays import Floats
from training.detail_network.ageing import add_age
from training.face_sampling import ShapeParameters
from training.generate import HELD_OUT_STREAM
from training.renderer.colours import sample_hair_colour
from training.renderer.drawing import blur, draw_lines, fill_circle
from training.renderer.lighting import sample_lighting
from training.renderer.skin.skin import Skin, sample_skin
from training.renderer.surface import TEXTURE_SIZE, head_surface, texture_coordinates
from training.renderer.synthesis import sample_head_and_view

COUNT = 3
SIZE, LEVEL = 512, 1
#: How the detail is read by the equations.
READINGS = {"as published": DetailParameters(largest_hue=float("inf")), "with hue": DetailParameters()}
BY_NETWORK = "by network"
#: What becomes of a drawn skin, given the landmarks and the expression, by the people's name.
Weather = Callable[[Skin, Floats, dict[str, float], np.random.Generator], Skin]
PEOPLE: dict[str, Weather] = {"as drawn": lambda skin, *_: skin, "older": add_age}
#: Millimetres over which the true height is averaged; what is coarser is no detail.
COARSE = 8.0
#: The share of a mark's cover from where on a vertex lies on it.
ON_MARK = 0.3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.marks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=COUNT, help="rendered heads (default: %(default)s)")
    parser.add_argument("--weights", type=Path, help="of the detail network (default: those that ship)")
    parser.add_argument("--json", type=Path, help="write the figures")
    options = parser.parse_args(arguments)
    network = load_detail_network(options.weights) if options.weights else load_detail_network()
    figures = {}
    for people, weather in PEOPLE.items():
        heads = [measure(number, network, weather) for number in range(options.count)]
        figures[people] = mean_figures(heads)
        print(f"\n{people:14s}" + "".join(f"{name:>14s}" for name in heads[0][BY_NETWORK]))
        for reading, values in figures[people].items():
            print(f"{reading:14s}" + "".join(f"{value:14.3f}" for value in values.values()))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def mean_figures(heads: Sequence[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean of what `measure` gives of several heads."""
    return {
        reading: {name: float(np.nanmean([head[reading][name] for head in heads])) for name in heads[0][reading]}
        for reading in heads[0]
    }


def measure(number: int, network: DetailNetwork, weather: Weather = PEOPLE["as drawn"]) -> dict[str, dict[str, float]]:
    """Figures by reading of one head."""
    skin, marks, photo = photograph_marked(number, weather)
    level = load_template(LEVEL)
    vertices = load_template().subdivide(photo.vertices, LEVEL)
    normals = vertex_normals(vertices, level.faces)
    seen = visibility(vertices, normals, level.faces, photo.camera, (SIZE, SIZE), photo.mask)
    plain = np.prod([1 - level.groups[name] for name in ("brow", "eyelids", "upper_lip", "lower_lip")], axis=0)
    shown = (seen > 0.8) & (level.groups["face"] > 0.9) & (plain > 0.9)
    columns, rows = (
        np.clip(np.rint(texture_coordinates(to_millimetres(level.canonical))), 0, TEXTURE_SIZE - 1).astype(int).T
    )
    height = skin.height[rows, columns].astype(float)
    true = height - smoothed(height[:, None], vertices, level.faces, COARSE)[:, 0]
    on = {name: shown & (cover[rows, columns] > ON_MARK) for name, cover in marks.items()}
    free = shown & (np.max([cover[rows, columns] for cover in marks.values()], axis=0) < 0.02)
    shown_in = (vertices, level, ShownFace(photo.pixels, photo.camera, photo.mask))
    details = {reading: add_detail(*shown_in, parameters=each) for reading, each in READINGS.items()}
    details[BY_NETWORK] = learned_detail(*shown_in, network=network)
    figures = {}
    for reading, detail in details.items():
        along = np.einsum("ij,ij->i", detail, normals)
        figures[reading] = {"correlation": float(np.corrcoef(along[free], true[free])[0, 1])}
        figures[reading] |= {name: _mean(np.abs(along[where])) for name, where in on.items()}
        figures[reading]["elsewhere"] = _mean(np.abs(along[free]))
    return figures


def photograph_marked(number: int, weather: Weather) -> tuple[Skin, dict[str, Floats], RenderedPhoto]:
    """A head with marks, their covers in its texture, and its picture."""
    parameters = replace(BELONGINGS, size=SIZE, shape=ShapeParameters(expression="neutral"), view=VIEW)
    generator = np.random.default_rng([SEED + 1, HELD_OUT_STREAM, number])
    surface = head_surface()
    head, view = sample_head_and_view(surface, generator, parameters)
    skin, _beard = sample_skin(surface, head.expression, sample_hair_colour(generator), generator)
    marks = draw_marks(surface.landmarks, generator)
    skin = weather(skin, surface.landmarks, head.expression, np.random.default_rng([SEED + 2, number]))
    albedo = skin.albedo.copy()
    colours = {"moles": skin.tone * (0.6, 0.4, 0.3), "stubble": np.full(3, 0.02), "frame": np.full(3, 0.015)}
    for name, cover in marks.items():
        albedo += cover[..., None] * (colours[name].astype(np.float32) - albedo)
    painted = skin._replace(albedo=albedo.astype(np.float32))
    return skin, marks, photograph_under(sample_lighting(generator), head, view, painted, generator)


def draw_marks(landmarks: NDArray[np.float32], generator: np.random.Generator) -> dict[str, Floats]:
    """Covers (TEXTURE_SIZE, TEXTURE_SIZE) in [0, 1] of moles on the cheeks, stubble on the jaw, a frame's lower rim."""
    covers = {name: np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32) for name in ("moles", "stubble", "frame")}
    nose, chin = landmarks[30], landmarks[8]
    for side in (-1, 1):
        for _ in range(5):
            place = nose + np.array([side * generator.uniform(40, 85), generator.uniform(-15, 35)])
            fill_circle(covers["moles"], (int(place[0]), int(place[1])), int(generator.integers(2, 5)), 0.9)
    for _ in range(2500):
        column, row = chin + np.array([generator.uniform(-90, 90), generator.uniform(-45, 10)])
        if 0 <= row < TEXTURE_SIZE:
            fill_circle(covers["stubble"], (int(column), int(row)), 1, 0.7)
    for first in (36, 42):
        centre = landmarks[first : first + 6].mean(axis=0)
        angle = np.linspace(0.1, np.pi - 0.1, 20)
        rim = centre + np.stack([38 * np.cos(angle), 32 * np.sin(angle)], axis=1)
        draw_lines(covers["frame"], rim[None].astype(np.float32), 1.0, 4)
    return {name: np.clip(blur(cover, 0.7), 0, 1) for name, cover in covers.items()}


def _mean(values: NDArray[np.floating]) -> float:
    return float(values.mean()) if len(values) else float("nan")


if __name__ == "__main__":
    sys.exit(main())
