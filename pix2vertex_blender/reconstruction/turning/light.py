"""The skin's colour and the light on it, as a photo shows them (Beyond 3DMM, eqs. 13 to 15 and 17).

Colours are linear, 0 to 1. The paper's texture is the mean and the main directions of measured skins (eq. 13), which
are not free to ship: here a texture is any that is smooth on the surface, and where the photo does not show one side of
the face it is that of the other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...geometry.extension import SmoothExtension
from ...geometry.mesh import normalise
from ...template import Template

Array = NDArray[np.float64]

#: Display values are the linear ones to the power of one over this.
GAMMA = 2.2
#: How often the light is fitted, each time with less weight on what is no skin.
ROUNDS = 3
#: Skin of which nothing is seen, and where its light comes from.
TONE, FORWARDS = np.array([0.5, 0.32, 0.24]), np.array([0.0, 0.0, 1.0])
#: The texture is averaged over the first length in mm and continued over the second.
SMOOTHING, REACH = 4.0, 60.0
#: Candidates for the sharpness of highlights.
SHARPNESSES = (4.0, 8.0, 16.0, 32.0, 64.0)
#: Least light anywhere, as a share of the mean.
DARKEST = 0.08
#: How strongly even light is preferred, and light of one colour, as shares of the vertices' weight. A photo shows few
#: directions of skin, so that without the second the sides of a face would get the oddest colours.
EVENNESS, ONE_COLOUR = 0.01, 0.3
#: The directional light at most, as a share of the ambient one: what faces away from it, the photo hardly shows.
MOST_DIRECTIONAL = 0.75
#: A vertex whose colour is off by more than this share of the mean is hair, shadow or brow, and counts less.
OTHER = 0.25


@dataclass(frozen=True)
class Light:
    """The light of eq. 14.

    Attributes
    ----------
    ambient, directional : (3,)
        The diagonals of Amb and Dir.
    direction : (3,)
        l, towards the light, of length one.
    specular, sharpness : float
        k_s and nu.
    """

    ambient: Array
    directional: Array
    direction: Array
    specular: float
    sharpness: float

    def diffuse(self, normals: Array) -> Array:
        """What a white surface with normals (n, 3) looks like, (n, 3), without highlights."""
        lambert = self.ambient + self.directional * (normals @ self.direction)[:, None]
        floor = DARKEST * float(lambert.mean())
        result: Array = np.maximum(lambert, max(floor, 1e-3))
        return result

    def highlight(self, normals: Array, towards: Array) -> Array:
        """The last term of eq. 14 (n, 3), for directions to the viewer (n, 3)."""
        mirrored = 2 * (normals @ self.direction)[:, None] * normals - self.direction
        cosine = np.clip(np.einsum("ij,ij->i", mirrored, towards), 0.0, 1.0)
        result: Array = self.specular * self.directional * (cosine**self.sharpness)[:, None]
        return result

    def shade(self, texture: Array, normals: Array, towards: Array) -> Array:
        """Colours (n, 3) of skin with a texture (n, 3): eq. 14."""
        return texture * self.diffuse(normals) + self.highlight(normals, towards)


@dataclass(frozen=True)
class Skin:
    """What a photo says of a face's skin.

    Attributes
    ----------
    texture : (n, 3)
        T, at the vertices of the template's level 0.
    light : Light
    """

    texture: Array
    light: Light


def fit_skin(
    vertices: Array, normals: Array, towards: Array, colours: Array, weights: Array, template: Template
) -> Skin:
    """Estimate texture and light from the photo's colours: eq. 15.

    A darker side may be darker skin or less light. The light is fitted first, to skin of one colour, without what is
    darker or brighter than it can explain; what it leaves is texture.

    Parameters
    ----------
    vertices, normals, towards : (n, 3)
        Of the registered template in the camera's axes, and the directions to the camera.
    colours : (n, 3)
        Of the photo at the vertices, linear.
    weights : (n,)
        How well each vertex is seen, 0 to 1.
    template : Template
        At level 0.
    """
    seen = weights > 0
    if not seen.any():
        return Skin(np.full((len(vertices), 3), TONE), Light(np.ones(3), np.zeros(3), FORWARDS, 0.0, 1.0))
    tone = np.median(colours[seen], axis=0)
    even = np.tile(tone, (len(vertices), 1))
    trusted = weights
    for _round in range(ROUNDS):
        light = fit_light(even, normals, towards, colours, trusted)
        off = np.abs(light.shade(even, normals, towards) - colours).mean(axis=1) / (OTHER * tone.mean())
        trusted = weights / (1 + off**2)
    skin = np.maximum(colours - light.highlight(normals, towards), 0.0) / light.diffuse(normals)
    mirrored = (1 - weights) * weights[template.mirror]
    known = weights + mirrored
    both = weights[:, None] * skin + mirrored[:, None] * skin[template.mirror]
    middle = np.average(skin, axis=0, weights=trusted + 1e-9)
    surface = SmoothExtension(vertices, template.faces)
    texture = surface.extend(both / np.maximum(known, 1e-9)[:, None], known, middle, SMOOTHING, REACH)
    return Skin(np.clip(texture, 1e-3, 1.0), light)


def fit_light(texture: Array, normals: Array, towards: Array, colours: Array, weights: Array) -> Light:
    """The light under which skin of a texture looks most like the photo."""
    grey = [values.mean(axis=1) for values in (texture, colours)]
    whole = _least_squares(grey[0], normals, grey[1], weights, np.zeros(3), EVENNESS)
    common = whole[1:] / max(float(whole[0]), 1e-3)
    common *= min(1.0, MOST_DIRECTIONAL / max(float(np.linalg.norm(common)), 1e-9))
    linear = np.stack(
        [_least_squares(texture[:, k], normals, colours[:, k], weights, common, ONE_COLOUR) for k in range(3)]
    )
    direction = normalise(common) if np.linalg.norm(common) > 1e-9 else FORWARDS
    ambient = np.maximum(linear[:, 0], 1e-3)
    directional = np.clip(linear[:, 1:] @ direction, 0.0, MOST_DIRECTIONAL * ambient)
    light = Light(ambient, directional, direction, 0.0, 1.0)
    rest = colours - texture * light.diffuse(normals)
    best, least = light, float((weights[:, None] * rest**2).sum())
    for sharpness in SHARPNESSES:
        unit = Light(light.ambient, light.directional, light.direction, 1.0, sharpness)
        shine = unit.highlight(normals, towards)
        strength = (weights[:, None] * shine * rest).sum() / max(float((weights[:, None] * shine**2).sum()), 1e-12)
        left_over = float((weights[:, None] * (rest - strength * shine) ** 2).sum())
        if strength > 0 and left_over < least:
            best = Light(light.ambient, light.directional, light.direction, float(strength), sharpness)
            least = left_over
    return best


def _least_squares(
    texture: Array, normals: Array, colours: Array, weights: Array, common: Array, strength: float
) -> Array:
    """One colour's ambient light a, and its directional light times the direction (3,), drawn towards a times `common`.

    Parameters
    ----------
    texture, colours, weights : (n,)
    normals : (n, 3)
    common : (3,)
    strength : float
        Of that pull, as a share of the vertices' weight.
    """
    columns = texture[:, None] * np.column_stack([np.ones(len(normals)), normals])
    pull = np.column_stack([-common, np.eye(3)])
    scale = strength * float(weights.sum()) * float(np.mean(texture) ** 2)
    matrix = columns.T @ (weights[:, None] * columns) + scale * pull.T @ pull + 1e-9 * np.eye(4)
    solution: Array = np.linalg.solve(matrix, columns.T @ (weights * colours))
    return solution


def to_linear(display: NDArray[np.floating] | NDArray[np.uint8]) -> Array:
    """Linear colours in [0, 1] of display values in [0, 255]."""
    result: Array = (np.clip(np.asarray(display, dtype=np.float64), 0, 255) / 255) ** GAMMA
    return result


def to_display(linear: Array) -> Array:
    """Display values in [0, 255] of linear colours."""
    result: Array = 255 * np.clip(linear, 0, 1) ** (1 / GAMMA)
    return result


def towards_camera(vertices: Array, inverse_distance: float) -> Array:
    """Directions (n, 3) of length one from points (n, 3) in the camera's axes to the camera."""
    return normalise(np.array([0.0, 0.0, 1.0]) - vertices * inverse_distance)
