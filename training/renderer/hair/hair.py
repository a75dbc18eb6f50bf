"""Hairstyles: a shell over the scalp, ribbons that hang from it, bangs and beards."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ...arrays import Booleans, Floats, Integers
from ...compilation import kernel
from ...data.noise import noise_bank
from ...face_model import FACE, HEAD, IRIS_CENTRE
from ...face_sampling import Head
from ..camera import View
from ..colours import sample_dye
from ..lighting import Lighting, irradiance
from ..rasteriser import vertex_normals
from ..surface import TEXTURE_SIZE, HeadSurface
from .facial_hair import Beard
from .strands import Growth, HairMesh, Skull, grow, join, ribbons

SKULL_CENTRE = np.array([0.0, 40.0, 18.0], np.float32)
SKULL_RADII = np.array([83.0, 108.0, 102.0], np.float32)
EYE_HEIGHT = IRIS_CENTRE[1]
STYLES = ("bald", "short", "long", "afro", "headscarf")
STYLE_SHARES = (0.11, 0.42, 0.36, 0.05, 0.06)

# Columns of the attributes of hair's vertices.
POSITION, NORMAL, TANGENT, COORDINATES, BRIGHTNESS, HIDES = 0, 3, 6, 9, 11, 12


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


@dataclass(frozen=True)
class _Scalp:
    """Hair on the skull: `amount` (n,) in [0, 1] and `lift` (n,) in millimetres for the vertices of the head."""

    amount: Floats
    lift: Floats


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
            meshes += _locks(surface, head, view, normals, scalp, skull, style, hairline, generator)
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


def _sample_scalp(surface: HeadSurface, style: str, hairline: float, generator: Generator) -> _Scalp:
    """Where hair, or a scarf, covers the head and how far it stands off."""
    height, angle = surface.model.neutral[HEAD, 1], surface.angle[HEAD]
    waves = _waves(surface.model.neutral[HEAD], generator)
    if style == "headscarf":
        radii = generator.uniform(56, 76) / 65, generator.uniform(75, 105)
        inside = np.sqrt((angle / radii[0]) ** 2 + ((height - 10) / radii[1]) ** 2)
        margin = 60 * (inside - 1)
        lift = generator.uniform(4, 18) * np.sqrt(np.clip(margin / 25, 0, 1)) * (1 + 0.25 * waves) + 1.5
        return _Scalp(np.clip(margin / 4 + 0.5, 0, 1).astype(np.float32), lift.astype(np.float32))
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
    return _Scalp(amount.astype(np.float32), lift.astype(np.float32))


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
    surface: HeadSurface, head: Head, view: View, normals: Floats, scalp: _Scalp, hairy: bool, generator: Generator
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


def _locks(
    surface: HeadSurface,
    head: Head,
    view: View,
    normals: Floats,
    scalp: _Scalp,
    skull: Skull,
    style: str,
    hairline: float,
    generator: Generator,
) -> list[HairMesh]:
    """Ribbons over the shell: hanging hair, hair that sticks out, bangs, single strands over the face."""
    covered = np.flatnonzero(scalp.amount > 0.6)
    meshes: list[HairMesh] = []
    if len(covered) == 0:
        return meshes
    centre = view.to_camera(skull.centre)
    curl = generator.uniform(0, 5) if generator.random() < 0.4 else 0.0
    frizz = generator.beta(1, 2)
    jitter, coverage = 0.01 + 0.07 * frizz, 1 - 0.45 * frizz

    def add(roots: Integers, directions: Floats, growth: Growth, half_width: float) -> None:
        starts = head.vertices[roots] + normals[roots] * scalp.lift[roots, None] * 0.9
        strands = grow(starts, directions, growth, skull, generator)
        meshes.append(ribbons(view.to_camera(strands), centre, half_width, coverage, frizz, True, generator))

    if style == "long":
        roots = generator.choice(covered, int(generator.uniform(500, 1300)))
        aside = np.sign(head.vertices[roots, 0]) * 0.8
        drift = np.stack([aside, np.full(len(roots), -0.1), generator.normal(-0.2, 0.1 + 0.3 * frizz, len(roots))], 1)
        parting = math.radians(generator.uniform(60, 95) if generator.random() < 0.75 else generator.uniform(34, 70))
        growth = Growth(generator.uniform(80, 340), 0.45, curl, 1.02, parting, hairline - 10, jitter)
        add(roots, 0.3 * normals[roots] + drift, growth, generator.uniform(1.0, 3.0))
    elif style == "short" or generator.random() < 0.5:
        roots = generator.choice(covered, int(generator.uniform(150, 500)))
        swept = generator.normal(0, 0.5, 3)
        wild = generator.normal(0, 0.1 + 0.5 * frizz, (len(roots), 3))
        growth = Growth(generator.uniform(8, 40), generator.uniform(0.05, 0.4), curl, 1.0, jitter=jitter)
        add(roots, normals[roots] + swept + wild, growth, generator.uniform(0.6, 1.8))
    over_forehead = np.flatnonzero(
        (scalp.amount > 0.5)
        & (np.abs(surface.angle[HEAD]) < 1.0)
        & (surface.model.neutral[HEAD, 1] > hairline - 25)
        & (surface.model.neutral[HEAD, 2] > 30)
    )
    if len(over_forehead) and style != "afro" and generator.random() < 0.4:
        roots = generator.choice(over_forehead, int(np.exp(generator.uniform(np.log(4), np.log(250)))))
        sideways = generator.normal(generator.normal(0, 0.8), 0.25, len(roots))
        directions = 0.5 * normals[roots] + np.stack([sideways, np.full(len(roots), -0.6), np.full(len(roots), 0.7)], 1)
        longest = 130 if generator.random() < 0.2 else 65
        growth = Growth(generator.uniform(25, longest), 0.45, 0.5 * curl, generator.uniform(1.02, 1.1), jitter=jitter)
        add(roots, directions, growth, generator.uniform(0.5, 2.0))
    return meshes


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


def hair_attributes(mesh: HairMesh) -> Floats:
    """The vertices' attributes (n, 13) for `shade_hair`."""
    columns = (
        mesh.vertices,
        mesh.normals,
        mesh.tangents,
        mesh.coordinates,
        mesh.brightness[:, None],
        mesh.hides[:, None],
    )
    return np.concatenate(columns, 1).astype(np.float32)


