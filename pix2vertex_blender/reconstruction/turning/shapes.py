"""Faces whose eyes, nose, mouth and cheeks come from other faces (Beyond 3DMM, fig. 9a)."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ...exchange.turning import PARTS, check_part
from ...geometry.mesh import unique_edges
from ...geometry.similarity import fit_similarity
from ...template import load_template
from ..likeness.model import face_vertices, load_likeness

Array = NDArray[np.float64]

#: Steps of averaging over neighbours, by which one face goes over into another.
BLENDED = 25
#: How far people's faces are from the mean, in millimetres, and how much less of it each further direction says.
SPREAD, DECAY = 2.4, 0.8


def part_weights(part: str) -> Array:
    """How much each vertex (n,) of level 0 belongs to a part, fading into what is around it.

    Raises
    ------
    OptionError
        If there is no such part.
    """
    check_part(part)
    template = load_template()
    weights = np.max([template.groups[name] for name in PARTS[part]], axis=0).astype(np.float64)
    edges = unique_edges(template.faces)
    count = len(template.vertices)
    degree = np.bincount(edges.ravel(), minlength=count)
    for _step in range(BLENDED):
        total = np.bincount(edges[:, 0], weights[edges[:, 1]], count)
        total += np.bincount(edges[:, 1], weights[edges[:, 0]], count)
        weights = 0.5 * weights + 0.5 * total / np.maximum(degree, 1)
    peak = float(weights.max())
    return weights / peak


def mixed(head: Array, donors: Mapping[str, Array]) -> Array:
    """A head with parts of others.

    Parameters
    ----------
    head : (n, 3)
        At level 0, in any frame.
    donors : mapping of str to (n, 3)
        For some of `PARTS` a head at level 0, in any frame; they are laid over `head` by a similarity of the face.
    """
    face = face_vertices(load_template())
    result = np.array(head, dtype=np.float64)
    total = np.zeros(len(head))
    change = np.zeros_like(result)
    for part, donor in donors.items():
        weights = part_weights(part)
        change += weights[:, None] * (fit_similarity(donor[face], head[face]).apply(donor) - head)
        total += weights
    return result + change / np.maximum(total, 1.0)[:, None]


def other_parts(head: Array, parts: Sequence[str], generator: Generator, amount: float = 1.0) -> Array:
    """A head with parts that differ from its own as those of another person do; its expression stays.

    How people differ is what the likeliest head is estimated with. Each part takes a person of its own.

    Parameters
    ----------
    head : (n, 3)
        At level 0, in any frame.
    parts : sequence of str
        Of `PARTS`.
    generator : Generator
        Draws the people.
    amount : float
        1 for another person, more for an exaggeration.

    Raises
    ------
    OptionError
        If there is no such part.
    """
    template = load_template()
    face = face_vertices(template)
    pose = fit_similarity(template.vertices[face], head[face])
    result = np.array(head, dtype=np.float64)
    for part in parts:
        change = amount * somebody(generator) @ pose.rotation.T * pose.scale
        result += part_weights(part)[:, None] * change
    return result


def somebody(generator: Generator) -> Array:
    """By how much a made-up person's head differs from the mean (n, 3), in the template's frame."""
    model = load_likeness()
    count = len(model.basis)
    sizes = (1.0 + np.arange(count)) ** -DECAY
    per_vertex = SPREAD * np.sqrt(face_vertices(load_template()).sum())
    coefficients = generator.normal(size=count) * sizes * per_vertex / np.linalg.norm(sizes)
    drawn: Array = np.einsum("k,knc->nc", coefficients, model.basis)
    return drawn
