"""The face unrolled into one square map without seams, on which the detail network looks at skin.

The template's own UVs share their square with scalp, neck and the inside of the mouth. This map is the cylinder around
the canonical head, as the training's skin is drawn on, cut to the face: a texel of 256 is about a millimetre.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...geometry.texels import TexelGrid, texel_grid
from ...template import Template, load_template
from ...template.canonical import to_millimetres
from ..photo.sampling import look_up
from ..texture.light import Light, fit_light
from ..texture.seen_skin import inner_share

Array = NDArray[np.float64]
Map = NDArray[np.float32]

#: Texels on each side.
SIZE = 256
#: The cylinder's axis is x = 0, z = AXIS_Z; the map ends at these angles to both sides and at these heights, in mm.
AXIS_Z, HALF_ANGLE, TOP, BOTTOM = 20.0, 1.5, 112.0, -82.0

#: What is told of each texel, see `describe`.
CHANNELS = 12
#: Texels over which the surroundings of skin are averaged; larger forms are no detail.
AROUND = 10.0
#: Added to linear colours before their logarithm is taken: noise in the dark is no shape.
DARK = 0.02
#: Contrasts and slopes beyond this are highlights, hair and edges.
LARGEST = 1.5
#: Every how many texels the light is fitted.
SPARSE = 4
#: Millimetres to a texel, at least: where the map repeats a point, it has no size.
LEAST_TEXEL = 0.3
GAMMA = 2.2
#: Contrasts of skin are some hundredths; this brings them to about one.
CONTRAST = 8.0
#: Added to the square of the light's slopes: where the light comes from the front, shading tells nothing of slopes.
LEAST_SLOPE = 0.1
#: Texels beyond which a height that is added up from slopes is forgotten.
REMEMBERED = 8.0


@dataclass(frozen=True)
class UnrolledSkin:
    """What the map shows of a face, each over (S, S) with row 0 at the top.

    Attributes
    ----------
    positions : (S, S, 3)
        Millimetres, in the camera's axes.
    normals : (S, S, 3)
        Of unit length, without the detail.
    colours : (S, S, 3)
        As displayed, in [0, 1].
    visible : (S, S)
        How well each place is seen, in [0, 1].
    """

    positions: Map
    normals: Map
    colours: Map
    visible: Map


def map_places(canonical: NDArray[np.floating]) -> Array:
    """Where canonical points (n, 3) lie on the map: (n, 2) in [0, 1] from its left and from its top."""
    points = to_millimetres(np.asarray(canonical, dtype=np.float64))
    angle = np.arctan2(points[:, 0], points[:, 2] - AXIS_Z)
    return np.column_stack([angle / (2 * HALF_ANGLE) + 0.5, (TOP - points[:, 1]) / (TOP - BOTTOM)])


@lru_cache(maxsize=4)
def face_grid(level: int, size: int = SIZE) -> TexelGrid:
    """The point of a level's mesh that each texel of the map shows; beyond the face the nearest is repeated."""
    template = load_template(level)
    # What lies behind other parts on the cylinder, or turns away from it, is no part of the map.
    outer = (template.groups["face"] > 0) & (inner_share(template) == 0)
    uvs = map_places(template.canonical) * (1, -1) + (0, 1)
    faces = template.faces[outer[template.faces].all(axis=1)]
    corners = uvs[faces]
    one, other = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    facing = one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0] > 0
    inside = ((corners > 0) & (corners < 1)).all(axis=(1, 2))
    chosen = facing & inside
    return texel_grid(faces[chosen], corners[chosen], size, 1.0)


def sample_map(values: NDArray[np.floating], level: Template) -> Array:
    """What a map (S, S) says of the vertices (n,) of the template at a level; 0 for those beside it."""
    places = map_places(level.canonical)
    columns, rows = (places * values.shape[::-1] - 0.5).astype(np.float32).T
    source = np.ascontiguousarray(values, dtype=np.float32)
    return look_up(source, columns, rows, cv2.BORDER_CONSTANT).astype(np.float64)


