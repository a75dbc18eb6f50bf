"""A bank of made-up people: wide and narrow, light and dark faces drawn by the coarse stage's own renderer."""

import numpy as np
import pytest
import torch

from training.coarse.bank import Bank
from training.coarse.face import load_face
from training.coarse.renderer import project, render
from training.renderer.camera import rotation_matrix

SIZE, PEOPLE = 16, 10


@pytest.fixture(scope="session")
def bank() -> Bank:
    generator, face = np.random.default_rng(4), load_face()
    middle = face.mean - face.mean.mean(axis=0)
    wide, tall = middle * (1, 0, 0), middle * (0, 1, 0)
    identity = 0.1 * np.einsum("pk,knc->pnc", generator.standard_normal((PEOPLE, 2)), np.array([wide, tall]))
    expression = np.einsum("p,nc->pnc", generator.standard_normal(PEOPLE), 0.05 * wide * (middle[:, 1:2] < 0))
    albedo = generator.uniform(90, 230, (PEOPLE, 1, 3)).repeat(len(middle), 1).round().astype(np.uint8)
    person = np.arange(PEOPLE).repeat(2)
    rotations = np.array([rotation_matrix(yaw, 0.0, 0.0) for yaw in generator.uniform(-20, 20, len(person))])
    cameras = np.column_stack([np.full(len(person), 0.005), generator.normal(0, 0.02, (len(person), 2))])
    lights = np.zeros((len(person), 9, 3), np.float32)
    lights[:, 0], lights[:, 3] = 0.6, 0.3
    shape = torch.from_numpy((face.mean + identity + expression)[person].astype(np.float32))
    turned = shape @ torch.from_numpy(rotations).transpose(1, 2)
    placed = torch.from_numpy(cameras.astype(np.float32))
    skin = torch.from_numpy(albedo[person] / np.float32(255))
    drawn = render(shape, torch.from_numpy(rotations), placed, skin, torch.from_numpy(lights), SIZE)
    return Bank(
        images=(255 * drawn.images).round().byte().numpy(),
        skin=drawn.covered.numpy(),
        landmarks=project(turned[:, torch.from_numpy(face.landmarks)], placed).numpy(),
        rotations=rotations.astype(np.float32),
        cameras=cameras.astype(np.float32),
        lights=lights,
        person=person,
        identity=identity.astype(np.float16),
        expression=expression.astype(np.float16),
        albedo=albedo,
    )
