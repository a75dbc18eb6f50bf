"""Normalised mean error of the 68 landmarks on annotated photos, the whole product at work.

python benchmarks/landmarks.py FOLDER [--json OUT] [--csv OUT] [--layout photos|aflw2000|300w]

FOLDER holds `faces.json`: {id: {"image", "yaw", "landmarks" (68 pairs), "box" [x, y, w, h]}}; or AFLW2000-3D's .jpg
with .mat; or 300W's photos with .pts. The product finds the faces itself; where it takes another face than the
annotated one (overlap of the boxes below 0.5), it is told the box and the photo counts as not found. A photo that
fails counts as a failure and is listed.

NME is the mean distance of the landmarks from the annotated ones, divided by sqrt(width x height) of the annotated
landmarks' bounding box, in percent.
"""

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.arguments import benchmark_parser, read_or_exit
from benchmarks.measures.landmarks import BIN_LABELS, INNER, YAW_BINS, means_by_yaw, normalised_errors
from benchmarks.product import Outcome, landmarks_in_photo, run_product
from benchmarks.readers.faces import LandmarkFace
from benchmarks.readers.photos import LAYOUTS


@dataclass(frozen=True)
class Result:
    """What became of one photo.

    Attributes
    ----------
    name : str
    yaw : float
        Degrees.
    landmarks : (68, 2) or None
        In photo pixels; None if the product failed.
    found : bool
        Whether the product took the annotated face by itself.
    all_68, inner_51 : float
        NME in percent; NaN if the product failed.
    all_68_3d : float
        The same in three dimensions; NaN if the data set has no third one.
    confidence, seconds : float
    outcome : Outcome
    """

    name: str
    yaw: float
    landmarks: NDArray[np.float64] | None
    found: bool
    all_68: float
    inner_51: float
    all_68_3d: float
    confidence: float
    seconds: float
    outcome: Outcome


def main() -> int:
    """Run the benchmark and print its table."""
    parser = benchmark_parser(__doc__, LAYOUTS)
    parser.add_argument("--json", type=Path, help="write {id: 68 pairs or null}")
    parser.add_argument("--csv", type=Path, help="write the table")
    options = parser.parse_args()
    faces = read_or_exit(lambda: LAYOUTS[options.layout](options.folder))
    results = []
    for face in faces:
        result = measure_face(face, options.device)
        if result.landmarks is None:
            print(f"{face.photo.name}: {result.outcome.failure}")
        results.append(result)
        print(format_row(result), flush=True)
    print_summary(results)
    if options.json:
        pairs = {r.name: None if r.landmarks is None else r.landmarks.tolist() for r in results}
        options.json.write_text(json.dumps(pairs))
    if options.csv:
        write_csv(options.csv, results)
    return 0


def measure_face(face: LandmarkFace, device: str) -> Result:
    """Reconstruct one photo and compare its landmarks with the annotated ones."""
    outcome = run_product(face.photo, face.box, device, 0, face.landmarks)
    unknown = float("nan")
    if outcome.reconstruction is None:
        return Result(face.name, face.yaw, None, False, unknown, unknown, unknown, unknown, outcome.seconds, outcome)
    landmarks = landmarks_in_photo(outcome.reconstruction)
    errors = normalised_errors(landmarks[:, :2], face.landmarks[:, :2])
    solid = face.landmarks.shape[1] == 3
    return Result(
        face.name,
        face.yaw,
        landmarks[:, :2],
        outcome.found,
        float(errors.mean()),
        float(errors[INNER].mean()),
        float(normalised_errors(landmarks, face.landmarks).mean()) if solid else unknown,
        outcome.reconstruction.report.confidence,
        outcome.seconds,
        outcome,
    )


def format_row(result: Result) -> str:
    """One line of the table."""
    return (
        f"{result.name:32s} yaw {result.yaw:6.1f}  all 68 {result.all_68:5.2f}  inner 51 {result.inner_51:5.2f}  "
        f"confidence {result.confidence:4.2f}  {result.seconds:5.1f} s{'' if result.found else '  NOT FOUND'}"
    )


def print_summary(results: list[Result]) -> None:
    """Print means by yaw and over all; failures are counted beside the mean of the rest."""
    print(f"\n{'':16s}{'photos':>8s}{'found':>8s}{'failed':>8s}{'all 68':>9s}{'inner 51':>10s}")
    labels = ("|yaw| < 30", "30 <= |yaw| < 60", "60 <= |yaw|")
    for label, (lower, upper) in zip(labels, YAW_BINS, strict=True):
        _print_means(label, [r for r in results if lower <= abs(r.yaw) < upper])
    _print_means("all", results)
    yaws = [r.yaw for r in results]
    columns = [[r.all_68 for r in results], [r.inner_51 for r in results]]
    means = [means_by_yaw(column, yaws).balanced for column in columns]
    if np.isfinite(means).all():
        print(f"{'balanced':16s}{'':24s}{means[0]:9.2f}{means[1]:10.2f}")
    if np.isfinite([r.all_68_3d for r in results]).any():
        solid = means_by_yaw([r.all_68_3d for r in results], yaws)
        cells = ", ".join(f"{label}: {value:.2f}" for label, value in zip(BIN_LABELS, solid.bins, strict=True))
        print(f"in three dimensions, all 68: {solid.overall:.2f} ({cells}; balanced {solid.balanced:.2f})")


def _print_means(label: str, chosen: list[Result]) -> None:
    if not chosen:
        return
    measured = [r for r in chosen if r.landmarks is not None]
    means = np.mean([[r.all_68, r.inner_51] for r in measured], axis=0) if measured else (np.nan, np.nan)
    print(
        f"{label:16s}{len(chosen):8d}{sum(r.found for r in chosen):8d}{len(chosen) - len(measured):8d}"
        f"{means[0]:9.2f}{means[1]:10.2f}"
    )


def write_csv(path: Path, results: list[Result]) -> None:
    """Write one row per photo."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "yaw", "found", "all_68", "inner_51", "confidence", "seconds"])
        for r in results:
            writer.writerow([r.name, r.yaw, r.found, r.all_68, r.inner_51, r.confidence, r.seconds])


if __name__ == "__main__":
    sys.exit(main())
