"""How many texels of a texture there are to a millimetre of the face."""

from functools import cache

import numpy as np

from ..exchange.uv_layouts import WHOLE_HEAD
from .template import load_template


@cache
def texels_per_millimetre(layout: str = WHOLE_HEAD) -> float:
    """Texels along each side of a millimetre of the template's face, for a texture of one texel: times its size.

    Parameters
    ----------
    layout : str
        Of the UVs, one of `exchange.uv_layouts.LAYOUTS`.
    """
    template = load_template(0, layout)
    inside = (template.groups["face"][template.faces] > 0.5).all(axis=1)
    corners, uvs = template.vertices[template.faces[inside]], template.uvs[inside]
    on_head = np.linalg.norm(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1)
    one, other = uvs[:, 2] - uvs[:, 0], uvs[:, 3] - uvs[:, 1]
    on_texture = np.abs(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
    return float(np.sqrt(on_texture.sum() / on_head.sum()))


def size_for(pixels_per_millimetre: float, sizes: tuple[int, ...], layout: str = WHOLE_HEAD) -> int:
    """The smallest of some sizes that holds a photo's pixels on the face; the largest if none does."""
    wanted = pixels_per_millimetre / texels_per_millimetre(layout)
    return next((size for size in sorted(sizes) if size >= wanted), max(sizes))
