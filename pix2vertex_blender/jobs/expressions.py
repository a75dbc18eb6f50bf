"""The expressions of a face."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    from ..exchange.expressions import ExpressionSet
    from ..exchange.result import Reconstruction

#: What was made last, by what it was made from: a face that is fitted again needs first what it was made from before.
_made: "dict[str, ExpressionSet]" = {}
#: Bytes beyond which it is not kept: more than those of detail level 2.
LARGEST_KEPT = 100_000_000


def make_expressions(request: Request, progress: Progress) -> dict[str, Any]:
    """Save the `ExpressionSet` of the saved reconstruction `source` as `result`.

    The `basis` NEUTRAL takes the photo's expression off the head first; PHOTO leaves the head as it is.
    """
    progress("expressions", 0.0)
    from ..exchange.result import Reconstruction
    from ..expression.levels import expression_set

    face = Reconstruction.load(Path(request["source"]))
    made_from = _digest(face, request["basis"])
    made = _made.get(made_from) or expression_set(face, request["basis"], progress)
    _made.clear()
    if sum(each.nbytes for each in made.offsets) < LARGEST_KEPT:
        _made[made_from] = made
    made.save(Path(request["result"]))
    return {}


def _digest(face: "Reconstruction", basis: str) -> str:
    """What tells heads apart that have other expressions; as exact as faces are kept in Blender."""
    head = face.coarse_vertices.astype("float32").tobytes()
    return hashlib.sha256(head + f"{face.detail_level} {basis}".encode()).hexdigest()


JOBS = {"expressions": make_expressions}
