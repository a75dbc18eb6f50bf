"""How well a photo shows the skin at each vertex of a head: facing the camera, not hidden, no hair, no background."""

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse import csgraph

from ...exchange.camera import Camera
from ...exchange.progress import Pause, no_pause
from ...geometry.extension import SmoothExtension
from ...geometry.mesh import triangulate, unique_edges, vertex_areas, vertex_normals
from ...geometry.raster import interpolate, rasterise
from ...template import Template, load_template
from ..photo.sampling import sample_intensity, smoothstep
from .light import fit_light

Array = NDArray[np.float64]
Mesh = tuple[NDArray[np.floating], NDArray[np.integer]]

#: Pixels along each side of the z-buffer.
BUFFER = 512
#: How far (mm) around what hides something, and inside the head's outline, nothing is trusted: the fit is as far off.
MARGIN = 2.0
#: A vertex is hidden if it lies farther than this (mm) behind what the z-buffer sees.
HIDDEN_DEPTH = 2.5
#: A covered part that is smaller than this (square millimetres) is taken for seen.
SPECK = 20.0
#: Cosines to the camera above which a view counts, as a good one and at all; it counts fully at `FULL` more.
WELL_SEEN, GRAZING, FULL = 0.45, 0.12, 0.3
#: Steps of averaging over neighbours, by which what is seen fades where it ends, and its colour towards the filling.
FADE_STEPS, INNER_STEPS = 20, 200
#: Rings of vertices around hair that are left out with it.
HAIR_RINGS = 4
#: The inner sides of lids, lips and nostrils, which no photo shows well.
INNER_GROUPS = ("mouth_interior", "eye_socket", "nostril_interior")
#: Vertices with more of one of them than this belong to it.
INSIDE = 0.02
#: Where skin is surely seen, to tell its colour from that of hair, and where light falls on it from all sides: without
#: the forehead, whose fringes are then left out more surely, foreheads in half shadow are lost.
SKIN_GROUPS, LIT_GROUPS = ("cheeks", "nose"), ("cheeks", "nose", "forehead", "chin")
#: How far from the border of what is seen (mm) hair and background may reach into a part of the face, and into others.
HAIR_REACH = {"cheeks": 14.0, "jaw": 6.0, "chin": 4.0, "brow": 0.0, "eyelids": 0.0, "nose": 0.0} | dict.fromkeys(
    ("upper_lip", "lower_lip"), 0.0
)
HAIR_REACH_ELSEWHERE = 80.0
#: The same where no beard grows, which is seen at the chin: strands of hair may hang before these.
STRAND_REACH = {"cheeks": 35.0, "jaw": 35.0, "chin": 12.0}
#: The share of the chin that must look like other skin for that, and how many of its vertices must be seen.
BARE_CHIN, FEWEST_OF_CHIN = 0.75, 100
GAMMA = 2.2
_NEIGHBOURHOODS: dict[int, "Neighbourhood"] = {}
#: How far colours scatter on skin at least, in units of CIE Lab: lightness, and the two of chroma.
SKIN_SCATTER = np.array([7.0, 3.5, 3.5])
#: What differs from the skin around it by more than this many scatters is something else.
OTHER_COLOUR = 2.5
#: Skin shines and hair rarely does: what is lighter than the skin around it counts with this factor.
LIGHTER = 0.4


@dataclass(frozen=True)
class SeenSkin:
    """How well the photo shows each vertex (n,), in [0, 1].

    Attributes
    ----------
    well : seen from in front
    at_all : seen, be it at a grazing angle; never less than `well`
    """

    well: Array
    at_all: Array


