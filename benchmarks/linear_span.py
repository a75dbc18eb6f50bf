"""What the unrestricted method adds to a linear face model (pix2vertex fig. 12).

python benchmarks/linear_span.py PHOTO [PHOTO ...] [--output DIR] [--device DEVICE]

Each photo's registered face is projected onto the span of the face model that the training's faces are drawn from, by
ridge regression. What remains is what a method restricted to the model could not have said, right or wrong. DIR gets a
heat map of the mean residual. The face model comes from the shared development data (PIX2VERTEX_SHARED).
"""

import argparse
import sys
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import figures
from benchmarks.measures.linear_span import LinearModel, model_at_template, project
from benchmarks.product import run_product
from benchmarks.tables import Cell, Table
from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.template import load_template
from training.face_model import load_face_model

COLUMNS = ("face", "mean mm", "median mm", "95 % mm")


def main() -> int:
    """Project the faces of some photos and print their residuals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    try:
        model_at_face()
    except DataFileError as error:
        sys.exit(str(error))
    residuals = {}
    for photo in options.photos:
        outcome = run_product(photo, None, options.device, detail_level=0)
        if outcome.reconstruction is None:
            print(f"failed: {photo.name}: {outcome.failure}")
        else:
            residuals[photo.name] = residuals_of(outcome.reconstruction.coarse_vertices)
    if residuals:
        print(residual_table(residuals, "linear_span", "Residual against the linear model's span").markdown())
    if residuals and options.output:
        draw(options.output / "linear_span.png", residuals)
    return 0


@cache
def face_vertices() -> NDArray[np.intp]:
    """The template's vertices that are projected: the face."""
    return np.flatnonzero(load_template().groups["face"] > 0.5)


@cache
def model_at_face() -> LinearModel:
    """The face model at those vertices.

    Raises
    ------
    DataFileError
        If the face model is not there.
    """
    return model_at_template(load_face_model(), load_template(), face_vertices())


def residuals_of(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances (k,) in millimetres of the face of a head (n, 3) from the model's span."""
    return project(vertices[face_vertices()], model_at_face()).residuals


def residual_table(residuals: dict[str, NDArray[np.float64]], name: str, title: str) -> Table:
    """One row for each face, and the mean of all."""
    rows: list[list[Cell]] = [[face, *_residual_figures(values)] for face, values in residuals.items()]
    return Table(name, title, COLUMNS, [*rows, *mean_residual_table(residuals, name, title).rows])


def mean_residual_table(residuals: dict[str, NDArray[np.float64]], name: str, title: str) -> Table:
    """The mean of all faces alone."""
    means = np.mean([_residual_figures(values) for values in residuals.values()], axis=0)
    return Table(name, title, COLUMNS, [[f"mean of {len(residuals)}", *map(float, means)]])


def _residual_figures(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Mean, median and 95th percentile of residuals (k,)."""
    return float(values.mean()), float(np.median(values)), float(np.percentile(values, 95))


def draw(path: Path, residuals: dict[str, NDArray[np.float64]]) -> None:
    """Draw the mean residual at each vertex."""
    template = load_template()
    values = np.full(len(template.vertices), np.nan)
    values[face_vertices()] = np.mean(list(residuals.values()), axis=0)
    figures.heat_map(path, template, values, "mm", "mean residual against the linear model")


if __name__ == "__main__":
    sys.exit(main())
