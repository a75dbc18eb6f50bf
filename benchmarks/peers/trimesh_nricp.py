"""Register the pairs with trimesh's non-rigid ICP. Runs in an environment of its own, with numpy and trimesh alone.

python trimesh_nricp.py PAIRS OUTPUT METHOD ...

Each pair's source is put onto its target by the 68 exact landmarks, which the method is given: no other of its inputs
says what corresponds to what. OUTPUT gets `<method>/<pair>.npy`, in the source's units, and `seconds.json`.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import trimesh  # type: ignore[import-not-found]
from trimesh.registration import nricp_amberg, nricp_sumner, procrustes  # type: ignore[import-not-found]

METHODS = {"nricp_sumner": nricp_sumner, "nricp_amberg": nricp_amberg}


def main(pairs: Path, output: Path, methods: list[str]) -> None:
    """Register all pairs with some of `METHODS`."""
    seconds = {}
    for path in sorted(pairs.glob("pair*.npz")):
        with np.load(path) as file:
            pair = dict(file)
        for name in methods:
            started, wall = time.process_time(), time.perf_counter()
            vertices = register(METHODS[name], pair)
            seconds[f"{name}/{path.stem}"] = (time.process_time() - started, time.perf_counter() - wall)
            (output / name).mkdir(parents=True, exist_ok=True)
            np.save(output / name / f"{path.stem}.npy", vertices)
    (output / "seconds.json").write_text(json.dumps(seconds))


def register(method: Callable[..., np.ndarray], pair: dict[str, np.ndarray]) -> np.ndarray:
    """Vertices (n, 3) of a pair's source on its target, with trimesh's own schedule of steps."""
    landmarks, positions = pair["landmark_idx"], pair["landmark_pos"].astype(float)
    source = pair["source"].astype(float)
    to_target, _, _ = procrustes(source[landmarks], positions, reflection=False)
    return method(
        trimesh.Trimesh(trimesh.transform_points(source, to_target), pair["source_tri"], process=False),
        trimesh.Trimesh(pair["target"].astype(float), pair["target_tri"], process=False),
        source_landmarks=landmarks,
        target_positions=positions,
        use_faces=False,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
