"""The linear models, and rotations from what a network says."""

import numpy as np
import torch

from training.coarse.bank import Bank
from training.coarse.lessons import Lessons
from training.coarse.model import CoarseModel, Coefficients, LinearFace, Principal


def test_components_say_what_they_were_learnt_from_in_standard_deviations() -> None:
    generator = np.random.default_rng(1)
    values = generator.standard_normal((40, 3)) @ generator.standard_normal((3, 30)) + 5
    values = values.reshape(40, 10, 3)
    model = Principal.of(values, 8)
    assert len(model.directions) == 3, "no more than there are"
    told = model.coefficients(values)
    np.testing.assert_allclose(told.std(axis=0), 1, rtol=1e-3)
    again = model.mean + np.einsum("pk,knc->pnc", told * model.deviations, model.directions)
    np.testing.assert_allclose(again, values, atol=1e-3)


def test_a_face_of_the_true_coefficients_is_the_true_face(bank: Bank) -> None:
    model = CoarseModel.of(bank)
    lessons, face = Lessons(bank, model), LinearFace(model)
    looks = np.flatnonzero(~bank.held_out)
    truth = lessons.at(looks).truth
    person = bank.person[looks]
    from_the_mean = (face.shape(truth) - face.mean).numpy()
    moved = bank.identity[person].astype(float) + bank.expression[person]
    np.testing.assert_allclose(from_the_mean, moved - model.identity.mean - model.expression.mean, atol=0.05)
    np.testing.assert_allclose(255 * face.skin(truth).numpy(), bank.albedo[person], atol=0.5)
    np.testing.assert_allclose(truth.rotation.numpy(), bank.rotations[looks], atol=1e-5)


def test_whatever_is_said_of_a_pose_is_a_rotation() -> None:
    pose = torch.randn(5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    nothing = torch.zeros(5, 1)
    rotation = Coefficients(nothing, nothing, nothing, pose, nothing, nothing).rotation
    torch.testing.assert_close(rotation @ rotation.transpose(1, 2), torch.eye(3, dtype=torch.float64).expand(5, 3, 3))
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(5, dtype=torch.float64))


def test_the_people_who_are_held_out_are_no_lesson_and_pairs_show_one_person(bank: Bank) -> None:
    lessons = Lessons(bank, CoarseModel.of(bank))
    source = lessons.batches(4, 0)
    identities = {tuple(each.numpy().round(4)) for _ in range(8) for each in next(source).truth.identity}
    unmet = {tuple(each.numpy().round(4)) for each in lessons.unmet().truth.identity}
    assert len(identities) == 8 and len(unmet) == 2 and not identities & unmet
    one, other = next(source).truth.identity.chunk(2)
    torch.testing.assert_close(one, other)
