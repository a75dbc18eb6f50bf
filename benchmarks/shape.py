"""Shape errors against scans, the whole product at work.

python benchmarks/shape.py FOLDER [--output DIR] [--device DEVICE] [--layout scans|florence|now|stirling]

FOLDER holds photos of scanned faces: a folder with `index.json` (see depth.py), or Florence, NoW or Stirling/ESRC (see
readers/scans.py for their layouts). DIR gets `shape.csv`, `heat_map.png` and the cumulative error curve; Florence's
scans are rendered into it.

NME and DACE are those of Beyond 3DMM (eqs. 18 to 20), in percent of the outer interocular distance. Beside them stand
the errors by region after non-rigid alignment of the topologies, in millimetres: the nearest point of a scan flatters
a wrong shape, its counterpart does not. Where `<key>.npz` holds true `vertices`, they are the counterparts.
"""

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import figures
from benchmarks.arguments import benchmark_parser, read_or_exit
from benchmarks.measures.landmarks import INNER, OUTER_EYE_CORNERS
from benchmarks.measures.nonrigid import ScanCorrespondence, register_to_scan
from benchmarks.measures.shape import REGIONS, densely_aligned_chamfer_errors, region_errors, shape_errors
from benchmarks.measures.surface import Surface
from benchmarks.product import Outcome, run_product, yaw_degrees
from benchmarks.readers.faces import Scan, ScanFace
from benchmarks.readers.scans import LAYOUTS
from benchmarks.tables import Table
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.template import load_template

LEAST_RELIABLE = 50
TOO_FEW = "hardly any vertex has a counterpart on the scan"
COLUMNS = ("photo", "yaw", "NME %", "DACE %", *(f"{name} mm" for name in REGIONS), "counterparts")


@dataclass(frozen=True)
class ShapeErrors:
    """Errors of one face.

    Attributes
    ----------
    nme, dace : float
        Percent of the outer interocular distance.
    regions : dict of str to float
        Mean distances in millimetres.
    at_vertices : (n,)
        Distances in percent of the interocular distance at the template's vertices; NaN where there is no counterpart.
    true_counterparts : bool
        Whether the counterparts are true, and not those of a registration.
    """

    nme: float
    dace: float
    regions: dict[str, float]
    at_vertices: NDArray[np.float64]
    true_counterparts: bool


@dataclass(frozen=True)
class ShapeResult:
    """What became of one photo; the errors are None if the product failed."""

    face: ScanFace
    yaw: float
    errors: ShapeErrors | None
    outcome: Outcome


