import json
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import identity
from benchmarks.clay_rows import SIDE
from benchmarks.identity import Person, measure, sheet
from benchmarks.measures.identity import IDENTITY_REGIONS, likeness, ranks
from benchmarks.measures.shape import align_by_distances
from benchmarks.product import Outcome
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.template import load_template
from training.face_model import load_face_model
from training.face_sampling import ShapeParameters, sample_head

pytestmark = pytest.mark.development_data("face_models/ict_facekit.npz")

TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
PICTURE = np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
ELSEWHERE = Similarity(2.5, TURN, np.array([10.0, -4.0, 300.0]))


@pytest.fixture(scope="module")
def people():
    """The template's vertices of four true heads."""
    from benchmarks.synthetic import vertices_on_template

    model, neutral = load_face_model(), ShapeParameters(expression="neutral")
    heads = [sample_head(model, np.random.default_rng(seed), neutral) for seed in range(4)]
    return [vertices_on_template(head).astype(np.float64) for head in heads]


@pytest.fixture(scope="module")
def face():
    """Which vertices are the face's, the mean face's of them, and their groups."""
    template = load_template()
    chosen = template.groups["face"] > 0.5
    return chosen, template.vertices[chosen], {name: weights[chosen] for name, weights in template.groups.items()}


def test_the_true_head_explains_all_wherever_it_is(people, face):
    chosen, mean, groups = face
    truth = people[0][chosen]
    figures = likeness(ELSEWHERE.apply(truth), truth, mean, 90.0, groups)
    assert figures.r2 == pytest.approx(1, abs=1e-4)
    assert figures.cosine == pytest.approx(1, abs=1e-4)
    assert figures.size == pytest.approx(1, abs=1e-3)
    assert figures.nme == pytest.approx(0, abs=1e-4)
    assert figures.nme_mean_face > 2
    assert set(figures.regions) == set(IDENTITY_REGIONS) == {"nose", "mouth", "cheeks", "forehead", "jaw", "eyes"}
    for ours, of_the_mean in figures.regions.values():
        assert ours == pytest.approx(0, abs=1e-4)
        assert of_the_mean > 0.3


def test_the_mean_face_explains_nothing(people, face):
    chosen, mean, groups = face
    figures = likeness(ELSEWHERE.apply(mean), people[1][chosen], mean, 90.0, groups)
    assert figures.r2 == pytest.approx(0, abs=1e-4)
    assert figures.cosine == pytest.approx(0, abs=1e-3)
    assert figures.size == pytest.approx(0, abs=1e-4)
    assert figures.nme == pytest.approx(figures.nme_mean_face, rel=1e-4)
    for ours, of_the_mean in figures.regions.values():
        assert ours == pytest.approx(of_the_mean, rel=1e-3)


def test_half_a_deviation_explains_three_quarters(people, face):
    """Half of what makes the person leaves half of the deviation, a quarter of its square."""
    chosen, mean, groups = face
    truth = align_by_distances(people[2][chosen], mean).apply(people[2][chosen])
    figures = likeness(ELSEWHERE.apply((mean + truth) / 2), truth, mean, 90.0, groups)
    assert figures.r2 == pytest.approx(0.75, abs=0.02)
    assert figures.cosine == pytest.approx(1, abs=0.02)
    assert figures.size == pytest.approx(0.5, abs=0.02)


def test_somebody_else_is_farther_than_the_mean_face(people, face):
    chosen, mean, groups = face
    figures = likeness(people[1][chosen], people[0][chosen], mean, 90.0, groups)
    assert figures.r2 < 0
    assert figures.cosine < 0.6
    assert figures.nme > figures.nme_mean_face


def test_neither_place_nor_size_of_a_head_changes_a_figure(people, face):
    chosen, mean, groups = face
    truth = people[3][chosen]
    head = 0.6 * truth + 0.4 * mean + np.sin(truth[:, [1, 2, 0]] / 20)
    one, other = (likeness(h, truth, mean, 90.0, groups) for h in (head, ELSEWHERE.apply(head)))
    for name in ("r2", "cosine", "size", "nme"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-3)
    for name in one.regions:
        assert one.regions[name] == pytest.approx(other.regions[name], rel=1e-3)


def test_true_heads_are_recognised_and_exchanged_ones_are_not(people, face):
    truths = [person[face[0]] for person in people]
    heads = [ELSEWHERE.apply(truth) for truth in truths]
    np.testing.assert_array_equal(ranks(heads, truths, range(4)), 1)
    exchanged = ranks([heads[1], heads[0], *heads[2:]], truths, range(4))
    assert (exchanged[:2] > 1).all()
    np.testing.assert_array_equal(exchanged[2:], 1)


def outcome(head):
    return Outcome(None if head is None else SimpleNamespace(coarse_vertices=head), head is not None, "", 0.0)


def test_who_has_no_head_is_not_recognised_and_spoils_no_mean(people):
    heads = [*people[:3], None]
    met = [Person(truth, 0.0, outcome(head), PICTURE) for truth, head in zip(people, heads, strict=True)]
    figures = measure(met)
    assert (figures.people, figures.failed) == (4, 1)
    assert figures.rank_1 == pytest.approx(0.75)
    assert figures.mean_rank == 1
    assert figures.mean.r2 == pytest.approx(1, abs=1e-4)
    with pytest.raises(Pix2VertexError, match="failed on every"):
        measure([Person(people[0], 0.0, outcome(None), PICTURE)])


@pytest.mark.slow
def test_a_seed_gives_the_same_people_however_many(monkeypatch, people):
    monkeypatch.setattr(identity, "run_product", lambda *_: outcome(None))
    one = identity.meet(5, 1, "neutral", (0.0, 30.0), 96)
    two = identity.meet(5, 2, "neutral", (0.0, 30.0), 96)
    np.testing.assert_array_equal(one[0].truth, two[0].truth)
    assert np.abs(two[0].truth - two[1].truth).max() > 1
    assert all(abs(person.yaw) < 30 for person in two)


def test_the_figures_are_written(monkeypatch, people, tmp_path, capsys):
    met = [Person(truth, 0.0, outcome(truth), PICTURE) for truth in people]
    monkeypatch.setattr(identity, "meet", lambda *_: met)
    assert identity.main(["--count", "4", "--json", str(tmp_path / "identity.json")]) == 0
    assert "100% first, mean rank 1.00 of 4" in capsys.readouterr().out
    written = json.loads((tmp_path / "identity.json").read_text())
    assert written["r2"] == pytest.approx(1, abs=1e-4)
    assert written["rank_1"] == 1
    assert len(written["regions"]["nose"]) == 2
    assert [person["rank"] for person in written["each"]] == [1, 1, 1, 1]
    assert np.mean([person["r2"] for person in written["each"]]) == pytest.approx(written["r2"])


@pytest.mark.slow
def test_a_sheet_shows_heads_beside_the_true_ones(people):
    """The picture, ours and the truth from the front, and again from the side; who has no head is left out."""
    met = [Person(people[0], 0.0, outcome(people[0]), PICTURE), Person(people[1], 0.0, outcome(people[2]), PICTURE)]
    drawn = sheet([*met, Person(people[1], 0.0, outcome(None), PICTURE)])
    assert drawn.shape == (2 * SIDE, 5 * SIDE, 3)
    tiles = drawn.reshape(2, SIDE, 5, SIDE, 3).swapaxes(1, 2).astype(float)
    same, other = (np.abs(row[1] - row[2]).mean() + np.abs(row[3] - row[4]).mean() for row in tiles)
    assert same < 0.01 < other
