"""The fine detail anew, with other settings, from what is kept with a face."""

from functools import partial
from pathlib import Path
from typing import Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request


def recompute_detail(request: Request, progress: Progress) -> dict[str, Any]:
    """Compute the detail of the saved reconstruction `source` for its mesh `vertices`.

    `scale`, `smoothing` and `reading` are what the face's settings say.

    `result` gets the array `detail` (n, 3) in millimetres in the head frame.
    """
    progress("start", 0.0)
    import numpy as np

    from ..errors import MeshError
    from ..exchange.arrays import write_arrays
    from ..exchange.result import Reconstruction
    from ..reconstruction.refit import DetailSettings, renewed_detail
    from ..template.template import level_with

    progress("detail", 0.0)
    face = Reconstruction.load(Path(request["source"]))
    with np.load(request["mesh"], allow_pickle=False) as arrays:
        vertices = arrays["vertices"]
    level = level_with(len(vertices))
    if level is None:
        raise MeshError("The face's mesh has been changed: its detail fits only the mesh that was reconstructed.")
    settings = DetailSettings(float(request["scale"]), float(request["smoothing"]), request["reading"])
    detail = renewed_detail(face, vertices, level, settings, partial(progress, "detail", 0.5))
    write_arrays(Path(request["result"]), detail=detail)
    return {}


JOBS = {"detail": recompute_detail}
