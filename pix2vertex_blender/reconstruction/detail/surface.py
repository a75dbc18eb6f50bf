"""How each region of the skin shines and lets light through: maps of roughness, specular and subsurface on the UVs.

Skin is glossiest where it is oily, on forehead, nose and chin, and where it is wet, on lips, at the lids' inner sides
and in the mouth; light comes furthest through where it is thin and full of blood, in lips, ears, nose and lids. The
values are of the kind that artists use: a photo says too little of them.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...exchange.uv_layouts import WHOLE_HEAD
from ...geometry.texels import texel_grid
from ...template import Template, load_template
from .baking import PADDING

Array = NDArray[np.float64]

#: The level at which regions blend smoothly enough for the eye.
_LEVEL = 2
#: How far the oily middle of the forehead reaches to the sides, in millimetres.
_MIDDLE = 32.0


@dataclass(frozen=True)
class Surface:
    """What a Principled shader is given, each in [0, 1].

    Attributes
    ----------
    roughness : float
    specular : float
        The IOR level: skin reflects 2.8 %, which is 0.35.
    subsurface : float
        The share of the light that comes back from below.
    """

    roughness: float
    specular: float
    subsurface: float

    def values(self) -> tuple[float, float, float]:
        """In the order of the maps."""
        return self.roughness, self.specular, self.subsurface


SKIN = Surface(0.52, 0.35, 0.45)
#: By the template's groups; the later ones lie over the earlier.
REGIONS = {
    "scalp": Surface(0.62, 0.30, 0.30),
    "neck": Surface(0.56, 0.33, 0.42),
    "jaw": Surface(0.54, 0.35, 0.45),
    "cheeks": Surface(0.50, 0.35, 0.52),
    "ears": Surface(0.50, 0.35, 0.75),
    "brow": Surface(0.56, 0.32, 0.40),
    "chin": Surface(0.46, 0.38, 0.48),
    "eyelids": Surface(0.46, 0.38, 0.58),
    "nose": Surface(0.38, 0.42, 0.62),
    "upper_lip": Surface(0.40, 0.42, 0.64),
    "lower_lip": Surface(0.36, 0.45, 0.68),
    "nostril_interior": Surface(0.40, 0.40, 0.75),
    "eye_socket": Surface(0.18, 0.55, 0.70),
    "mouth_interior": Surface(0.14, 0.60, 0.80),
}
#: In the middle of the forehead, where it is oily; towards the temples it is like other skin.
FOREHEAD = Surface(0.41, 0.41, 0.42)


def surface_maps(size: int, layout: str = WHOLE_HEAD, pause: Pause = no_pause) -> tuple[NDArray[np.float32], ...]:
    """Maps (size, size) of roughness, specular and subsurface in [0, 1] on the UVs of a layout; row 0 is v = 1."""
    level = load_template(_LEVEL, layout)
    values = load_template().subdivide(surface_values(load_template()), _LEVEL)
    pause()
    grid = texel_grid(level.faces, level.uvs, size, size * PADDING, pause)
    maps = np.clip(grid.interpolate(values, pause), 0, 1)
    return tuple(maps[..., number] for number in range(maps.shape[-1]))


def surface_values(template: Template) -> Array:
    """Roughness, specular and subsurface (n, 3) at the vertices of level 0."""
    values = np.tile(SKIN.values(), (len(template.vertices), 1))
    middle = np.exp(-((template.vertices[:, 0] / _MIDDLE) ** 2))
    layers = [(template.groups["forehead"] * middle, FOREHEAD)]
    layers += [(template.groups[name], region) for name, region in REGIONS.items()]
    for weights, region in layers:
        values += weights[:, None] * (region.values() - values)
    return _blended(values, template)


def _blended(values: Array, template: Template) -> Array:
    """The values mixed half and half with their neighbours', since no region ends at an edge."""
    faces, count = template.faces, len(template.vertices)
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    links = sparse.coo_matrix((np.ones(len(start)), (start, end)), (count, count)).tocsr()
    links = ((links + links.T) > 0).astype(float)
    neighbours = links @ values / np.maximum(links.sum(axis=1).A, 1)
    mixed: Array = (values + neighbours) / 2
    return mixed
