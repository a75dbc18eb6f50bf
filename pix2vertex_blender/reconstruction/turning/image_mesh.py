"""A photo with its registered face as a mesh that can be moved and drawn again (Beyond 3DMM, figs. 8 and 9)."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.frames import Frame
from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import triangle_normals, triangulate, vertex_normals
from ...geometry.raster import interpolate, rasterise
from ...template import Template, load_template
from ..texture.seen_skin import inner_share
from .anchors import Anchors, anchors_around, extended
from .blending import fill_hidden
from .light import Skin, fit_skin, to_display, to_linear, towards_camera

Array = NDArray[np.float64]

#: The level at which the face is drawn: its outline shows no corners.
LEVEL = 1
#: A pixel shows what the photo hides if it lies farther than this (mm) behind what the photo shows there.
HIDDEN_DEPTH = 4.0
#: A triangle that the photo shows so many times smaller than it is drawn is not shown well enough.
SMALLEST = 0.3
#: By how much (mm) what is hidden is widened, so that its colours join skin that the photo shows well.
WIDENED = 3.0
#: Over how much (mm) the face goes over into what is around it.
FEATHER = 2.0
#: Cosine to the camera from which skin counts for its colour and light.
FACING = 0.25
#: The share of a distance to the camera that nothing comes nearer than.
NEAREST = 0.25


@dataclass(frozen=True)
class Drawn:
    """A photo drawn again.

    Attributes
    ----------
    pixels : (h, w, 3) uint8
    filled : (h, w) bool
        Where the face is shown in fitted colours, because the photo hides it.
    face : (h, w) bool
        Where the face is.
    vertices : (n, 3)
        The head at level 0 in the camera's axes.
    """

    pixels: NDArray[np.uint8]
    filled: NDArray[np.bool_]
    face: NDArray[np.bool_]
    vertices: Array


@dataclass(frozen=True)
class ImageMesh:
    """A photo, the head that was registered in it, and anchors over all of it.

    Attributes
    ----------
    pixels : (h, w, 3) uint8
        sRGB.
    frame : Frame
        The photo's pixels are those that its `to_photo` gives.
    vertices : (n, 3)
        The registered head at level 0 in the camera's axes, with the photo's expression.
    """

    pixels: NDArray[np.uint8]
    frame: Frame
    vertices: Array

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    @property
    def _shape(self) -> tuple[int, int]:
        return self.pixels.shape[0], self.pixels.shape[1]

    @cached_property
    def level(self) -> Template:
        """The template as it is drawn."""
        return load_template(LEVEL)

    @cached_property
    def face(self) -> NDArray[np.int64]:
        """The triangles (m, 3) of the face, without the inner sides of lids, lips and nostrils."""
        level = self.level
        inner = inner_share(level)
        skin = (level.groups["face"] > 0.5) & (inner < 0.5)
        triangles = triangulate(level.faces)
        chosen: NDArray[np.int64] = triangles[skin[triangles].all(axis=1)]
        return chosen

    @cached_property
    def _head(self) -> Array:
        return load_template().subdivide(self.vertices, LEVEL)

    @cached_property
    def _shown(self) -> tuple[NDArray[np.int32], Array, NDArray[np.int64], Array]:
        """What of head and eyeballs each pixel shows: triangle, weights, the triangles drawn and all points."""
        balls = load_template().place_eyeballs(self.vertices)
        points = np.concatenate([self._head, balls])
        triangles = np.concatenate(
            [triangulate(self.level.faces), triangulate(load_template().eyeballs.faces) + len(self._head)]
        )
        projected = self.project(points)
        triangles = triangles[doubled_areas(projected, triangles) > 0]
        seen, weights = rasterise(projected, points[:, 2], triangles, self._shape)
        return seen, weights, triangles, points

    @cached_property
    def depth(self) -> Array:
        """Depth (h, w) of head and eyeballs in millimetres, NaN beside them and in the mouth."""
        seen, weights, triangles, points = self._shown
        return interpolate(points[:, 2], triangles, seen, weights)

    @cached_property
    def anchors(self) -> Anchors:
        """Over all of the photo."""
        return anchors_around(self.project(self.vertices), self.size)

    @cached_property
    def on_head(self) -> NDArray[np.bool_]:
        """Which anchors (a,) lie on the head."""
        inside = self.anchors.inside(self.size)
        return inside & np.isfinite(self._at_anchors(self.depth))

    @cached_property
    def anchor_points(self) -> Array:
        """The anchors (a, 3) in the camera's axes, with depth from eq. 12."""
        depth = self._at_anchors(self.depth)
        depth = extended(np.nan_to_num(depth)[:, None], self.on_head, self.anchors.edges)[:, 0]
        return self.frame.camera.unproject(self.frame.from_photo(self.anchors.pixels), depth)

    @cached_property
    def normals(self) -> Array:
        """Normals (n, 3) of the head at level 0."""
        return vertex_normals(self.vertices, load_template().faces)

    @cached_property
    def skin(self) -> Skin:
        """Texture and light of the face, at level 0."""
        template = load_template()
        towards = towards_camera(self.vertices, self.frame.camera.inverse_distance)
        cosine = np.einsum("ij,ij->i", self.normals, towards)
        points = self.project(self.vertices)
        behind = _sampled(np.nan_to_num(self.depth, nan=-1e6), points) - self.vertices[:, 2] > HIDDEN_DEPTH
        inner = inner_share(template)
        outside = ((points < 1) | (points > np.array(self.size) - 1)).any(axis=1)
        weights = np.clip((cosine - FACING) / 0.3, 0, 1) * (template.groups["face"] > 0.5) * (inner < 0.1)
        weights = np.where(behind | outside, 0.0, weights)
        blur = max(0.5, self.frame.camera.scale * self.frame.enlargement)
        soft = cv2.GaussianBlur(self.pixels, (0, 0), blur)
        colours = to_linear(np.stack([_sampled(soft[..., k], points) for k in range(3)], axis=1))
        return fit_skin(self.vertices, self.normals, towards, colours, weights, template)

    def project(self, points: Array) -> Array:
        """Photo pixels (n, 2) of points (n, 3) in the camera's axes; what is too near is taken to be farther."""
        inverse = self.frame.camera.inverse_distance
        if inverse > 0:
            points = np.column_stack([points[:, :2], np.minimum(points[:, 2], (1 - NEAREST) / inverse)])
        return self.frame.to_photo(points)

    def moved_by(self, moved: Array) -> Array:
        """By how many pixels (a, 2) anchors move when the head's vertices (n, 3) are elsewhere, 0 beside the head."""
        template = load_template()
        points = np.concatenate([template.subdivide(moved, LEVEL), template.place_eyeballs(moved)])
        seen, weights, triangles, before = self._shown
        steps = interpolate(self.project(points) - self.project(before), triangles, seen, weights)
        return np.where(self.on_head[:, None], np.nan_to_num(self._at_anchors(steps)), 0.0)

    def drawn(self, vertices: Array, anchors: Array, gain: Array | None = None, pause: Pause = no_pause) -> Drawn:
        """Draw the photo with its head and its anchors elsewhere, seen by the same camera.

        Parameters
        ----------
        vertices : (n, 3)
            The head at level 0 in the camera's axes.
        anchors : (a, 3)
            Where the anchors are: photo pixels, and depth by which they hide each other.
        gain : (n, 3), optional
            By what the photo's linear colours are multiplied on the face.
        pause : Pause
        """
        picture = self._sampled_at(self._anchor_pixels(anchors, pause))
        triangles = self.face
        points = load_template().subdivide(vertices, LEVEL)
        source, target = self.project(self._head), self.project(points)
        areas = doubled_areas(target, triangles)
        triangles = triangles[areas > 1e-9]
        shown = doubled_areas(source, triangles) / areas[areas > 1e-9] > SMALLEST
        pause()
        seen, weights = rasterise(target, points[:, 2], triangles, self._shape, pause)
        face = seen >= 0
        gains = np.ones_like(self.vertices) if gain is None else gain
        model = self.skin.light.shade(
            self.skin.texture,
            self.normals,
            towards_camera(self.vertices, self.frame.camera.inverse_distance),
        )
        values = np.column_stack([model * gains, gains])
        layers = np.column_stack([source, self._head[:, 2], load_template().subdivide(values, LEVEL)])
        drawn = interpolate(layers, triangles, seen, weights)
        pause()
        own = self._sampled_at(np.where(face[..., None], drawn[..., :2], 0.0))
        if gain is not None:
            own = _brightened(own, np.where(face[..., None], drawn[..., 6:9], 1.0))
        hidden = face & (~shown[seen] | self._behind(drawn))
        millimetre = self.frame.camera.scale * self.frame.enlargement
        hidden = _cleaned(hidden, face, round(WIDENED * millimetre))
        painted = np.where(face[..., None], to_display(np.nan_to_num(drawn[..., 3:6])), 0).astype(np.uint8)
        pause()
        own = fill_hidden(own, painted, hidden, face)
        share = _feathered(face, FEATHER * millimetre)[..., None]
        return Drawn(np.rint(share * own + (1 - share) * picture).astype(np.uint8), hidden, face, vertices)

    def _behind(self, drawn: Array) -> NDArray[np.bool_]:
        """Which pixels show what lies, in the photo, behind something or beyond its edge."""
        places = np.nan_to_num(drawn[..., :2])
        width, height = self.size
        outside = (places < 0).any(axis=-1) | (places[..., 0] > width) | (places[..., 1] > height)
        column, row = (np.clip(places[..., k].astype(int), 0, self.size[k] - 1) for k in range(2))
        front = np.nan_to_num(self.depth, nan=-1e6)[row, column]
        behind: NDArray[np.bool_] = np.nan_to_num(drawn[..., 2]) < front - HIDDEN_DEPTH
        return outside | behind

    def _anchor_pixels(self, anchors: Array, pause: Pause) -> Array:
        """Which photo pixel (h, w, 2) is seen where the anchors (a, 3) are."""
        triangles = self.anchors.triangles
        seen, weights = rasterise(anchors[:, :2], anchors[:, 2], triangles, self._shape, pause)
        places = interpolate(self.anchors.pixels, triangles, seen, weights)
        width, height = self.size
        across, down = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
        return np.where(np.isfinite(places), places, np.stack([across, down], axis=-1))

    def _sampled_at(self, places: Array) -> NDArray[np.uint8]:
        """The photo's colours (h, w, 3) at pixels (h, w, 2); what lies beyond its edge is mirrored."""
        x, y = (np.ascontiguousarray(places[..., k] - 0.5, dtype=np.float32) for k in range(2))
        sampled: NDArray[np.uint8] = cv2.remap(
            np.ascontiguousarray(self.pixels), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
        )
        return sampled

    def _at_anchors(self, image: Array) -> Array:
        """Values (a, ...) of an image (h, w, ...) at the pixels that the anchors lie in."""
        width, height = self.size
        column, row = np.floor(self.anchors.pixels).astype(int).clip(0, [width - 1, height - 1]).T
        values: Array = image[row, column]
        return values