@kernel
def shade_hair(
    attributes: Floats,
    visible: Booleans,
    reaching: Floats,
    strands: Floats,
    colour: Floats,
    gloss: float,
    lighting: Lighting,
) -> Floats:
    """Linear colours (S, S, 3): wrapped diffuse, and highlights across strands (Kajiya and Kay 1989, equation 9)."""
    directions, colours, environment = lighting.directions, lighting.colours, lighting.environment
    size = visible.shape[0]
    height, width = strands.shape
    result = np.zeros((size, size, 3), np.float32)
    for row in range(size):
        for column in range(size):
            if not visible[row, column]:
                continue
            nx, ny, nz = (
                attributes[row, column, NORMAL],
                attributes[row, column, NORMAL + 1],
                attributes[row, column, NORMAL + 2],
            )
            texel_row, texel = int(attributes[row, column, COORDINATES + 1]), int(attributes[row, column, COORDINATES])
            shade = strands[texel_row % height, texel % width]
            tint = attributes[row, column, BRIGHTNESS] * (0.6 + 0.6 * shade) if gloss > 0 else 0.8 + 0.3 * shade
            for k in range(3):
                light = irradiance(environment, k, nx, ny, nz)
                for i in range(len(directions)):
                    share = 0.25 + 0.75 * reaching[row, column] if i == 0 else 1.0
                    facing = nx * directions[i, 0] + ny * directions[i, 1] + nz * directions[i, 2]
                    light += 0.8 * share * colours[i, k] * max(0.0, (facing + 0.3) / 1.3)
                result[row, column, k] = colour[k] * tint * light
            if gloss > 0:
                tx, ty, tz = (
                    attributes[row, column, TANGENT],
                    attributes[row, column, TANGENT + 1],
                    attributes[row, column, TANGENT + 2],
                )
                for i in range(len(directions)):
                    lx, ly, lz = directions[i, 0], directions[i, 1], directions[i, 2]
                    along = (tx * lx + ty * ly + tz * (lz + 1)) / (math.sqrt(max(2 + 2 * lz, 0.0)) + 1e-6)
                    facing = max(0.0, nx * lx + ny * ly + nz * lz + 0.2)
                    share = 0.25 + 0.75 * reaching[row, column] if i == 0 else 1.0
                    glint = 0.12 * gloss * shade * share * facing * max(0.0, 1 - along * along) ** 20
                    for k in range(3):
                        result[row, column, k] += glint * colours[i, k] * (0.3 + colour[k])
    return result
