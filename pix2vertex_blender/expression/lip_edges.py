"""The edges of lips where a head is seen to have them, at the subdivision level at which it is shown.

Subdivision rounds edges: of lips that touch at level 0, more than a millimetre between them would be open at level 2,
and teeth be seen there. So the edges at level 0 go as much farther as the subdivision takes them back.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..geometry.similarity import fit_similarity
from ..template import load_template, subdivision_matrix
from .rims import inner_lips, lip_rims

Array = NDArray[np.float64]

#: How far (mm) lips that touch stay apart: nearer, their skin would cross between the vertices of the edges; farther
#: away, teeth would be a light line between them.
GAP = 0.2
#: So often what is seen of shut lips is averaged over neighbouring places.
AVERAGES = 6
#: So many rings of vertices behind the edges of lips are kept from crossing.
RINGS_INSIDE = 1
#: Finer levels move the edges by less than a tenth of a millimetre.
FINEST = 2


def lip_edges(head: Array) -> Array:
    """Where the edges (2, k, 3) of upper and lower lip of a head (n, 3) are, vertex by vertex of `lip_rims`."""
    rims = lip_rims()
    edges: Array = np.stack([head[rims.upper], head[rims.lower]])
    return edges


def touching_edges(head: Array, share: NDArray[np.floating] | None = None) -> Array:
    """`lip_edges` after lips have come to touch as those of the template do, each half of the way.

    Lips that touch in a photo taken from above or below need not in the head: what is in front of what hides the gap.

    Parameters
    ----------
    head : (n, 3)
        In any frame.
    share : (k,), optional
        How far of this way each pair of edges goes, if not all of it.
    """
    pose = fit_similarity(load_template().vertices, head, load_template().groups["face"])
    edges, rest = lip_edges(head), lip_edges(load_template().vertices)
    wanted = pose.scale * (rest[0] - rest[1])
    wanted[:, 1] = GAP
    closer = wanted - (edges[0] - edges[1]) @ pose.rotation
    closer[:, 0] = 0.0
    if share is not None:
        closer *= share[:, None]
    half = closer @ pose.rotation.T / 2
    return edges + np.stack([half, -half])


def shut_share(shut: Array) -> Array:
    """How far (k,) pairs of edges close that are seen to be shut so far: less beside open ones, without a kink."""
    share = shut
    for _ in range(AVERAGES):
        wider = np.pad(share, 1, mode="edge")
        share = (wider[:-2] + 2 * wider[1:-1] + wider[2:]) / 4
    return np.minimum(shut, share)


def resting_edges(head: Array) -> Array:
    """Edges (2, k, 3) of the lips of a head (n, 3) in any frame that shows no expression: shut, without kinks.

    The line in which they meet is the middle of the head's. How far it lies from the template's, which comes from what
    was seen of each place of parted lips by itself, is averaged along the mouth; the corners stay. To each other lips
    are as the template's: those shifted along the line cross where it slopes.
    """
    template, rims = load_template(), lip_rims()
    pose = fit_similarity(template.vertices, head, template.groups["face"])
    rest = lip_edges(template.vertices)
    difference = lip_edges(head).mean(axis=0) - pose.apply(rest.mean(axis=0))
    first, last = head[rims.corners] - pose.apply(template.vertices[rims.corners])
    smooth = np.concatenate([first[None], difference, last[None]])
    for _ in range(AVERAGES):
        smooth[1:-1] = (smooth[:-2] + 2 * smooth[1:-1] + smooth[2:]) / 4
    middle = pose.apply(rest.mean(axis=0)) + smooth[1:-1]
    apart = pose.scale * (rest[0] - rest[1])
    apart[:, 1] = GAP
    half = apart @ pose.rotation.T / 2
    return np.stack([middle + half, middle - half])


def with_lip_edges(head: Array, edges: Array, level: int, share: Array | None = None) -> Array:
    """A head (n, 3) at level 0 that has its lips' edges at places (2, k, 3) when it is subdivided to a level.

    Where one of them is NaN both lips stay, and with a `share` (k,) they go only so far of the way.
    """
    seen, moves = _edges_at(min(level, FINEST))
    there = seen @ head
    goals = edges.reshape(-1, 3)
    unknown = np.tile(np.isnan(edges).any(axis=(0, 2)), 2)
    goals = np.where(unknown[:, None], there, goals)
    if share is not None:
        goals = there + np.tile(share, 2)[:, None] * (goals - there)
    steps = np.linalg.solve(moves, goals - there).reshape(edges.shape)
    return head + lip_rims().move(*steps)


def apart_inside(head: Array, level: int) -> Array:
    """A head (n, 3) whose lips do not cross behind their edges when it is subdivided to a level.

    There they are at least as far apart as those of the template with its lips shut.
    """
    template = load_template()
    pose = fit_similarity(template.vertices, head, template.groups["face"])
    result, up = head.copy(), pose.rotation[:, 1]
    for (upper, lower), least in zip(inner_lips(RINGS_INSIDE), _gaps_inside(min(level, FINEST)), strict=True):
        short = np.maximum(pose.scale * least - (head[upper] - head[lower]) @ up, 0.0)[:, None] / 2
        result[upper] += short * up
        result[lower] -= short * up
    return result


@cache
def _gaps_inside(level: int) -> Array:
    """How far (rings, k) the shut lips of the template are apart behind their edges, in millimetres."""
    rest = load_template().vertices
    shut = with_lip_edges(rest, touching_edges(rest), level)
    rings = inner_lips(RINGS_INSIDE)
    gaps: Array = shut[rings[:, 0], 1] - shut[rings[:, 1], 1]
    return gaps


@cache
def _edges_at(level: int) -> tuple[Array, Array]:
    """Matrix (2 k, n) of the edges at a level, and (2 k, 2 k) of how they move there with those at level 0."""
    rims = lip_rims()
    both = np.concatenate([rims.upper, rims.lower])
    seen = subdivision_matrix(level)[both]
    columns = []
    for moved in range(len(both)):
        unit = np.zeros((len(both), 3))
        unit[moved] = 1.0
        columns.append((seen @ rims.move(*np.split(unit, 2)))[:, 0])
    return seen, np.stack(columns, axis=1)
