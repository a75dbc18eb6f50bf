"""Glasses, strands, beads and deep cast shadows that lie on the face: what is much darker than its albedo should be.

They are told from moles by their size, and from brows, lashes, lips and beards by where they lie. What is found is
treated as not seen, so that the other half of the face or the filling takes its place.
"""

import numpy as np
from numpy.typing import NDArray

from ...template import Template
from ..photo.sampling import smoothstep
from .seen_skin import SeenSkin, bare_chin, neighbourhood

Array = NDArray[np.float64]

#: Logarithms of display values from where on something is darker, or of another hue, than plain skin can be.
DARKER, OTHER_HUE = 0.28, 0.16
#: A vertex is not seen at all below this.
UNSEEN = 0.05
#: Moles and blemishes are smaller than this, in millimetres at rest.
LARGEST_MARK = 11.0
#: Parts of the face that are plain skin, those with hair, lashes and lips of their own, and those that are either.
PLAIN_GROUPS = ("cheeks", "nose", "forehead")
OWN_GROUPS, BEARD_GROUPS = ("brow", "upper_lip", "lower_lip"), ("jaw", "chin")
#: A thing lies on plain skin with at least this share of its vertices, and on a beard with less than `ON_BEARD`.
ON_SKIN, ON_BEARD = 0.35, 0.35
#: Rings of vertices around a thing that are left out with it, and over which what is seen fades there.
RINGS, FADE = 2, 5


def find_things(difference: Array, seen: SeenSkin, level: Template) -> NDArray[np.bool_]:
    """Which vertices (n,) show a thing on the face.

    Parameters
    ----------
    difference : (n, 3)
        Logarithms of the display values without light minus those of plain skin.
    seen : SeenSkin
    level : Template
    """
    brightness = difference.mean(axis=1)
    hue = np.linalg.norm(difference - brightness[:, None], axis=1)
    odd = (seen.at_all > 0.3) & ((brightness < -DARKER) | ((hue > OTHER_HUE) & (brightness < 0)))
    beard = () if bare_chin(odd, seen.at_all, level) else BEARD_GROUPS
    own = np.max([level.groups[name] for name in (*OWN_GROUPS, *beard)], axis=0) > 0.3
    plain = np.max([level.groups[name] for name in (*PLAIN_GROUPS, *BEARD_GROUPS) if name not in beard], axis=0) > 0.5
    around = neighbourhood(level)
    edges, part = around.edges, around.separate(odd)
    count = int(part.max()) + 1
    members = np.bincount(part[odd], minlength=count)
    on_skin = np.bincount(part[odd & plain], minlength=count) / np.maximum(members, 1)
    on_own = np.bincount(part[odd & own], minlength=count) / np.maximum(members, 1)
    extent = np.zeros((count, 3))
    for axis in range(3):
        low, high = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(low, part[odd], level.vertices[odd, axis])
        np.maximum.at(high, part[odd], level.vertices[odd, axis])
        extent[:, axis] = np.where(members > 0, high - low, 0.0)
    # What hangs together with the unseen may be large, too.
    at_border = odd[edges] & (seen.at_all[edges[:, ::-1]] < UNSEEN)
    touching = np.bincount(part[edges[at_border]], minlength=count) > 0
    large = (np.linalg.norm(extent, axis=1) > LARGEST_MARK) | touching
    thing = large & (on_skin > ON_SKIN) & (on_own < ON_BEARD)
    found: NDArray[np.bool_] = odd & thing[part] & ~(level.groups["brow"] > 0.3)
    return found


def share_beside(things: NDArray[np.bool_], level: Template) -> Array:
    """The share (n,) of what is seen that stays beside things (n,): 0 on them, 1 from some vertices away on."""
    adjacency = neighbourhood(level).adjacency
    degree = np.maximum(np.asarray(adjacency.sum(axis=1)).ravel(), 1)
    hidden = things.astype(float)
    for _ in range(RINGS):
        hidden = np.maximum(hidden, (adjacency @ hidden > 0).astype(float))
    soft = 1 - hidden
    for _ in range(FADE):
        soft = 0.5 * soft + 0.5 * (adjacency @ soft) / degree
    kept: Array = (1 - hidden) * smoothstep((soft - 0.5) / 0.5)
    return kept


def without_things(seen: SeenSkin, things: NDArray[np.bool_], level: Template) -> SeenSkin:
    """What is seen of the skin beside things (n,), faded towards them."""
    if not things.any():
        return seen
    kept = share_beside(things, level)
    return SeenSkin(seen.well * kept, seen.at_all * kept)
