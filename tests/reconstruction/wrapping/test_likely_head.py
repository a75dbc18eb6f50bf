"""The likeliest head on a scan."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.likeness.model import load_likeness
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.wrapping.likely_head import Beyond, LikelyParameters, likely_head
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.reconstruction.wrapping.scan_surface import ScanSurface
from pix2vertex_blender.template import load_template
from tests.reconstruction.wrapping.made_up import scanned_face


def drawn_person(seed: int) -> NDArray[np.float64]:
    """A head (c, 3) as people differ."""
    basis, parameters = load_likeness().basis, LikelyParameters()
    numbers = np.arange(1, len(basis) + 1)
    deviations = parameters.spread / (1 + numbers / parameters.bend) ** parameters.fall
    coefficients = 0.8 * deviations * np.random.default_rng(seed).standard_normal(len(basis))
    return load_template().vertices + np.tensordot(coefficients, basis, 1)


def slid_along(shape: NDArray[np.float64], target: TargetIndex) -> NDArray[np.float64]:
    """A head that lies on the surface of a face, but not where it belongs."""
    template = load_template()
    moved = shape + 2.5 * np.sin(template.vertices / 25.0)[:, [1, 2, 0]]
    return np.where((template.groups["face"] > 0.5)[:, None], target.match_positions(moved).points, moved)


def away(head: NDArray[np.float64], shape: NDArray[np.float64], group: str) -> float:
    """Millimetres in the median."""
    return float(np.median(np.linalg.norm(head - shape, axis=1)[load_template().groups[group] > 0.5]))


def test_smooth_skin_goes_where_it_belongs_on_a_person() -> None:
    """Cheeks and foreheads have nothing that would hold them: how people differ does."""
    template, shape = load_template(), drawn_person(1)
    target = scanned_face(shape)
    slid = slid_along(shape, target)
    found = likely_head(slid, template, target)
    for group in ("face", "cheeks", "forehead"):
        assert away(slid, shape, group) > 1.2
        assert away(found, shape, group) < 0.5 * away(slid, shape, group)


def test_it_does_not_matter_where_a_scan_lies() -> None:
    """Turned and moved with its scan, the head is the same."""
    template, shape = load_template(), drawn_person(2)
    turn, shift = Rotation.from_euler("xyz", [70, 20, 130], degrees=True).as_matrix(), np.array([300.0, -20.0, 5.0])
    target = scanned_face(shape)
    slid = slid_along(shape, target)
    moved = likely_head(slid @ turn.T + shift, template, scanned_face(shape @ turn.T + shift))
    np.testing.assert_allclose(moved, likely_head(slid, template, target) @ turn.T + shift, atol=0.02)


def test_clean_scalp_and_ears_tell_where_the_face_ends() -> None:
    """A scan of the whole head says more than its face does."""
    template, shape = load_template(), drawn_person(3)
    target = scanned_face(shape)
    slid = slid_along(shape, target)
    surface = ScanSurface(Scan(shape, triangulate(template.faces).astype(np.int32)))
    beyond = Beyond(surface, (template.groups["scalp"] > 0.5) | (template.groups["ears"] > 0.5))
    alone, both = likely_head(slid, template, target), likely_head(slid, template, target, beyond)
    assert away(both, shape, "scalp") < 0.5 * away(alone, shape, "scalp")
    assert away(both, shape, "face") < 1.2 * away(alone, shape, "face")


def test_a_rough_scan_tells_nearly_as_much() -> None:
    """Noise bends the normals of a scan by tens of degrees, but not those of a head that lies on it."""
    template, shape = load_template(), drawn_person(1)
    slid = slid_along(shape, scanned_face(shape))
    noise = np.random.default_rng(4).normal(0, 0.3, shape.shape)
    rough = likely_head(slid, template, scanned_face(shape + noise))
    assert away(rough, shape, "face") < 0.3 * away(slid, shape, "face")
