"""Samples for the detail network, made without rendering: skin is drawn, lit and photographed on the unrolled face.

A sample takes a tenth of a second. It is as a photo that has been laid onto the registered head would be: blurred by
the photo's pixels, noisy and compressed, seen from one side and partly hidden, with a head whose normals err.
"""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np
import scipy.fft
from numpy.random import Generator

from benchmarks.measures.surface import NearestPoints, Surface
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.reconstruction.detail.codes import head_codes
from pix2vertex_blender.reconstruction.detail.unrolled import SIZE, UnrolledSkin, describe, face_grid
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import to_millimetres

from ..arrays import Booleans, Floats
from ..data.noise import fractal_noise
from ..data.photometry import develop
from ..face_model import FACE, LANDMARKS_68
from ..face_sampling import ShapeParameters, sample_head
from ..renderer.camera import ViewParameters, sample_view
from ..renderer.colours import sample_hair_colour
from ..renderer.lighting import (
    ALBEDO,
    GLOSS,
    NORMAL,
    OPENNESS,
    POSITION,
    SHARPNESS,
    SOFTNESS,
    SURFACE,
    Lighting,
    cast_shadows,
    illuminate,
    light_reaching,
    sample_lighting,
)
from ..renderer.skin.skin import Skin, sample_skin
from ..renderer.surface import TEXTURE_SIZE, head_surface, texture_coordinates
from .ageing import add_age
from .marks import add_relief, paint_marks

#: Lengths in mm over which the true height is averaged; what is coarser is no detail.
COARSE = 8.0
#: The share of the samples that are older than the renderer's people.
OLDER = 0.6
#: Half of the others have a relief that is up to so many times deeper.
DEEPEST = 4.0
VIEW = ViewParameters(largest_yaw=50.0, largest_pitch=20.0, largest_roll=15.0, least_distance=500.0)
NEUTRAL = ShapeParameters(expression="neutral")
#: Cosines to the camera between which a place begins to be seen and is seen in full, as where photos are read.
GRAZING, FACING = 0.2, 0.5
GAMMA = 2.2


class DetailSample(NamedTuple):
    """What the network is given and what it is to say.

    Attributes
    ----------
    maps : (CHANNELS, SIZE, SIZE) float32
    codes : (k,) float32
    displacement : (SIZE, SIZE) float32
        True, in millimetres, without what is coarser than `COARSE`.
    painted : (SIZE, SIZE) float32
        What is covered by paint, in [0, 1].
    counted : (SIZE, SIZE) float32
        How well skin is seen that is neither brow nor lid nor lip, where the product keeps little detail.
    """

    maps: Floats
    codes: Floats
    displacement: Floats
    painted: Floats
    counted: Floats


class _Canvas(NamedTuple):
    """What is the same for all heads.

    Attributes
    ----------
    places : NearestPoints
        Of the template's vertices on the face model.
    texture : (SIZE, SIZE, 2) float32
        Where the map's texels lie in the renderer's texture.
    openness : (SIZE, SIZE) float32
    covered : (SIZE, SIZE) bool
    plain : (SIZE, SIZE) float32
        1 on skin that is neither brow nor lid nor lip.
    """

    places: NearestPoints
    texture: Floats
    openness: Floats
    covered: Booleans
    plain: Floats


@lru_cache(maxsize=1)
def _canvas() -> _Canvas:
    surface, template = head_surface(), load_template()
    model = surface.model
    triangles = model.triangles[(model.triangles < FACE.stop).all(axis=1)]
    places = Surface(model.neutral, triangles).nearest(to_millimetres(template.canonical))
    grid = face_grid(0)
    texture = grid.interpolate(texture_coordinates(to_millimetres(template.canonical)))
    openness = grid.interpolate(places.interpolate(surface.openness[:, None]))[..., 0]
    plain = np.prod([1 - template.groups[name] for name in ("brow", "eyelids", "upper_lip", "lower_lip")], axis=0)
    drawn = np.clip(grid.interpolate(plain[:, None])[..., 0], 0, 1)
    return _Canvas(places, np.clip(texture, 0, TEXTURE_SIZE - 1), np.clip(openness, 0.05, 1), grid.covered, drawn)


