"""Things in front of the face and around the neck: telephones, microphones, cups, face masks, scarves, anything."""

import numpy as np
from numpy.random import Generator
from scipy.spatial import cKDTree

from ...face_model import FACE, LANDMARKS_68
from ...face_sampling import Head
from ..camera import rotation_matrix
from ..colours import sample_dye
from ..drawing import blur
from ..surface import AXIS_Z, HeadSurface, head_angle
from .props import Prop, box, ellipsoid, join_props, make_prop, tube

MASK_COLUMNS, MASK_ROWS = 32, 26
# The mask stays outside of so many skin vertices around each of its own.
MASK_NEIGHBOURS = 30


def sample_object(surface: HeadSurface, head: Head, generator: Generator) -> Prop:
    """Draw something held or standing in front of a random place of the face."""
    kinds = (_telephone, _microphone, _cup, _anything, _anything)
    thing = kinds[generator.integers(len(kinds))](generator)
    target = head.vertices[generator.choice(surface.model.face_vertices)]
    middle = head.vertices[surface.model.face_vertices].mean(0)
    outwards = target - middle + np.array([0, 0, 60])
    outwards /= np.linalg.norm(outwards)
    place = target + outwards * generator.uniform(10, 90)
    turned = thing.vertices @ rotation_matrix(*generator.normal(0, (50, 25, 25))).T
    return thing._replace(vertices=(turned + place).astype(np.float32))


def _telephone(generator: Generator) -> Prop:
    vertices, triangles = box(np.array([74, 150, 9]) * generator.uniform(0.9, 1.1))
    return make_prop(vertices, triangles, np.repeat(generator.uniform(0.005, 0.5), 3), 0.6, True)


def _microphone(generator: Generator) -> Prop:
    colour = np.repeat(generator.uniform(0.005, 0.3), 3)
    head = make_prop(*ellipsoid(np.zeros(3), np.array([22, 26, 22]) * generator.uniform(0.7, 1.4)), colour, 0.3, True)
    lower = np.array([0, -200, generator.uniform(0, 120)])
    handle = tube(np.array([[0, -15, 0], lower / 2, lower]), np.array([14, 11, 10]), 14)
    return join_props([head, make_prop(*handle, generator.uniform(0.005, 0.2, 3), 0.5, True)])


def _cup(generator: Generator) -> Prop:
    half = generator.uniform(40, 60)
    path = np.array([[0, -half, 0], [0, 0, 0], [0, half, 0]])
    return make_prop(
        *tube(path, generator.uniform(28, 45) + np.array([-4, 0, 3]), 24), sample_dye(generator), 0.4, True
    )


def _anything(generator: Generator) -> Prop:
    size = np.exp(generator.uniform(np.log(15), np.log(160), 3))
    mesh = box(size) if generator.random() < 0.5 else ellipsoid(np.zeros(3), size / 2)
    return make_prop(*mesh, sample_dye(generator), generator.uniform(0, 0.6), True)


def sample_scarf(head: Head, generator: Generator) -> Prop:
    """Draw one to three rolls of cloth around the neck, up to the chin or the mouth."""
    chin = head.vertices[LANDMARKS_68[8]]
    angles = np.linspace(-np.pi, np.pi, 28)
    colour, parts = sample_dye(generator), []
    top = chin[1] + generator.uniform(-45, 15)
    for i in range(int(generator.integers(1, 4))):
        width = 75 + 10 * i + generator.uniform(0, 12)
        wave = generator.normal(0, 5) * np.sin(angles + generator.uniform(0, 6)) + generator.normal(0, 3) * np.sin(
            3 * angles
        )
        x, z = width * np.sin(angles), 12 + 0.25 * abs(chin[2] - 100) + 1.08 * width * np.cos(angles)
        y = top - 24 * i + wave - 10 * np.cos(angles)
        thickness = generator.uniform(16, 28) * (1 + 0.15 * np.sin(5 * angles + generator.uniform(0, 6)))
        ring = tube(np.stack([x, y, z], 1), thickness, 12)
        parts.append(make_prop(*ring, colour * generator.uniform(0.8, 1.1), 0.0, True))
    return join_props(parts)


def sample_face_mask(head: Head, generator: Generator) -> Prop:
    """Draw a cloth or a medical mask over nose and mouth: a surface around the head's axis, outside of the skin."""
    skin, landmarks = head.vertices[FACE], head.vertices[LANDMARKS_68]
    axis = np.array([0.0, AXIS_Z])
    angles = np.linspace(-1, 1, MASK_COLUMNS) * generator.uniform(0.75, 1.1)
    above = landmarks[28 + generator.integers(3), 1] - generator.uniform(20, 45) * np.abs(angles) ** 1.5
    below = np.full(MASK_COLUMNS, landmarks[8, 1] + generator.uniform(-10, 6)) + 18 * np.abs(angles)
    share = np.linspace(0, 1, MASK_ROWS)[:, None]
    height = above + share * (below - above)
    skin_angle, skin_radius = head_angle(skin), np.hypot(skin[:, 0] - axis[0], skin[:, 2] - axis[1])
    places = np.stack([90 * skin_angle, skin[:, 1]], 1)
    grid = np.stack([np.broadcast_to(90 * angles, height.shape).ravel(), height.ravel()], 1)
    _, nearest = cKDTree(places).query(grid, MASK_NEIGHBOURS)
    radius = skin_radius[nearest].max(1).reshape(height.shape).astype(np.float32)
    radius = np.maximum(radius, blur(radius, 1.2)) + generator.uniform(1.5, 6)
    vertices = np.stack([radius * np.sin(angles), height, AXIS_Z + radius * np.cos(angles)], -1).reshape(-1, 3)
    corner = (np.arange(MASK_ROWS - 1)[:, None] * MASK_COLUMNS + np.arange(MASK_COLUMNS - 1)).ravel()[:, None]
    triangles = (corner[:, None] + np.array([[0, MASK_COLUMNS, 1], [1, MASK_COLUMNS, MASK_COLUMNS + 1]])).reshape(-1, 3)
    colours = (np.array([0.25, 0.5, 0.6]), np.full(3, 0.7), np.full(3, 0.02), sample_dye(generator))
    mask = make_prop(vertices, triangles, colours[generator.integers(4)], 0.0, True)
    pleats = 1 + 0.1 * np.sin(mask.vertices[:, 1:2] / generator.uniform(2, 6))
    return mask._replace(colours=(mask.colours * pleats).astype(np.float32))
