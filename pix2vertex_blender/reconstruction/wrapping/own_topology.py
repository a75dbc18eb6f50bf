"""A reconstructed face, or an expression, moves a head of another topology that our template was wrapped to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import KDTree

from ...geometry.extension import smoothed
from ...geometry.similarity import Similarity, fit_similarity
from ...template import Template, load_template
from ...template.eyeballs import RADIUS, place_balls
from ..photo.sampling import smoothstep
from .binding import Array, Binding, BindingParameters
from .parting import Parting

#: The regions of a head that can be shaped for themselves, and their groups of the template; the rest is proportions.
REGIONS: Mapping[str, tuple[str, ...]] = {
    "nose": ("nose", "nostril_interior"),
    "mouth": ("upper_lip", "lower_lip", "mouth_interior"),
    "eyes": ("eyelids", "eye_socket", "brow"),
    "jaw": ("jaw", "chin"),
    "ears": ("ears",),
}
PROPORTIONS = "proportions"
#: A loose part is an eye if it is about as deep as it is wide, and its middle no farther than this (mm of the template)
#: from that of our eyeball; what lies within this many of its radii belongs to it.
ROUND, EYE_REACH, EYE_PARTS = 0.75, 8.0, 1.2
#: What lies no farther than about this (mm of the template) from the lids tells where an eye goes.
LIDS = 3.0
#: Skin within the first of these shares of an eye's radius from its middle keeps its distance from that; beyond the
#: second it moves freely.
AROUND = (1.15, 1.5)
#: Loose parts that are nearer than this (mm of the template) to the skin, as lashes are, move with it.
ATTACHED = 6.0


@dataclass(frozen=True)
class CarryParameters:
    """Lengths are in millimetres of the template.

    Attributes
    ----------
    fading : float
        How far from the face the head becomes what it was: the neck has to fit the body, the skull the hair.
    proportions : float
        What changes over this length and more belongs to the head's proportions, what is finer to its regions.
    border : float
        Over this length regions go over into each other.
    binding : BindingParameters
    """

    fading: float = 60.0
    proportions: float = 25.0
    border: float = 5.0
    binding: BindingParameters = field(default_factory=BindingParameters)


class OwnHead:
    """A head of any topology that our template was wrapped to.

    Parameters
    ----------
    vertices : (k, 3)
    triangles : (m, 3)
        They tell normals, and which parts are loose.
    wrapped : (c, 3)
        The template at level 0 on the head, in its coordinates.
    parameters : CarryParameters
    """

    def __init__(
        self,
        vertices: Array,
        triangles: NDArray[np.integer],
        wrapped: Array,
        parameters: CarryParameters = CarryParameters(),
    ) -> None:
        self.vertices, self.wrapped = vertices, wrapped
        self._parameters, self._template = parameters, load_template()
        self._binding = Binding(vertices, triangles, wrapped, parameters.binding)
        self._parts = loose_parts(triangles, len(vertices))
        self._skin = self._find_skin()
        self._eyes = [eye for eye in self._find_eyes() if len(eye)]
        self._attached = self._find_attached()
        self._parting = Parting(vertices, self._triangles_of_skin(triangles), wrapped, self._binding.unit)

    def change_to(self, face: Array) -> Array:
        """What makes our template on the head (c, 3) a face (c, 3), which may be anywhere and of any size.

        The face is laid over the head as the head's own size and place ask for, so that it keeps them.
        """
        template = self._template
        weights = template.groups["face"]
        laid = fit_similarity(face, self.wrapped, weights).apply(face)
        share = _share_of_change(template.vertices, weights > 0.5, self._parameters.fading)
        return (laid - self.wrapped) * share[:, None]

    def moved(self, change: Array) -> Array:
        """How far the head's vertices (k, 3), in their own order, move with our template's (c, 3).

        What is near them moves as well: teeth, lashes, and eyes, which stay round.
        """
        result = self._binding.follow(change)
        motions = [self._eye_motion(eye, result) for eye in self._eyes]
        return self._with_loose_parts(self._parting.parted(self._around_eyes(result, motions)), motions)

    def moved_by_expression(self, change: NDArray[np.floating], inside: Mapping[str, tuple[Array, Array]]) -> Array:
        """The same for an expression, in which eyes turn, if at all, and what is in the mouth moves with the jaw.

        Parameters
        ----------
        change : (c, 3)
        inside : mapping of str to ((n, 3), (n, 3))
            Our teeth and tongue in the head's coordinates, and how far they move.
        """
        still = Similarity(1.0, np.eye(3), np.zeros(3))
        motions = [still for _eye in self._eyes]
        result = self._with_loose_parts(self._around_eyes(self._binding.follow(change), motions), motions)
        for rows, part in self._in_the_mouth({name: places for name, (places, _moves) in inside.items()}):
            places, moves = inside[part]
            result[rows] = moves[KDTree(places).query(self.vertices[rows])[1]]
        return result

    def moved_by_region(self, change: Array) -> dict[str, Array]:
        """Parts (k, 3) of `moved` by region, `PROPORTIONS` first, which sum up to it."""
        parts = {name: self.moved(part) for name, part in self.by_region(change).items() if name != PROPORTIONS}
        return {PROPORTIONS: self.moved(change) - np.sum(list(parts.values()), axis=0), **parts}

    def moved_points(self, points: Array, change: Array) -> Array:
        """How far points (b, 3) around the head, for instance ends of bones, move."""
        return self._binding.follow_at(points, change)

    def by_region(self, change: Array) -> dict[str, Array]:
        """Parts (c, 3) of a change by region, `PROPORTIONS` first, which sum up to it."""
        template, parameters = self._template, self._parameters
        coarse = smoothed(change, template.vertices, template.faces, parameters.proportions)
        shares = region_shares(template, parameters.border)
        regions = {name: share[:, None] * (change - coarse) for name, share in shares.items()}
        return {PROPORTIONS: change - np.sum(list(regions.values()), axis=0), **regions}

    def _eye_motion(self, eye: NDArray[np.intp], result: Array) -> Similarity:
        """How an eye moves where its vertices would move like skin: as the lids, which lie against its front."""
        own, apart = self.vertices[eye], self._apart[eye] / (LIDS * self._binding.unit)
        return fit_similarity(own, own + result[eye], np.exp(-(apart**2)))

    def _around_eyes(self, result: Array, motions: Sequence[Similarity]) -> Array:
        """Motions (k, 3) of the skin, with lids that keep their distance from eyes that move as they are."""
        for eye, motion in zip(self._eyes, motions, strict=True):
            result = self._around_eye(result, eye, motion)
        return result

    def _with_loose_parts(self, result: Array, motions: Sequence[Similarity]) -> Array:
        """The same with eyes, and lashes that move with the skin."""
        rows, skin, shares = self._attached
        result[rows] = np.einsum("kf,kfc->kc", shares, result[skin])
        for eye, motion in zip(self._eyes, motions, strict=True):
            result[eye] = motion.apply(self.vertices[eye]) - self.vertices[eye]
        return result

    def _around_eye(self, result: Array, eye: NDArray[np.intp], motion: Similarity) -> Array:
        """The same with what lies around an eye as far from its middle as before, in the eye's own size."""
        points = self.vertices[eye]
        centre, radius = (points.min(axis=0) + points.max(axis=0)) / 2, np.ptp(points, axis=0).max() / 2
        before = np.linalg.norm(self.vertices - centre, axis=1)
        near = np.flatnonzero(before < AROUND[1] * radius)
        away = self.vertices[near] + result[near] - motion.apply(centre[None])
        distance = np.linalg.norm(away, axis=1)
        share = smoothstep((AROUND[1] - before[near] / radius) / (AROUND[1] - AROUND[0]))
        longer = share * (motion.scale * before[near] - distance) / np.maximum(distance, 1e-3 * radius)
        result[near] += longer[:, None] * away
        return result

    def _find_skin(self) -> NDArray[np.intp]:
        """The vertices of the part that is the head: the nearest to most of our face; hair may be larger."""
        part_of = np.empty(len(self.vertices), dtype=np.intp)
        for number, part in enumerate(self._parts):
            part_of[part] = number
        face = self.wrapped[self._template.groups["face"] > 0.5]
        return self._parts[np.bincount(part_of[KDTree(self.vertices).query(face)[1]]).argmax()]

    def _triangles_of_skin(self, triangles: NDArray[np.integer]) -> NDArray[np.integer]:
        skin = np.zeros(len(self.vertices), dtype=bool)
        skin[self._skin] = True
        return triangles[skin[triangles].all(axis=1)]

    def _find_attached(self) -> tuple[NDArray[np.intp], NDArray[np.intp], Array]:
        """Vertices (k,) of parts that hang on the skin, the vertices (k, 3) of that near them, and their shares."""
        distances, nearest = KDTree(self.vertices[self._skin]).query(self.vertices, k=3)
        self._apart = distances[:, 0]
        reach = ATTACHED * self._binding.unit
        parts = [part for part in self._parts if part is not self._skin and np.median(distances[part, 0]) < reach]
        rows = np.concatenate([np.zeros(0, dtype=np.intp), *parts])
        counts = 1 / np.maximum(distances[rows], 1e-3 * reach)
        return rows, self._skin[nearest[rows]], counts / counts.sum(axis=1, keepdims=True)

    def _balls(self, head: Array) -> list[Array]:
        """The centres (3,) of the eyeballs of our template somewhere on the head."""
        unit = self._binding.unit
        return [ball.centre * unit for ball in place_balls(self._template, head / unit)]

    def _find_eyes(self) -> list[NDArray[np.intp]]:
        """The vertices of the left and of the right eye, none where they are no loose parts."""
        unit, none = self._binding.unit, np.zeros(0, dtype=np.intp)
        eyes = []
        for centre in self._balls(self.wrapped):
            eye = next((part for part in self._parts if self._is_eye(part, centre)), none)
            if len(eye):
                middle = (self.vertices[eye].min(axis=0) + self.vertices[eye].max(axis=0)) / 2
                reach = EYE_PARTS * np.ptp(self.vertices[eye], axis=0).max() / 2
                within = np.linalg.norm(self.vertices - middle, axis=1) < max(reach, unit)
                eye = np.concatenate([part for part in self._parts if within[part].all()] or [eye])
            eyes.append(eye)
        return eyes

    def _is_eye(self, part: NDArray[np.intp], centre: Array) -> bool:
        points, unit = self.vertices[part], self._binding.unit
        extent = np.ptp(points, axis=0)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        fits = RADIUS * unit < extent.max() < 4 * RADIUS * unit
        is_round = extent.min() > ROUND * extent.max()
        return bool(fits and is_round and np.linalg.norm(middle - centre) < EYE_REACH * unit)

    def _in_the_mouth(self, places: Mapping[str, Array]) -> list[tuple[NDArray[np.intp], str]]:
        """Loose parts of the head that are teeth or the tongue, and as which of ours, in our `places`, they move."""
        if not places:
            return []
        trees = {name: KDTree(points) for name, points in places.items()}
        skin = KDTree(self.wrapped[self._template.groups["face"] > 0.5])
        found = []
        for part in (part for part in self._parts if part is not self._skin):
            own = self.vertices[part]
            away = {name: float(tree.query(own)[0].mean()) for name, tree in trees.items()}
            nearest = min(away, key=lambda name: away[name])
            if away[nearest] < min(float(skin.query(own)[0].mean()), 8.0 * self._binding.unit):
                found.append((part, nearest))
        return found


