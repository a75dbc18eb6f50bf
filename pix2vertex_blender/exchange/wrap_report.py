"""What a wrapped scan says about itself: `report.json` of `build.py wrap`."""

import dataclasses
import json
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class WrapReport:
    """How our head lies on a scan.

    Attributes
    ----------
    scan : str
        The scan's file or object.
    scan_vertices, scan_triangles : int
    unit : str
        The scan's unit: a name of `UNITS`, or `unknown`.
    unit_found : bool
        Whether it was found from the head's size; otherwise somebody has said it.
    millimetres_per_unit : float
    confidence : float
        The network's, in [0, 1], in the picture of the scan that it is surest of.
    views : int
        From how many pictures the head was read.
    median_distance_mm, p95_distance_mm : float
        Of the face's vertices that lie on the scan from its surface.
    covered : float
        The share of the face's area for which the scan has a surface; the rest is completed.
    followed : list of str
        Which of left and right ear, scalp and neck lie on the scan as well; the others are completed.
    landmarks_68 : list of [x, y, z]
        In the scan's own coordinates and unit.
    matrix : list of list of float
        (4, 4), from the head's millimetres to the scan's coordinates.
    device : str
    seconds : dict of str to float
    versions : dict of str to str
    """

    scan: str = ""
    scan_vertices: int = 0
    scan_triangles: int = 0
    unit: str = "unknown"
    unit_found: bool = True
    millimetres_per_unit: float = 1.0
    confidence: float = 0.0
    views: int = 0
    median_distance_mm: float = 0.0
    p95_distance_mm: float = 0.0
    covered: float = 0.0
    followed: list[str] = field(default_factory=list)
    landmarks_68: list[list[float]] = field(default_factory=list)
    matrix: list[list[float]] = field(default_factory=list)
    device: str = "cpu"
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    def turned(self, rotation: NDArray[np.floating]) -> "WrapReport":
        """The report for a scan whose own axes were turned by `rotation` (3, 3) before it was wrapped."""
        back = np.eye(4)
        back[:3, :3] = np.asarray(rotation, dtype=np.float64).T
        landmarks = np.array(self.landmarks_68) @ back[:3, :3].T
        return dataclasses.replace(
            self, landmarks_68=landmarks.tolist(), matrix=(back @ np.array(self.matrix)).tolist()
        )

    def with_run(self, scan: str, seconds: dict[str, float], versions: dict[str, str]) -> "WrapReport":
        """The report with what only who asked for it knows; `versions` are added."""
        return dataclasses.replace(self, scan=scan, seconds=seconds, versions=self.versions | versions)

    def to_json(self, indent: int | None = None) -> str:
        """The report as text."""
        return json.dumps(dataclasses.asdict(self), indent=indent)


#: Millimetres in each unit that a scan may have.
UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}
#: What stands for finding the unit from the head's size.
AUTOMATIC = "auto"
