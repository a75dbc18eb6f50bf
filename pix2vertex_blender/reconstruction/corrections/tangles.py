"""Lips and lids that corrections have driven into each other part again."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import triangulate
from ...geometry.similarity import fit_similarity
from ...template import load_template
from ..registration.contacts import Folds
from ..registration.untangling import Untangler


def untangled(vertices: NDArray[np.float64], pause: Pause = no_pause) -> NDArray[np.float64]:
    """A head (n, 3) in any frame, without the folds and self-intersections that it has and the template has not."""
    template = load_template()
    pose = fit_similarity(template.vertices, vertices, template.groups["face"])
    repaired, _ = _untangler().repair(pose.inverse().apply(vertices), pause)
    return pose.apply(repaired)


@cache
def _untangler() -> Untangler:
    template = load_template()
    triangles = triangulate(template.faces)
    return Untangler(template.vertices, triangles, Folds(template.vertices, triangles))
