"""Where the maps show points of the template, and how far from where the mean head has them."""

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.maps import OPEN, FaceMaps
from ...geometry.similarity import fit_similarity
from ...template import Template
from ..network.maps import read_maps

#: Canonical units (millimetres over 120) within which a pixel shows a point, and the width of its pixels' weights.
SHOWN, WIDTH = 4.0 / 120, 2.5 / 120
#: Points looked for at once: what their distances from all pixels take stays in the processor's cache.
CHUNK = 16
#: Fewer points than this say nothing about a person.
FEWEST_POINTS = 60


def shown_points(maps: FaceMaps, canonical: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Where the maps show points of the template.

    Parameters
    ----------
    maps : FaceMaps
    canonical : (p, 3)
        Their canonical coordinates.

    Returns
    -------
    places : (p, 3)
        Millimetres in the camera's axes.
    seen : (p,) bool
        Whether any pixel shows the point.
    """
    skin = maps.mask & (maps.opening < OPEN)
    shown, geometry = maps.correspondence[skin], maps.geometry[skin]
    from_origin, sought = (shown**2).sum(1), np.asarray(canonical, dtype=np.float32)
    places, nearest = np.empty((len(sought), 3)), np.empty(len(sought))
    for first in range(0, len(sought), CHUNK):
        some = slice(first, first + CHUNK)
        squared = from_origin - 2 * sought[some] @ shown.T
        nearest[some] = squared.min(axis=1)
        weights = np.exp((squared.min(axis=1, keepdims=True) - squared) / (2 * WIDTH**2))
        places[some] = (weights @ geometry) / weights.sum(axis=1, keepdims=True)
    return places, nearest + (canonical**2).sum(1) < SHOWN**2


def shown_deviations(
    maps: FaceMaps, template: Template, points: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """How far the maps show points of the template from where the rest shape has them, without pose, place and size.

    Returns
    -------
    deviations : (p, 3)
        Millimetres, zero for points that are not seen.
    seen : (p,) bool

    None if too few are seen.
    """
    places, seen = shown_points(maps, template.canonical[points])
    if seen.sum() < FEWEST_POINTS:
        return None
    rest = template.vertices[points]
    deviations = fit_similarity(places[seen], rest[seen]).apply(places) - rest
    deviations[~seen] = 0
    return deviations, seen


def view_deviations(
    views: NDArray[np.float32], template: Template, points: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The mean of `shown_deviations` (p, 3) over views (k, 8, S, S), and in what share of them a point is seen (p,).

    None if any view shows too little.
    """
    found = deviations_by_view(views, template, points)
    return None if found is None else (found[0].mean(axis=0), found[1].mean(axis=0))


def deviations_by_view(
    views: NDArray[np.float32], template: Template, points: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """`shown_deviations` (k, p, 3) and (k, p) of views (k, 8, S, S); None if any view shows too little."""
    shown = []
    for view in views:
        try:
            deviations = shown_deviations(read_maps(view[None]), template, points)
        except FaceNotFoundError:
            return None
        if deviations is None:
            return None
        shown.append(deviations)
    places, seen = zip(*shown, strict=True)
    return np.stack(places), np.stack(seen)
