"""Several photos' heads become one: each counts where and in the directions in which its photo sees the head.

Along its line of sight one photo only guesses; across it, it measures. With each vertex's precision a matrix that says
so, the head and the photos' poses are found in turns, by least squares with robust weights: three-quarter views and
profiles tell how long the nose is, the frontal photo how wide. Where a photo contradicts the others it loses weight,
and one that contradicts them everywhere loses it altogether.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import vertex_areas
from ...geometry.similarity import Similarity, fit_similarity
from ...template import load_template
from .evidence import Array, Evidence, averaged


@dataclass(frozen=True)
class FusionParameters:
    """How heads are put together; lengths in millimetres. The values did best on rendered people that differ from those
    of the benchmark.

    Attributes
    ----------
    depth_uncertainty : float
        How much less certain a place is along the line of sight than across it.
    outlier_distance : float
        A photo whose vertex lies so far from the head counts half as much there.
    view_outlier_factor : float
        A photo that lies so many times as far from the head as the median photo does, on the whole, counts a quarter.
    least_disagreement : float
        Photos that lie nearer than this contradict nothing.
    rounds, plain_rounds : int
        How often head and poses are found anew, and how often at first without robust weights.
    smoothing : int
        How often the deviation from the template is averaged over the neighbours: what photos disagree about most is
        what each network's picture ripples with.
    """

    depth_uncertainty: float = 5.0
    outlier_distance: float = 4.0
    view_outlier_factor: float = 1.8
    least_disagreement: float = 1.5
    rounds: int = 20
    plain_rounds: int = 3
    smoothing: int = 3


@dataclass(frozen=True)
class Fusion:
    """One head from several photos.

    Attributes
    ----------
    vertices : (n, 3)
        The head, upright, in millimetres; its size is the mean of the photos' sizes.
    poses : tuple of Similarity
        From the head to each photo's camera axes.
    disagreements : tuple of float
        How far each photo's head lies from the head as its photo sees it, a root mean square in millimetres.
    weights : tuple of float
        How much each photo counts against one that agrees, 0 to 1.
    """

    vertices: Array
    poses: tuple[Similarity, ...]
    disagreements: tuple[float, ...]
    weights: tuple[float, ...]


def fuse(
    views: Sequence[Evidence], parameters: FusionParameters = FusionParameters(), pause: Pause = no_pause
) -> Fusion:
    """Put the heads of photos together; the order of the photos does not matter beyond rounding.

    Parameters
    ----------
    views : sequence of Evidence
        One or more.
    parameters : FusionParameters
    pause : Pause
    """
    template = load_template()
    face = template.groups["face"]
    area = face * vertex_areas(template.vertices, template.faces)
    poses = [fit_similarity(template.vertices, view.vertices, face * view.weights) for view in views]
    local = [np.ones(len(face)) for _ in views]
    counts = np.ones(len(views))
    for round_ in range(parameters.rounds):
        pause()
        placed = [pose.inverse().apply(view.vertices) for pose, view in zip(poses, views, strict=True)]
        weights = [count * near * view.weights for count, near, view in zip(counts, local, views, strict=True)]
        head = _middle(placed, weights, views, poses, parameters.depth_uncertainty)
        if round_ >= parameters.plain_rounds:
            local = [_nearness(each, head, parameters.outlier_distance) for each in placed]
        # Never with the photo's own count: one that has lost its weight shall still be laid where it fits best.
        poses = [
            _closer(pose, head, view, area * near * view.weights, parameters.depth_uncertainty)
            for pose, near, view in zip(poses, local, views, strict=True)
        ]
        size = float(np.exp(np.mean([np.log(pose.scale) for pose in poses])))
        head, poses = head * size, [replace(pose, scale=pose.scale / size) for pose in poses]
        distances = [_disagreement(pose, head, view, area) for pose, view in zip(poses, views, strict=True)]
        if round_ >= parameters.plain_rounds:
            scale = parameters.view_outlier_factor * max(float(np.median(distances)), parameters.least_disagreement)
            counts = 1 / (1 + (np.array(distances) / scale) ** 2) ** 2
            counts /= counts.max()
    upright = fit_similarity(head, template.vertices, face)
    smooth = template.vertices + averaged(upright.apply(head) - template.vertices, parameters.smoothing)
    # Upright, where the template is, and of the size that the photos say.
    turned = replace(upright, scale=1.0, translation=upright.translation / upright.scale)
    poses = [pose.after(turned.inverse()) for pose in poses]
    return Fusion(smooth / upright.scale, tuple(poses), tuple(distances), tuple(counts.tolist()))


def _middle(
    placed: Sequence[Array],
    weights: Sequence[Array],
    views: Sequence[Evidence],
    poses: Sequence[Similarity],
    depth_uncertainty: float,
) -> Array:
    """The head (n, 3) that is nearest to all, each of which counts by its precision."""
    precision, weighted = np.zeros((len(placed[0]), 3, 3)), np.zeros((len(placed[0]), 3))
    for points, weight, view, pose in zip(placed, weights, views, poses, strict=True):
        own = _precisions(weight, view.sightlines @ pose.rotation, depth_uncertainty)
        precision += own
        weighted += np.einsum("nij,nj->ni", own, points)
    head: Array = np.linalg.solve(precision, weighted[..., None])[..., 0]
    return head


def _precisions(weights: Array, directions: Array, depth_uncertainty: float) -> Array:
    """The matrices (n, 3, 3) that weigh errors by `weights` (n,), and less along unit vectors (n, 3)."""
    along = directions[:, :, None] * directions[:, None, :]
    matrices: Array = weights[:, None, None] * (np.eye(3) - (1 - depth_uncertainty**-2) * along)
    return matrices


def _closer(pose: Similarity, head: Array, view: Evidence, weights: Array, depth_uncertainty: float) -> Similarity:
    """One step of Gauss and Newton towards the pose that lays the head best over a photo's, by its precision."""
    counted = weights > 0
    points, vertices = pose.apply(head[counted]), view.vertices[counted]
    centre = view.vertices.mean(axis=0)
    x, y, z = (points - centre).T
    nothing, one = np.zeros_like(x), np.ones_like(x)
    # Columns: size, three translations, three rotations about the centre.
    jacobian = np.stack(
        [
            np.stack([x, one, nothing, nothing, nothing, z, -y], axis=1),
            np.stack([y, nothing, one, nothing, -z, nothing, x], axis=1),
            np.stack([z, nothing, nothing, one, y, -x, nothing], axis=1),
        ],
        axis=1,
    )
    weighed = _precisions(weights[counted], view.sightlines[counted], depth_uncertainty) @ jacobian
    matrix = np.einsum("nij,nik->jk", weighed, jacobian)
    step = np.linalg.solve(matrix, np.einsum("nij,ni->j", weighed, vertices - points))
    size, turn = float(np.exp(step[0])), Rotation.from_rotvec(step[4:]).as_matrix()
    moved = size * turn @ (pose.translation - centre) + centre + step[1:4]
    return Similarity(pose.scale * size, turn @ pose.rotation, moved)


def _nearness(points: Array, head: Array, outlier_distance: float) -> Array:
    """Weights (n,) that fall where a photo's head is far from the head."""
    distances = np.linalg.norm(points - head, axis=1)
    return averaged(1 / (1 + (distances / outlier_distance) ** 2), 2)


def _disagreement(pose: Similarity, head: Array, view: Evidence, area: Array) -> float:
    """Root mean square distance (mm) of a photo's head from the head, across the lines of sight, where it sees it."""
    errors = (pose.apply(head) - view.vertices) / pose.scale
    across: NDArray[np.float64] = (errors**2).sum(axis=1) - np.einsum("ij,ij->i", errors, view.sightlines) ** 2
    weights = area * view.weights
    return float(np.sqrt((weights * across).sum() / weights.sum()))
