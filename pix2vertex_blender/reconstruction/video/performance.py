"""What a known face does in one frame: the pose of its head and the coefficients of its expression."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear
from scipy.spatial import cKDTree

from ...exchange.maps import OPEN, FaceMaps
from ...expression.names import ARKIT_NAMES
from ...expression.neutral import NEVER_SHOWN, symmetry
from ...geometry.mesh import unique_edges
from ...geometry.similarity import Similarity, fit_similarity_robustly
from ...template import load_template
from ...template.canonical import SIZE

Array = NDArray[np.float64]

#: Vertices of the face whose weight in its group is smaller are not compared with the maps.
_LEAST_FACE = 0.25
#: Fewer places of the face say nothing.
FEWEST_PLACES = 150


@dataclass(frozen=True)
class PerformanceParameters:
    """How coefficients are told from maps.

    Attributes
    ----------
    error, depth_error : float
        Standard deviations in mm of what the network says across the line of sight and along it.
    independent : float
        Errors of neighbouring places go together: all count as no more than so many.
    sparsity : float
        What each coefficient costs, in nats.
    usual : float
        The standard deviation of a coefficient.
    asymmetry : float
        The standard deviation of the difference between the coefficients of the two sides.
    largest : float
        No coefficient is larger.
    outlying : float
        A place this many standard deviations off counts half.
    reach : float
        Pixels farther from every vertex than this share of the edges there are none of the face.
    rounds : int
        Of linearising the head's pose, weighing outliers and solving.
    """

    error: float = 0.8
    depth_error: float = 2.0
    independent: float = 150.0
    sparsity: float = 1.5
    usual: float = 0.7
    asymmetry: float = 0.3
    largest: float = 1.0
    outlying: float = 3.0
    reach: float = 0.8
    rounds: int = 4


@dataclass(frozen=True)
class Places:
    """Where a frame shows the vertices of the face.

    Attributes
    ----------
    vertices : (k,) int
    points : (k, 3)
        The mean of the pixels nearest to each vertex, in mm in the camera's axes.
    away : (k, 3)
        By how much the points of the face that they show lie beside the vertices, in mm in the head's axes.
    """

    vertices: NDArray[np.intp]
    points: Array
    away: Array


@dataclass(frozen=True)
class Pose:
    """A face in a frame.

    Attributes
    ----------
    head : Similarity
        From the head's millimetres to the camera's.
    coefficients : (52,)
        In the order of `ARKIT_NAMES`.
    error : float
        The median distance in mm of what is seen from the face that was found.
    """

    head: Similarity
    coefficients: Array
    error: float


class Performer:
    """A person whose neutral face and expressions are known.

    Parameters
    ----------
    neutral : (n, 3)
        At level 0, upright, in millimetres.
    offsets : (52, n, 3)
        What each expression adds.
    parameters : PerformanceParameters, optional
    """

    def __init__(
        self, neutral: Array, offsets: NDArray[np.floating], parameters: PerformanceParameters | None = None
    ) -> None:
        template = load_template()
        self.neutral, self.offsets = neutral, offsets
        self._parameters = parameters or PerformanceParameters()
        self._face = np.flatnonzero(template.groups["face"] > _LEAST_FACE)
        self._tree = cKDTree(template.canonical[self._face])
        self._reach = self._parameters.reach * _longest_edges(template.vertices, template.faces)[self._face]
        self._shown = np.flatnonzero([name not in NEVER_SHOWN for name in ARKIT_NAMES])
        prior = symmetry()[np.ix_(self._shown, self._shown)] / self._parameters.asymmetry**2
        self._prior = prior + np.eye(len(self._shown)) / self._parameters.usual**2

    def places(self, maps: FaceMaps) -> Places | None:
        """Where maps show the vertices of the face; None if hardly any is seen."""
        template = load_template()
        skin = maps.mask & (maps.opening < OPEN)
        canonical = maps.correspondence[skin].astype(np.float64)
        distance, near = self._tree.query(canonical)
        good = distance * SIZE < self._reach[near]
        near, points = near[good], maps.geometry[skin][good].astype(np.float64)
        away = (canonical[good] - template.canonical[self._face[near]]) * SIZE
        seen, which, counts = np.unique(near, return_inverse=True, return_counts=True)
        if len(seen) < FEWEST_PLACES:
            return None

        def means(values: Array) -> Array:
            columns = [np.bincount(which, column, len(seen)) / counts for column in values.T]
            return np.stack(columns, axis=1)

        return Places(self._face[seen], means(points), means(away))

    def pose(self, places: Places, given: Array | None = None) -> Pose:
        """The likeliest pose and expression of the face.

        Parameters
        ----------
        places : Places
        given : (52,), optional
            Coefficients that are known already, such as where the eyes look; the others are found beside them.
        """
        parameters = self._parameters
        given = np.zeros(len(ARKIT_NAMES)) if given is None else given
        rest = self.neutral[places.vertices] + places.away
        rest = rest + np.tensordot(given, self.offsets[:, places.vertices], 1)
        shapes = self.offsets[self._shown][:, places.vertices].astype(np.float64)
        values, head = np.zeros(len(self._shown)), fit_similarity_robustly(rest, places.points)[0]
        for number in range(parameters.rounds):
            turned = head.scale * shapes @ head.rotation.T
            placed = head.apply(rest) + np.tensordot(values, turned, 1)
            left = places.points - placed
            # At first lids that blink lie far from the face at rest, as what hides it does: all count alike.
            weights = self._weights(left, self._robust(left) if number > 0 else 1.0)
            values, head = self._solved(turned, placed - head.translation, left, weights, values, head)
        left = places.points - head.apply(rest + np.tensordot(values, shapes, 1))
        coefficients = given.copy()
        coefficients[self._shown] = np.where(values < 1e-3, 0.0, values)
        return Pose(head, coefficients, float(np.median(np.linalg.norm(left[:, :2], axis=1))))

    def _weights(self, left: Array, robust: Array | float) -> Array:
        """What the differences (k, 3) of the places count: depths less, all together not too much, outliers little."""
        parameters = self._parameters
        errors = np.array([parameters.error, parameters.error, parameters.depth_error])
        share = np.broadcast_to(robust * min(1.0, parameters.independent / len(left)), len(left))
        return share[:, None] / errors**2

    def _robust(self, left: Array) -> Array:
        """Less than 1 (k,) for places that lie far off (k, 3), by Cauchy's weights."""
        parameters = self._parameters
        distance = np.linalg.norm(left / (parameters.error, parameters.error, parameters.depth_error), axis=1)
        robust: Array = 1 / (1 + (distance / max(parameters.outlying, 2 * float(np.median(distance)))) ** 2)
        return robust

    def _solved(
        self, turned: Array, placed: Array, left: Array, weights: Array, values: Array, head: Similarity
    ) -> tuple[Array, Similarity]:
        """A Gauss-Newton step: the coefficients and a small motion of the head at once."""
        parameters, count = self._parameters, len(values)
        axes = np.eye(3)
        rotations = np.cross(axes[:, None], placed)
        shifts = np.broadcast_to(axes[:, None], rotations.shape)
        jacobian = np.concatenate([turned, rotations, shifts, placed[None]]).reshape(count + 7, -1)
        weighted = jacobian * weights.ravel()
        information = weighted @ jacobian.T
        # Differences from the face without expression: the coefficients are found anew, not changed.
        right = weighted @ (left + np.tensordot(values, turned, 1)).ravel()
        information[:count, :count] += self._prior
        right[:count] -= parameters.sparsity
        information += 1e-9 * np.diag(np.diag(information))
        root = np.linalg.cholesky(information)
        free = np.full(7, np.inf)
        bounds = np.concatenate([np.zeros(count), -free]), np.concatenate([np.full(count, parameters.largest), free])
        solution = lsq_linear(root.T, np.linalg.solve(root, right), bounds, method="bvls").x
        motion = solution[count:]
        turn = rotation_of(motion[:3])
        return solution[:count], Similarity(
            head.scale * float(np.exp(motion[6])), turn @ head.rotation, head.translation + motion[3:6]
        )


def rotation_of(vector: Sequence[float] | Array) -> Array:
    """The rotation (3, 3) about a vector, by its length in radians (Rodrigues)."""
    x, y, z = vector
    angle = float(np.linalg.norm(vector))
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    if angle < 1e-9:
        return np.eye(3) + cross
    turned: Array = np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * cross @ cross
    return turned


def _longest_edges(vertices: Array, faces: NDArray[np.integer]) -> Array:
    """The length (n,) of the longest edge at each vertex."""
    edges = unique_edges(faces)
    lengths = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    longest = np.zeros(len(vertices))
    for end in edges.T:
        np.maximum.at(longest, end, lengths)
    return longest