def describe(skin: UnrolledSkin, scale: float = 1.0) -> Map:
    """What the network is told of each texel: (CHANNELS, S, S).

    In this order: by how much, as logarithm, the skin is brighter than the light on the smooth head and the skin around
    explain; the same of red and of blue against green; by how much it would be brighter if it rose by a millimetre from
    texel to texel to the right, and downwards; how well it is seen; the logarithm of the light on it, compared to that
    on the face; the least slopes to the right and downwards that explain the brightness by shape alone, and the height
    that they add up to; the place on the map, to the right and downwards from its middle.

    Parameters
    ----------
    skin : UnrolledSkin
    scale : float
        The texels are as many times larger than those that the network knows.
    """
    visible = skin.visible
    size = len(visible)
    steps = np.linspace(-1, 1, size, dtype=np.float32)
    places = np.broadcast_to(steps, (size, size)), np.broadcast_to(steps[:, None], (size, size))
    if visible.max() <= 0:
        nothing = np.zeros((size, size), dtype=np.float32)
        return np.stack([*[nothing] * (CHANNELS - 2), *places])
    linear = np.maximum(skin.colours, 0.0) ** np.float32(GAMMA)
    light = _fit(skin.normals, linear, visible)
    shade = light.on(skin.normals.reshape(-1, 3).astype(np.float64)).reshape(size, size, 3).astype(np.float32)
    relative = np.log(linear + DARK) - np.log(shade + DARK)
    weight = cv2.GaussianBlur(visible, (0, 0), AROUND) + np.float32(1e-3)
    around = cv2.GaussianBlur(relative * visible[..., None], (0, 0), AROUND) / weight[..., None]
    contrast = np.clip(relative - around, -LARGEST, LARGEST) * visible[..., None]
    brightness = contrast.mean(axis=-1)
    hue = contrast[..., [0, 2]] - contrast[..., [1]]
    right, down = _slopes(skin, light, scale)
    level = np.log(shade.mean(axis=-1) + DARK)
    level -= np.average(level, weights=visible)
    slopes = [brightness * each / (right**2 + down**2 + np.float32(LEAST_SLOPE)) for each in (right, down)]
    height = _added_up(*slopes)
    seen = [CONTRAST * brightness, CONTRAST * hue[..., 0], CONTRAST * hue[..., 1], right, down, visible]
    explained = [CONTRAST * slopes[0], CONTRAST * slopes[1], CONTRAST * height]
    return np.stack([*seen, np.clip(level, -3, 3), *explained, *places]).astype(np.float32)


def _added_up(right: Map, down: Map) -> Map:
    """The height (S, S) whose slopes are nearest to given ones, forgetting what is further than `REMEMBERED` texels."""
    divergence = np.gradient(right, axis=1) + np.gradient(down, axis=0)
    waves = (2 * np.sin(0.5 * np.pi * np.arange(len(right)) / len(right))) ** 2
    squared = waves[:, None] + waves + REMEMBERED**-2
    height: Map = scipy.fft.idctn(-scipy.fft.dctn(divergence) / squared).astype(np.float32)
    return height


def _fit(normals: Map, linear: Map, visible: Map) -> Light:
    sparse = (slice(SPARSE // 2, None, SPARSE),) * 2
    weights = visible[sparse].ravel().astype(np.float64)
    if weights.max() <= 0:
        sparse = (slice(None),) * 2
        weights = visible.ravel().astype(np.float64)
    used = weights > 0
    colours, directions = (each[sparse].reshape(-1, 3)[used].astype(np.float64) for each in (linear, normals))
    return fit_light(directions, colours, weights[used])


def _slopes(skin: UnrolledSkin, light: Light, scale: float) -> tuple[Map, Map]:
    """By how much the logarithm of the light grows where the skin rises by a millimetre a texel to the right, down."""
    x, y, z = np.moveaxis(skin.normals, -1, 0)
    c = light.coefficients.mean(axis=1)
    gradient = np.stack(
        [
            c[1] + c[4] * y + c[6] * z + 2 * c[7] * x,
            c[2] + c[4] * x + c[5] * z - 2 * c[7] * y,
            c[3] + c[5] * y + c[6] * x + 3 * c[8] * z,
        ],
        axis=-1,
    )
    shade = light.on(skin.normals.reshape(-1, 3).astype(np.float64)).mean(axis=1).reshape(x.shape)
    found = []
    for axis in (1, 0):
        tangent = np.gradient(skin.positions, axis=axis)
        squared = np.maximum((tangent**2).sum(axis=-1), LEAST_TEXEL**2)
        # The normal leans against the slope.
        change = -np.einsum("ijk,ijk->ij", gradient, tangent) / squared / shade * scale
        found.append((LARGEST * np.tanh(change / LARGEST)).astype(np.float32))
    return found[0], found[1]
