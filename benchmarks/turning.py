"""How true a turned photo is: `python -m benchmarks.turning [--yaw 30]`.

The template's head is painted, lit and photographed twice, from the front and from where the first photo is turned to;
both differ by region. Its registration is perfect, so that what is measured is the turning alone.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.tables import Table
from pix2vertex_blender.reconstruction.turning.turn import turned
from pix2vertex_blender.template import load_template
from tests.reconstruction import made_up_portrait as made_up

#: The template's groups that a region is made of.
REGIONS = {
    "forehead": ("forehead",),
    "eyes": ("eyelids", "brow"),
    "nose": ("nose",),
    "cheeks": ("cheeks",),
    "mouth": ("upper_lip", "lower_lip"),
    "chin and jaw": ("chin", "jaw"),
}


def measured(yaw: float) -> Table:
    """Differences of display values between the turned photo and the true one, by region."""
    mesh = made_up.portrait()
    vertices = made_up.head(yaw)
    truth, inside = made_up.photograph(vertices, made_up.painted(vertices, yaw))
    started = time.process_time()
    drawn = turned(mesh, made_up.rotation(yaw), np.zeros(3))
    seconds = time.process_time() - started
    after, before = (np.abs(image.astype(float) - truth).mean(axis=-1) for image in (drawn.pixels, mesh.pixels))
    regions = _regions(vertices)
    places = {name: drawn.face & inside & ~drawn.filled & where for name, where in regions.items()}
    places |= {"all that the photo shows": drawn.face & inside & ~drawn.filled, "filled": drawn.filled & inside}
    places |= {"beside the face": ~drawn.face}
    rows = [
        (name, int(where.sum()), *_figures(after[where]), float(np.median(before[where])) if where.any() else None)
        for name, where in places.items()
    ]
    columns = ("region", "pixels", "median", "mean", "90 %", "median if the photo were not turned")
    title = f"Error of a photo turned by {yaw:.0f} degrees, display values of 255, in {seconds:.1f} s of a processor"
    return Table("turning", title, columns, rows)


def _figures(errors: NDArray[np.floating]) -> tuple[float | None, float | None, float | None]:
    if not len(errors):
        return None, None, None
    return float(np.median(errors)), float(errors.mean()), float(np.quantile(errors, 0.9))


def _regions(vertices: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """Where in the picture (h, w) each region of the face is seen."""
    template = load_template()
    weights = np.stack(
        [np.max([template.groups[name] for name in groups], axis=0) for groups in REGIONS.values()], axis=1
    )
    shown = made_up.drawn_values(vertices, weights)
    return {name: shown[..., k] > 0.5 for k, name in enumerate(REGIONS)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.turning", description="Measure turned photos.")
    parser.add_argument("--yaw", type=float, nargs="+", default=[15.0, 30.0, 45.0], help="degrees")
    options = parser.parse_args(arguments)
    for yaw in options.yaw:
        print(measured(yaw).markdown(), flush=True)


if __name__ == "__main__":
    main()
