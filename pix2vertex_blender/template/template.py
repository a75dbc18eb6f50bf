"""The head template at its levels of subdivision."""

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..data_files import check
from ..exchange.uv_layouts import LAYOUTS, WHOLE_HEAD
from ..paths import TEMPLATE_FILE
from .canonical import from_millimetres
from .eyeballs import place_balls
from .face_layout import face_first_uvs
from .parts import load_parts

if TYPE_CHECKING:
    import scipy.sparse as sparse

    from ..geometry.subdivision import Subdivision

LEVELS = 4

Points = NDArray[np.float64]
Indices = NDArray[np.int64]
Groups = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Eyeballs:
    """Both eyeballs, the left one first.

    Attributes
    ----------
    around : (e, 3) mm, each ball around its own centre, looking along +z
    centres : (2, 3) mm, where the template's lids have the axes of sight; how deep the balls lie depends on the lids
    faces : (f, 4) vertex indices
    uvs : (f, 4, 2)
    mirror : (e,) the vertex on the other side
    groups : {"left", "right", "iris", "pupil", "cornea"}: (e,) weights
    lids : (2, r) vertices of the head on the lids' inner border, of the left and of the right eye
    """

    around: Points
    centres: Points
    faces: Indices
    uvs: Points
    mirror: Indices
    groups: Groups
    lids: Indices


@dataclass(frozen=True)
class Template:
    """The head at one level of subdivision.

    Attributes
    ----------
    vertices : (n, 3) mm, on the mean neutral face at level 0
    faces : (m, 4) vertex indices, anticlockwise from outside
    uvs : (m, 4, 2) texture coordinates of the faces' corners in [0, 1], v upwards
    mirror : (n,) the vertex on the other side; x changes its sign
    canonical : (n, 3) normalised points of the mean neutral face, the network's embedding, at every level on its
        surface
    landmarks_68 : (68,) vertices of the iBUG landmarks, as the morphable model has them
    landmark_corners, landmark_weights : (68, 3) three vertices and their weights, the points that annotators of photos
        choose for these landmarks; see `landmark_points`
    groups : {name: (n,)} weights in [0, 1]; "face" is what the network sees, without the inner sides of lids, lips and
        nostrils
    corners : {name: vertex} of the eyes' and the mouth's corners
    eyeballs : Eyeballs, the same at all levels
    level : the level of subdivision
    version : changes whenever a vertex or its order changes
    provenance : what the template was made from, and under which terms
    layout : which of `exchange.uv_layouts.LAYOUTS` the UVs are
    """

    vertices: Points
    faces: Indices
    uvs: Points
    mirror: Indices
    canonical: Points
    landmarks_68: Indices
    landmark_corners: Indices
    landmark_weights: Points
    groups: Groups
    corners: dict[str, int]
    eyeballs: Eyeballs
    level: int
    version: str
    provenance: str
    layout: str = WHOLE_HEAD

    def landmark_points(self, vertices: NDArray[np.floating]) -> NDArray[np.float64]:
        """Where annotators see the 68 landmarks (68, ...) of a head (n, ...) of this or a finer level."""
        return np.einsum("kc,kc...->k...", self.landmark_weights, np.asarray(vertices)[self.landmark_corners])

    def subdivide(self, values: NDArray[np.floating], level: int) -> NDArray[np.float64]:
        """Carry values (n, ...) at the vertices of level 0, such as registered positions, to another level.

        Raises
        ------
        ValueError
            If `values` does not have one row for each vertex of level 0, or the level does not exist.
        """
        return carry(np.asarray(values, dtype=np.float64), level)

    def place_eyeballs(self, vertices: NDArray[np.floating]) -> Points:
        """Eyeball vertices (e, 3) in a head (n, 3) with this template's topology, of any level; see `place_balls`."""
        placed = np.empty_like(self.eyeballs.around)
        for side, ball in zip(("left", "right"), place_balls(self, vertices), strict=True):
            own = self.eyeballs.groups[side] > 0.5
            placed[own] = ball.centre + self.eyeballs.around[own] @ ball.rotation.T
        return placed


