"""How what grows on the lids is tied to them: lashes, tear lines and the flesh in the corners of the eyes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Names of the parts, as objects in Blender have them, by their names in the file.
LID_PARTS = {"lashes": "Lashes", "tear_lines": "Tear Lines", "eye_corners": "Eye Corners"}
#: Those that are not drawn where every pixel is covered or not: finer than pixels, or nearly invisible.
FINE_PARTS = ("lashes", "tear_lines")
#: So many vertices are around an eye: the inner corner, the lower lid, the outer corner, and back along the upper lid.
COLUMNS = 38
INNER, OUTER = 0, 19


@dataclass(frozen=True)
class LidBinding:
    """Where vertices of a part are, told from the lids around them.

    Attributes
    ----------
    sides : (v,) int
        0 for the left eye, 1 for the right one.
    columns : (v,)
        Along the edge of the lids, from 0 at the inner corner to `COLUMNS` there again; see above.
    rows : (v,)
        Across it: -1 on the skin before the edge, 0 on the edge, 1 on the inner border of the lid.
    on_ball : (v,)
        How far on the way from there to the ball behind it, from 0 to 1.
    inwards : (v,) mm
        How much nearer to the middle of the eye than straight behind it the ball is met.
    offsets : (v, 3) mm
        From the place so found: along the edge, away from the opening, and away from the ball.
    swelling : (v,) mm
        How far away from the ball in addition while the lids are open.
    """

    sides: NDArray[np.int64]
    columns: NDArray[np.float64]
    rows: NDArray[np.float64]
    on_ball: NDArray[np.float64]
    inwards: NDArray[np.float64]
    offsets: NDArray[np.float64]
    swelling: NDArray[np.float64]