def find_seen_skin(
    vertices: Array,
    level: Template,
    others: tuple[Mesh, ...],
    pixels: NDArray[np.uint8],
    camera: Camera,
    mask: NDArray[np.bool_],
    pause: Pause = no_pause,
) -> SeenSkin:
    """Find out what of the head a photo shows.

    Parameters
    ----------
    vertices : (n, 3)
        The registered head at the template's level, in the camera's frame.
    level : Template
    others : tuple of (vertices, faces)
        Meshes that hide parts of the head, such as its eyeballs.
    pixels : (S, S, 3)
        The crop of the photo.
    camera : Camera
        From millimetres to the crop's pixels.
    mask : (h, w)
        Where the network sees the face, over the same square.
    pause : Pause
    """
    resolution = len(pixels)
    points = camera.project(vertices)
    cosine = facing(vertices, vertex_normals(vertices, level.faces), camera)
    inside_face = inside_mask(points / resolution, mask)
    pause()
    inside = inner_share(level) > INSIDE
    covered = hidden(vertices, level.faces, others, cosine, camera, resolution, pause)
    pause()
    seen = inside_face * ~(covered & ~_specks(covered & ~inside, vertices, level))
    pause()
    seen = seen * np.where(inside, 1.0, smoothstep(2 * level.groups["face"] - 0.6))
    pause()
    neighbours = neighbourhood(level, pause)
    pause()
    at_all = seen * (cosine > GRAZING) * ~inside
    footprint = np.full(len(vertices), 2.0 * camera.scale)
    colours = np.column_stack([sample_intensity(pixels[..., k], points, footprint) for k in range(3)])
    pause()
    seen = seen * ~neighbours.widened(find_hair(vertices, level, colours, at_all, neighbours, pause), HAIR_RINGS)
    pause()
    well, at_all = (
        neighbours.faded(seen * smoothstep((cosine - low) / FULL), inside, FADE_STEPS, pause) * ~inside
        for low in (WELL_SEEN, GRAZING)
    )
    pause()
    at_all = np.maximum(well, at_all)
    return SeenSkin(well, at_all)


def covered_skin(covered: NDArray[np.bool_], level: Template, pause: Pause = no_pause) -> SeenSkin:
    """The skin for which a scan has colours: seen alike from everywhere.

    Parameters
    ----------
    covered : (n,)
        Vertices of the level that lie on the scan.
    level : Template
    pause : Pause
    """
    inside = inner_share(level) > INSIDE
    neighbours = neighbourhood(level, pause)
    seen = neighbours.faded(covered.astype(np.float64), inside, FADE_STEPS, pause) * ~inside
    return SeenSkin(seen, seen)


def _specks(covered: NDArray[np.bool_], vertices: Array, level: Template) -> NDArray[np.bool_]:
    """Which of the covered vertices (n,) make so small a part that the skin there had better come from the photo.

    In the corners of the mouth one lip covers the other by less than the head is right.
    """
    part = neighbourhood(level).separate(covered)
    areas = np.bincount(part, weights=vertex_areas(vertices, triangulate(level.faces)))
    return covered & (areas[part] < SPECK)


def inner_share(level: Template) -> NDArray[np.floating]:
    """How far vertices (n,) belong to the inside of the mouth, of an eye's socket or of a nostril."""
    share: NDArray[np.floating] = np.max([level.groups[name] for name in INNER_GROUPS], axis=0)
    return share


def away_from_border(at_all: Array, level: Template, pause: Pause = no_pause) -> Array:
    """How far vertices (n,) are from the border of all that is seen on either half: 0 at it, 1 some 15 mm inside."""
    inside = inner_share(level) > INSIDE
    both = np.maximum(at_all, at_all[level.mirror])
    return neighbourhood(level, pause).faded(both, inside, INNER_STEPS, pause)


def facing(vertices: Array, normals: Array, camera: Camera) -> Array:
    """Cosine (n,) of the angle between the normal and the direction to the camera."""
    to_camera = np.array([0.0, 0.0, 1.0]) - vertices * camera.inverse_distance
    cosine: Array = np.einsum("ij,ij->i", normals, to_camera) / np.linalg.norm(to_camera, axis=1)
    return cosine


