"""The photo becomes a texture on the template's UVs.

What the photo shows is taken from it, and its light and highlights are taken out, unless they are wanted. What it hides
is taken from the other half of the face where that is seen, brightened or darkened so that both agree around their
seam, and the rest is filled with the colours and the pattern of the skin around it. Colours are continued on the
surface, not in the texture, so that no seam of the UVs shows.
"""

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...exchange.progress import Pause, Progress, no_pause, silent
from ...exchange.uv_layouts import WHOLE_HEAD
from ...geometry.extension import SmoothExtension
from ...geometry.mesh import vertex_normals
from ...geometry.texels import TexelGrid, texel_grid
from ...template import Template, load_template
from ...template.texels import texels_per_millimetre
from ..photo.sampling import sample_intensity
from .albedo import Albedo, find_albedo, without_highlights
from .folds import fold_shadows
from .irises import seen_irises, whites_beside
from .pattern import Surface, continue_pattern
from .regions import filled_skin
from .seen_skin import Mesh, SeenSkin, away_from_border, find_seen_skin
from .slivers import find_slivers
from .strands import without_strands
from .things import find_things, share_beside, without_things

Array = NDArray[np.float64]

SIZES = (256, 512, 1024, 2048, 4096)
#: The level at which the head is textured, whatever its own. Finer faces would be smaller than the grid's cells, and
#: detail moves the surface by less than the margin that is kept from all edges.
LEVEL = 2
#: The largest grid on which the points of the head are found; finer textures interpolate it.
LARGEST_GRID = 1024
#: Faces are continued by this share of the texture beyond the borders of the UV islands.
PADDING = 1 / 64
#: Rows of the texture that are filled at once, which bounds the memory.
STRIP = 256
#: Added to display values in [0, 255] before their ratio is formed, since noise in the dark has any ratio.
DARK = 10.0
#: Largest logarithm of the ratio by which a mirrored part is brightened or darkened.
LARGEST_GAIN = 0.8

#: Millimetres over which the photo is averaged at vertices of level 0 and of `LEVEL`.
COARSE_FOOTPRINT, FINE_FOOTPRINT = 3.0, 1.5
#: The share of the photo from where on a vertex is taken from it.
SHOWN = 0.3
#: How sharply the sides are told apart from which the pattern is laid onto the head.
LOOKING = 4
#: Where skin is plain, has no beard and is not always folded: its pattern is continued elsewhere.
PLAIN_GROUPS = ("cheeks", "forehead", "nose")

_GRIDS: dict[tuple[int, str], TexelGrid] = {}


@dataclass(frozen=True)
class TextureParameters:
    """Lengths in millimetres.

    Attributes
    ----------
    gain_smoothing : float
        Brightness is matched between the halves of the face on this scale; finer differences are kept.
    gain_reach : float
        How far from what both halves show that match is continued.
    fill_smoothing : float
        Colours of the skin are averaged over about this length before they are continued.
    border_smoothing : float
        Towards the border of what is seen, the photo's colours on this scale become those of the filling.
    fill_reach : float
        How far the colours around a hole are continued before the typical skin tone takes over.
    """

    gain_smoothing: float = 6.0
    gain_reach: float = 80.0
    fill_smoothing: float = 5.0
    border_smoothing: float = 5.0
    fill_reach: float = 60.0


@dataclass(frozen=True)
class FaceTexture:
    """A texture on the template's UVs, its first row at the top (v = 1).

    Attributes
    ----------
    colour : (H, W, 3) uint8
        sRGB.
    origin : (H, W, 3) uint8
        Where the colour comes from: the shares of photo, mirrored photo and filling, which sum to 255.
    layout : str
        Of the UVs, one of `exchange.uv_layouts.LAYOUTS`.
    """

    colour: NDArray[np.uint8]
    origin: NDArray[np.uint8]
    layout: str = WHOLE_HEAD


