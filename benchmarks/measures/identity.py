"""How much of what makes a face somebody's a reconstructed head has: deviations from the mean face, and who is who."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.similarity import fit_similarity

from .shape import REGIONS, align_by_distances, region_errors, shape_errors
from .surface import Points

#: Of the face, as unions of the template's groups.
IDENTITY_REGIONS = {**REGIONS, "jaw": ("jaw", "chin"), "eyes": ("eyelids",)}
#: A deviation smaller than this, over the person's, is the mean face itself, up to rounding.
LEAST_SIZE = 1e-4


@dataclass(frozen=True)
class Likeness:
    """How like its person a head is, all after alignment by a similarity.

    Attributes
    ----------
    r2 : float
        Share of the squared deviation of the person from the mean face that the head explains: 1 for the person's own
        shape, 0 for the mean face, below for what is farther from the person than that.
    cosine : float
        Of the head's and the person's deviations from the mean face; 0 if the head has none.
    size : float
        Of the head's deviation over that of the person's.
    nme, nme_mean_face : float
        Mean distance of the head, and of the mean face, from the person in percent of the outer interocular distance
        (Beyond 3DMM eq. 19).
    regions : dict of str to (float, float)
        Mean distances of the head and of the mean face from the person in millimetres, each region of
        `IDENTITY_REGIONS` by itself.
    """

    r2: float
    cosine: float
    size: float
    nme: float
    nme_mean_face: float
    regions: dict[str, tuple[float, float]]


def likeness(
    head: Points, truth: Points, mean: Points, interocular: float, groups: Mapping[str, NDArray[np.floating]]
) -> Likeness:
    """Compare a head with the person's true one.

    Parameters
    ----------
    head, truth, mean : (n, 3)
        The reconstructed head, the true one and the mean face, corresponding vertices of the face in millimetres, each
        in whatever frame.
    interocular : float
        Distance of the true outer eye corners.
    groups : dict of str to (n,)
        The template's, of these vertices.
    """
    person = align_by_distances(truth, mean).apply(truth) - mean
    deviation = align_by_distances(head, mean).apply(head) - mean
    length, true_length = float(np.linalg.norm(deviation)), float(np.linalg.norm(person))
    size = length / true_length
    everywhere = np.ones(len(truth), dtype=bool)
    ours, means = (region_errors(h, truth, everywhere, groups, IDENTITY_REGIONS) for h in (head, mean))
    return Likeness(
        r2=float(1 - ((person - deviation) ** 2).sum() / true_length**2),
        cosine=float((person * deviation).sum() / (length * true_length)) if size > LEAST_SIZE else 0.0,
        size=size,
        nme=float(shape_errors(head, truth, interocular).mean()),
        nme_mean_face=float(shape_errors(mean, truth, interocular).mean()),
        regions={name: (ours[name], means[name]) for name in ours},
    )


def mean_likeness(all_of_them: Sequence[Likeness]) -> Likeness:
    """The mean of each figure over the people."""
    regions = {
        name: (
            float(np.mean([each.regions[name][0] for each in all_of_them])),
            float(np.mean([each.regions[name][1] for each in all_of_them])),
        )
        for name in all_of_them[0].regions
    }

    def mean(name: str) -> float:
        return float(np.mean([getattr(each, name) for each in all_of_them]))

    return Likeness(mean("r2"), mean("cosine"), mean("size"), mean("nme"), mean("nme_mean_face"), regions)


def ranks(heads: Sequence[Points], truths: Sequence[Points], whose: Sequence[int]) -> NDArray[np.int64]:
    """At which place (k,), counted from 1, each head has its own person among all, the likest first.

    Shape alone decides: the root mean square distance from a true head after the similarity that makes it least.

    Parameters
    ----------
    heads : k of (n, 3)
    truths : m of (n, 3)
    whose : k of int
        Which of the true heads each head should be.
    """
    places = []
    for head, person in zip(heads, whose, strict=True):
        distances = np.array([np.sqrt(((fit_similarity(head, t).apply(head) - t) ** 2).mean()) for t in truths])
        places.append(1 + int((distances < distances[person]).sum()))
    return np.array(places, dtype=np.int64)
