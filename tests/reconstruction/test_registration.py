from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks.published_registration import PublishedParameters, register_as_published
from benchmarks.registration import register_pair, score
from pix2vertex_blender.errors import MeshError, RegistrationError
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.subdivision import catmull_clark
from pix2vertex_blender.reconstruction.registration.alignment import align
from pix2vertex_blender.reconstruction.registration.deformation import Contacts, DataTerms
from pix2vertex_blender.reconstruction.registration.elasticity import Deformable
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.registration import register
from pix2vertex_blender.reconstruction.registration.target import build_target, make_target
from training.paths import shared_folder


@pytest.fixture(scope="module")
def whole(template):
    """The template itself as the target, seen from everywhere."""
    return make_target(template.vertices, triangulate(template.faces), template.canonical)


@pytest.fixture(scope="module")
def moved(whole, deformed):
    """The deformed template as the target, seen from everywhere."""
    return make_target(deformed, whole.triangles, whole.canonical)


def align_and_register(template, target, seed=0):
    index = TargetIndex(target)
    face = template.groups["face"]
    generator = np.random.default_rng(seed)
    aligned = align(template.vertices, template.canonical, index, generator, weights=face).apply(template.vertices)
    return register(aligned, template.faces, template.canonical, index, weights=face)


def distance(vertices, truth, which):
    return np.linalg.norm(vertices - truth, axis=1)[which]


def test_a_target_that_is_the_template_gives_the_template(template, whole):
    result = register(template.vertices, template.faces, template.canonical, whole, weights=template.groups["face"])
    np.testing.assert_allclose(result.vertices, template.vertices, atol=1e-6)
    assert result.converged
    assert result.correspondence_noise_mm < 1e-6


def test_an_affine_image_is_recovered_exactly(template, whole):
    matrix = Rotation.from_euler("xyz", [5, 20, -8], degrees=True).as_matrix() @ np.diag([1.1, 0.95, 1.05])
    target = make_target(template.vertices @ matrix.T + [3, 4, 5], whole.triangles, whole.canonical)
    result = align_and_register(template, target)
    np.testing.assert_allclose(result.vertices, target.vertices, atol=1e-4)


def test_a_known_deformation_is_recovered(template, deformed, moved):
    errors = distance(align_and_register(template, moved).vertices, deformed, template.groups["face"] > 0.5)
    assert errors.mean() < 0.15
    assert np.percentile(errors, 99) < 0.8


@pytest.mark.slow
@pytest.mark.parametrize(("scale", "angles"), [(1.0, [20, -40, 15]), (0.1, [0, 0, 0]), (1000.0, [10, 5, -5])])
def test_motion_and_units_of_the_input_change_nothing_else(template, look_at, deformed, scale, angles):
    target = build_target(look_at(deformed, 20).maps)
    turn = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    points = scale * target.vertices @ turn.T + scale * np.array([5, 6, 7])
    other = make_target(points, target.triangles, target.canonical)
    face = template.groups["face"]
    start = align(template.vertices, template.canonical, target, np.random.default_rng(0), weights=face)
    start = start.apply(template.vertices)
    result = register(start, template.faces, template.canonical, target, weights=face)
    start = scale * start @ turn.T + scale * np.array([5, 6, 7])
    again = register(start, template.faces, template.canonical, other, weights=face)
    expected = scale * result.vertices @ turn.T + scale * np.array([5, 6, 7])
    # Rounding may decide whether one iteration more is made, whose steps are that small.
    np.testing.assert_allclose(again.vertices / scale, expected / scale, atol=0.06)


@pytest.mark.slow
def test_the_templates_resolution_does_not_matter(template, look_at, deformed):
    view = look_at(deformed, resolution=200)
    index = TargetIndex(build_target(view.maps))
    face = template.groups["face"]
    alignment = align(template.vertices, template.canonical, index, np.random.default_rng(0), weights=face)
    finer = catmull_clark(template.faces, len(template.vertices))
    coarse = register(alignment.apply(template.vertices), template.faces, template.canonical, index, weights=face)
    fine = register(
        alignment.apply(finer.matrix @ template.vertices),
        finer.faces,
        finer.matrix @ template.canonical,
        index,
        weights=finer.matrix @ face,
    )
    difference = distance(finer.matrix @ coarse.vertices, fine.vertices, finer.matrix @ face > 0.5)
    assert difference.mean() < 0.3


def test_the_energy_never_rises_within_an_inner_loop(template, moved):
    generator = np.random.default_rng(0)
    sheet = Deformable(template.vertices, template.faces, template.canonical, None)
    weights = sheet.mass * generator.random(len(sheet.mass))
    data = DataTerms(moved.vertices, 0.1 * weights, moved.vertices, moved.normals, weights)
    pairs = generator.integers(len(weights), size=(2, 40))
    contacts = Contacts(pairs[0], pairs[1], np.tile([0.0, 1.0, 0.0], (40, 1)), np.ones(40), np.full(40, 5.0))
    sheet.factorise(data, 1e6)
    energy = sheet.energy(data, 1e6, contacts)
    vertices, energies = energy.minimise(sheet.reference, sheet.solver, 1e-4, 100)
    assert len(energies) > 3
    assert (np.diff(energies) <= 1e-9 * energies[0]).all()
    assert energies[0] == pytest.approx(energy.value(sheet.reference))
    assert energies[-1] == pytest.approx(energy.value(vertices), rel=1e-6)
    nudged = [energy.value(vertices + 0.1 * generator.normal(size=vertices.shape)) for _ in range(5)]
    assert min(nudged) > energies[-1]


