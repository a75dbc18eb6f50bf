"""Hairstyles: lashes, a shell over the scalp, the locks that hang from it, and beards."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ...arrays import Floats
from ...data.noise import noise_bank
from ...face_model import FACE, HEAD, IRIS_CENTRE
from ...face_sampling import Head
from ..camera import View
from ..colours import sample_dye
from ..rasteriser import vertex_normals
from ..surface import TEXTURE_SIZE, HeadSurface
from .facial_hair import Beard
from .locks import Roots, Scalp, sample_locks
from .strands import Growth, HairMesh, Skull, grow, join, ribbons

SKULL_CENTRE = np.array([0.0, 40.0, 18.0], np.float32)
SKULL_RADII = np.array([83.0, 108.0, 102.0], np.float32)
EYE_HEIGHT = IRIS_CENTRE[1]
STYLES = ("bald", "short", "long", "afro", "headscarf")
STYLE_SHARES = (0.11, 0.42, 0.36, 0.05, 0.06)


@dataclass(frozen=True)
class Hair:
    """Everything drawn as hair on one head.

    Attributes
    ----------
    mesh : HairMesh
    colour : (3,) float32
        Linear RGB.
    strands : (h, w) float32
        The texture of gaps and shades.
    gloss : float
        Of the highlight along the hair; 0 for cloth.
    """

    mesh: HairMesh
    colour: Floats
    strands: Floats
    gloss: float


def sample_hair(
    surface: HeadSurface, head: Head, view: View, colour: Floats, beard: Beard | None, generator: Generator
) -> Hair:
    """Draw lashes, a hairstyle and the volume of a beard."""
    style = str(generator.choice(STYLES, p=STYLE_SHARES))
    skull = _fit_skull(surface, head)
    normals = vertex_normals(head.vertices, surface.model.triangles)
    bank = noise_bank().strands
    curly = style == "afro" or generator.random() < 0.3
    half = len(bank) // 2
    texture = bank[generator.integers(half, len(bank)) if curly else generator.integers(half)]
    gloss = 0.0 if style == "headscarf" else float(generator.uniform(0.1, 0.9))
    if style == "headscarf":
        colour = sample_dye(generator)
    meshes = [_lashes(surface, head, view, colour, generator)]
    if style != "bald":
        hairline = float(generator.uniform(86, 120))
        scalp = _sample_scalp(surface, style, hairline, generator)
        meshes.append(_shell(surface, head, view, normals, scalp, style != "headscarf", generator))
        if style in ("short", "long", "afro"):
            meshes += sample_locks(
                surface, Roots(head.vertices, normals, scalp, skull, view), style, hairline, generator
            )
    if beard is not None and beard.length > 0 and style != "headscarf":
        meshes += _beard(surface, head, view, normals, beard, skull, generator)
    return Hair(join(meshes), colour, texture, gloss)


def _fit_skull(surface: HeadSurface, head: Head) -> Skull:
    """Scale the mean head's ellipsoid to this head."""
    mean, own = surface.model.neutral[HEAD], head.vertices[HEAD]
    factors = np.ptp(own, axis=0) / np.ptp(mean, axis=0)
    return Skull((SKULL_CENTRE * factors).astype(np.float32), (SKULL_RADII * factors).astype(np.float32))


def _waves(points: Floats, generator: Generator) -> Floats:
    """Smooth random values (n,) around zero at points of the head."""
    result = np.zeros(len(points), np.float32)
    for frequency, amplitude in ((0.05, 0.5), (0.05, 0.5), (0.05, 0.5), (0.12, 0.25), (0.12, 0.25)):
        direction = generator.normal(0, frequency, 3).astype(np.float32)
        result += amplitude * np.sin(points @ direction + generator.uniform(0, 6))
    return result


def _sample_scalp(surface: HeadSurface, style: str, hairline: float, generator: Generator) -> Scalp:
    """Where hair, or a scarf, covers the head and how far it stands off."""
    height, angle = surface.model.neutral[HEAD, 1], surface.angle[HEAD]
    waves = _waves(surface.model.neutral[HEAD], generator)
    if style == "headscarf":
        radii = generator.uniform(56, 76) / 65, generator.uniform(75, 105)
        inside = np.sqrt((angle / radii[0]) ** 2 + ((height - 10) / radii[1]) ** 2)
        margin = 60 * (inside - 1)
        lift = generator.uniform(4, 18) * np.sqrt(np.clip(margin / 25, 0, 1)) * (1 + 0.25 * waves) + 1.5
        return Scalp(np.clip(margin / 4 + 0.5, 0, 1).astype(np.float32), lift.astype(np.float32))
    knots: Floats = np.radians([0, 28, 48, 64, 75, 84, 110, 180])
    receding: float = generator.uniform(0, 15) if generator.random() < 0.25 else 0.0
    heights: Floats = np.array(
        [
            hairline,
            hairline - 2 + generator.normal(0, 5) + receding,
            hairline - 12 + generator.normal(0, 9),
            70 + generator.normal(0, 10),
            48 + generator.normal(0, 10),
            generator.uniform(-20, 40),
            -20 + generator.normal(0, 20),
            -70 + generator.normal(0, 10),
        ]
    )
    line = np.interp(np.abs(angle), knots, np.minimum(heights, 135))
    margin = height - line - generator.normal(0, 4) * np.clip(angle, -1, 1)
    thickness = {
        "short": generator.uniform(1.5, 12) if generator.random() < 0.6 else generator.uniform(6, 32),
        "long": generator.uniform(5, 28),
        "afro": generator.uniform(25, 70),
    }[style]
    lift = (
        thickness
        * np.sqrt(np.clip(margin / 25, 0, 1))
        * (1 + 0.25 * waves)
        * (0.6 + 0.8 * np.clip((height - 40) / 90, 0, 1))
    )
    amount = np.clip(margin / 24 + 0.5 + 0.12 * waves, 0, 1)
    amount[surface.model.ears[HEAD]] = 0
    return Scalp(amount.astype(np.float32), lift.astype(np.float32))


