"""The part of a scan around its head, in millimetres, whatever the scan's unit is."""

from dataclasses import dataclass, replace

import numpy as np

from ...errors import OptionError
from ...exchange.wrap_report import AUTOMATIC, UNITS
from ...geometry.similarity import Similarity
from ...template.canonical import ORIGIN
from .head_search import FoundHead
from .scan import Scan, clustered

#: How far from the face's middle (mm of the mean face) a scan is looked at.
REACH = 170.0
#: A scan with more vertices there is made coarser, to cells of this side (mm of the mean face).
MOST_VERTICES, CELL = 250_000, 0.5
#: How far a head's size may be from the mean's, as a factor, for its scan's unit to be told by it.
LARGEST_FACTOR = 1.35

UNKNOWN_UNIT = "unknown"


@dataclass(frozen=True)
class HeadPart:
    """The part of a scan around its head, moved to the origin and measured in millimetres.

    Attributes
    ----------
    scan : Scan
    head : Similarity
        From the mean face's millimetres.
    from_scan : Similarity
        From the scan's own coordinates; it turns nothing.
    unit : str
    unit_found : bool
    """

    scan: Scan
    head: Similarity
    from_scan: Similarity
    unit: str
    unit_found: bool

    @classmethod
    def around(cls, scan: Scan, found: FoundHead, unit: str) -> "HeadPart":
        """What is needed of a whole scan; `unit` as in `WrapOptions`."""
        name, millimetres = unit_of(found.pose.scale) if unit == AUTOMATIC else (unit, _millimetres(unit))
        centre = found.pose.apply(ORIGIN[None])[0]
        from_scan = Similarity(millimetres, np.eye(3), -millimetres * centre)
        head = Similarity(
            millimetres * found.pose.scale, found.pose.rotation, from_scan.apply(found.pose.translation[None])[0]
        )
        near = np.linalg.norm(scan.vertices - centre, axis=1) < REACH * found.pose.scale
        part = scan.part(near)
        part = replace(part, vertices=from_scan.apply(part.vertices))
        if len(part.vertices) > MOST_VERTICES:
            part = clustered(part.with_vertex_colours(), CELL * head.scale)
        return cls(part.turned_inside_out() if found.inside_out else part, head, from_scan, name, unit == AUTOMATIC)


def unit_of(scale: float) -> tuple[str, float]:
    """Name of a scan's unit and its millimetres, from the unit's length of a millimetre of the mean head.

    A head of no usual size has an unknown unit, which is taken for what makes the head as large as the mean one.
    """
    for name, millimetres in UNITS.items():
        if 1 / LARGEST_FACTOR < millimetres * scale < LARGEST_FACTOR:
            return name, millimetres
    return UNKNOWN_UNIT, 1 / scale


def _millimetres(unit: str) -> float:
    if unit not in UNITS:
        raise OptionError(f"There is no unit {unit}: choose one of {', '.join([AUTOMATIC, *UNITS])}.")
    return UNITS[unit]
