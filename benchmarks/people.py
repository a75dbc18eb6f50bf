"""Held-out rendered people in several pictures each: one head, one look, other poses, lights and backgrounds."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.measures.surface import Points
from benchmarks.synthetic import BELONGINGS, photograph, vertices_on_template
from pix2vertex_blender.errors import Pix2VertexError
from training.data.samples import Sample
from training.face_sampling import EXPRESSIONS, Head, ShapeParameters, sample_head, show_expression
from training.generate import HELD_OUT_STREAM
from training.renderer.camera import View, ViewParameters, rotation_matrix, sample_view
from training.renderer.colours import sample_hair_colour
from training.renderer.hair.hair import sample_hair
from training.renderer.lighting import sample_lighting
from training.renderer.shading import sample_clothing, sample_eyes
from training.renderer.skin.skin import sample_skin
from training.renderer.surface import head_surface
from training.renderer.synthesis import LANDMARKS_68, Scene, SynthesisParameters, render, sample_belongings

#: Draws of a light and a camera before a picture that shows too little of the face is given up.
ATTEMPTS = 20
#: Photos that somebody takes for this: from a metre or so, upright.
VIEW = ViewParameters(
    largest_pitch=10.0, largest_roll=8.0, least_distance=500.0, greatest_distance=2500.0, crop_sizes=(2.0, 2.5, 3.0)
)


@dataclass(frozen=True)
class Act:
    """What a person does in one frame of a movie.

    Attributes
    ----------
    yaw : float
        Degrees by which the head is turned.
    expression : dict of str to float
        Coefficients of the face model's shapes.
    """

    yaw: float = 0.0
    expression: dict[str, float] = field(default_factory=dict)


def film_person(
    seed: int, number: int, acts: Sequence[Act], folder: Path, size: int = 384, noise: float = 2.0
) -> list[Path]:
    """Write the frames of a movie of a person before a camera that stands still, in one light.

    Parameters
    ----------
    seed, number : int
        Who it is.
    acts : sequence of Act
        One for each frame; what is the same as before is not rendered again.
    folder : Path
    size : int
        Pixels of a frame's side.
    noise : float
        Standard deviation of what a sensor adds, in 0 to 255.
    """
    parameters = replace(BELONGINGS, size=size, shape=ShapeParameters(expression="neutral"), view=VIEW)
    identity = [seed, HELD_OUT_STREAM, number]
    neutral = _neutral(identity, parameters)
    generator, before, paths = np.random.default_rng([*identity, 7]), None, []
    for index, act in enumerate(acts):
        paths.append(folder / f"{number}_{index:04d}.png")
        if act != before:
            head = replace(neutral, expression=act.expression)
            head = replace(head, vertices=(neutral.vertices + _worn(head)).astype(np.float32))
            photograph(_picture(head, act.yaw, identity, 0, parameters), [*identity, 2, 0], paths[-1])
            picture, before = cv2.imread(str(paths[-1])).astype(np.float64), act
        noisy = picture + generator.normal(0.0, noise, picture.shape)
        cv2.imwrite(str(paths[-1]), noisy.clip(0, 255).round().astype(np.uint8))
    return paths


def photograph_person(
    seed: int,
    number: int,
    yaws: tuple[float, ...],
    folder: Path,
    expressions: tuple[str, ...] = ("neutral",),
    size: int = 512,
) -> tuple[list[Path], Points]:
    """Write one picture of a person for each yaw in degrees.

    Parameters
    ----------
    seed, number : int
        Who it is.
    yaws : tuple of float
        How far the head is turned in each picture.
    folder : Path
    expressions : tuple of str
        One of the generator's `EXPRESSIONS`, or "neutral", for each picture; begun again where there are fewer.
    size : int
        Pixels of a picture's side.

    Returns
    -------
    paths : list of Path
    truth : (n, 3)
        The true neutral head at the template's vertices, millimetres.
    """
    parameters = replace(BELONGINGS, size=size, shape=ShapeParameters(expression="neutral"), view=VIEW)
    identity = [seed, HELD_OUT_STREAM, number]
    neutral = _neutral(identity, parameters)
    paths = []
    for index, yaw in enumerate(yaws):
        head = _showing(neutral, expressions[index % len(expressions)], np.random.default_rng([*identity, 1, index]))
        sample = _picture(head, yaw, identity, index, parameters)
        paths.append(folder / f"{number}_{index}.png")
        photograph(sample, [*identity, 2, index], paths[-1])
    return paths, vertices_on_template(neutral).astype(np.float64)


def _neutral(identity: list[int], parameters: SynthesisParameters) -> Head:
    """A person's head without an expression."""
    drawn = sample_head(head_surface().model, np.random.default_rng([*identity, 0]), parameters.shape)
    return replace(drawn, vertices=(drawn.vertices - _worn(drawn)).astype(np.float32), expression={})


def _picture(head: Head, yaw: float, identity: list[int], index: int, parameters: SynthesisParameters) -> Sample:
    surface = head_surface()
    for attempt in range(ATTEMPTS):
        generator = np.random.default_rng([*identity, 3, index, attempt])
        view = _turned(head, yaw, generator, parameters)
        # What the person looks like is drawn anew from the same numbers, because hair lies in the camera's axes.
        look = np.random.default_rng([*identity, 4])
        hair_colour = sample_hair_colour(look)
        skin, beard = sample_skin(surface, head.expression, hair_colour, look)
        hair = sample_hair(surface, head, view, hair_colour, beard, np.random.default_rng([*identity, 5]))
        belongings = np.random.default_rng([*identity, 6])
        props, lenses = sample_belongings(surface, head, skin, belongings, parameters)
        scene = Scene(
            head, view, skin, sample_eyes(look), sample_clothing(look), sample_lighting(generator), hair, props, lenses
        )
        sample = render(surface, scene, generator, parameters)
        if sample is not None:
            return sample
    raise Pix2VertexError(f"Person {identity[-1]} is hidden in every picture: choose another seed.")


def _turned(head: Head, yaw: float, generator: Generator, parameters: SynthesisParameters) -> View:
    """A camera that sees the head at a yaw."""
    surface = head_surface()
    centre = head.vertices[surface.model.face_vertices].mean(0)
    drawn = sample_view(centre, head.vertices[LANDMARKS_68], 2 * parameters.size, generator, parameters.view)
    return replace(drawn, rotation=rotation_matrix(yaw, drawn.pitch, drawn.roll), yaw=yaw)


def _worn(head: Head) -> NDArray[np.float32]:
    """What the expression of a head adds to its vertices (n, 3)."""
    model = head_surface().model
    weights = np.array([head.expression.get(name, 0.0) for name in model.expression_names], dtype=np.float32)
    worn: NDArray[np.float32] = (weights @ model.expression).reshape(-1, 3)
    return worn


def _showing(neutral: Head, expression: str, generator: Generator) -> Head:
    """The head with an expression."""
    assert expression == "neutral" or expression in EXPRESSIONS
    shown = show_expression(expression, head_surface().model.expression_names, generator)
    head = replace(neutral, expression=shown)
    return replace(head, vertices=(neutral.vertices + _worn(head)).astype(np.float32))