def hidden(
    vertices: Array,
    faces: NDArray[np.integer],
    others: tuple[Mesh, ...],
    cosine: Array,
    camera: Camera,
    resolution: int,
    pause: Pause = no_pause,
) -> NDArray[np.bool_]:
    """Whether each vertex (n,) lies outside the picture, behind something, or beside what hides something."""
    small = camera.resized(BUFFER / resolution)
    offsets = np.cumsum([len(vertices), *(len(mesh[0]) for mesh in others)])
    points = np.concatenate([vertices, *(mesh[0] for mesh in others)])
    triangles = np.concatenate(
        [triangulate(faces), *(triangulate(mesh[1]) + start for mesh, start in zip(others, offsets, strict=False))]
    )
    buffer = interpolate(
        points[:, 2], triangles, *rasterise(small.project(points), points[:, 2], triangles, (BUFFER, BUFFER), pause)
    )
    pause()
    radius = max(1, round(MARGIN * small.scale))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    nearest = cv2.dilate(np.where(np.isfinite(buffer), buffer, 1e6).astype(np.float32), disk)
    pixel = np.floor(small.project(vertices)).astype(int)
    outside = ((pixel < 1) | (pixel > BUFFER - 2)).any(axis=1)
    column, row = np.clip(pixel, 0, BUFFER - 1).T
    slope = np.sqrt(np.maximum(1 - cosine**2, 0)) / np.maximum(cosine, 0.1)
    behind: NDArray[np.bool_] = vertices[:, 2] < nearest[row, column] - HIDDEN_DEPTH - MARGIN * slope
    return outside | behind


def inside_mask(points: Array, mask: NDArray[np.bool_]) -> Array:
    """How far inside the mask points (n, 2), relative to the square, lie: 0 at its border, 1 two cells inside."""
    soft = cv2.GaussianBlur(cv2.erode(mask.astype(np.float32), np.ones((3, 3), np.uint8)), (0, 0), 1.2)
    values = sample_intensity(soft, points * mask.shape[::-1], np.ones(len(points)))
    return smoothstep(2 * values - 0.8)


def find_hair(
    vertices: Array,
    level: Template,
    colours: Array,
    seen: Array,
    neighbours: "Neighbourhood",
    pause: Pause = no_pause,
) -> NDArray[np.bool_]:
    """Which vertices (n,) show hair or background.

    They differ in colour from the skin around them and hang together with what is not seen, from where they may reach
    inwards by `HAIR_REACH`. So moles, brows, beards and make-up stay.

    Parameters
    ----------
    vertices : (n, 3)
    level : Template
    colours : (n, 3)
        sRGB in [0, 1].
    seen : (n,)
    neighbours : _Neighbourhood
        Of the same level.
    pause : Pause
    """
    skin = (np.sum([level.groups[name] for name in SKIN_GROUPS], axis=0) > 0.5) & (seen > 0.9)
    if skin.sum() < 50:
        return np.zeros(len(vertices), dtype=bool)
    lab = _lab(_evenly_lit(vertices, level, colours, seen))
    pause()
    middle = np.median(lab[skin], axis=0)
    skin &= (np.abs(lab - middle) < 5 * SKIN_SCATTER).all(axis=1)
    coarse = load_template()
    count = len(coarse.vertices)
    surface = SmoothExtension(vertices[:count], coarse.faces)
    pause()
    around = surface.extend(lab[:count], skin[:count].astype(float), middle, smoothing=12.0, reach=150.0, pause=pause)
    pause()
    difference = lab - level.subdivide(around, level.level)
    difference[:, 0] *= np.where(difference[:, 0] > 0, LIGHTER, 1.0)
    scatter = np.maximum(1.5 * np.median(np.abs(difference[skin]), axis=0), SKIN_SCATTER)
    other = np.linalg.norm(difference / scatter, axis=1) > OTHER_COLOUR
    unseen = seen < 0.05
    reach = np.full(len(vertices), HAIR_REACH_ELSEWHERE)
    reaches = HAIR_REACH | (STRAND_REACH if bare_chin(other, seen, level) else {})
    for name, distance in reaches.items():
        reach[level.groups[name] > 0.3] = distance
    other &= neighbours.distance(vertices, unseen) < reach
    return neighbours.connected(other, unseen)


def bare_chin(other: NDArray[np.bool_], seen: Array, level: Template) -> bool:
    """Whether no beard is seen on the chin, from what (n,) is not of the skin's colour and what is seen."""
    chin = (level.groups["chin"] > 0.5) & (seen > 0.5)
    return bool(chin.sum() >= FEWEST_OF_CHIN and (~other[chin]).mean() > BARE_CHIN)


