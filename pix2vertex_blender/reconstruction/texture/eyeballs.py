"""A texture for the eyeballs, in the colours of the photo's eyes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import triangulate
from ...geometry.raster import rasterise
from ...geometry.texels import texel_grid
from ...template import Eyeballs
from .irises import MOST_BRIGHTENED, iris_colour_of, seen_irises
from .own_light import OwnLight
from .seen_skin import BUFFER, Mesh

Array = NDArray[np.float64]

#: sRGB where the photo does not show the eyes: white of the eye, and a brown iris.
SCLERA, IRIS = np.array([216.0, 208.0, 202.0]), np.array([92.0, 66.0, 50.0])
PUPIL = np.array([12.0, 10.0, 10.0])
#: Towards the back the white of the eye reddens.
BACK = np.array([1.0, 0.82, 0.78])
#: Fewer pixels of the photo say nothing.
FEWEST_PIXELS = 40
#: Quantiles of lightness between which a pixel of the eye is iris, and above which it is white: pupil and lashes are
#: darker than the iris, highlights lighter than the white.
IRIS_QUANTILES, SCLERA_QUANTILES = (0.12, 0.4), (0.65, 0.95)
#: How much brighter the white is than it looks in the shade of the lids.
SHADED = 1.1
#: The least display value of the white, as a share of that of the skin.
WHITE_BESIDE_SKIN = 1.1
#: Number of fibres around the iris, and how much lighter and darker they are.
FIBRES, FIBRE_CONTRAST = 90, 0.25


def paint_eyeballs(
    eyeballs: Eyeballs,
    vertices: NDArray[np.floating],
    head: Mesh,
    pixels: NDArray[np.uint8],
    camera: Camera,
    size: int = 512,
    pause: Pause = no_pause,
    light: OwnLight | None = None,
) -> NDArray[np.uint8]:
    """Paint pupil, iris and white on the eyeballs' UVs, (size, size, 3) sRGB, one picture for both.

    Parameters
    ----------
    eyeballs : Eyeballs
    vertices : (e, 3)
        The eyeballs in the camera's frame.
    head : (vertices, faces)
        The head around them.
    pixels : (S, S, 3)
        The crop of the photo.
    camera : Camera
        From millimetres to the crop's pixels.
    size : int
        Texels along each side.
    pause : Pause
    light : OwnLight, optional
        Of the texture beside which they will be seen, if not the photo's.
    """
    light = light or OwnLight.as_in_photo()
    seen = seen_eyes(eyeballs, vertices, head, pixels, camera, pause)
    factors = light.factors * brightening(seen, light)
    iris_colour, sclera_colour = eye_colours(_times(seen, factors))
    rings = [eye.pixels for eye in seen_irises(head[0], pixels, camera, pause) if eye is not None]
    seen_iris = iris_colour_of(_times(np.concatenate(rings), factors)) if rings else None
    iris_colour = iris_colour if seen_iris is None else seen_iris
    pause()
    own = (eyeballs.groups["left"] > 0.5)[eyeballs.faces].all(axis=1)
    grid = texel_grid(eyeballs.faces[own], eyeballs.uvs[own], size, size, pause)
    forwards = eyeballs.around[:, 2]
    values = np.column_stack([eyeballs.groups["iris"], eyeballs.groups["pupil"], forwards / np.abs(forwards).max()])
    layers = grid.interpolate(values, pause).astype(np.float64)
    pause()
    iris, pupil = (_edge(layers[..., k])[..., None] for k in range(2))
    rim = np.clip(layers[..., :1] - layers[..., 1:2], 0, 1)
    backwards = np.clip(-layers[..., 2:3], 0, 1)
    white = sclera_colour * (1 + backwards * (BACK - 1))
    coloured = iris_colour * (1.15 - 0.35 * rim) * (1 + FIBRE_CONTRAST * _fibres(size)[..., None])
    pause()
    mixed = white + iris * (coloured - white)
    mixed = mixed + pupil * (PUPIL - mixed)
    painted: NDArray[np.uint8] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return painted


def seen_eyes(
    eyeballs: Eyeballs,
    vertices: NDArray[np.floating],
    head: Mesh,
    pixels: NDArray[np.uint8],
    camera: Camera,
    pause: Pause = no_pause,
) -> NDArray[np.uint8]:
    """Pixels (k, 3) of the photo, made smaller, that show the eyeballs between the lids."""
    resolution = len(pixels)
    pixels = cv2.resize(pixels, (BUFFER, BUFFER), interpolation=cv2.INTER_AREA)
    small = camera.resized(BUFFER / resolution)
    points = np.concatenate([vertices, head[0]])
    eye_triangles = triangulate(eyeballs.faces)
    triangles = np.concatenate([eye_triangles, triangulate(head[1]) + len(vertices)])
    seen, _ = rasterise(small.project(points), points[:, 2], triangles, (BUFFER, BUFFER), pause)
    shown = ((seen >= 0) & (seen < len(eye_triangles))).astype(np.uint8)
    inside = cv2.erode(shown, np.ones((3, 3), np.uint8))
    return pixels[inside > 0]


def eye_colours(seen: NDArray[np.uint8]) -> tuple[Array, Array]:
    """Colours (3,) of iris and white from pixels (k, 3) that show eyes, or the usual ones if there are too few."""
    if len(seen) < FEWEST_PIXELS:
        return IRIS, SCLERA
    lightness = seen.astype(np.float64).mean(axis=1)

    def between(low: float, high: float) -> Array:
        lower, upper = np.quantile(lightness, [low, high])
        colour: Array = np.median(seen[(lightness >= lower) & (lightness <= upper)], axis=0)
        return colour

    iris, sclera = between(*IRIS_QUANTILES), between(*SCLERA_QUANTILES)
    # As bright as in the photo, whose lids shade it, but with less of the lids' colour.
    neutral = SCLERA * min(SHADED * sclera.mean() / SCLERA.mean(), 1.0)
    return iris, (sclera + 2 * neutral) / 3


def brightening(seen: NDArray[np.uint8], light: OwnLight) -> float:
    """The factor on pixels (k, 3) of eyes, beside those of the light, after which their white is no darker than skin.

    It is at least as bright in everybody; in dim or coarse photos the shade of the lids and the lashes make it darker.
    """
    if len(seen) < FEWEST_PIXELS:
        return 1.0
    _, white = eye_colours(_times(seen, light.factors))
    return float(np.clip(WHITE_BESIDE_SKIN * light.skin / white.mean(), 1.0, MOST_BRIGHTENED))


def _times(pixels: NDArray[np.uint8], factors: Array) -> NDArray[np.uint8]:
    """Pixels (k, 3) with factors (3,) on their display values."""
    lit: NDArray[np.uint8] = np.clip(np.rint(pixels * factors), 0, 255).astype(np.uint8)
    return lit


def _edge(values: Array) -> Array:
    """Make the edge of a group, which the vertices know only to their spacing, sharper."""
    return np.clip((values - 0.5) * 3 + 0.5, 0, 1)


def _fibres(size: int) -> Array:
    """Radial fibres around the centre of the picture, in about [-1, 1]."""
    around = np.random.default_rng(0).standard_normal((FIBRES, 8))
    around = cv2.resize(around, (32, 8 * FIBRES), interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(*(np.arange(size) + 0.5 - size / 2,) * 2)
    row = (np.arctan2(y, x) / (2 * np.pi) % 1 * len(around)).astype(np.float32)
    column = (np.hypot(x, y) / size * 8 * 32).astype(np.float32) % 32
    fibres = cv2.remap(around.astype(np.float32), column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.clip(fibres / 2, -1, 1).astype(np.float64)
