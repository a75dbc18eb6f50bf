"""Which photos show the same person, and which are the same photo."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from ...geometry.mesh import vertex_areas
from ...geometry.similarity import fit_similarity
from ...template import load_template
from .evidence import Array, Evidence, averaged

#: Heads differ by their distance in millimetres less the correlation of their deviations from the template; of people
#: that are rendered in three poses each, no two photos of one differ by more, and four of five of two people do.
SOMEBODY_ELSE = 2.1
#: So often the deviations are averaged over the neighbours before they are compared.
PASSES = 10

#: Crops are the same photo if so many pixels square of them differ by no more, of 255.
SMALL, SAME_PHOTO = 48, 3.0


def people(views: Sequence[Evidence]) -> list[int]:
    """Which person each photo shows: 0 for the one that most photos show, or who is seen best if there are as many.

    Shape alone tells people apart, so that two photos of people with similar heads pass for one person's.
    """
    if len(views) < 2:
        return [0] * len(views)
    tree = linkage(squareform(differences(views), checks=False), "average")
    labels = fcluster(tree, SOMEBODY_ELSE, "distance")
    seen = np.array([view.seen for view in views])
    order = sorted(set(labels), key=lambda label: (-(labels == label).sum(), -seen[labels == label].sum()))
    return [order.index(label) for label in labels]


def differences(views: Sequence[Evidence]) -> NDArray[np.float64]:
    """How much the heads of photos differ (k, k), see `SOMEBODY_ELSE`; 0 at least."""
    template = load_template()
    area = template.groups["face"] * vertex_areas(template.vertices, template.faces)
    deviations = [_deviation(view) for view in views]
    table = np.zeros((len(views), len(views)))
    for one in range(len(views)):
        for other in range(one):
            weights = area * np.minimum(views[one].weights, views[other].weights)
            difference = _difference(deviations[one], deviations[other], weights)
            table[one, other] = table[other, one] = max(difference, 0.0)
    return table


def same_photos(crops: Sequence[NDArray[np.uint8]]) -> list[int]:
    """For each crop (S, S, 3) the index of the first that shows the same photo, its own if there is none before it."""
    small = [cv2.resize(crop, (SMALL, SMALL), interpolation=cv2.INTER_AREA).astype(np.float64) for crop in crops]
    first: list[int] = []
    for index, crop in enumerate(small):
        same = (other for other in first if np.abs(crop - small[other]).mean() < SAME_PHOTO)
        first.append(next(same, index))
    return first


def _deviation(view: Evidence) -> Array:
    """How a photo's head (n, 3) differs from the template, without size and pose."""
    template = load_template()
    upright = fit_similarity(view.vertices, template.vertices, template.groups["face"])
    return averaged(upright.apply(view.vertices) - template.vertices, PASSES)


def _difference(one: Array, other: Array, weights: Array) -> float:
    rest = load_template().vertices
    moved = fit_similarity(rest + one, rest + other, weights).apply(rest + one) - rest
    share = weights[:, None] / weights.sum()
    distance = float(np.sqrt((share * (moved - other) ** 2).sum()))
    sizes = (share * moved**2).sum() * (share * other**2).sum()
    return distance - float((share * moved * other).sum() / np.sqrt(sizes)) if sizes > 0 else distance
