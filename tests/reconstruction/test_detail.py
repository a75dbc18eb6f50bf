import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.errors import MeshError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.detail.detail import add_detail
from pix2vertex_blender.reconstruction.detail.shown_face import ShownFace
from pix2vertex_blender.reconstruction.detail.solver import DetailParameters, DetailSolver
from pix2vertex_blender.reconstruction.photo.sampling import sample_intensity, visibility
from pix2vertex_blender.template import load_template
from training.paths import shared_folder

WAVELENGTH = 8.0


def sheet(spacing, bend=0.0):
    """A square of 60 mm of triangles with edges of `spacing`, bent to a parabola across y."""
    count = round(60 / spacing) + 1
    x, y = np.meshgrid(np.linspace(-30, 30, count), np.linspace(-30, 30, count))
    vertices = np.column_stack([x.ravel(), y.ravel(), -bend * y.ravel() ** 2])
    corner = (np.arange(count - 1)[:, None] * count + np.arange(count - 1)).ravel()
    faces = np.column_stack([corner, corner + 1, corner + count + 1, corner + count])
    return vertices, faces


def wrinkles(vertices, contrast=0.05):
    """Dark valleys, bright ridges, as diffuse light from all around shows them."""
    return 0.5 + contrast / 2 * np.cos(2 * np.pi * vertices[:, 0] / WAVELENGTH)


def inner(vertices):
    return (np.abs(vertices[:, :2]) < 20).all(axis=1)


@pytest.mark.parametrize("equation", [12, 13])
def test_wrinkles_come_back_with_their_wavelength_and_sign(equation):
    vertices, faces = sheet(1.0)
    solver = DetailSolver(vertices, faces, np.ones(len(vertices)))
    displacement = solver.displacement(wrinkles(vertices), DetailParameters(equation=equation))
    x, values = vertices[inner(vertices), 0], displacement[inner(vertices)]
    cosine = 2 * np.mean(values * np.cos(2 * np.pi * x / WAVELENGTH))
    assert 0.05 < cosine < 1.0
    assert np.std(values - cosine * np.cos(2 * np.pi * x / WAVELENGTH)) < 0.1 * np.std(values)


def under_an_even_sky(x, height):
    """Irradiance at points of a long groove, by how far its own ridges hide the sky (a uniform dome)."""
    slope = np.arctan(np.gradient(height, x))
    rise = np.arctan2(height[None] - height[:, None], np.abs(x[None] - x[:, None]) + 1e-12)
    right = np.maximum(np.where(x[None] > x[:, None], rise, -np.pi / 2).max(axis=1), slope)
    left = np.maximum(np.where(x[None] < x[:, None], rise, -np.pi / 2).max(axis=1), -slope)
    return (np.cos(left + slope) + np.cos(right - slope)) / 2


@pytest.mark.parametrize("equation", [12, 13])
@pytest.mark.parametrize("wavelength", [6.0, 10.0])
def test_a_wrinkle_of_known_depth_lit_by_the_sky_comes_back(equation, wavelength):
    vertices, faces = sheet(0.75)
    x = np.unique(vertices[:, 0])
    known = 0.5 * np.cos(2 * np.pi * x / wavelength)
    light = np.interp(vertices[:, 0], x, 0.7 * under_an_even_sky(x, known))
    solver = DetailSolver(vertices, faces, np.ones(len(vertices)))
    row = np.isclose(vertices[:, 1], 0) & inner(vertices)
    found = solver.displacement(light, DetailParameters(equation=equation))[row]
    place = vertices[row, 0]
    frequencies = 2 * np.pi * np.arange(1, 13) / 40.0
    spectrum = np.abs(np.exp(-1j * np.outer(frequencies, place)) @ (found - found.mean()))
    assert 40.0 / (1 + spectrum.argmax()) == pytest.approx(wavelength, rel=0.2)
    # Ridges rise and valleys sink, in step with the wrinkle.
    amplitude = np.mean(found * np.exp(-2j * np.pi * place / wavelength))
    assert abs(np.angle(amplitude)) < 0.2
    assert np.corrcoef(found, np.interp(place, x, known))[0, 1] > 0.6
    assert 0.02 < np.ptp(found) < 1.0


