"""From made-up scans to our head on them, everything included."""

import cv2
import numpy as np
import pytest

from pix2vertex_blender.errors import PhotoError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.wrapping.depth_photo import DepthPhoto, read_depth_photo, without_steps
from pix2vertex_blender.reconstruction.wrapping.viewing import Viewpoint, take_picture
from pix2vertex_blender.reconstruction.wrapping.wrap import WrapOptions, wrap_depth_photo, wrap_mesh
from pix2vertex_blender.template import load_template
from tests.reconstruction.wrapping.made_up import MadeUpScan, made_up_scan
from training.paths import shared_folder

FOCAL, DISTANCE = 900.0, 600.0


def photographed(made: MadeUpScan) -> DepthPhoto:
    """A depth photo from in front of a head that stands upright at the origin, with whole millimetres."""
    pose = Similarity(1.0, np.eye(3), np.zeros(3))
    camera = Camera(FOCAL / DISTANCE, (240.0, 320.0), 1 / DISTANCE)
    picture = take_picture(made.scan, Viewpoint(pose, camera, (480, 640)))
    depth = without_steps(np.rint(DISTANCE - picture.depth), FOCAL)
    return DepthPhoto(picture.pixels, depth, (FOCAL, FOCAL, 239.5, 319.5))


@pytest.mark.slow
def test_a_turned_scan_in_metres_is_wrapped() -> None:
    """The head lies on it, about where it belongs, cuts nothing, and says its unit."""
    made, template = made_up_scan(1, millimetres=1000.0), load_template()
    head = wrap_mesh(made.scan, WrapOptions(device="cpu", detail_level=1))
    report = head.report
    assert (report.unit, report.unit_found, report.millimetres_per_unit) == ("m", True, 1000.0)
    assert report.median_distance_mm < 0.1
    assert report.p95_distance_mm < 1.0
    assert report.covered > 0.6
    face = template.groups["face"] > 0.5
    away = np.linalg.norm(head.vertices - made.truth, axis=1)[face] * 1000
    assert np.median(away) < 5.0
    landmarks = template.landmark_points(made.truth)
    assert np.linalg.norm(np.array(report.landmarks_68) - landmarks, axis=1)[17:].mean() * 1000 < 6.0
    assert len(intersecting_triangles(head.vertices, triangulate(template.faces))) == 0
    made_again = (
        head.reconstruction.coarse_vertices @ np.array(report.matrix)[:3, :3].T + np.array(report.matrix)[:3, 3]
    )
    np.testing.assert_allclose(made_again, head.vertices, atol=1e-9)


@pytest.mark.slow
def test_a_unit_that_was_said_is_believed() -> None:
    """A doll's head of a tenth keeps its size."""
    made = made_up_scan(2, millimetres=10.0, turned=False)
    head = wrap_mesh(made.scan, WrapOptions(device="cpu", detail_level=0, unit="mm"))
    assert not head.report.unit_found
    assert np.ptp(head.reconstruction.vertices[:, 0]) == pytest.approx(np.ptp(made.truth[:, 0]), rel=0.15)


@pytest.mark.slow
def test_a_depth_photo_is_wrapped_in_millimetres() -> None:
    """Depths in whole millimetres cost less than a quarter of one."""
    made = made_up_scan(3, turned=False, hole=False)
    head = wrap_depth_photo(photographed(made), WrapOptions(device="cpu", detail_level=0))
    in_front = made.truth - [0.0, 0.0, DISTANCE]
    template = load_template()
    from benchmarks.measures.surface import Surface

    surface = Surface(template.subdivide(in_front, 2), triangulate(load_template(2).faces))
    chosen = (template.groups["face"] > 0.5) & (template.vertices[:, 2] > 60)
    distances = surface.nearest(head.vertices[chosen]).distances
    assert np.median(distances) < 0.25
    assert np.percentile(distances, 95) < 1.0


def test_steps_of_depth_become_a_slope() -> None:
    """A tilted wall whose depths were rounded is nearly flat again, and what is unknown stays so."""
    slope = 500 + np.arange(200) * 0.13 + np.arange(160)[:, None] * 0.21
    steps = np.rint(slope)
    steps[40:50, 60:70] = np.nan
    smooth = without_steps(steps, 900.0)
    inner = np.zeros(slope.shape, dtype=bool)
    inner[8:-8, 8:-8] = True
    inner[32:58, 52:78] = False
    assert np.abs(steps - slope)[inner].mean() > 0.2
    assert np.abs(smooth - slope)[inner].max() < 0.15
    assert np.isnan(smooth[40:50, 60:70]).all()


def test_a_step_of_depth_stays_a_step() -> None:
    """What lies in front is not joined with what is behind it."""
    depth = np.full((80, 80), 500.0)
    depth[:, 40:] = 530.0
    smooth = without_steps(depth, 900.0)
    np.testing.assert_allclose(smooth, depth, atol=0.01)
    photo = DepthPhoto(np.zeros((80, 80, 3), dtype=np.uint8), smooth, (900.0, 900.0, 39.5, 39.5))
    corners = photo.surface().vertices[photo.surface().triangles][..., 2]
    assert np.ptp(corners, axis=1).max() < 1.0


@pytest.mark.parametrize(
    ("depth", "intrinsics", "words"),
    [
        (np.full((120, 90), 500, dtype=np.uint16), None, "needs the camera's focal lengths"),
        (np.full((120, 90), 500, dtype=np.uint16), (0.0, 1.0, 1.0, 1.0), "must be positive"),
        (np.full((120, 90), 200, dtype=np.uint8), (1.0, 1.0, 1.0, 1.0), "is no depth image"),
        (np.zeros((120, 90), dtype=np.uint16), (1.0, 1.0, 1.0, 1.0), "holds no depth"),
        (np.full((90, 120), 500, dtype=np.uint16), (1.0, 1.0, 1.0, 1.0), "other proportions"),
    ],
)
def test_what_is_no_depth_photo_is_said_in_one_sentence(tmp_path, depth, intrinsics, words) -> None:
    """Missing intrinsics, images of another kind or shape."""
    cv2.imwrite(str(tmp_path / "colour.png"), np.zeros((120, 90, 3), dtype=np.uint8))
    cv2.imwrite(str(tmp_path / "depth.png"), depth)
    with pytest.raises(PhotoError, match=words):
        read_depth_photo(tmp_path / "colour.png", tmp_path / "depth.png", intrinsics, lambda: None)


@pytest.mark.slow
@pytest.mark.development_data("scans")
def test_a_scanned_head_is_followed() -> None:
    """As a depth photo and as a mesh, from the side: on its surface, landmarks near those of its picture."""
    from benchmarks.readers.depths import read_index
    from benchmarks.wrap import figures, mesh_of, wrap_as_depth_photo

    [face] = [each for each in read_index(shared_folder() / "scans") if each.name == "james_y+40_l0"]
    options = WrapOptions(device="cpu", detail_level=1)
    for head in (wrap_as_depth_photo(face, options), wrap_mesh(mesh_of(face), options)):
        row = figures(face, head, 0.0)
        assert row["median"] < 0.25
        assert row["p95"] < 1.0
        assert row["inner 51"] < 3.2
        assert row["cuts"] == 0
