"""The expressions of other heads than the template."""

import numpy as np
import pytest

from pix2vertex_blender.expression.lid_parts import LidFrames
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.expression.rims import lid_rims, lip_rims
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, clear_eyeballs, lid_vertices
from pix2vertex_blender.template import load_template

from .conftest import bumpy_head

LEFT, RIGHT = ARKIT_NAMES.index("eyeBlinkLeft"), ARKIT_NAMES.index("eyeBlinkRight")


def test_on_the_template_the_expressions_are_its_own(template):
    head = clear_eyeballs(template, template.vertices)
    offsets = personal_expressions(head, balls(template, head))
    own = load_expressions().offsets
    smile = ARKIT_NAMES.index("mouthSmileLeft")
    assert np.abs(offsets[smile] - own[smile]).max() < 0.15  # the lids lie on the balls
    assert np.linalg.norm(offsets - own, axis=2).max(axis=1).max() < 4.5  # what closes lids and lips


def test_a_larger_head_moves_as_much_more(template):
    large = clear_eyeballs(template, template.vertices * 1.25)
    offsets = personal_expressions(large, balls(template, large))
    own = load_expressions().offsets
    for name in ("jawOpen", "mouthSmileLeft", "browInnerUp"):
        index = ARKIT_NAMES.index(name)
        assert np.abs(offsets[index] - 1.25 * own[index]).max() < 0.07 * np.abs(own[index]).max()


def heads_with_closed_eyes(heads, template, level):
    for head in heads:
        head = clear_eyeballs(template, head)
        both = balls(template, head)
        offsets = personal_expressions(head, both, level)
        for side, index, ball in (("left", LEFT, both[0]), ("right", RIGHT, both[1])):
            way = [template.subdivide(head + share * offsets[index], level) for share in (1.0, 0.75, 0.5, 0.25)]
            standing = [skin_before(each, side, ball) for each in (head, head + offsets[index])]
            yield template.subdivide(head, level), way, lid_rims(side), ball, standing


def skin_before(head, side, ball):
    """How far (COLUMNS,) in front of the ball the skin before the edges of the lids lies, at level 1."""
    skin = LidFrames.of(head, ball, ("left", "right").index(side)).lines[0]
    return -ball.depths(skin)


def test_closed_lids_stand_out_little_more_than_open_ones(template):
    for head in (template.vertices, bumpy_head(template, 3)):
        head = clear_eyeballs(template, head)
        both = balls(template, head)
        offsets = personal_expressions(head, both, 1)
        for side, index, ball in (("left", LEFT, both[0]), ("right", RIGHT, both[1])):
            open_lids, closed = (skin_before(each, side, ball) for each in (head, head + offsets[index]))
            assert closed.max() < open_lids.max() + 3.0
            assert closed.mean() < open_lids.mean() + 3.0


def check_closed(heads, template, level):
    lids = lid_vertices(load_template(level))
    for start, way, rims, ball, (open_lids, closed) in heads_with_closed_eyes(heads, template, level):
        assert np.linalg.norm(way[0][rims.upper] - way[0][rims.lower], axis=1).max() < 0.3
        assert closed.max() < open_lids.max() + 3.0
        for blink in (start, *way):
            near = lids & (np.linalg.norm(blink - ball.centre, axis=1) < 1.5 * ball.radius)
            assert ball.depths(blink)[near].max() < 0


@pytest.mark.slow
@pytest.mark.parametrize("level", [0, 2])
def test_blinks_close_the_lids_in_front_of_the_balls(template, level):
    check_closed([bumpy_head(template, seed) for seed in range(3)], template, level)


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_blinks_close_on_twenty_people(template):
    from training.face_model import load_face_model
    from training.template.expressions import ModelOnTemplate, carry_shapes

    generator = np.random.default_rng(4)
    identities = carry_shapes(load_face_model().identity, ModelOnTemplate.of(template))
    heads = [template.vertices + np.tensordot(generator.standard_normal(100), identities, 1) for _ in range(20)]
    check_closed(heads, template, 2)


def test_no_expression_moves_lids_into_the_balls(template):
    head = clear_eyeballs(template, bumpy_head(template, 7))
    both = balls(template, head)
    lids = lid_vertices(template)
    for offset in personal_expressions(head, both):
        for ball in both:
            near = lids & (np.linalg.norm(head + offset - ball.centre, axis=1) < 1.5 * ball.radius)
            assert ball.depths(head + offset)[near].max() < 0


def test_the_mouth_closes_while_the_jaw_is_open(template):
    head = clear_eyeballs(template, bumpy_head(template, 5))
    offsets = personal_expressions(head, balls(template, head))
    jaw, close = (offsets[ARKIT_NAMES.index(name)] for name in ("jawOpen", "mouthClose"))
    rims = lip_rims()
    assert (head + jaw)[rims.upper, 1].mean() - (head + jaw)[rims.lower, 1].mean() > 20
    shut = head + jaw + close
    assert (shut[rims.upper, 1] - shut[rims.lower, 1]).max() < 0.5


def test_what_an_expression_does_not_concern_stays(template):
    head = bumpy_head(template, 9)
    offsets = personal_expressions(head, balls(template, head))
    jaw, blink = offsets[ARKIT_NAMES.index("jawOpen")], offsets[LEFT]
    assert np.abs(jaw[template.vertices[:, 1] > 65]).max() < 1
    assert np.abs(blink[template.vertices[:, 0] < -10]).max() < 0.1
