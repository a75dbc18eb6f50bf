"""Normalised mean error of the 68 landmarks on annotated photos, the whole product at work.

python benchmarks/landmarks.py FOLDER [--json OUT] [--csv OUT]

FOLDER holds `faces.json`: {id: {"image", "yaw", "landmarks" (68 pairs), "box" [x, y, w, h]}}. The product finds the
faces itself; where it takes another face than the annotated one (overlap of the boxes below 0.5), it is told the box
and the photo counts as not found. A photo that fails counts as a failure and is listed.

NME is the mean distance of the landmarks from the annotated ones, divided by sqrt(width x height) of the annotated
landmarks' bounding box, in percent.
"""

import argparse
import csv
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.reconstruction.detection import overlap
from pix2vertex_blender.reconstruction.pipeline import Options, box_around, reconstruct

INNER = slice(17, 68)
FOUND_OVERLAP = 0.5


@dataclass(frozen=True)
class Result:
    """What became of one photo.

    Attributes
    ----------
    landmarks : (68, 2) or None
        In photo pixels; None if the product failed.
    found : bool
        Whether the product took the annotated face by itself.
    all_68, inner_51 : float
        NME in percent; NaN if the product failed.
    """

    name: str
    yaw: float
    landmarks: NDArray[np.float64] | None
    found: bool
    all_68: float
    inner_51: float
    confidence: float
    seconds: float


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", type=Path, help="write {id: 68 pairs or null}")
    parser.add_argument("--csv", type=Path, help="write the table")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    faces = read_faces(options.folder)
    results = []
    for name, face in faces.items():
        result = measure(options.folder, name, face, options.device)
        results.append(result)
        print(format_row(result), flush=True)
    print_summary(results)
    if options.json:
        pairs = {r.name: None if r.landmarks is None else r.landmarks.tolist() for r in results}
        options.json.write_text(json.dumps(pairs))
    if options.csv:
        write_csv(options.csv, results)
    return 0


def read_faces(folder: Path) -> dict[str, Any]:
    """Read the annotations; exits with one sentence if the folder has another layout."""
    path = folder / "faces.json"
    if not path.is_file():
        sys.exit(f"{path} is missing: give a folder laid out as described by --help.")
    faces = json.loads(path.read_text())
    for name, face in faces.items():
        if not (folder / face["image"]).is_file():
            sys.exit(f"{folder / face['image']} is missing, the photo of {name}.")
    return faces


def measure(folder: Path, name: str, face: dict[str, Any], device: str) -> Result:
    """Reconstruct one photo and compare its landmarks with the annotated ones."""
    truth = np.array(face["landmarks"], dtype=np.float64)
    started = time.perf_counter()
    report = _reconstruct(folder / face["image"], Options(device=device, detail_level=0))
    expected = np.array(box_around(truth))
    found = report is not None and overlap(np.array(report["face_box"]), expected) >= FOUND_OVERLAP
    if not found:
        x, y, width, height = (float(v) for v in face["box"])
        report = _reconstruct(
            folder / face["image"], Options(device=device, detail_level=0, face_box=(x, y, width, height))
        )
    seconds = time.perf_counter() - started
    if report is None:
        return Result(name, face["yaw"], None, False, float("nan"), float("nan"), float("nan"), seconds)
    landmarks = np.array(report["landmarks_68"])
    errors = normalised_errors(landmarks, truth)
    return Result(
        name, face["yaw"], landmarks, found, errors.mean(), errors[INNER].mean(), report["confidence"], seconds
    )


def normalised_errors(landmarks: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances (68,) in percent of the size of the annotated landmarks' bounding box."""
    size = np.sqrt(np.ptp(truth, axis=0).prod())
    return 100 * np.linalg.norm(landmarks - truth, axis=1) / size


def _reconstruct(photo: Path, options: Options) -> dict[str, Any] | None:
    try:
        return reconstruct(photo, options).report
    except Pix2VertexError as error:
        print(f"{photo.name}: {error}")
        return None


def format_row(result: Result) -> str:
    """One line of the table."""
    return (
        f"{result.name:32s} yaw {result.yaw:6.1f}  all 68 {result.all_68:5.2f}  inner 51 {result.inner_51:5.2f}  "
        f"confidence {result.confidence:4.2f}  {result.seconds:5.1f} s{'' if result.found else '  NOT FOUND'}"
    )


def print_summary(results: list[Result]) -> None:
    """Print means by yaw and over all; failures are counted beside the mean of the rest."""
    yaw = np.abs([r.yaw for r in results])
    print(f"\n{'':16s}{'photos':>8s}{'found':>8s}{'failed':>8s}{'all 68':>9s}{'inner 51':>10s}")
    for label, lower, upper in (
        ("|yaw| < 30", 0, 30),
        ("30 <= |yaw| < 60", 30, 60),
        ("60 <= |yaw|", 60, 181),
        ("all", 0, 181),
    ):
        chosen = [r for r, y in zip(results, yaw, strict=True) if lower <= y < upper]
        if not chosen:
            continue
        measured = [r for r in chosen if r.landmarks is not None]
        means = np.mean([[r.all_68, r.inner_51] for r in measured], axis=0) if measured else (np.nan, np.nan)
        print(
            f"{label:16s}{len(chosen):8d}{sum(r.found for r in chosen):8d}{len(chosen) - len(measured):8d}"
            f"{means[0]:9.2f}{means[1]:10.2f}"
        )


def write_csv(path: Path, results: list[Result]) -> None:
    """Write one row per photo."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "yaw", "found", "all_68", "inner_51", "confidence", "seconds"])
        for r in results:
            writer.writerow([r.name, r.yaw, r.found, r.all_68, r.inner_51, r.confidence, r.seconds])


if __name__ == "__main__":
    sys.exit(main())