def _evenly_lit(vertices: Array, level: Template, colours: Array, seen: Array) -> Array:
    """Colours (n, 3), sRGB in [0, 1], as if light came from everywhere, so that shade is not taken for hair."""
    count = len(load_template().vertices)
    lit = np.max([level.groups[name][:count] for name in LIT_GROUPS], axis=0)
    areas = vertex_areas(vertices, triangulate(level.faces))[:count]
    normals = vertex_normals(vertices, level.faces)
    linear = colours**GAMMA
    light = fit_light(normals[:count], linear[:count], seen[:count] * lit * areas + 1e-9).on(normals)
    even: Array = np.clip(linear / light * light[seen > 0.5].mean(axis=0), 0, 1) ** (1 / GAMMA)
    return even


class Neighbourhood:
    """The vertices that edges connect on a level of the template."""

    def __init__(self, level: Template, pause: Pause = no_pause) -> None:
        self.edges = unique_edges(level.faces)
        pause()
        count = len(level.vertices)
        ones = np.ones(2 * len(self.edges))
        rows = np.concatenate([self.edges[:, 0], self.edges[:, 1]])
        columns = np.concatenate([self.edges[:, 1], self.edges[:, 0]])
        self.adjacency = sparse.csr_matrix((ones, (rows, columns)), (count, count))
        pause()
        degree = np.asarray(self.adjacency.sum(axis=1)).ravel()
        self._average = sparse.diags(0.5 / np.maximum(degree, 1)) @ self.adjacency + 0.5 * sparse.identity(count)

    def separate(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """A number (n,) for each part of the chosen vertices that hangs together; the others are parts of their own."""
        inside = self.edges[chosen[self.edges].all(axis=1)]
        graph = sparse.csr_matrix((np.ones(len(inside)), (inside[:, 0], inside[:, 1])), self.adjacency.shape)
        part: NDArray[np.int64] = csgraph.connected_components(graph, directed=False)[1]
        return part

    def widened(self, chosen: NDArray[np.bool_], rings: int) -> NDArray[np.bool_]:
        """Add the rings of neighbours around the chosen vertices (n,)."""
        for _ in range(rings):
            chosen = chosen | (self.adjacency @ chosen > 0)
        return chosen

    def faded(self, values: Array, ignored: NDArray[np.bool_], steps: int, pause: Pause = no_pause) -> Array:
        """Fade values (n,) in [0, 1] inwards to 0 where they end, but not towards the ignored vertices (n,)."""
        soft = values
        for _ in range(steps):
            pause()
            soft = self._average @ np.where(ignored, 1.0, soft)
        return values * smoothstep((soft - 0.45) / 0.5)

    def distance(self, vertices: Array, start: NDArray[np.bool_], limit: float = np.inf) -> Array:
        """Distance (n,) along edges from the nearest of the starting vertices, infinite beyond the limit."""
        if not start.any():
            return np.full(len(vertices), np.inf)
        lengths = np.linalg.norm(vertices[self.edges[:, 0]] - vertices[self.edges[:, 1]], axis=1)
        graph = sparse.csr_matrix((lengths, (self.edges[:, 0], self.edges[:, 1])), self.adjacency.shape)
        result: Array = csgraph.dijkstra(
            graph, directed=False, indices=np.flatnonzero(start), limit=limit, min_only=True
        )
        return result

    def connected(self, chosen: NDArray[np.bool_], to: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The chosen vertices (n,) that a path of chosen vertices connects with some of `to`."""
        part = self.separate(chosen | to)
        return chosen & np.isin(part, np.unique(part[to]))


def neighbourhood(level: Template, pause: Pause = no_pause) -> Neighbourhood:
    """That of a level, which stays in memory for the next face."""
    if level.level not in _NEIGHBOURHOODS:
        _NEIGHBOURHOODS[level.level] = Neighbourhood(level, pause)
    return _NEIGHBOURHOODS[level.level]


def _lab(colours: Array) -> Array:
    """CIE Lab of sRGB colours (n, 3) in [0, 1]."""
    lab: NDArray[np.float32] = cv2.cvtColor(colours.astype(np.float32)[None], cv2.COLOR_RGB2LAB)
    return lab[0].astype(np.float64)