def carried(
    vertices: Array,
    triangles: NDArray[np.integer],
    wrapped: Array,
    face: Array,
    parameters: CarryParameters = CarryParameters(),
) -> Array:
    """The vertices (k, 3) of a head of any topology with the shape of a face; see `OwnHead`."""
    head = OwnHead(vertices, triangles, wrapped, parameters)
    return vertices + head.moved(head.change_to(face))


def region_shares(template: Template, border: float) -> dict[str, Array]:
    """How much (c,) of each vertex belongs to each of `REGIONS`; together at most 1."""
    groups = [np.max([template.groups[name] for name in names], axis=0) for names in REGIONS.values()]
    soft = np.clip(smoothed(np.column_stack(groups), template.vertices, template.faces, border), 0.0, 1.0)
    soft /= np.maximum(soft.sum(axis=1, keepdims=True), 1.0)
    return dict(zip(REGIONS, soft.T, strict=True))


def loose_parts(triangles: NDArray[np.integer], count: int) -> list[NDArray[np.intp]]:
    """The vertices of each part that no edge connects with the others."""
    first, second = triangles[:, [0, 1]].ravel(), triangles[:, [1, 2]].ravel()
    graph = sparse.coo_matrix((np.ones(len(first)), (first, second)), (count, count))
    parts, label = csgraph.connected_components(graph, directed=False)
    order = np.argsort(label, kind="stable")
    return np.split(order, np.searchsorted(label[order], np.arange(1, parts)))


def _share_of_change(rest: Array, face: NDArray[np.bool_], fading: float) -> Array:
    """How much (n,) of a face's change a head takes: all on the face, nothing far from it."""
    distances = KDTree(rest[face]).query(rest)[0]
    return smoothstep(1 - distances / fading)
