"""What the network calls the points of a head of which they are known, beside what it calls those of a scan.

The network errs by a millimetre or more, but in pictures of two heads that are nearly alike, taken and lit alike, it
errs alike. So the likeliest head on a scan is looked at as the scan was, and where the network says of the scan what it
said of a vertex of that head, the vertex belongs.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...geometry.extension import smoothed
from ...geometry.mesh import triangulate
from ...geometry.similarity import Similarity
from ...template import Template, load_template
from .correspondence import Reader, SeenView, canonical_of, usual_head
from .scan import Scan
from .viewing import take_picture

#: The level of the head that is looked at, and over what length (mm) its names are averaged.
LEVEL, SMOOTHING = 1, 5.0
#: Vertices with less of what is seen around them keep their names.
LEAST_SEEN = 0.05

#: Tells what the network calls the vertices (n, 3) of a head (n, 3) in the axes of the first view's camera.
Namer = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def names_of(
    vertices: NDArray[np.float64], head: Similarity, views: Sequence[SeenView], reader: Reader
) -> NDArray[np.float64]:
    """Canonical coordinates (n, 3) that the network gives to the vertices of a head.

    Parameters
    ----------
    vertices : (n, 3)
        In the axes of the first view's camera.
    head : Similarity
        From millimetres of the mean face to the scan that the views show.
    views : sequence of SeenView
        How the scan was looked at, and the head is.
    reader : Reader
    """
    template = load_template()
    shown = _shown(views[0].picture.viewpoint.pose.inverse().apply(vertices), template)
    behind = usual_head(shown, head)
    looks = [reader.read(take_picture(shown, view.picture.viewpoint, behind), view.square) for view in views]
    said = canonical_of(shown, [look for look in looks if look is not None])[: len(template.vertices)]
    known = np.isfinite(said).all(axis=1) & (template.groups["face"] > 0.5)
    errors = np.where(known[:, None], said - template.canonical, 0.0)
    sums = smoothed(np.column_stack([errors, known.astype(np.float64)]), template.vertices, template.faces, SMOOTHING)
    names: NDArray[np.float64] = template.canonical + sums[:, :3] / np.maximum(sums[:, 3:], LEAST_SEEN)
    return names


def _shown(vertices: NDArray[np.float64], template: Template) -> Scan:
    """A head (n, 3) with its eyeballs as a scan, its own vertices first."""
    skin, balls = template.subdivide(vertices, LEVEL), template.place_eyeballs(vertices)
    parts = [triangulate(load_template(LEVEL).faces), triangulate(template.eyeballs.faces) + len(skin)]
    return Scan(np.concatenate([skin, balls]), np.concatenate(parts).astype(np.int32))
