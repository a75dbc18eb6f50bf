"""Lips and lids that corrections have driven into each other part again."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...expression.neutral import expression_coefficients
from ...expression.shapes import load_expressions
from ...geometry.mesh import triangulate
from ...geometry.similarity import fit_similarity
from ...template import load_template
from ..registration.contacts import Folds
from ..registration.untangling import Untangler


def untangled(vertices: NDArray[np.float64], pause: Pause = no_pause) -> NDArray[np.float64]:
    """A head (n, 3) in any frame, without the folds and self-intersections that it has and the template has not.

    What it does around them is counted from the template with the head's expression, and from the shut lips of the
    template itself only where that does not help: parted lips would come together in their corners.
    """
    template = load_template()
    pose = fit_similarity(template.vertices, vertices, template.groups["face"])
    upright = pose.inverse().apply(vertices)
    worn = template.vertices + np.tensordot(expression_coefficients(upright), load_expressions().offsets, 1)
    repaired, left = _untangler().repair(upright, pause, worn)
    if left.any.any():
        repaired, _ = _untangler().repair(repaired, pause)
    return pose.apply(repaired)


@cache
def _untangler() -> Untangler:
    template = load_template()
    triangles = triangulate(template.faces)
    return Untangler(template.vertices, triangles, Folds(template.vertices, triangles))