@pytest.mark.parametrize("equation", [12, 13])
def test_the_resolution_of_the_mesh_does_not_matter(equation):
    amplitudes = []
    for spacing in (1.5, 0.75, 0.5):
        vertices, faces = sheet(spacing)
        solver = DetailSolver(vertices, faces, np.ones(len(vertices)))
        displacement = solver.displacement(wrinkles(vertices), DetailParameters(equation=equation))
        amplitudes.append(np.abs(displacement[inner(vertices)]).max())
    np.testing.assert_allclose(amplitudes, amplitudes[-1], rtol=0.1)


def test_constant_intensity_gives_the_fairing_alone():
    vertices, faces = sheet(1.0, bend=0.01)
    solver = DetailSolver(vertices, faces, np.ones(len(vertices)))
    parameters = DetailParameters()
    displacement = solver.displacement(np.full(len(vertices), 0.6))
    expected = (1 - parameters.balance) * solver.fairing(parameters.fairing_step)
    inside = inner(vertices)
    np.testing.assert_allclose(displacement[inside], expected[inside], atol=1e-6)
    # A ridge of mean curvature sinks: its height changes by the step times twice the mean curvature.
    middle = inside & (np.abs(vertices[:, 1]) < 0.1)
    np.testing.assert_allclose(displacement[middle], -0.8 * parameters.fairing_step * 0.02, rtol=0.15)


def test_equation_13_spares_curved_regions():
    results = []
    for bend in (0.0, 0.1):
        vertices, faces = sheet(1.0, bend)
        solver = DetailSolver(vertices, faces, np.ones(len(vertices)))
        middle = inner(vertices) & (np.abs(vertices[:, 1]) < 2)
        displacement = solver.displacement(wrinkles(vertices)) - solver.displacement(np.full(len(vertices), 0.5))
        results.append(np.ptp(displacement[middle]))
    assert results[1] < 0.9 * results[0]


def test_sliders_scale_the_result_and_hidden_vertices_stay():
    vertices, faces = sheet(1.0)
    seen = (vertices[:, 1] > 0).astype(float)
    solver = DetailSolver(vertices, faces, seen)
    once = solver.displacement(wrinkles(vertices))
    twice = solver.displacement(wrinkles(vertices), DetailParameters(strength=2.0))
    np.testing.assert_allclose(twice, 2 * once, atol=1e-12)
    assert (once[seen == 0] == 0).all()
    assert np.abs(once[seen > 0]).max() > 0.05
    fine = solver.displacement(wrinkles(vertices), DetailParameters(scale=0.3))
    assert np.abs(fine).max() < 0.7 * np.abs(once).max()
    assert (solver.displacement(wrinkles(vertices), DetailParameters(strength=0.0)) == 0).all()


def test_exposure_does_not_matter_and_strong_contrast_is_not_shape():
    vertices, faces = sheet(1.0)
    solver = DetailSolver(vertices, faces, np.ones(len(vertices)))
    bright, dark = (solver.displacement(factor * wrinkles(vertices)) for factor in (1.0, 0.6))
    np.testing.assert_allclose(bright, dark, atol=1e-3)
    mole = wrinkles(vertices)
    mole[np.linalg.norm(vertices[:, :2], axis=1) < 2] = 0.1
    assert np.abs(solver.displacement(mole)).max() < 1.0


def test_bad_input_is_named():
    vertices, faces = sheet(3.0)
    solver = DetailSolver(vertices, faces, np.ones(len(vertices)))
    with pytest.raises(ValueError, match=r"intensity must have shape \(441,\), not \(3,\)"):
        solver.displacement(np.zeros(3))
    with pytest.raises(ValueError, match="12 or 13"):
        solver.displacement(np.zeros(441), DetailParameters(equation=11))
    with pytest.raises(ValueError, match="visibility"):
        DetailSolver(vertices, faces, np.ones(5))
    vertices[7] = np.nan
    with pytest.raises(MeshError, match="Vertex 7"):
        DetailSolver(vertices, faces, np.ones(441))