def _lashes(surface: HeadSurface, head: Head, view: View, colour: Floats, generator: Generator) -> HairMesh:
    """Single hairs on the model's strips along the lids, fewer on the lower ones, dark even if the hair is light."""
    used, triangles = np.unique(surface.model.lash_triangles, return_inverse=True)
    neutral = surface.model.neutral[used]
    lower = neutral[:, 1] < EYE_HEIGHT - 3
    coverage = np.where(lower, generator.uniform(0, 0.12), generator.uniform(0.05, 0.35))
    count = len(used)
    towards_camera = np.broadcast_to(np.array([0, 0, 1], np.float32), (count, 3))
    return HairMesh(
        view.to_camera(head.vertices[used]),
        towards_camera,
        towards_camera,
        triangles.reshape(-1, 3).astype(np.int32),
        coverage.astype(np.float32),
        (neutral[:, :2] * [28, 1] + 2000).astype(np.float32),
        np.full(count, min(1.0, generator.uniform(0.01, 0.05) / float(colour.mean())), np.float32),
        np.zeros(count, np.float32),
    )


def _shell(
    surface: HeadSurface, head: Head, view: View, normals: Floats, scalp: Scalp, hairy: bool, generator: Generator
) -> HairMesh:
    """The scalp's triangles lifted by the thickness of the hair."""
    model = surface.model
    vertices = view.to_camera(head.vertices[HEAD] + normals[HEAD] * scalp.lift[:, None])
    triangles = model.triangles[model.triangles.max(1) < HEAD.stop]
    triangles = triangles[(scalp.amount[triangles] > 0.02).any(1)]
    if hairy:
        triangles = triangles[~model.ears[triangles].any(1)]
    turned = (normals[HEAD] @ view.rotation.T).astype(np.float32)
    down = (np.array([0.0, -1.0, 0.0]) @ view.rotation.T).astype(np.float32)
    tangents = down - turned * (turned @ down)[:, None]
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True) + 1e-6
    coordinates = surface.texture[HEAD] * np.array([generator.uniform(1.5, 5.0), 1.0], np.float32) + 4000
    coverage = np.clip(1.5 * (scalp.amount - 0.2), 0, 1) if hairy else np.where(scalp.amount > 0.5, 1.0, -1.0)
    count = len(vertices)
    return HairMesh(
        vertices,
        turned,
        tangents.astype(np.float32),
        np.ascontiguousarray(triangles),
        coverage.astype(np.float32),
        coordinates.astype(np.float32),
        np.full(count, 0.9, np.float32),
        np.ones(count, np.float32),
    )


def _beard(
    surface: HeadSurface, head: Head, view: View, normals: Floats, beard: Beard, skull: Skull, generator: Generator
) -> list[HairMesh]:
    """Ribbons from the beard's region, which hide nothing: the face is labelled through a beard."""
    columns, rows = np.clip(surface.texture[FACE].astype(int), 0, TEXTURE_SIZE - 1).T
    on_face = (surface.model.neutral[FACE, 2] > 25) & ~surface.model.ears[FACE]
    density = beard.region[rows, columns] * on_face
    if density.sum() < 1:
        return []
    triangles = surface.model.triangles[surface.model.triangles.max(1) < FACE.stop]
    corners = head.vertices[triangles]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    share = area * density[triangles].mean(1)
    count = int(generator.uniform(500, 1600))
    chosen = generator.choice(len(triangles), count, p=share / share.sum())
    weights = generator.dirichlet((1, 1, 1), count)[..., None]
    roots = (corners[chosen] * weights).sum(1).astype(np.float32)
    outwards = (normals[triangles[chosen]] * weights).sum(1)
    directions = 0.6 * outwards + np.array([0, -0.6, 0]) + generator.normal(0, 0.25, (count, 3))
    growth = Growth(beard.length, 0.15, generator.uniform(0, 0.3), 0.0, jitter=0.2)
    strands = grow(roots, directions, growth, skull, generator)
    strands += 0.5 * outwards[:, None].astype(np.float32)
    centre = view.to_camera(skull.centre)
    return [
        ribbons(
            view.to_camera(strands),
            centre,
            generator.uniform(0.3, 0.8),
            generator.uniform(0.5, 0.8),
            0.8,
            False,
            generator,
        )
    ]