@cache
def load_template(level: int = 0, layout: str = WHOLE_HEAD) -> Template:
    """The head template; the arrays are shared and read-only.

    Parameters
    ----------
    level : 0 to 3, the number of Catmull-Clark subdivisions
    layout : of the UVs, one of `exchange.uv_layouts.LAYOUTS`

    Raises
    ------
    ValueError
        If the level or the layout does not exist.
    DataFileError
        If a file of the template is missing or damaged.
    """
    _check_level(level)
    if layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {LAYOUTS}, not {layout!r}")
    if layout != WHOLE_HEAD:
        return replace(load_template(level), uvs=face_first_uvs(level), layout=layout)
    return _read() if level == 0 else _subdivided(load_template(level - 1))


def subdivision_matrix(level: int) -> "sparse.csr_matrix":
    """Sparse matrix (n_level, n_0) that carries values at the vertices of level 0 to a level.

    Raises
    ------
    ValueError
        If the level does not exist.
    """
    import scipy.sparse as sparse

    _check_level(level)
    matrix = sparse.identity(len(load_template().vertices), format="csr")
    for step in range(level):
        matrix = _step(step).matrix @ matrix
    return matrix


def carry(values: NDArray[np.float64], level: int, start: int = 0) -> NDArray[np.float64]:
    """Carry values (n, ...) at the vertices of the level `start` to a finer one, one subdivision after the other.

    Raises
    ------
    ValueError
        If `values` does not have one row for each vertex, or a level does not exist.
    """
    _check_level(level)
    count = len(load_template(start).vertices)
    if values.ndim == 0 or len(values) != count:
        raise ValueError(
            f"values must have one row for each of the {count} vertices of level {start}, not shape {values.shape}"
        )
    rest = values.shape[1:]
    flat = values.reshape(count, -1)
    for step in range(start, level):
        flat = _step(step).matrix @ flat
    return flat.reshape(-1, *rest)


def carry_with_numpy(values: NDArray[np.floating], level: int, start: int = 0) -> NDArray[np.float64]:
    """What `carry` gives for values (n, c), for Blender's process, which has no SciPy."""
    _check_level(level)
    carried = np.asarray(values, dtype=np.float64)
    for step in range(start, level):
        carried = _step(step).carry(carried)
    return carried


@cache
def _step(level: int) -> "Subdivision":
    """Subdivision from `level` to the next; found only when a finer level is wanted."""
    from ..geometry.subdivision import catmull_clark

    if level == 0:
        return catmull_clark(load_template().faces, len(load_template().vertices))
    return catmull_clark(_step(level - 1).faces, _step(level - 1).shape[0])


def _subdivided(template: Template) -> Template:
    from ..geometry.subdivision import split_corners

    step = _step(template.level)
    weights = np.clip(step.matrix @ np.stack(list(template.groups.values()), axis=1), 0, 1)
    return _freeze(
        Template(
            vertices=step.matrix @ template.vertices,
            faces=step.faces,
            uvs=split_corners(template.uvs),
            mirror=mirror_map(template.level + 1),
            canonical=carry(_canonical_control(), template.level + 1),
            landmarks_68=template.landmarks_68,
            landmark_corners=template.landmark_corners,
            landmark_weights=template.landmark_weights,
            groups=dict(zip(template.groups, np.ascontiguousarray(weights.T), strict=True)),
            corners=template.corners,
            eyeballs=template.eyeballs,
            level=template.level + 1,
            version=template.version,
            provenance=template.provenance,
        )
    )