def project_photo(
    vertices: NDArray[np.floating],
    pixels: NDArray[np.uint8],
    camera: Camera,
    mask: NDArray[np.bool_],
    size: int = 2048,
    others: tuple[Mesh, ...] = (),
    parameters: TextureParameters = TextureParameters(),
    progress: Progress = silent,
    *,
    keep_light: bool = False,
    layout: str = WHOLE_HEAD,
) -> FaceTexture:
    """Make the texture of a registered head.

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0 in the camera's frame.
    pixels : (S, S, 3)
        The crop of the photo.
    camera : Camera
        From millimetres to the crop's pixels.
    mask : (h, w)
        Where the network sees the face, over the same square.
    size : int
        One of `SIZES`.
    others : tuple of (vertices, faces)
        Meshes in the camera's frame that hide parts of the head, such as its eyeballs.
    parameters : TextureParameters
    progress : Progress
    keep_light : bool
        Whether colours stay as in the photo; otherwise they become the skin's albedo.
    layout : str
        Of the UVs, one of `exchange.uv_layouts.LAYOUTS`.

    Raises
    ------
    ValueError
        If the size is not one of `SIZES` or `vertices` is not the template.
    """
    if size not in SIZES:
        raise ValueError(f"size must be one of {SIZES}, not {size}")
    template = load_template()
    if np.shape(vertices) != template.vertices.shape:
        raise ValueError(f"vertices must have shape {template.vertices.shape}, not {np.shape(vertices)}")
    progress("texture", 0.0)
    vertices, level = template.subdivide(vertices, LEVEL), load_template(LEVEL, layout)
    progress("texture", 0.05)
    seen = find_seen_skin(vertices, level, others, pixels, camera, mask, partial(progress, "texture", 0.1))
    progress("texture", 0.2)
    points = camera.project(vertices)
    pause = partial(progress, "texture", 0.3)
    if not keep_light:
        pixels = without_strands(vertices, level, seen, pixels, camera, pause)
    shown = _colours(pixels, points[: len(template.vertices)], COARSE_FOOTPRINT * camera.scale)
    found = _find_albedo(vertices[: len(shown)], shown, seen.at_all[: len(shown)], pixels, camera, pause)
    grid = head_grid(min(size, LARGEST_GRID), layout, pause)
    finer = np.zeros_like(vertices)
    if found is not None:
        seen, found, finer = _without_belongings(pixels, points, camera, seen, found, level, grid)
    shares = origin_shares(seen, level.mirror)
    tones = smooth_tones(vertices, shown, None if keep_light else found, seen, shares, parameters, pause)
    if not keep_light:
        tones[:, :6] += np.column_stack([finer, finer[level.mirror]])
    progress("texture", 0.5)
    layers = grid.interpolate(
        np.column_stack([points, points[level.mirror], tones, shares]), partial(progress, "texture", 0.6)
    )
    progress("texture", 0.6)
    painted = replace(paint(layers, pixels, size, progress), layout=layout)
    return with_pattern(painted, grid, partial(progress, "texture", 0.95))


def _find_albedo(
    vertices: Array, shown: Array, seen: Array, pixels: NDArray[np.uint8], camera: Camera, pause: Pause
) -> Albedo | None:
    """The albedo of a head at level 0 from its colours (n, 3), which (n,) says how well are seen, and its eyes."""
    if not seen.any():
        return None
    skin = np.average(shown, axis=0, weights=seen)
    white = whites_beside(seen_irises(vertices, pixels, camera, pause), skin)
    return find_albedo(vertices, shown, seen, pause, white)


def _without_belongings(
    pixels: NDArray[np.uint8],
    points: Array,
    camera: Camera,
    seen: SeenSkin,
    albedo: Albedo,
    level: Template,
    grid: TexelGrid,
) -> tuple[SeenSkin, Albedo, Array]:
    """What is seen of the skin beside things on it, its albedo without the shadows of folds, and what that leaves over.

    The last, (n, 3) at the vertices of `LEVEL`, is finer than the vertices of level 0 can tell.
    """
    template = load_template()
    plain, gain = (template.subdivide(each, LEVEL) for each in (albedo.plain, albedo.gain))
    lit = (_colours(pixels, points, FINE_FOOTPRINT * camera.scale) + DARK) * np.exp(gain)
    difference = np.log(lit / (plain + DARK))
    shadows = fold_shadows(difference, seen.at_all, level, grid)
    coarse = shadows[: len(template.vertices)]
    things = find_things(difference + shadows, seen, level)
    slivers = find_slivers(seen.at_all * share_beside(things, level) > SHOWN, level)
    return (
        without_things(seen, things | slivers, level),
        replace(albedo, gain=albedo.gain + coarse),
        shadows - template.subdivide(coarse, LEVEL),
    )


