"""How skin differs on parts of the head that photos rarely show, and what lies inside of mouth, nose and lids."""

import numpy as np
from numpy.typing import NDArray

from ...geometry.extension import SmoothExtension, smoothed
from ...geometry.mesh import triangulate, vertex_areas
from ...template import Template
from ..photo.sampling import smoothstep

Array = NDArray[np.float64]

#: Factors on the display values of the skin around: ears are redder, scalp and neck see less sun than the face.
REGIONS = {"ears": (1.01, 0.96, 0.955), "scalp": (0.99, 0.98, 0.98), "neck": (0.97, 0.97, 0.98)}
#: The length in millimetres over which they pass into the skin beside them: the groups end from one vertex to the next.
PASSING = 8.0
#: The same for what is moist and in the dark.
INSIDE = {
    "eye_socket": (0.86, 0.62, 0.60),
    "nostril_interior": (0.46, 0.27, 0.26),
    "mouth_interior": (0.52, 0.25, 0.25),
}
#: The weight in a group of the inside from which on it is as dark as farther in.
FULLY_INSIDE = 0.5
#: Standard deviations of the logarithms of brightness and of redness of blotches, and their size in millimetres.
BLOTCHES, REDNESS, BLOTCH_SIZE = 0.012, 0.006, 7.0


def filled_skin(filling: Array, vertices: Array, template: Template) -> Array:
    """Colours (n, 3) for what is filled, from those of the skin around it.

    Parameters
    ----------
    filling : (n, 3)
        Display values in [0, 255] of the skin around.
    vertices : (n, 3)
    template : Template
        At the vertices' level.
    """
    generator = np.random.default_rng(1)
    # White noise deviates less at vertices with a larger part of the surface: else coarse faces had coarse blotches.
    areas = vertex_areas(vertices, triangulate(template.faces))
    noise = generator.standard_normal((len(vertices), 2)) / np.sqrt(np.maximum(areas, 1e-3))[:, None]
    blotches = SmoothExtension(vertices, template.faces).extend(
        noise, np.ones(len(noise)), np.zeros(2), BLOTCH_SIZE, 4 * BLOTCH_SIZE
    )
    blotches *= (BLOTCHES, REDNESS) / np.maximum(blotches.std(axis=0), 1e-9)
    factors = np.exp(blotches[:, :1] + blotches[:, 1:] * (1.0, -1.0, -1.0))
    regions = np.column_stack([template.groups[name] for name in REGIONS])
    regions = smoothed(regions, vertices, template.faces, PASSING)
    inside = smoothstep(np.column_stack([template.groups[name] for name in INSIDE]) / FULLY_INSIDE)
    shares = np.column_stack([regions, inside]).T
    for share, factor in zip(shares, (REGIONS | INSIDE).values(), strict=True):
        factors *= 1 + share[:, None] * (np.array(factor) - 1)
    result: Array = filling * factors
    return result
