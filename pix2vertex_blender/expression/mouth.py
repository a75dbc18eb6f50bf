"""Teeth, tongue and the mouth's inside in a head: where they are, and how they follow each expression.

The upper teeth are fast to the skull. The lower teeth and the tongue move rigidly with the jaw, as the template's do,
in proportion to the head's size; like all shape keys they go straight there. The mouth's bag is sewn to the opening
inside the lips, follows it, and farther inside the jaw and the skull.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..exchange.mouth import MouthPart
from ..geometry.mesh import normalise
from ..geometry.similarity import Similarity, fit_similarity
from ..template import load_template
from ..template.parts import MOUTH_PARTS, MOUTH_REGIONS, load_parts
from .names import ARKIT_NAMES, PHOTO_EXPRESSION
from .neutral import expression_coefficients
from .rims import lip_rims
from .shapes import load_expressions

Array = NDArray[np.float64]

#: The mouth is drawn back (mm) where the lips of a head are nearer to its teeth than those of the template: at most so
#: far, and looked for at so many vertices beside the middle of each lip.
FARTHEST_BACK = 6.0
MIDDLE = 7
#: How far (mm) outside the head's rim the bag begins, so that no gap is seen between them.
BAG_OUTSIDE = 0.6
#: Displacements (mm) below this are none.
LEAST = 0.02


@dataclass(frozen=True)
class MouthFrame:
    """Where the template's mouth is in a head with a neutral face.

    Attributes
    ----------
    place : Similarity
        From the template's millimetres to the head's.
    """

    place: Similarity

    @classmethod
    def of(cls, neutral: NDArray[np.floating]) -> "MouthFrame":
        """Find the place in a neutral head (n, 3) at level 0, in millimetres."""
        template, rims = load_template(), lip_rims()
        weights = np.sum([weight * template.groups[name] for name, weight in MOUTH_REGIONS.items()], axis=0)
        place = fit_similarity(template.vertices, neutral, weights)
        lips = np.concatenate([_middle(rims.upper), _middle(rims.lower)])
        shift = (np.asarray(neutral)[lips] - place.apply(template.vertices[lips])).mean(axis=0)
        back = np.clip(shift @ place.rotation[:, 2], -FARTHEST_BACK, FARTHEST_BACK / 2)
        up = shift @ place.rotation[:, 1]
        moved = place.translation + back * place.rotation[:, 2] + up * place.rotation[:, 1]
        return cls(Similarity(place.scale, place.rotation, moved))

    def jaw(self, values: Array, points: Array) -> Array:
        """What the jaw's motion with values (52,) of ARKit's expressions adds to points (k, 3) of the head."""
        inside = self.place.inverse().apply(points)
        total = np.zeros_like(inside)
        for name, motion in load_parts().jaw.items():
            total += values[ARKIT_NAMES.index(name)] * (inside @ motion[:, :3].T + motion[:, 3] - inside)
        return self.turned(total)

    def turned(self, offsets: Array) -> Array:
        """Displacements (k, 3) of the template's mouth in the head."""
        result: Array = self.place.scale * offsets @ self.place.rotation.T
        return result


@dataclass(frozen=True)
class Wearer:
    """The head that a mouth is for.

    Attributes
    ----------
    basis : (n, 3)
        As the head is when all its shape keys are 0, at level 0, upright, in millimetres.
    neutral : (n, 3)
        The same without expression.
    shown : (52,)
        The expression that the basis shows, as values of ARKit's shapes.
    """

    basis: Array
    neutral: Array
    shown: Array

    @classmethod
    def without_expression(cls, neutral: Array) -> "Wearer":
        """A head whose basis is neutral."""
        return cls(neutral, neutral, np.zeros(len(ARKIT_NAMES)))

    @classmethod
    def as_in_photo(cls, registered: Array) -> "Wearer":
        """A head whose basis is the registered one, with the expression of its photo."""
        template, shown = load_template(), expression_coefficients(registered)
        size = fit_similarity(template.vertices, registered, template.groups["face"]).scale
        return cls(registered, registered - size * np.tensordot(shown, load_expressions().offsets, 1), shown)


def place_mouth(
    head: Wearer,
    offsets: NDArray[np.floating] | None = None,
    photo: tuple[NDArray[np.floating], NDArray[np.floating]] | None = None,
) -> tuple[MouthPart, ...]:
    """The parts of a head's mouth, and how they move.

    Parameters
    ----------
    head : Wearer
    offsets : (52, n, 3), optional
        What each of ARKit's expressions adds to the basis; without them the parts do not move.
    photo : ((52,), (n, 3)), optional
        Values of the expression that gives back the face of the photo, and what it adds to the basis.
    """
    parts, frame = load_parts(), MouthFrame.of(head.neutral)
    still = {name: frame.place.apply(part.vertices) for name, part in parts.mouth.items()}

    def moved(values: Array, added: Array) -> dict[str, Array]:
        """What an expression with these values (52,), which adds (n, 3) to the head, adds to each part."""
        jaw = {name: frame.jaw(values, points) for name, points in still.items() if name != "teeth_upper"}
        tongue_out = values[ARKIT_NAMES.index("tongueOut")] * frame.turned(parts.tongue_out)
        deep = parts.bag_depths[:, None]
        along = added[parts.rim[parts.bag_columns]]
        return {
            "teeth_lower": jaw["teeth_lower"],
            "tongue": jaw["tongue"] + tongue_out,
            "mouth_bag": (1 - deep) * along + deep * parts.bag_jaw[:, None] * jaw["mouth_bag"],
        }

    worn = moved(head.shown, np.zeros_like(head.basis))
    placed = {name: points + worn.get(name, 0.0) for name, points in still.items()}
    placed["mouth_bag"] = _sewn(placed["mouth_bag"], head.basis[parts.rim])
    known = (
        {}
        if offsets is None
        else dict(zip(ARKIT_NAMES, zip(np.eye(len(ARKIT_NAMES)), offsets, strict=True), strict=True))
    )
    if photo is not None:
        known[PHOTO_EXPRESSION] = photo
    moves: dict[str, dict[str, Array]] = {name: {} for name in MOUTH_PARTS}
    for name, (values, added) in known.items():
        for part, move in moved(values, np.asarray(added, dtype=np.float64)).items():
            moves[part][name] = move
    return tuple(MouthPart.of(name, placed[name], moves[name], LEAST) for name in MOUTH_PARTS)


def _middle(edge: NDArray[np.intp]) -> NDArray[np.intp]:
    """The vertices of a lip's edge around its middle."""
    return edge[len(edge) // 2 - MIDDLE // 2 : len(edge) // 2 + MIDDLE // 2 + 1]


def _sewn(bag: Array, rim: Array) -> Array:
    """The bag's vertices (b, 3) with its first ring around the head's rim (r, 3), and the next ones in between."""
    parts = load_parts()
    outwards = normalise(rim - rim.mean(axis=0))
    shift = rim + BAG_OUTSIDE * outwards - bag[: len(rim)]
    result: Array = bag + (1 - parts.bag_depths[:, None]) * shift[parts.bag_columns]
    return result
