"""The estimate of heads: what it learns from pairs, and what it cannot be misled by."""

import numpy as np
import pytest

from pix2vertex_blender.reconstruction.likeness import model as stored
from pix2vertex_blender.reconstruction.likeness.estimate import estimate_coefficients
from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template
from training.identity.basis import head_basis
from training.identity.likeness import Pairs, choose_points, explained, learn, save_likeness

PEOPLE = 300


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    return choose_points(60)


@pytest.fixture(scope="module")
def heads() -> np.ndarray:
    """Heads that differ in five smooth ways, the first of which is the largest."""
    template = load_template()
    generator = np.random.default_rng(0)
    waves = np.array(
        [np.sin(template.vertices @ generator.normal(0, 0.02, 3) + k)[:, None] * np.eye(3)[k % 3] for k in range(5)]
    )
    amounts = generator.normal(0, (5, 4, 3, 2, 1), (PEOPLE, 5))
    return np.einsum("mk,knc->mnc", amounts, waves).astype(np.float16)


@pytest.fixture(scope="module")
def basis(heads) -> np.ndarray:
    return head_basis(heads.astype(np.float32), face_vertices(load_template()), 5)


def pairs_of(heads: np.ndarray, points: np.ndarray, noise: float, hidden: float = 0.0) -> Pairs:
    generator = np.random.default_rng(1)
    seen = generator.random((len(heads), len(points))) >= hidden
    shown = heads[:, points].astype(np.float32) + generator.normal(0, noise, (len(heads), len(points), 3))
    return Pairs((shown * seen[..., None]).astype(np.float32), seen, heads)


def split(pairs: Pairs) -> tuple[Pairs, Pairs]:
    half = np.arange(len(pairs.seen)) < PEOPLE // 2
    one, other = (Pairs(pairs.shown[part], pairs.seen[part], pairs.heads[part]) for part in (half, ~half))
    return one, other


def test_points_are_spread_over_the_face(points) -> None:
    template = load_template()
    places = template.vertices[points]
    distances = np.linalg.norm(places[:, None] - places, axis=2) + 1e3 * np.eye(len(points))
    assert face_vertices(template)[points].all() and len(set(points)) == len(points)
    assert distances.min() > 10, "of 60 on a face none is nearer than a centimetre to another"


@pytest.mark.slow
def test_the_basis_is_orthonormal_over_the_face_and_says_all_heads(heads, basis) -> None:
    face = face_vertices(load_template())
    products = np.einsum("knc,lnc->kl", basis[:, face], basis[:, face])
    np.testing.assert_allclose(products, np.eye(5), atol=1e-3)
    coefficients = np.einsum("knc,mnc->mk", basis[:, face], heads[:, face])
    np.testing.assert_allclose(np.einsum("mk,knc->mnc", coefficients, basis), heads, atol=0.05)


def test_what_is_shown_exactly_is_found_in_people_never_met(heads, points, basis) -> None:
    known, others = split(pairs_of(heads, points, noise=0.0))
    assert explained(learn(known, points, basis, 1e-6), others) > 0.99


def test_errors_and_hidden_points_are_weighed_against_what_is_known_of_heads(heads, points, basis) -> None:
    known, others = split(pairs_of(heads, points, noise=4.0, hidden=0.3))
    noise = others.shown - others.heads[:, points] * others.seen[..., None]
    as_shown = 1 - (noise**2).sum() / (others.heads[:, points].astype(np.float32) ** 2).sum()
    assert explained(learn(known, points, basis, 0.03), others) > max(0.6, as_shown + 0.3)


def test_who_shows_nothing_is_the_mean_head(heads, points, basis) -> None:
    model = learn(pairs_of(heads, points, noise=4.0), points, basis, 0.03)
    mean = estimate_coefficients(model, model.shown_mean, model.seen_mean)
    np.testing.assert_allclose(mean, model.coefficient_mean)


def test_the_file_gives_the_same_estimate(heads, points, basis, tmp_path, monkeypatch) -> None:
    pairs = pairs_of(heads, points, noise=1.0)
    model = learn(pairs, points, basis, 0.01)
    save_likeness(model, tmp_path / "likeness.npz")
    monkeypatch.setattr(stored, "LIKENESS_FILE", tmp_path / "likeness.npz")
    loaded = stored.load_likeness.__wrapped__()
    assert explained(loaded, pairs) == pytest.approx(explained(model, pairs), abs=0.002)
