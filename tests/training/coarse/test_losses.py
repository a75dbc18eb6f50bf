"""The losses of eqs. 8 to 13 and the distance from the truth."""

import pytest
import torch

from training.coarse.bank import Bank
from training.coarse.lessons import Lesson, Lessons
from training.coarse.losses import landmarks, other_expression, other_identity, photometric, size, wrong
from training.coarse.model import CoarseModel, Coefficients, LinearFace
from training.coarse.renderer import Rendered, render


@pytest.fixture(scope="module")
def lessons(bank: Bank) -> Lessons:
    return Lessons(bank, CoarseModel.of(bank))


@pytest.fixture(scope="module")
def lesson(lessons: Lessons) -> Lesson:
    return next(lessons.batches(8, 0))


def test_the_truth_is_without_error(bank: Bank, lessons: Lessons, lesson: Lesson) -> None:
    face, truth = LinearFace(CoarseModel.of(bank)), lesson.truth
    shape = face.shape(truth)
    drawn = render(shape, truth.rotation, truth.camera, face.skin(truth), truth.light, lesson.images.shape[-1])
    assert photometric(lesson.images / 255, drawn, lesson.skin) < 0.01
    assert (landmarks(shape, truth) - lesson.landmarks).abs().max() < 1e-3
    _, spread = lessons.spread()
    assert wrong(truth, truth, face, spread) == 0
    for name in ("identity", "expression", "albedo"):
        other = truth._replace(**{name: getattr(truth, name) + 1})
        assert wrong(other, truth, face, spread) == pytest.approx(1.0), "a standard deviation of all is all variance"
    largest = torch.zeros_like(truth.identity)
    largest[:, 0] = 1
    assert wrong(truth._replace(identity=truth.identity + largest), truth, face, spread) > 0.4


def test_only_skin_that_is_drawn_counts_for_the_photometric_loss() -> None:
    images = torch.zeros(1, 3, 2, 2)
    covered = torch.tensor([[[True, True], [False, False]]])
    skin = torch.tensor([[[True, False], [True, False]]])
    drawn = torch.full((1, 3, 2, 2), 0.25)
    drawn[..., 0, 1] = drawn[..., 1, :] = 9.0
    assert photometric(images, Rendered(drawn, covered), skin) == pytest.approx(0.25)
    assert photometric(images, Rendered(drawn, covered), 0 * skin > 1) == 0


def test_two_looks_that_agree_cost_nothing_and_more_the_less_they_do() -> None:
    code = torch.tensor([[1.0, 2.0, -1.0]])
    assert other_identity(torch.cat([code, 3 * code])) == pytest.approx(0, abs=1e-6), "eq. 9 compares directions"
    assert other_identity(torch.cat([code, -code])) == pytest.approx(2)
    assert other_expression(torch.cat([code, code])) < 2e-3
    assert other_expression(torch.cat([code, code + 2])) == pytest.approx(2, rel=1e-3)


def test_the_size_is_the_sum_of_squares_of_what_makes_a_person() -> None:
    two = torch.full((1, 2), 2.0)
    zero = torch.zeros(1, 6)
    assert size(Coefficients(two, two, two, zero + 5, zero, zero)) == 24
