"""Depth error against scans with known depth, the whole product at work.

python benchmarks/depth.py FOLDER [--output DIR] [--device DEVICE] [--layout scans|bu-3dfe]

FOLDER holds `index.json`: {key: {"image", "box" [x0, y0, x1, y1], ...}} and for each key `<key>.npz` with `depth`
(H, W; larger is farther) and `mask`; or, with --layout bu-3dfe, the folders of BU-3DFE's subjects with `..._F3D.wrl`
and `..._F2D.bmp`. DIR gets `<key>.npz` with `depth` and `mask` of the registered mesh on the same grid.

The protocol is that of pix2vertex 5.2: a scale and an offset of the depth are found by RANSAC, with the same parameters
for every method; absolute errors are in percent of the true depth's range. The angle between normals is printed beside
it, because the depth error measures mostly the pose.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.arguments import benchmark_parser, read_or_exit
from benchmarks.measures.depth import DepthErrors, mean_errors, measure_depth
from benchmarks.product import Outcome, depth_in_photo, millimetres_per_pixel, run_product
from benchmarks.readers.depths import LAYOUTS
from benchmarks.readers.faces import DepthFace

HEADER = f"{'':24s}{'mean %':>9s}{'std':>8s}{'median':>8s}{'90 %':>8s}{'normals':>9s}{'covered':>9s}"


@dataclass(frozen=True)
class DepthResult:
    """What became of one photo; the errors are None if the product failed."""

    face: DepthFace
    errors: DepthErrors | None
    outcome: Outcome


def main() -> int:
    """Run the benchmark and print its table."""
    parser = benchmark_parser(__doc__, LAYOUTS)
    parser.add_argument("--output", type=Path, help="folder for the depth of the registered meshes")
    options = parser.parse_args()
    faces = read_or_exit(lambda: LAYOUTS[options.layout](options.folder))
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
    print(HEADER)
    results = []
    for face in faces:
        result = measure_face(face, options.device, options.output)
        results.append(result)
        failure = f"{face.name:24s}failed: {result.outcome.failure}"
        print(failure if result.errors is None else format_row(face.name, result.errors), flush=True)
    print_summary(results)
    return 0


def measure_face(face: DepthFace, device: str, output: Path | None = None) -> DepthResult:
    """Reconstruct one photo and compare its depth with the truth."""
    outcome = run_product(face.photo, face.box, device, detail_level=1)
    if outcome.reconstruction is None:
        return DepthResult(face, None, outcome)
    truth = face.read()
    depth, mask = depth_in_photo(outcome.reconstruction, (truth.depth.shape[0], truth.depth.shape[1]))
    if output:
        np.savez_compressed(output / f"{face.name}.npz", depth=depth.astype(np.float32), mask=mask)
    if not (mask & truth.mask).any():
        return DepthResult(face, None, Outcome(None, False, "The face was put beside the true one.", outcome.seconds))
    pixel = millimetres_per_pixel(outcome.reconstruction)
    return DepthResult(face, measure_depth(depth, mask, truth.depth, truth.mask, pixel, truth.pixel), outcome)


def print_summary(results: list[DepthResult]) -> None:
    """Print the mean of all photos, by expression where it is known, and the number of failures."""
    measured = [result.errors for result in results if result.errors is not None]
    if measured:
        print(format_row("mean", mean_errors(measured)))
    for expression, errors in by_expression(results).items():
        print(format_row(expression, mean_errors(errors)))
    print(f"{len(results)} photos, {len(results) - len(measured)} failed")


def by_expression(results: list[DepthResult]) -> dict[str, list[DepthErrors]]:
    """Errors of the photos of each expression (pix2vertex table 2), without those of unknown expression."""
    groups: dict[str, list[DepthErrors]] = {}
    for result in results:
        if result.face.expression and result.errors is not None:
            groups.setdefault(result.face.expression, []).append(result.errors)
    return groups


def format_row(label: str, errors: DepthErrors) -> str:
    """One line of the table."""
    return (
        f"{label:24s}{errors.mean:9.2f}{errors.deviation:8.2f}{errors.median:8.2f}{errors.percentile_90:8.2f}"
        f"{errors.normals_degrees:8.1f}°{errors.covered:9.0%}"
    )


if __name__ == "__main__":
    sys.exit(main())
