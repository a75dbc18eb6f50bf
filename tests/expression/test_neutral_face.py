"""The neutral face behind a photo's expression."""

import numpy as np
import pytest

from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.neutral import expression_coefficients, neutral_face, photo_face
from pix2vertex_blender.expression.rims import lip_rims
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs

from .conftest import bumpy_head

pytestmark = pytest.mark.slow

GRIN = {
    "mouthSmileLeft": 0.9,
    "mouthSmileRight": 0.9,
    "mouthUpperUpLeft": 0.5,
    "mouthUpperUpRight": 0.5,
    "jawOpen": 0.2,
}


def showing(head: np.ndarray, values: dict[str, float]) -> np.ndarray:
    return head + sum(value * load_expressions().of(name).astype(float) for name, value in values.items())


def root_mean_square(offsets: np.ndarray, weights: np.ndarray) -> float:
    return float(np.sqrt((weights * (offsets**2).sum(axis=1)).sum() / weights.sum()))


def test_a_neutral_head_stays_nearly_as_it_is(template):
    head = clear_eyeballs(template, bumpy_head(template, 3))
    found = neutral_face(head, balls(template, head))
    assert root_mean_square(found.vertices - head, template.groups["face"]) < 1.0


@pytest.mark.parametrize("seed", [1, 2])
def test_a_grin_and_an_open_mouth_are_taken_off(template, seed):
    head = clear_eyeballs(template, bumpy_head(template, seed))
    seen = showing(head, GRIN)
    found = neutral_face(seen, balls(template, seen))
    before, after = (root_mean_square(each - head, template.groups["face"]) for each in (seen, found.vertices))
    assert after < 0.6 * before
    rims = lip_rims()
    gap = found.vertices[rims.upper, 1] - found.vertices[rims.lower, 1]
    assert np.abs(gap).max() < 3
    smile = found.coefficients[[ARKIT_NAMES.index(f"mouthSmile{side}") for side in ("Left", "Right")]]
    assert smile.min() > 0.4


def test_coefficients_are_few_within_range_and_mirror_with_the_face(template):
    seen = showing(template.vertices, {"mouthSmileLeft": 0.9, "browInnerUp": 0.7})
    one = expression_coefficients(seen)
    other = expression_coefficients(seen[template.mirror] * (-1, 1, 1))
    assert one.min() >= 0 and one.max() <= 1.2
    assert np.count_nonzero(one) < 20
    left, right = (ARKIT_NAMES.index(f"mouthSmile{side}") for side in ("Left", "Right"))
    assert one[left] > 0.5 > 0.3 > one[right]
    assert other[right] == pytest.approx(one[left], abs=0.05)
    assert other[left] == pytest.approx(one[right], abs=0.05)


def test_place_turn_and_size_of_the_head_do_not_matter(template):
    seen = showing(template.vertices, GRIN)
    angle = np.radians(15)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    moved = 1.1 * seen @ turn.T + (20, -30, 15)
    assert np.abs(expression_coefficients(moved) - expression_coefficients(seen)).max() < 0.05


def test_the_photos_face_stays_exactly_if_asked_for(template):
    seen = showing(template.vertices, GRIN)
    found = photo_face(seen, balls(template, seen))
    assert np.array_equal(found.vertices, seen)
    assert not found.coefficients.any()


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
@pytest.mark.parametrize("expression", ["smile", "laugh", "surprise"])
def test_held_out_faces_are_nearer_to_their_neutral_by_more_than_two_fifths(template, expression):
    from benchmarks.expressions import distance, face_pair
    from training.face_model import load_face_model
    from training.template.expressions import ModelOnTemplate, carry_shapes

    model, places = load_face_model(), ModelOnTemplate.of(template)
    shapes = (carry_shapes(model.identity, places), carry_shapes(model.expression, places))
    before, after = 0.0, 0.0
    for seed in range(3):
        neutral, registered, _ = face_pair(model, shapes, template, expression, np.random.default_rng(seed))
        found = neutral_face(registered, balls(template, registered))
        before += distance(registered, neutral, template)
        after += distance(found.vertices, neutral, template)
    assert after < 0.6 * before
