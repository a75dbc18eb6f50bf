"""The photo's light and highlights are taken out of its colours, so that what remains is the skin's albedo.

First the light that the head's normals explain. What remains and is smooth is mostly light again, such as cast shadows
and the darkness of hollows, if it changes brightness alone, and mostly skin, such as red cheeks, if it changes the hue.
Hair, lips and brows, whose hue is another, are left out of that, and so keep what distinguishes them.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import dijkstra

from ...exchange.progress import Pause, no_pause
from ...geometry.extension import SmoothExtension
from ...geometry.mesh import triangulate, unique_edges, vertex_areas, vertex_normals
from ...template import load_template
from ..corrections.lip_borders import LOWER, UPPER
from ..corrections.mouth import lip_lines
from .light import fit_light
from .skin_tone import likeliest_tone

Array = NDArray[np.float64]

GAMMA = 2.2
#: Parts of the face that are no plain skin.
OTHER_GROUPS = ("brow", "eyelids", "upper_lip", "lower_lip", "mouth_interior", "eye_socket", "nostril_interior")
#: Where beards grow and hair begins, plain skin is less sure.
UNSURE_GROUPS = ("jaw", "chin", "scalp", "ears", "neck")
#: Lengths (mm) over which what remains is averaged, and what is kept of the brightness and of the hue there.
COARSE, FINE = 14.0, 4.5
KEPT_BRIGHTNESS, KEPT_HUE = (0.12, 0.25), (0.6, 0.9)
#: The hue that is less red, and how much of it is lost of what would be kept: skin is redder in places, but no greener.
PALE, LOST_PALE = np.array([-2.0, 1.0, 1.0]) / np.sqrt(6), 0.7
#: How far that is continued where nothing is seen.
REACH = 60.0
#: Logarithms of hue and brightness by which plain skin may deviate, and of which more is something else.
OTHER_HUE, OTHER_BRIGHTNESS = 0.12, 0.9
#: Linear colours are never taken as darker than this.
DARKEST = 0.003
#: The largest logarithm of the factor on display values: deeper shade holds more noise than skin.
LARGEST = 0.8
#: Fewer vertices than this tell nothing of a light.
FEWEST = 60
#: Logarithms of display values above the skin around it, from where on brightness is a highlight, and of what is beyond
#: the share that is kept.
HIGHLIGHT, KEPT_HIGHLIGHT = 0.07, 0.2

#: Lips shine more than skin: this share of each, its darker part, is not a highlight; fewer vertices tell nothing.
LIPS, MATT, FEWEST_OF_LIP = ("upper_lip", "lower_lip"), 0.5, 12
#: Landmarks on the border of their red, without the mouth's ends.
RED_BORDER = [*UPPER[1:-1], *LOWER[1:-1]]


@dataclass(frozen=True)
class Albedo:
    """What makes a photo's colours those of the skin, at the template's vertices at level 0.

    Attributes
    ----------
    gain : (n, 3) float64
        Logarithm of the factors on display values that take the light out.
    plain : (n, 3) float64
        Display values in [0, 255] of plain skin there, which highlights are measured by.
    tone : (3,) float64
        Display values in [0, 255] of the skin on the whole.
    """

    gain: Array
    plain: Array
    tone: Array


def find_albedo(
    vertices: Array, colours: Array, seen: Array, pause: Pause = no_pause, white: float | None = None
) -> Albedo | None:
    """Fit the light of a photo to the head and take it out; None if the photo shows too little skin.

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0 in the camera's frame.
    colours : (n, 3)
        Display values in [0, 255] of the photo there.
    seen : (n,)
        How well the photo shows them, in [0, 1].
    pause : Pause
    white : float, optional
        Display value in [0, 255] of the whites of the eyes, if they are seen.
    """
    template = load_template()
    skin = seen * np.prod([1 - template.groups[name] for name in OTHER_GROUPS], axis=0) * template.groups["face"]
    unsure = np.max([template.groups[name] for name in UNSURE_GROUPS], axis=0)
    if (skin > 0.5).sum() < FEWEST:
        return None
    linear = np.maximum((np.clip(colours, 0, 255) / 255) ** GAMMA, DARKEST)
    normals = vertex_normals(vertices, template.faces)
    areas = vertex_areas(vertices, triangulate(template.faces))
    light = fit_light(normals, linear, skin * (1 - 0.7 * unsure) * areas + 1e-9)
    pause()
    lit = light.on(normals)
    # The mean of the light itself, which a lamp at the side changes less than that of its logarithm.
    shown = np.average(lit, axis=0, weights=skin * areas + 1e-9)
    tone = likeliest_tone(shown, None if white is None else (white / 255) ** GAMMA)
    left = np.log(linear / lit)
    brightness = left.mean(axis=1, keepdims=True)
    hue = left - brightness
    middle = np.median(hue[skin > 0.5], axis=0)
    plain = skin / (1 + (((hue - middle) / OTHER_HUE) ** 2).sum(axis=1) + (brightness[:, 0] / OTHER_BRIGHTNESS) ** 2)
    plain[plain < 0.2 * skin] = 0.0
    surface = SmoothExtension(vertices, template.faces)
    both = np.column_stack([brightness, hue])
    prior = np.array([0.0, *middle])
    coarse = surface.extend(both, plain, prior, COARSE, REACH, pause)
    pause()
    fine = surface.extend(both, plain, prior, FINE, 0.5 * REACH, pause)
    pause()
    kept = [KEPT_BRIGHTNESS, KEPT_HUE, KEPT_HUE, KEPT_HUE]
    coarse_share, fine_share = (1 - np.array(each) for each in zip(*kept, strict=True))
    smooth = coarse_share * coarse + fine_share * (fine - coarse)
    stays = ((1 - coarse_share) * (coarse - prior) + (1 - fine_share) * (fine - coarse))[:, 1:]
    smooth[:, 1:] += LOST_PALE * np.maximum(stays @ PALE, 0)[:, None] * PALE
    gain = (np.log(tone) - np.log(lit) - smooth[:, :1] - smooth[:, 1:]) / GAMMA
    gain = np.clip(gain, gain[skin > 0.5].min() - 0.1, LARGEST + max(0.0, float(np.median(gain))))
    kept_around = coarse * (1 - coarse_share)
    around = 255 * (tone * np.exp(kept_around[:, :1] + kept_around[:, 1:])) ** (1 / GAMMA)
    return Albedo(gain, _with_lips(around, colours * np.exp(gain), seen), 255 * tone ** (1 / GAMMA))


def _with_lips(plain: Array, colours: Array, seen: Array) -> Array:
    """Plain skin (n, 3) and, on lips that are darker, plain lips, so that their gloss is told from them too."""
    template = load_template()
    result = plain.copy()
    for name in LIPS:
        lip = template.groups[name] * _red_of_lips()
        shown = (lip > 0.9) & (seen > 0.9)
        if shown.sum() < FEWEST_OF_LIP:
            continue
        matt = np.argsort(colours[shown].mean(axis=1))[: max(1, int(MATT * shown.sum()))]
        tone = colours[shown][matt].max(axis=0)
        result += lip[:, None] * (np.minimum(tone, plain) - plain)
    return result


@cache
def _red_of_lips() -> Array:
    """1 on the lips' red, a half on its border, 0 on the skin around it, which the lips' groups have too: (n,)."""
    template = load_template()
    edges, count = unique_edges(template.faces), len(template.vertices)
    graph = sparse.csr_matrix((np.ones(len(edges)), edges.T), (count, count))
    inner = np.unique(lip_lines())
    rings = dijkstra(graph, directed=False, indices=inner, unweighted=True, min_only=True)
    red: Array = np.clip(np.median(rings[template.landmarks_68[RED_BORDER]]) + 0.5 - rings, 0, 1)
    return red


def without_highlights(colours: NDArray[np.floating], plain: NDArray[np.floating], dark: float) -> NDArray[np.floating]:
    """Display values (..., 3) whose highlights on plain skin (..., 3) are taken out, up to a trace.

    Parameters
    ----------
    colours, plain : (..., 3)
        In [0, 255].
    dark : float
        Added to both before their ratio is formed.
    """
    base = plain + dark
    above = np.log(np.maximum(colours + dark, 1.0).mean(axis=-1) / base.mean(axis=-1)) - HIGHLIGHT
    amount = np.clip(above, 0.0, None)[..., None]
    dulled = (colours + dark) * np.exp((KEPT_HIGHLIGHT - 1) * amount) - dark
    # A highlight has the colour of the light, and what is under it that of skin.
    share = np.clip(amount / (2 * HIGHLIGHT), 0.0, 1.0)
    result: NDArray[np.floating] = dulled + share * (base * np.exp(HIGHLIGHT + KEPT_HIGHLIGHT * amount) - dark - dulled)
    return result
