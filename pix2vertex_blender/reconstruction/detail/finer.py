"""The detail of a coarse head at a finer level, where there is room for it.

A mesh of level 0 has a vertex every three millimetres: of wrinkles and pores its own detail keeps next to nothing, so
maps that are to show them are made from the same head, subdivided, with the detail computed there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...template.template import Template, carry, load_template
from .baking import DetailMaps, bake_detail_maps, bake_onto

Array = NDArray[np.float64]

#: `WHOLE` makes up for all that a coarser mesh lacks, `DETAIL` holds the detail alone.
Kind = Literal["WHOLE", "DETAIL"]


@dataclass(frozen=True)
class FineHead:
    """A smooth head with its detail.

    Attributes
    ----------
    vertices, detail : (n, 3) mm
    level : Template
        At whose level they are.
    """

    vertices: NDArray[np.floating]
    detail: NDArray[np.floating]
    level: Template

    def baked(
        self, base: NDArray[np.floating], base_level: int, kind: Kind, size: int, pause: Pause = no_pause
    ) -> DetailMaps:
        """Its maps.

        Parameters
        ----------
        base : (b, 3) mm
            The mesh that maps of the kind `WHOLE` are for.
        base_level : int
            Of that mesh, at most the head's own.
        kind : Kind
        size : int
        pause : Pause
        """
        level = self.level
        if kind == "DETAIL":
            return bake_detail_maps(self.vertices, self.detail, level.faces, level.uvs, level.level, size, pause)
        steps = level.level - base_level
        return bake_onto(base, self.vertices, self.detail, level.faces, level.uvs, steps, size, pause)


def refined(
    head: FineHead,
    registered: NDArray[np.floating],
    level: int,
    detail_at: Callable[[NDArray[np.floating], Template], Array],
) -> FineHead:
    """The head at a finer level with the detail that it has there.

    What has been sculpted on the coarse detail, which is what it differs by from the computed one, is carried along.

    Parameters
    ----------
    head : FineHead
        With its whole detail.
    registered : (n, 3) mm
        The head as the photo shows it, which differs from `head` if that is without expression.
    level : int
    detail_at : callable
        Computes the detail of registered vertices at a level.
    """
    own, fine = head.level.level, load_template(level)
    sculpted = np.asarray(head.detail, dtype=np.float64) - detail_at(registered, head.level)
    detail = detail_at(_carried(registered, own, level), fine) + _carried(sculpted, own, level)
    return FineHead(_carried(head.vertices, own, level), detail, fine)


def _carried(values: NDArray[np.floating], start: int, level: int) -> Array:
    return carry(np.asarray(values, dtype=np.float64), level, start)
