"""Shape errors after alignment: Beyond 3DMM, eqs. 18 to 20, and by region of the face as REALY does."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.similarity import Similarity, fit_similarity

from .surface import Points, Surface

ALIGNMENT_ITERATIONS = 30
#: Distances below this, in the unit of the points, count alike in the alignment's reweighting.
SMALLEST_DISTANCE = 1e-6
#: The regions that are told apart, as unions of the template's groups.
REGIONS = {
    "nose": ("nose",),
    "mouth": ("upper_lip", "lower_lip"),
    "cheeks": ("cheeks",),
    "forehead": ("forehead", "brow"),
}


def align_by_distances(source: Points, target: Points) -> Similarity:
    """Similarity with the least sum of distances of source (n, 3) from target (n, 3) (Beyond 3DMM eq. 18).

    The distances are not squared: the minimum is found by reweighted least squares.
    """
    weights = np.ones(len(source))
    for _ in range(ALIGNMENT_ITERATIONS):
        similarity = fit_similarity(source, target, weights)
        distances = np.linalg.norm(similarity.apply(source) - target, axis=1)
        weights = 1 / np.maximum(distances, SMALLEST_DISTANCE)
    return similarity


def align_rigidly(source: Points, target: Points) -> Similarity:
    """Rotation and translation with the least sum of squares; the size stays."""
    rotation = fit_similarity(source, target).rotation
    return Similarity(1.0, rotation, target.mean(axis=0) - rotation @ source.mean(axis=0))


def shape_errors(vertices: Points, truth: Points, interocular: float) -> NDArray[np.float64]:
    """Distances (n,) of vertices from their true places after alignment, in percent of the outer interocular distance.

    Their mean is the NME (Beyond 3DMM eq. 19).

    Parameters
    ----------
    vertices, truth : (n, 3)
        Corresponding points of the region that counts.
    interocular : float
        Distance of the true outer eye corners.
    """
    aligned = align_by_distances(vertices, truth).apply(vertices)
    return 100 * np.linalg.norm(aligned - truth, axis=1) / interocular


def densely_aligned_chamfer_errors(
    vertices: Points, correspondence: Points, scan: Surface, interocular: float
) -> NDArray[np.float64]:
    """Distances (n,) from the raw scan after the alignment of eq. 18; their mean is the DACE (Beyond 3DMM eq. 20).

    Parameters
    ----------
    vertices : (n, 3)
        Those whose correspondence is reliable.
    correspondence : (n, 3)
        Where a registration of a template to the scan puts them.
    scan : Surface
        The nearest neighbour is the nearest point of its triangles.
    interocular : float
        Distance of the scan's outer eye corners; the errors are in percent of it.
    """
    aligned = align_by_distances(vertices, correspondence).apply(vertices)
    return 100 * scan.nearest(aligned).distances / interocular


def region_errors(
    vertices: Points,
    correspondence: Points,
    reliable: NDArray[np.bool_],
    groups: Mapping[str, NDArray[np.floating]],
    regions: Mapping[str, tuple[str, ...]] = REGIONS,
) -> dict[str, float]:
    """Mean distance of each region from its counterpart, in the unit of the points.

    All is brought to the counterpart's size at once; then each region is turned and moved by itself (REALY), so that
    a nose does not pay for a jaw.

    Parameters
    ----------
    vertices, correspondence : (n, 3)
        Of the template's topology; true or found by `nonrigid.register_to_scan`.
    reliable : (n,) bool
        Which count.
    groups : of the template
    regions : dict of str to tuple of str
        Each region as a union of groups.

    Returns
    -------
    dict of str to float
        Without the regions of which less than a quarter is reliable.
    """
    vertices = align_by_distances(vertices[reliable], correspondence[reliable]).apply(vertices)
    errors = {}
    for name, parts in regions.items():
        region = np.max([groups[part] for part in parts], axis=0) > 0.5
        chosen = region & reliable
        if chosen.sum() < max(region.sum() / 4, 3):
            continue
        aligned = align_rigidly(vertices[chosen], correspondence[chosen]).apply(vertices[chosen])
        errors[name] = float(np.linalg.norm(aligned - correspondence[chosen], axis=1).mean())
    return errors