def with_pattern(texture: FaceTexture, grid: TexelGrid, pause: Pause) -> FaceTexture:
    """The texture, whose filled part has been given the pattern of the seen skin, in place.

    Parameters
    ----------
    texture : FaceTexture
    grid : TexelGrid
        Of `head_grid`, in the texture's layout.
    pause : Pause
    """
    level = load_template(LEVEL)
    plain = np.sum([level.groups[name] for name in PLAIN_GROUPS], axis=0)
    # From each side only what looks there, so that no side's pattern is seen stretched.
    looking = np.abs(vertex_normals(level.vertices, level.faces)) ** LOOKING
    texels = texels_per_millimetre(texture.layout) * len(texture.colour)
    drawn = grid.interpolate(np.column_stack([texels * level.vertices, looking, plain]), pause)
    surface = Surface(np.ascontiguousarray(drawn[..., :3]), np.ascontiguousarray(drawn[..., 3:6]))
    continue_pattern(texture.colour, texture.origin, drawn[..., 6], surface, pause)
    return texture


def origin_shares(seen: SeenSkin, mirror: NDArray[np.integer]) -> Array:
    """Shares (n, 3) of photo, mirrored photo and filling: a grazing view is used only if the other half has no better.

    Parameters
    ----------
    seen : SeenSkin
    mirror : (n,)
        The vertex on the other side.
    """
    own = seen.well + (seen.at_all - seen.well) * (1 - seen.well[mirror])
    mirrored = (1 - own) * seen.at_all[mirror]
    return np.column_stack([own, mirrored, 1 - own - mirrored])


def _colours(pixels: NDArray[np.uint8], points: Array, footprint: float) -> Array:
    """Display values (n, 3) of the photo at points (n, 2), averaged over a footprint in pixels."""
    widths = np.full(len(points), footprint)
    return 255 * np.column_stack([sample_intensity(pixels[..., k], points, widths) for k in range(3)])


def smooth_tones(
    vertices: Array,
    shown: Array,
    albedo: Albedo | None,
    seen: SeenSkin,
    shares: Array,
    parameters: TextureParameters,
    pause: Pause,
) -> Array:
    """Smooth fields (n, 12): logarithms of the gains of photo and mirrored photo, the filling, and plain skin.

    The mirrored photo gets the brightness of what it continues. Towards the border of what is seen, where shadows of
    hair and the rim of the face darken the photo, both get the brightness of the filling, which continues what lies
    farther inside: so the border does not show.
    """
    coarse = load_template()
    count = len(coarse.vertices)
    surface = SmoothExtension(vertices[:count], coarse.faces)
    colour, own_gain, plain = _in_own_light(shown, albedo)
    mirrored = colour[coarse.mirror]
    inner = away_from_border(seen.at_all, load_template(LEVEL), pause)[:count]
    shares, at_all = shares[:count], seen.at_all[:count]
    both = at_all * at_all[coarse.mirror]
    gain = surface.extend(
        _log_ratio(colour, mirrored), both, np.zeros(3), parameters.gain_smoothing, parameters.gain_reach, pause
    )
    pause()
    known = shares[:, :2].sum(axis=1)
    adjusted = (mirrored + DARK) * np.exp(gain) - DARK
    mixed = (shares[:, :1] * colour + shares[:, 1:2] * adjusted) / np.maximum(known, 1e-6)[:, None]
    sure = known * inner
    tone = np.median(mixed[sure > 0.9], axis=0) if (sure > 0.9).any() else colour.mean(axis=0)
    filling = surface.extend(mixed, sure, tone, parameters.fill_smoothing, parameters.fill_reach, pause)
    pause()
    # What is finer, such as spots and freckles, stays the photo's up to the border.
    coarse_photo = surface.extend(mixed, known, tone, parameters.border_smoothing, parameters.fill_reach, pause)
    pause()
    towards_filling = (1 - inner)[:, None] * np.where(known[:, None] > 0, _log_ratio(filling, coarse_photo), 0.0)
    filling = filled_skin(filling, vertices[:count], coarse)
    gains = [own_gain + towards_filling, own_gain[coarse.mirror] + gain + towards_filling]
    return coarse.subdivide(np.column_stack([*gains, filling, plain]), LEVEL)