def main() -> int:
    """Run the benchmark and print its table."""
    parser = benchmark_parser(__doc__, LAYOUTS)
    parser.add_argument("--output", type=Path, help="folder for the table and the pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        output = options.output or Path(temporary)
        output.mkdir(parents=True, exist_ok=True)
        faces = read_or_exit(lambda: LAYOUTS[options.layout](options.folder, output))
        results = []
        for face in faces:
            results.append(measure_face(face, options.device))
            print(f"{face.name}: {results[-1].outcome.failure or 'measured'}", file=sys.stderr, flush=True)
        table = shape_table(results, "shape", "Shape against scans")
        print(table.markdown())
        print(f"{len(results)} photos, {sum(result.errors is None for result in results)} failed")
        table.write_csv(output)
        draw(results, output)
    return 0


def measure_face(face: ScanFace, device: str) -> ShapeResult:
    """Reconstruct one photo and compare its shape with the scan."""
    outcome = run_product(face.photo, face.box, device, detail_level=0)
    if outcome.reconstruction is None:
        return ShapeResult(face, face.yaw, None, outcome)
    yaw = yaw_degrees(outcome.reconstruction) if np.isnan(face.yaw) else face.yaw
    return ShapeResult(face, yaw, measure_shape(outcome.reconstruction.coarse_vertices, face.read()), outcome)


def measure_shape(vertices: NDArray[np.float64], scan: Scan) -> ShapeErrors | None:
    """Errors of a registered head (n, 3) at level 0, without fine detail; None if hardly any of it has counterparts."""
    template = load_template()
    chosen = np.flatnonzero(template.groups["face"] > 0.5)
    surface = Surface(scan.vertices, scan.triangles)
    if scan.counterparts is None:
        found = _counterparts(vertices, chosen, surface, scan)
    else:
        truth = scan.counterparts[chosen]
        reliable = surface.nearest(truth).distances < scan.nearness
        found = ScanCorrespondence(vertices[chosen], truth, reliable)
    used = found.reliable
    if used.sum() < LEAST_RELIABLE:
        return None
    interocular = _interocular(scan, found, chosen)
    at_vertices = np.full(len(vertices), np.nan)
    at_vertices[chosen[used]] = shape_errors(vertices[chosen][used], found.points[used], interocular)
    dace = densely_aligned_chamfer_errors(vertices[chosen][used], found.points[used], surface, interocular)
    groups = {name: weights[chosen] for name, weights in template.groups.items()}
    regions = region_errors(vertices[chosen], found.points, used, groups)
    return ShapeErrors(
        float(np.nanmean(at_vertices)),
        float(dace.mean()),
        regions,
        at_vertices,
        scan.counterparts is not None,
    )


def _counterparts(
    vertices: NDArray[np.float64], chosen: NDArray[np.integer], surface: Surface, scan: Scan
) -> ScanCorrespondence:
    """Counterparts of the chosen vertices by non-rigid alignment."""
    template = load_template()
    number = np.full(len(vertices), -1)
    number[chosen] = np.arange(len(chosen))
    triangles = number[triangulate(template.faces)]
    triangles = triangles[(triangles >= 0).all(axis=1)]
    inner = range(len(template.landmark_corners))[INNER]  # the jaw's points may be its contour in some photo
    labelled = [k for k in inner if k in scan.landmarks and (number[template.landmark_corners[k]] >= 0).all()]
    corners = number[template.landmark_corners[labelled]]
    rows = np.repeat(np.arange(len(labelled)), 3)
    weights = template.landmark_weights[labelled].ravel()
    matrix = sparse.csr_matrix((weights, (rows, corners.ravel())), (len(labelled), len(chosen)))
    positions = np.array([scan.landmarks[k] for k in labelled])
    return register_to_scan(vertices[chosen], triangles, surface, matrix, positions)


def _interocular(scan: Scan, found: ScanCorrespondence, chosen: NDArray[np.integer]) -> float:
    """Of the true counterparts or the scan's own landmarks, if it has them, else of the registered counterparts."""
    template, corners = load_template(), list(OUTER_EYE_CORNERS)
    if scan.counterparts is not None:
        right, left = template.landmark_points(scan.counterparts)[corners]
    elif all(corner in scan.landmarks for corner in corners):
        right, left = (scan.landmarks[corner] for corner in corners)
    else:
        everywhere = np.full((len(template.vertices), 3), np.nan)
        everywhere[chosen] = found.points
        right, left = template.landmark_points(everywhere)[corners]
    return float(np.linalg.norm(left - right))


def shape_table(results: list[ShapeResult], name: str, title: str) -> Table:
    """One row for each photo, and the mean."""
    rows = [_row(result) for result in results]
    measured = np.array([[np.nan if cell is None else cell for cell in row[2:-1]] for row in rows], dtype=np.float64)
    means = [float(np.nanmean(column)) if np.isfinite(column).any() else None for column in measured.T]
    return Table(name, title, COLUMNS, [*rows, ["mean", None, *means, None]])


def _row(result: ShapeResult) -> list[str | float | None]:
    if result.errors is None:
        return [
            result.face.name,
            result.yaw,
            *(2 + len(REGIONS)) * [None],
            f"failed: {result.outcome.failure or TOO_FEW}",
        ]
    errors = result.errors
    regions = [errors.regions.get(name) for name in REGIONS]
    counterparts = "true" if errors.true_counterparts else "registered"
    return [result.face.name, result.yaw, errors.nme, errors.dace, *regions, counterparts]


def mean_heat(results: list[ShapeResult]) -> NDArray[np.float64]:
    """Mean error (n,) at the template's vertices, NaN where none was measured."""
    measured = np.array([result.errors.at_vertices for result in results if result.errors is not None])
    counted = np.isfinite(measured).sum(axis=0)
    return np.where(counted > 0, np.nansum(measured, axis=0) / np.maximum(counted, 1), np.nan)


def draw(results: list[ShapeResult], output: Path) -> None:
    """Draw the mean heat map and the cumulative error curves, if anything was measured."""
    if all(result.errors is None for result in results):
        return
    unit = "% of the interocular distance"
    figures.heat_map(output / "heat_map.png", load_template(), mean_heat(results), unit, "mean error of shape")
    curves = {
        "NME": [np.nan if r.errors is None else r.errors.nme for r in results],
        "DACE": [np.nan if r.errors is None else r.errors.dace for r in results],
    }
    figures.cumulative_curves(output / "cumulative.png", curves, 15.0, unit)


if __name__ == "__main__":
    sys.exit(main())