def sample_detail(generator: Generator) -> DetailSample:
    """Draw one sample."""
    surface, canvas = head_surface(), _canvas()
    head = sample_head(surface.model, generator, NEUTRAL if generator.random() < 0.4 else None)
    skin, _beard = sample_skin(surface, head.expression, sample_hair_colour(generator), generator)
    older = generator.random() < OLDER
    if older:
        skin = add_age(skin, surface.landmarks, head.expression, generator)
    skin, painted = paint_marks(add_relief(skin, generator), surface.landmarks, generator)
    vertices = canvas.places.interpolate(head.vertices).astype(np.float64)
    centre = head.vertices[surface.model.face_vertices].mean(0)
    view = sample_view(centre, head.vertices[LANDMARKS_68], 512, generator, VIEW)
    turned = view.to_camera(vertices.astype(np.float32))
    attributes = np.concatenate([turned, vertex_normals(turned, load_template().faces)], axis=1)
    drawn = face_grid(0).interpolate(attributes)
    positions, normals = drawn[..., :3], _unit(drawn[..., 3:])
    # Some reliefs are much deeper, so that it is learnt sooner what relief looks like.
    shallow = older or generator.random() < 0.5
    deeper = 1.0 if shallow else float(np.exp(generator.uniform(0, np.log(DEEPEST))))
    height, albedo, gloss = deeper * _laid(skin.height), _laid(skin.albedo), _laid(skin.gloss)
    lighting = sample_lighting(generator)
    if lighting.colours.any() and generator.random() < 0.5:
        cast_shadows(lighting, view.to_camera(head.vertices), surface.model.triangles)
    lit = _lit(positions, normals, height, albedo, gloss, skin, lighting)
    visible = np.clip((normals[..., 2] - GRAZING) / (FACING - GRAZING), 0, 1) * canvas.covered.astype(np.float32)
    colours, seen = _photographed(lit, visible.astype(np.float32), generator)
    shown = UnrolledSkin(positions, _unit(normals + _wrong_by(generator)), colours, seen)
    displacement = height - coarse(height, positions)
    told, codes = describe(shown), head_codes(vertices)
    return DetailSample(told, codes, displacement * canvas.covered, _laid(painted), seen * canvas.plain)


def coarse(height: Floats, positions: Floats) -> Floats:
    """The height (S, S) averaged over `COARSE` along the surface, ``(I - COARSE^2 Lap)^-1``."""
    steps = [np.linalg.norm(np.gradient(positions, axis=axis), axis=-1) for axis in (0, 1)]
    across = [np.median(step[step > 0.1]) for step in steps]
    down, right = (
        2 * np.sin(0.5 * np.pi * np.arange(size) / size) / step for size, step in zip(height.shape, across, strict=True)
    )
    kept = 1 / (1 + COARSE**2 * (down[:, None] ** 2 + right**2))
    return np.asarray(scipy.fft.idctn(kept * scipy.fft.dctn(height)), np.float32)


def _laid(image: Floats) -> Floats:
    """An image of the renderer's texture on the map."""
    columns, rows = np.moveaxis(_canvas().texture, -1, 0)
    return np.asarray(cv2.remap(image, columns, rows, cv2.INTER_LINEAR), np.float32)


def _lit(
    positions: Floats, normals: Floats, height: Floats, albedo: Floats, gloss: Floats, skin: Skin, lighting: Lighting
) -> Floats:
    """Linear colours (S, S, 3) of skin with its relief, as if all of it were seen."""
    described = np.zeros((SIZE, SIZE, SURFACE), np.float32)
    leaning = normals.copy()
    for axis in (0, 1):
        tangent = np.gradient(positions, axis=axis)
        squared = np.maximum((tangent**2).sum(axis=-1), 0.1)
        leaning -= (np.gradient(height, axis=axis) / squared)[..., None] * tangent
    described[..., POSITION : POSITION + 3] = positions
    described[..., NORMAL : NORMAL + 3] = leaning
    described[..., ALBEDO : ALBEDO + 3] = albedo
    described[..., OPENNESS], described[..., GLOSS] = _canvas().openness, gloss
    described[..., SHARPNESS], described[..., SOFTNESS] = skin.sharpness, skin.softness
    seen = np.ones((SIZE, SIZE), bool)
    return illuminate(described, seen, light_reaching(described, seen, lighting), lighting)


def _photographed(lit: Floats, visible: Floats, generator: Generator) -> tuple[Floats, Floats]:
    """Display colours (S, S, 3) in [0, 1], and how well they are seen when something hides a part."""
    seen = visible > 0.5
    level = float(np.exp(generator.normal(np.log(0.3), 0.35)))
    exposed = lit * (level / max(float(lit[seen].mean()) if seen.any() else 1.0, 1e-4))
    if generator.random() < 0.5:
        exposed = exposed / (1 + 0.25 * exposed)
    # The photo's pixels, as wide along the map's rows as a place is turned away.
    exposed = cv2.GaussianBlur(exposed, (0, 0), generator.uniform(0.3, 1.4), sigmaY=generator.uniform(0.3, 1.2))
    display = np.clip(exposed, 0, 1) ** np.float32(1 / GAMMA)
    if generator.random() < 0.08:
        display = np.repeat(display.mean(axis=-1, keepdims=True), 3, axis=-1)
    colours = develop(255 * display, generator).astype(np.float32) / 255
    if generator.random() < 0.3:
        hidden = fractal_noise(generator, SIZE, 2, 16, 0.6) > generator.uniform(0.8, 2.0)
        visible = visible * (1 - hidden.astype(np.float32))
    return colours, visible


def _wrong_by(generator: Generator) -> Floats:
    """Smooth errors (S, S, 3) of a registered head's normals."""
    size = generator.uniform(0.0, 0.12)
    return np.stack([size * fractal_noise(generator, SIZE, 3, 12, 0.6) for _ in range(3)], axis=-1)


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return (vectors / np.maximum(length, 1e-6)).astype(np.float32)