@pytest.mark.parametrize("yaw", [0, 35, 60])
def test_what_is_seen_is_recovered_and_what_is_hidden_is_plausible(template, look_at, deformed, yaw):
    view = look_at(deformed, yaw)
    result = align_and_register(template, build_target(view.maps))
    assert distance(result.vertices, view.truth, view.seen).mean() < 0.7
    hidden = (template.groups["face"] > 0.5) & ~view.seen
    assert distance(result.vertices, view.truth, hidden).mean() < 4.0
    edges = template.faces[:, :2]
    length = np.linalg.norm(np.diff(result.vertices[edges], axis=1), axis=(1, 2))
    true_length = np.linalg.norm(np.diff(view.truth[edges], axis=1), axis=(1, 2))
    assert np.percentile(np.abs(np.log(length / true_length)), 99) < 0.5


def test_holes_outliers_and_a_hand_over_a_third_of_the_face(template, look_at, deformed):
    view = look_at(deformed)
    maps, generator = view.maps, np.random.default_rng(4)
    rows, columns = np.indices(maps.mask.shape)
    middle = np.argwhere(maps.mask).mean(axis=0)
    hole = np.hypot(rows - middle[0] + 25, columns - middle[1]) < 8
    hand = columns > np.percentile(columns[maps.mask], 67)
    mask = maps.mask & ~hole & ~hand
    correspondence = np.where(mask[..., None], maps.correspondence, np.nan)
    wrong = mask & (generator.random(mask.shape) < 0.2)
    correspondence[wrong] = generator.uniform(-0.6, 0.6, (wrong.sum(), 3))
    geometry = np.where(mask[..., None], maps.geometry, np.nan)
    spoiled = replace(maps, mask=mask, correspondence=correspondence.astype(np.float32), geometry=geometry)
    vertices = align_and_register(template, build_target(spoiled)).vertices
    pixels = np.floor(maps.camera.project(view.truth)).astype(int).clip(0, mask.shape[0] - 1)
    kept = view.seen & mask[pixels[:, 1], pixels[:, 0]]
    assert distance(vertices, view.truth, kept).mean() < 1.0
    assert distance(vertices, view.truth, view.seen & ~kept).mean() < 5.0


def test_noise_of_the_correspondence_is_measured_and_smoothed(template, look_at, deformed):
    view = look_at(deformed)
    x, y = (view.maps.geometry[..., k] / 6.0 for k in range(2))
    waves = np.stack([np.sin(x + 2 * y), np.cos(1.7 * x - y), np.sin(2 * x) * np.cos(y)], axis=-1)
    noisy = replace(view.maps, correspondence=view.maps.correspondence + (3.0 / 120 * waves).astype(np.float32))
    clean, result = (align_and_register(template, build_target(maps)) for maps in (view.maps, noisy))
    assert clean.correspondence_noise_mm < 0.25
    assert result.correspondence_noise_mm > 0.6
    assert distance(result.vertices, view.truth, view.seen).mean() < 1.5


@pytest.mark.slow
@pytest.mark.development_data("registration/pair0.npz")
def test_a_real_pair_is_registered_within_the_bounds():
    with np.load(shared_folder() / "registration" / "pair0.npz") as file:
        pair = dict(file)
    exact, _, _ = register_pair(pair, "target_embedding", "target", "default")
    mean, _, p95, holes, _, _ = score(pair, exact.vertices)
    assert mean < 0.35
    assert p95 < 1.0
    assert holes < 1.2
    noisy, _, _ = register_pair(pair, "target_embedding_noisy", "target_noisy", "default")
    mean, _, _, _, _, surface = score(pair, noisy.vertices)
    assert mean < 1.6
    assert surface < 0.4


@pytest.mark.slow
def test_the_published_registration_fits_a_target_within_its_cut_off(template, whole):
    offset = np.column_stack([np.sin(template.vertices[:, 1] / 40), np.zeros((len(template.vertices), 2))])
    target = make_target(template.vertices + 0.6 * offset, whole.triangles, whole.canonical)
    parameters = PublishedParameters(first_stiffness=2e6)
    result = register_as_published(template.vertices, template.faces, template.canonical, target, parameters)
    assert np.median(distance(result.vertices, target.vertices, template.groups["face"] > 0.5)) < 0.2


def test_bad_input_is_named(template, whole):
    face = template.groups["face"]
    with pytest.raises(RegistrationError, match="Only 0 of"):
        far = replace(whole, canonical=whole.canonical + 5)
        register(template.vertices, template.faces, template.canonical, far, weights=face)
    with pytest.raises(RegistrationError, match="canonical coordinates must have shape"):
        register(template.vertices, template.faces, template.canonical[:-1], whole)
    with pytest.raises(RegistrationError, match="weights"):
        register(template.vertices, template.faces, template.canonical, whole, weights=0 * face)
    broken = template.vertices.copy()
    broken[template.faces[7]] = broken[template.faces[7, 0]]
    with pytest.raises(MeshError, match=r"Triangle .* of the template has no area"):
        register(broken, template.faces, template.canonical, whole)
    doubled = np.vstack([template.faces, template.faces[:1]])
    with pytest.raises(MeshError, match="not manifold"):
        register(template.vertices, doubled, template.canonical, whole)
