"""What a face was fitted to, and how well."""

from functools import partial
from pathlib import Path
from typing import Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request


def find_target(request: Request, progress: Progress) -> dict[str, Any]:
    """Build the target mesh of the saved reconstruction `source` and measure the distance of its mesh `vertices`.

    `result` gets `vertices` (t, 3) in millimetres in the head frame and `triangles` of the target, and `distance` (n,)
    in millimetres of each vertex of `mesh` from it, NaN where it has nothing to do with the target.
    """
    progress("start", 0.0)
    import numpy as np

    from ..exchange.arrays import write_arrays
    from ..exchange.result import Reconstruction
    from ..reconstruction.registration.fit_distance import distances_from_target, target_of

    progress("target", 0.0)
    face = Reconstruction.load(Path(request["source"]))
    with np.load(request["mesh"], allow_pickle=False) as arrays:
        vertices = arrays["vertices"]
    target = target_of(face)
    progress("target", 0.5)
    distance = distances_from_target(face.view.frame.to_camera(vertices), target, partial(progress, "target", 0.5))
    write_arrays(
        Path(request["result"]),
        vertices=face.view.frame.to_head(target.vertices),
        triangles=target.triangles,
        distance=distance,
    )
    return {}


JOBS = {"target": find_target}