@cache
def mirror_map(level: int) -> Indices:
    """The vertex (n,) on the other side of each one of a level; needs no SciPy, as Blender's process has none.

    Raises
    ------
    ValueError
        If the level does not exist.
    """
    _check_level(level)
    if level == 0:
        return load_template().mirror
    coarser, edges, count = mirror_map(level - 1), _step(level - 1).edges, _step(level - 1).shape[1]
    faces = load_template().faces if level == 1 else _step(level - 2).faces
    ends = np.sort(coarser[edges], axis=1)
    mirrored_edges = np.searchsorted(edges[:, 0] * count + edges[:, 1], ends[:, 0] * count + ends[:, 1])
    return np.concatenate([coarser, count + mirrored_edges, count + len(edges) + _mirrored_faces(faces, coarser)])


def _mirrored_faces(faces: Indices, mirror: Indices) -> Indices:
    """The face on the other side of each face (m,)."""
    keys = np.sort(faces, axis=1)
    mirrored = np.sort(mirror[faces], axis=1)
    order, other = np.lexsort(keys.T), np.lexsort(mirrored.T)
    result = np.empty(len(keys), dtype=np.int64)
    result[other] = order
    return result


def _check_level(level: int) -> None:
    if level not in range(LEVELS):
        raise ValueError(f"level must be 0 to {LEVELS - 1}, not {level}")


@cache
def _arrays() -> dict[str, NDArray]:
    check(TEMPLATE_FILE)
    with np.load(TEMPLATE_FILE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _canonical_control() -> Points:
    """Values (n_0, 3) whose subdivision lies on the mean face; subdividing its points themselves would shrink it."""
    return from_millimetres(_arrays()["canonical_control"])


def _read() -> Template:
    data = _arrays()
    groups = dict(zip(data["group_names"].tolist(), data["group_weights"].astype(np.float64) / 255, strict=True))
    vertices = data["vertices"].astype(np.float64)
    return _freeze(
        Template(
            vertices=vertices,
            faces=data["faces"].astype(np.int64),
            uvs=data["uvs"].astype(np.float64),
            mirror=data["mirror"].astype(np.int64),
            canonical=from_millimetres(vertices),
            landmarks_68=data["landmarks_68"].astype(np.int64),
            landmark_corners=data["landmark_corners"].astype(np.int64),
            landmark_weights=data["landmark_weights"].astype(np.float64),
            groups=groups,
            corners=dict(zip(data["corner_names"].tolist(), data["corner_vertices"].tolist(), strict=True)),
            eyeballs=_eyeballs(data["eyeball_lids"].astype(np.int64)),
            level=0,
            version=str(data["version"]),
            provenance=str(data["provenance"]),
        )
    )


def _eyeballs(lids: Indices) -> Eyeballs:
    """Both, the left one first and the right one its mirror image."""
    eye = load_parts().eye
    count = len(eye.vertices)
    left = np.repeat([1.0, 0.0], count)
    return Eyeballs(
        around=np.concatenate([eye.vertices, eye.vertices * (-1, 1, 1)]),
        centres=eye.place * np.array([(1, 1, 1), (-1, 1, 1)]),
        faces=np.concatenate([eye.faces, count + eye.faces[:, [0, 3, 2, 1]]]),
        uvs=np.concatenate([eye.uvs, ((1, 0) + eye.uvs * (-1, 1))[:, [0, 3, 2, 1]]]),
        mirror=np.roll(np.arange(2 * count), count),
        groups={"left": left, "right": 1 - left} | {name: np.tile(each, 2) for name, each in eye.groups.items()},
        lids=lids,
    )


def _freeze(template: Template) -> Template:
    """Make the arrays read-only, since all callers share them."""
    for part in (template, template.eyeballs):
        for value in vars(part).values():
            for array in value.values() if isinstance(value, dict) else [value]:
                if isinstance(array, np.ndarray):
                    array.flags.writeable = False
    return template


def level_with(count: int, layout: str = WHOLE_HEAD) -> Template | None:
    """The template at the level that has so many vertices; None if there is no such level."""
    for level in range(LEVELS):
        template = load_template(level, layout)
        if len(template.vertices) >= count:
            return template if len(template.vertices) == count else None
    return None
