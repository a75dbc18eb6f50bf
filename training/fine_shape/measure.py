"""How near displaced heads come to the true ones, beside the registered heads and the mean face."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks.measures.identity import Likeness, likeness
from benchmarks.measures.landmarks import OUTER_EYE_CORNERS
from benchmarks.measures.shape import densely_aligned_chamfer_errors
from benchmarks.measures.surface import Surface
from benchmarks.tables import Cell
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.template import load_template

from ..arrays import Floats
from .inputs import batch_of
from .networks import FineShape
from .pairs import Pair, list_pairs, read_pair
from .train import displaced

#: Degrees between which Beyond 3DMM's tables tell faces apart.
INTERVALS = ((0.0, 15.0), (15.0, 30.0), (30.0, 45.0))
#: Columns of our tables after the row's name.
COLUMNS = ("0 to 15", "15 to 30", "30 to 45", "mean NME", "DACE", "R2", "nose mm", "mouth mm")


@dataclass(frozen=True)
class Figures:
    """Of some heads.

    Attributes
    ----------
    each : tuple of Likeness
    chamfer : (k,)
        The DACE (eq. 20) of each, %.
    yaw : (k,)
        Degrees, without sign.
    """

    each: tuple[Likeness, ...]
    chamfer: Floats
    yaw: Floats

    @property
    def row(self) -> tuple[Cell, ...]:
        """The values of `COLUMNS`."""
        nme = np.array([figures.nme for figures in self.each])
        by_yaw = [
            float(nme[inside].mean()) if (inside := (self.yaw >= least) & (self.yaw < most)).any() else None
            for least, most in INTERVALS
        ]
        r2 = float(np.mean([figures.r2 for figures in self.each]))
        regions = [float(np.mean([figures.regions[name][0] for figures in self.each])) for name in ("nose", "mouth")]
        return (*by_yaw, float(nme.mean()), float(self.chamfer.mean()), r2, *regions)


def registered_figures(pairs: Iterable[Pair]) -> tuple[Figures, Figures]:
    """Of the mean head, and of heads as they are registered."""
    known = list(pairs)
    mean = load_template().vertices
    return figures_of([mean] * len(known), known), figures_of([pair.coarse for pair in known], known)


def network_figures(network: FineShape, pairs: Sequence[Pair], sees_photo: bool, at_once: int = 8) -> Figures:
    """Of heads that a network has displaced."""
    heads: list[Floats] = []
    with torch.inference_mode():
        for start in range(0, len(pairs), at_once):
            batch = batch_of(pairs[start : start + at_once], network.configuration)
            heads.extend(displaced(network, batch, sees_photo).numpy())
    return figures_of(heads, pairs)


def figures_of(heads: Sequence[Floats], pairs: Sequence[Pair]) -> Figures:
    """Of heads (n, 3) against the true ones of pairs."""
    template = load_template()
    face = template.groups["face"] > 0.5
    groups = {name: weights[face] for name, weights in template.groups.items()}
    triangles = triangulate(template.faces)
    triangles = triangles[face[triangles].all(axis=1)]
    each, chamfer = [], []
    for head, pair in zip(heads, pairs, strict=True):
        truth = pair.truth.astype(np.float64)
        right, left = template.landmark_points(truth)[list(OUTER_EYE_CORNERS)]
        apart = float(np.linalg.norm(left - right))
        own = np.asarray(head, dtype=np.float64)[face]
        each.append(likeness(own, truth[face], template.vertices[face], apart, groups))
        scan = Surface(truth, triangles)
        chamfer.append(float(densely_aligned_chamfer_errors(own, truth[face], scan, apart).mean()))
    return Figures(tuple(each), np.array(chamfer), np.abs([pair.yaw for pair in pairs]))


def read_pairs(folders: Sequence[Path], count: int) -> list[Pair]:
    """The first pairs of some folders.

    Raises
    ------
    DataFileError
        If there are none.
    """
    return [read_pair(path) for path in list_pairs(folders)[:count]]
