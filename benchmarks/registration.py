"""Accuracy and time of the registration on pairs of a source and a target mesh.

python benchmarks/registration.py --pairs DIR --output OUT [--embedding NAME] [--target NAME] [--preset NAME]
python benchmarks/registration.py --pairs DIR --output OUT --all
python benchmarks/registration.py --scaling

Each `DIR/pair<k>.npz` holds the arrays described in the README of the pairs' folder, in centimetres. The source acts
as the template; its registered vertices are written to `OUT/pair<k>.npy` in the source's units before anything is
scored. `--all` prints every figure in one run: exact and noisy correspondence, the default against the published
registration, and the times.

For comparison, trimesh on five such pairs on the same kind of machine, given 68 exact landmarks instead of the
embedding: nricp_sumner 2.99 mm in the mean over visible vertices in 9 to 13 CPU s, nricp_amberg 3.83 mm in 18 to 29.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the product; numpy reads it when it is imported

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.published_registration import PublishedParameters, register_as_published
from benchmarks.scaling import print_scaling
from pix2vertex_blender.reconstruction.registration.alignment import align
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.registration import Registration, register
from pix2vertex_blender.reconstruction.registration.target import make_target
from pix2vertex_blender.template.canonical import from_millimetres

MILLIMETRES_PER_CENTIMETRE = 10.0
PRESETS: dict[str, Callable[..., Registration]] = {
    "default": register,
    "paper": register_as_published,
    "paper-displacement": partial(register_as_published, parameters=PublishedParameters(thin_plate="displacement")),
}
COLUMNS = (
    "visible mean",
    "median",
    "p95",
    "holes",
    "all",
    "to surface",
    "CPU s",
    "wall s",
    "steps",
    "converged",
    "tangled",
)


def register_pair(
    pair: dict[str, NDArray[Any]], embedding: str, target_name: str, preset: str, seed: int = 0
) -> tuple[Registration, float, float]:
    """Register one pair from its meshes and embedding alone; returns the result in mm, CPU seconds and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    source = MILLIMETRES_PER_CENTIMETRE * pair["source"].astype(np.float64)
    canonical = from_millimetres(source)
    target = TargetIndex(
        make_target(
            MILLIMETRES_PER_CENTIMETRE * pair[target_name],
            pair["target_tri"],
            from_millimetres(MILLIMETRES_PER_CENTIMETRE * pair[embedding]),
        )
    )
    alignment = align(source, canonical, target, np.random.default_rng(seed))
    registration = PRESETS[preset](alignment.apply(source), pair["source_tri"], canonical, target)
    return registration, time.process_time() - cpu, time.perf_counter() - wall


def score(pair: dict[str, NDArray[Any]], vertices: NDArray[np.float64]) -> list[float]:
    """Errors in millimetres of registered vertices (n, 3): the first six of `COLUMNS`."""
    truth = MILLIMETRES_PER_CENTIMETRE * pair["true"].astype(np.float64)
    visible = pair["visible"]
    errors = np.linalg.norm(vertices - truth, axis=1)
    surface = TargetIndex(make_target(truth, pair["source_tri"], truth))
    to_surface = surface.match_positions(vertices[visible]).distances
    return [
        float(errors[visible].mean()),
        float(np.median(errors[visible])),
        float(np.percentile(errors[visible], 95)),
        float(errors[pair["in_hole"]].mean()),
        float(errors.mean()),
        float(to_surface.mean()),
    ]


def run_pairs(folder: Path, output: Path, embedding: str, target_name: str, preset: str) -> list[list[float]]:
    """Register and score all pairs of a folder; returns and prints the rows of the table."""
    print(f"\n{embedding}, {target_name}, {preset} preset (mm)\n")
    print(f"| pair | {' | '.join(COLUMNS)} |\n| --- |{' --- |' * len(COLUMNS)}")
    output.mkdir(parents=True, exist_ok=True)
    rows = []
    for path in sorted(folder.glob("pair*.npz")):
        with np.load(path) as file:
            pair = dict(file)
        registration, cpu, wall = register_pair(pair, embedding, target_name, preset)
        np.save(output / f"{path.stem}.npy", (registration.vertices / MILLIMETRES_PER_CENTIMETRE).astype(np.float32))
        tangled = registration.folded + registration.intersecting
        counts = [float(number) for number in (registration.iterations, registration.converged, tangled)]
        row = [*score(pair, registration.vertices), cpu, wall, *counts]
        rows.append(row)
        print(f"| {path.stem} | {_cells(row)} |")
    if not rows:
        raise SystemExit(f"There are no files pair*.npz in {folder}.")
    print(f"| mean | {_cells(list(np.mean(rows, axis=0)))} |")
    return rows


def _cells(row: list[float]) -> str:
    return " | ".join(f"{value:.3f}" if k < 8 else f"{value:.0f}" for k, value in enumerate(row))


def main() -> None:
    """Print the tables that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--output", type=Path, default=Path("out/registration"))
    parser.add_argument("--embedding", default="target_embedding")
    parser.add_argument("--target", help="default: target, or target_noisy with a noisy embedding")
    parser.add_argument(
        "--preset",
        nargs="+",
        choices=sorted(PRESETS),
        default=["default"],
        help="presets to compare; all but the first write to OUTPUT/<preset>",
    )
    parser.add_argument("--scaling", action="store_true", help="time against the sizes of template and target")
    parser.add_argument("--all", action="store_true", help="exact and noisy pairs, all presets, and the times")
    arguments = parser.parse_args()
    if arguments.pairs is None and (arguments.all or not arguments.scaling):
        parser.error("--pairs is needed" if arguments.all else "one of --pairs and --scaling is needed")
    if arguments.all:
        run_all(arguments.pairs, arguments.output)
    elif arguments.pairs is not None:
        target = arguments.target or ("target_noisy" if arguments.embedding.endswith("_noisy") else "target")
        for number, preset in enumerate(arguments.preset):
            output = arguments.output / preset if number else arguments.output
            run_pairs(arguments.pairs, output, arguments.embedding, target, preset)
    if arguments.scaling or arguments.all:
        print_scaling()


def run_all(folder: Path, output: Path) -> None:
    """All presets on exact and on noisy correspondence; the default preset's exact results lie in `output` itself."""
    for suffix in ("", "_noisy"):
        for preset in PRESETS:
            name = f"{preset}{suffix}"
            run_pairs(
                folder,
                output if name == "default" else output / name,
                f"target_embedding{suffix}",
                f"target{suffix}",
                preset,
            )


if __name__ == "__main__":
    main()
