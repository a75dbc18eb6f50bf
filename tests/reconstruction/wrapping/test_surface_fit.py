"""The template on a scan's own surface."""

import numpy as np
import pytest

from pix2vertex_blender.exchange.progress import silent
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.personal import personal_expressions
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.target import make_target
from pix2vertex_blender.reconstruction.wrapping.results import distances_from
from pix2vertex_blender.reconstruction.wrapping.surface_detail import detail_of_scan
from pix2vertex_blender.reconstruction.wrapping.surface_fit import fit_to_surface, slide, without_cuts
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_balls
from tests.reconstruction.wrapping.made_up import head_shape, scanned_face


def test_the_head_comes_to_lie_on_the_surface() -> None:
    """From two millimetres and more away, without cutting itself; what the scan lacks stays near."""
    template, shape = load_template(), head_shape(3)
    target = scanned_face(shape)
    wave = np.sin(template.vertices / 18.0) * 2.0
    before, _covered = distances_from(shape + wave, template, target)
    fit = fit_to_surface(shape + wave, template, target, silent)
    after, covered = distances_from(fit.vertices, template, target)
    assert np.median(before) > 0.5
    assert np.median(after) < 0.02
    assert np.percentile(after, 95) < 0.15
    assert covered > 0.8
    assert len(intersecting_triangles(fit.vertices, triangulate(template.faces))) == 0
    back = template.groups["scalp"] > 0.5
    assert np.linalg.norm(fit.vertices - shape - wave, axis=1)[back].max() < 2.0


def test_detail_is_the_rest_of_the_way() -> None:
    """A finer head and its detail lie on bumps that the head itself does not have, and nowhere else."""
    template, level, shape = load_template(), load_template(1), head_shape(4)
    rough = load_template().subdivide(shape, 2)
    fine = load_template(2)
    bumps = 0.4 * np.sin(rough[:, 0] / 2.0) * np.sin(rough[:, 1] / 2.0)
    triangles = triangulate(fine.faces)
    face = fine.groups["face"] > 0.5
    surface = rough + bumps[:, None] * [0.0, 0.0, 1.0]
    target = TargetIndex(make_target(surface, triangles[face[triangles].all(axis=1)], fine.canonical))
    smooth = template.subdivide(shape, 1)
    detail = detail_of_scan(smooth, level, target)
    inner = (level.groups["face"] > 0.99) & target.match_positions(smooth).inside
    apart = [target.match_positions(vertices).distances[inner] for vertices in (smooth, smooth + detail)]
    assert np.median(apart[1]) < 0.2 * np.median(apart[0])
    assert np.abs(detail[level.vertices[:, 2] < -20]).max() < 1e-3


def test_a_template_slides_to_where_its_features_fit() -> None:
    """A registered head that lies on the surface, but has slid along it, comes nearer to where it belongs."""
    template, shape = load_template(), head_shape(5)
    target = scanned_face(shape)
    face = template.groups["face"] > 0.5
    slid = shape + 2.5 * np.sin(template.vertices / 25.0)[:, [1, 2, 0]]
    slid = np.where(face[:, None], target.match_positions(slid).points, slid)
    aligned = fit_similarity(template.vertices, slid, template.groups["face"]).apply(template.vertices)
    better = slide(slid, aligned, template, target)
    assert better is not None
    before, after = (np.median(np.linalg.norm(each - shape, axis=1)[face]) for each in (slid, better))
    assert before > 1.0
    assert after < 0.6 * before


def test_a_hanging_jaw_does_not_slide() -> None:
    """It is no bend of the mean head, and what was registered is to be kept."""
    template, shape = load_template(), head_shape(6)
    low = np.clip(-(template.vertices[:, 1] + 25.0) / 20.0, 0.0, 1.0)
    hanging = shape - low[:, None] * [0.0, 25.0, 0.0]
    target = scanned_face(hanging)
    aligned = fit_similarity(template.vertices, hanging, template.groups["face"]).apply(template.vertices)
    assert slide(hanging, aligned, template, target) is None


def test_what_cut_before_cuts_no_longer() -> None:
    """A mouth's inside that a registration has pushed through the chin; all that is away from there stays."""
    template, shape = load_template(), head_shape(3)
    triangles, inside = triangulate(template.faces), template.groups["mouth_interior"] > 0.5
    middle = shape[inside][0]
    near = np.exp(-((shape - middle) ** 2).sum(axis=1) / (2 * 3.0**2)) * inside
    pushed = shape + near[:, None] * [0.0, -4.0, 8.0]
    assert len(intersecting_triangles(pushed, triangles)) > 0
    repaired = without_cuts(pushed, template)
    assert len(intersecting_triangles(repaired, triangles)) == 0
    away = np.linalg.norm(shape - middle, axis=1) > 40.0
    np.testing.assert_array_equal(repaired[away], shape[away])


def test_what_does_not_cut_stays() -> None:
    """To the last digit."""
    shape = head_shape(4)
    np.testing.assert_array_equal(without_cuts(shape, load_template()), shape)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "strength"), [("mouthFunnel", 0.8), ("mouthPucker", 1.0)])
def test_lips_do_not_pass_through_each_other_while_it_slides(name: str, strength: float) -> None:
    """What bends the mean head least may have lips that cut each other, as those of a strong expression do."""
    template, shape = load_template(), head_shape(6)
    offsets = personal_expressions(shape, place_balls(template, shape))[ARKIT_NAMES.index(name)]
    expressive = shape + strength * offsets
    aligned = fit_similarity(template.vertices, expressive, template.groups["face"]).apply(template.vertices)
    slid = slide(expressive, aligned, template, scanned_face(expressive))
    assert slid is not None
    assert len(intersecting_triangles(slid, triangulate(template.faces))) == 0
