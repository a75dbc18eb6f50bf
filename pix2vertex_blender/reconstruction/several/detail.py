"""The detail of a head comes, region by region, from the photo that shows it best."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import PhotoError
from ...exchange.detail_readings import DEFAULT_READING, Reading
from ...exchange.progress import Pause, no_pause
from ...exchange.view import View
from ...expression.neutral import worn_expression
from ...geometry.mesh import vertex_normals
from ...template import Template, load_template
from ..detail.detail import read_shading
from ..detail.reading import read_detail
from ..detail.shown_face import ShownFace
from ..detail.solver import DetailParameters, DetailSolver
from ..photo.sampling import visibility
from ..seen_face import SeenFace
from .evidence import Array

#: Most photos that detail is read from: those that show most.
MOST_PHOTOS = 3
#: A power of how well photos show a vertex: the higher, the more its detail comes from one of them.
DECISION = 4


@dataclass(frozen=True)
class _ShownHead:
    """A head in one photo.

    Attributes
    ----------
    view : View
    vertices : (n, 3)
        With the photo's expression, in the camera's axes.
    shown : ShownFace
    fineness : float
        Pixels per millimetre, of the photo or its crop, whichever has fewer.
    """

    view: View
    vertices: Array
    shown: ShownFace
    fineness: float


def detail_views(views: Sequence[View]) -> list[View]:
    """The photos that a head's detail is read from: its first one, and the next of those that are used."""
    return [views[0], *[view for view in views[1:] if view.used and view.crop_png][: MOST_PHOTOS - 1]]


def detail_of_photos(
    coarse: NDArray[np.floating],
    vertices: NDArray[np.floating],
    level: Template,
    views: Sequence[View],
    reading: Reading = DEFAULT_READING,
    scale: float = 1.0,
    pause: Pause = no_pause,
) -> Array:
    """Displacement vectors (n, 3) in millimetres in the head's frame.

    Parameters
    ----------
    coarse : (c, 3)
        The head at level 0, in its frame, without the photos' expressions.
    vertices : (n, 3)
        The same at the template level `level`.
    level : Template
    views : sequence of View
        With their crops.
    reading, scale
        As in `detail.reading.read_detail`.
    pause : Pause

    Raises
    ------
    PhotoError
        If the crop of the first photo cannot be read; others that cannot be read are left out.
    """
    vertices = np.asarray(vertices, dtype=np.float64)
    heads = [*_shown_heads(np.asarray(coarse, dtype=np.float64), vertices, level, views)]
    if reading == "NETWORK":
        return _blended(heads, level, reading, scale, pause)
    return _from_shading(heads, vertices, level, DetailParameters(scale=scale), pause)


def _shown_heads(coarse: Array, vertices: Array, level: Template, views: Sequence[View]) -> Iterator[_ShownHead]:
    for index, view in enumerate(views):
        try:
            seen = SeenFace.of(view)
        except PhotoError:
            if index == 0:
                raise
            continue
        worn = load_template().subdivide(worn_expression(coarse, view.expression), level.level)
        fineness = view.camera.scale * min(seen.enlargement, seen.frame.enlargement)
        yield _ShownHead(view, view.frame.to_camera(vertices + worn), ShownFace.of(seen), fineness)


def _from_shading(
    heads: Sequence[_ShownHead], vertices: Array, level: Template, parameters: DetailParameters, pause: Pause
) -> Array:
    """The photos' contrasts are blended before they become relief, so that one factorisation serves all."""
    shadings = []
    for head in heads:
        shadings.append(read_shading(head.vertices, level, head.shown, parameters, pause))
        pause()
    solver = DetailSolver(vertices, level.faces, np.max([each.visibility for each in shadings], axis=0), pause=pause)
    pause()
    qualities = _qualities(heads, [shading.visibility for shading in shadings])
    return solver.blended(shadings, qualities, parameters, pause)[:, None] * solver.normals


def _blended(heads: Sequence[_ShownHead], level: Template, reading: Reading, scale: float, pause: Pause) -> Array:
    """The mean of the photos' displacements, each of which counts where its photo shows the head best."""
    details, shares = [], []
    template = load_template()
    for head in heads:
        shown, shape = head.shown, (head.shown.pixels.shape[0], head.shown.pixels.shape[1])
        coarse = head.vertices[: len(template.vertices)]
        normals = vertex_normals(coarse, template.faces)
        seen = visibility(coarse, normals, template.faces, shown.camera, shape, shown.mask, pause)
        shares.append(template.subdivide(seen, level.level))
        pause()
        detail = read_detail(head.vertices, level, shown, reading, scale, pause)
        details.append(detail @ np.linalg.inv(head.view.head_to_camera[:3, :3]).T)
        pause()
    qualities = np.stack(_qualities(heads, shares))
    blended: Array = np.einsum("vn,vnc->nc", qualities, details) / np.maximum(qualities.sum(axis=0), 1e-12)[:, None]
    return blended


def _qualities(heads: Sequence[_ShownHead], shares: Sequence[Array]) -> list[Array]:
    """What each photo counts at each vertex (n,), from how well it shows it."""
    finest = max(head.fineness for head in heads)
    return [(head.fineness / finest * share) ** DECISION for head, share in zip(heads, shares, strict=True)]
