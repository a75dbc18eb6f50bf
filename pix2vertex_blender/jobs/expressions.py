"""The expressions of a face."""

from pathlib import Path
from typing import Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request


def make_expressions(request: Request, progress: Progress) -> dict[str, Any]:
    """Save the `ExpressionSet` of the saved reconstruction `source` as `result`.

    The `basis` NEUTRAL takes the photo's expression off the head first; PHOTO leaves the head as it is.
    """
    progress("expressions", 0.0)
    from ..exchange.result import Reconstruction
    from ..expression.levels import expression_set

    face = Reconstruction.load(Path(request["source"]))
    expression_set(face, request["basis"], progress).save(Path(request["result"]))
    return {}


JOBS = {"expressions": make_expressions}