def _in_own_light(shown: Array, albedo: Albedo | None) -> tuple[Array, Array, Array]:
    """Colours (n, 3) at the vertices, the logarithm of the gains that lead to them, and plain skin beneath highlights.

    Without an albedo, where the photo's light stays, nothing is brighter than what is said to be plain.
    """
    if albedo is None:
        return shown, np.zeros_like(shown), np.full_like(shown, 255.0)
    lit = (shown + DARK) * np.exp(albedo.gain) - DARK
    return without_highlights(lit, albedo.plain, DARK), albedo.gain, albedo.plain


def _log_ratio(one: Array, other: Array) -> Array:
    ratio = (np.maximum(one, 0) + DARK) / (np.maximum(other, 0) + DARK)
    limited: Array = np.clip(np.log(ratio), -LARGEST_GAIN, LARGEST_GAIN)
    return limited


def head_grid(size: int, layout: str = WHOLE_HEAD, pause: Pause = no_pause) -> TexelGrid:
    """The template's texels, which stay in memory for the next face."""
    if (size, layout) not in _GRIDS:
        template = load_template(LEVEL, layout)
        _GRIDS[size, layout] = texel_grid(template.faces, template.uvs, size, PADDING * size, pause)
    return _GRIDS[size, layout]


def paint(layers: NDArray[np.float32], pixels: NDArray[np.uint8], size: int, progress: Progress) -> FaceTexture:
    """Mix the parts in each texel from layers (h, w, 19).

    They are pixels and mirrored pixels, their gains, filling, plain skin, shares.
    """
    factor = size // len(layers)
    colour = np.empty((size, size, 3), dtype=np.uint8)
    origin = np.empty((size, size, 3), dtype=np.uint8)
    for start in range(0, size, STRIP):
        rows = _enlarged(layers, start // factor, -(-STRIP // factor), factor)[: size - start]
        shares = np.clip(rows[..., 16:19], 0, 1)
        shares[..., 2] = np.maximum(shares[..., 2], 1e-6)
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed = rows[..., 10:13] * shares[..., 2:]
        for share in range(2):
            used = np.flatnonzero((shares[..., share] > 0).any(axis=0))
            if len(used):
                chosen = np.s_[:, used[0] : used[-1] + 1]
                part = _photo_at(pixels, rows[chosen][..., 2 * share : 2 * share + 2])
                part = (part + DARK) * np.exp(rows[chosen][..., 4 + 3 * share : 7 + 3 * share]) - DARK
                part = without_highlights(part, rows[chosen][..., 13:16], DARK)
                mixed[chosen] += shares[chosen][..., share : share + 1] * part
        colour[start : start + STRIP] = np.clip(np.rint(mixed), 0, 255)
        origin[start : start + STRIP] = np.rint(255 * shares)
        progress("texture", 0.6 + 0.35 * min(1.0, (start + STRIP) / size))
    return FaceTexture(colour, origin)


def _enlarged(layers: NDArray[np.float32], start: int, count: int, factor: int) -> NDArray[np.float32]:
    """Rows of the layers, enlarged by a whole factor with linear interpolation between the cells' centres."""
    if factor == 1:
        return layers[start : start + count].copy()
    picked = layers[np.clip(np.arange(start - 1, start + count + 1), 0, len(layers) - 1)]
    height, width = picked.shape[:2]
    parts = [
        cv2.resize(picked[..., k : k + 3], (width * factor, height * factor), interpolation=cv2.INTER_LINEAR)
        for k in range(0, picked.shape[2] - 1, 3)
    ]
    last = cv2.resize(picked[..., -1], (width * factor, height * factor), interpolation=cv2.INTER_LINEAR)
    return np.concatenate([*parts, last[..., None]], axis=-1)[factor:-factor]


def _photo_at(pixels: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Colours (h, w, 3) of the photo at points (h, w, 2), between its pixels by cubic interpolation."""
    x, y = (np.ascontiguousarray(points[..., k] - 0.5) for k in range(2))
    sampled: NDArray[np.uint8] = cv2.remap(pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return sampled.astype(np.float32)