def test_intensity_is_bilinear_and_averaged_over_the_footprint():
    rows, columns = np.indices((40, 50))
    ramp = (columns + 0.5) / 100 + (rows + 0.5) / 200
    points = np.array([[10.0, 20.0], [30.3, 11.7], [25.5, 25.5]])
    expected = points[:, 0] / 100 + points[:, 1] / 200
    np.testing.assert_allclose(sample_intensity(ramp, points, np.ones(3)), expected, atol=1e-4)
    checks = np.where((rows + columns) % 2, 255, 0).astype(np.uint8)
    colour = np.stack([checks] * 3, axis=-1)
    assert set(np.round(sample_intensity(colour, np.array([[20.5, 20.5], [20.5, 21.5]]), np.ones(2)), 3)) == {0.0, 1.0}
    np.testing.assert_allclose(sample_intensity(colour, np.array([[20.5, 20.5]]), np.array([8.0])), 0.5, atol=0.02)


def test_only_what_the_camera_sees_is_visible(template):
    camera = Camera(1.0, (128.0, 128.0))
    normals = vertex_normals(template.vertices, template.faces)
    seen = visibility(template.vertices, normals, template.faces, camera, (256, 256))
    assert seen[template.landmarks_68[30]] > 0.9
    assert (seen[normals[:, 2] < 0] == 0).all()
    mask = np.zeros((64, 64), dtype=bool)
    mask[:, 32:] = True
    half = visibility(template.vertices, normals, template.faces, camera, (256, 256), mask)
    assert (half[template.vertices[:, 0] < -3] == 0).all()
    assert half[(template.vertices[:, 0] > 12) & (seen > 0.9)].min() > 0.5
    behind = Camera(1.0, (1000.0, 128.0))
    assert not visibility(template.vertices, normals, template.faces, behind, (256, 256)).any()


def test_detail_of_a_photo_is_bounded_and_stays_on_the_seen_face(template):
    level = load_template(1)
    camera = Camera(2.0, (256.0, 256.0))
    generator = np.random.default_rng(0)
    photo = (generator.random((512, 512, 3)) * 255).astype(np.uint8)
    displacement = add_detail(level.vertices, level, ShownFace(photo, camera))
    size = np.linalg.norm(displacement, axis=1)
    assert size.max() < 1.5
    assert size[level.groups["face"] < 0.01].max() < 0.01
    lost = add_detail(level.vertices, level, ShownFace(photo, replace(camera, centre=(5000.0, 0.0))))
    assert (lost == 0).all()


@pytest.mark.development_data("photos")
@pytest.mark.parametrize("name", ["aflw_image00516", "lfpw_image_0022", "lfpw_image_0102"])
def test_the_detail_of_a_real_face_makes_nothing_cross(template, name):
    folder = shared_folder() / "photos"
    face = json.loads((folder / "faces.json").read_text(encoding="utf-8"))[name]
    with Image.open(folder / face["image"]) as image:
        photo = np.asarray(image.convert("RGB"))
    landmarks = np.array(face["landmarks"], dtype=np.float64) * [1, -1]
    pose = fit_similarity(
        template.vertices[template.landmarks_68] * [1, 1, 0], np.column_stack([landmarks, np.zeros(68)])
    )
    level = load_template(1)
    turned = level.vertices @ pose.rotation.T
    camera = Camera(pose.scale, (pose.translation[0], -pose.translation[1]))
    detail = add_detail(turned, level, ShownFace(photo, camera), parameters=DetailParameters(strength=1.5))
    assert np.linalg.norm(detail, axis=1).max() > 0.1
    assert len(intersecting_triangles(turned + detail, triangulate(level.faces))) == 0
