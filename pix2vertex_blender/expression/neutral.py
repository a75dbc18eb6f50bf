"""The neutral face behind the expression of a photo."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from ..geometry.similarity import fit_similarity
from ..template import load_template
from ..template.eyeballs import Ball
from .lip_edges import apart_inside, resting_edges, with_lip_edges
from .names import ARKIT_NAMES
from .personal import lifting, personal_expressions
from .shapes import load_expressions

Array = NDArray[np.float64]


@dataclass(frozen=True)
class NeutralParameters:
    """How an expression is told from a face's features.

    Attributes
    ----------
    sparsity : float
        What each coefficient costs: the less it is worth, the fewer there are. In nats, against the likelihood.
    asymmetry : float
        The standard deviation of the difference between the coefficients of the two sides.
    largest : float
        No coefficient is larger.
    """

    sparsity: float = 3.0
    asymmetry: float = 0.25
    largest: float = 1.2


#: Expressions that a still face does not show: gaze, a mouth shut against an open jaw, the tongue.
NEVER_SHOWN = (*(name for name in ARKIT_NAMES if name.startswith("eyeLook")), "mouthClose", "tongueOut")


@dataclass(frozen=True)
class NeutralFace:
    """A head without the expression of its photo.

    Attributes
    ----------
    vertices : (n, 3)
        The neutral head at level 0, in millimetres.
    coefficients : (52,)
        Of the photo's expression, in the order of `ARKIT_NAMES`.
    offsets : (52, n, 3) float32
        What each expression adds to the neutral head.
    """

    vertices: Array
    coefficients: Array
    offsets: NDArray[np.float32]


def expression_coefficients(registered: Array, parameters: NeutralParameters | None = None) -> Array:
    """The coefficients (52,) of the expression that a head (n, 3) shows, in the order of `ARKIT_NAMES`.

    The likeliest under the Gaussian model of `training.template.expressions`, not negative, few, and on both sides
    alike unless the face is not.
    """
    parameters = parameters or NeutralParameters()
    known, template = load_expressions(), load_template()
    upright = fit_similarity(registered, template.vertices, template.groups["face"]).apply(registered)
    difference = (upright - template.vertices)[known.samples]
    shown = np.array([name not in NEVER_SHOWN for name in ARKIT_NAMES])
    information = known.information.astype(np.float64) + symmetry() / parameters.asymmetry**2
    evidence = np.einsum("ekc,kc->e", known.estimator.astype(np.float64), difference) - parameters.sparsity
    root = np.linalg.cholesky(information[shown][:, shown] + 1e-6 * np.eye(int(shown.sum())))
    solution = lsq_linear(root.T, np.linalg.solve(root, evidence[shown]), (0.0, parameters.largest))
    coefficients = np.zeros(len(shown))
    coefficients[shown] = np.where(solution.x < 1e-3, 0.0, solution.x)
    return coefficients


def worn_expression(head: Array, coefficients: Array) -> Array:
    """What an expression adds (n, 3) to a head (n, 3), as the template wears it, at the head's size and turned like it.

    Nearly what `personal_expressions` adds, in a hundredth of the time.
    """
    template = load_template()
    pose = fit_similarity(template.vertices, head, template.groups["face"])
    worn = np.tensordot(coefficients, load_expressions().offsets, 1)
    turned: Array = pose.scale * worn @ pose.rotation.T
    return turned


def neutral_face(registered: Array, balls: Sequence[Ball], level: int = 0) -> NeutralFace:
    """Take the photo's expression off a head, and give it the 52.

    Parameters
    ----------
    registered : (n, 3)
        With the template's topology at level 0, upright, in millimetres.
    balls : (left, right)
        The eyeballs, which stay where they are.
    level : int
        The subdivision level at which closed lids and lips shall meet.
    """
    template = load_template()
    coefficients = expression_coefficients(registered)
    size = fit_similarity(template.vertices, registered, template.groups["face"]).scale
    draft = registered - size * np.tensordot(coefficients, load_expressions().offsets, 1)
    shown = np.flatnonzero(coefficients)
    wanted = [ARKIT_NAMES[number] for number in shown]
    worn = np.tensordot(coefficients[shown], personal_expressions(rested(draft, balls), balls, names=wanted), 1)
    neutral = rested(registered - worn, balls, level)
    return NeutralFace(neutral, coefficients, personal_expressions(neutral, balls, level))


def photo_face(registered: Array, balls: Sequence[Ball], level: int = 0) -> NeutralFace:
    """The 52 expressions for a head that stays as it is in the photo."""
    return NeutralFace(registered, np.zeros(len(ARKIT_NAMES)), personal_expressions(registered, balls, level))


def rested(head: Array, balls: Sequence[Ball], level: int = 0) -> Array:
    """A head (n, 3) whose lips are shut at a subdivision level, and whose lids are in front of the balls."""
    shut = apart_inside(with_lip_edges(head, resting_edges(head), level), level)
    return shut + lifting(shut, balls)


def symmetry() -> Array:
    """The matrix (52, 52) of the squared differences between the two sides."""
    matrix = np.zeros((len(ARKIT_NAMES), len(ARKIT_NAMES)))
    for index, name in enumerate(ARKIT_NAMES):
        other = name.removesuffix("Left") + "Right"
        if name.endswith("Left") and other in ARKIT_NAMES and not name.startswith(("jaw", "mouthLeft")):
            difference = np.zeros(len(ARKIT_NAMES))
            difference[index], difference[ARKIT_NAMES.index(other)] = 1.0, -1.0
            matrix += np.outer(difference, difference)
    return matrix