def doubled_areas(pixels: Array, triangles: NDArray[np.integer]) -> Array:
    """Twice the areas (m,) of triangles in the picture, pixels (n, 2), positive where their outside is seen."""
    flat = np.column_stack([pixels[:, 0], -pixels[:, 1], np.zeros(len(pixels))])
    areas: Array = triangle_normals(flat, triangles)[:, 2]
    return areas


def _sampled(image: NDArray[np.floating] | NDArray[np.uint8], points: Array) -> Array:
    """Values (n,) of an image (h, w) at the pixels that points (n, 2) lie in."""
    height, width = image.shape
    column, row = np.floor(points).astype(int).clip(0, [width - 1, height - 1]).T
    values: Array = image[row, column].astype(np.float64)
    return values


def _brightened(pixels: NDArray[np.uint8], gain: Array) -> NDArray[np.uint8]:
    brighter: NDArray[np.uint8] = np.rint(to_display(to_linear(pixels) * gain)).astype(np.uint8)
    return brighter


def _cleaned(hidden: NDArray[np.bool_], face: NDArray[np.bool_], wider: int) -> NDArray[np.bool_]:
    """What is hidden without specks, and so many pixels wider."""
    opened = cv2.morphologyEx(hidden.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * wider + 3, 2 * wider + 3))
    widened: NDArray[np.bool_] = (cv2.dilate(opened, disk) > 0) & face
    return widened


def _feathered(face: NDArray[np.bool_], width: float) -> Array:
    """How much (h, w) of the face is seen: all of it inside, and nothing at its border."""
    inside = cv2.distanceTransform(np.pad(face, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    return np.clip(inside.astype(np.float64) / max(width, 2.0), 0.0, 1.0)
