"""What a scan may be, and what is said of one that it may not be."""

from dataclasses import replace

import numpy as np
import pytest

from pix2vertex_blender.errors import MeshError, OptionError
from pix2vertex_blender.geometry.mesh import border_vertices, triangulate
from pix2vertex_blender.reconstruction.wrapping.head_part import unit_of
from pix2vertex_blender.reconstruction.wrapping.scan import Scan, checked_scan, clustered, texture_colours
from pix2vertex_blender.reconstruction.wrapping.wrap import WrapOptions, wrap_mesh


def sheet(side: int = 12) -> Scan:
    """A flat square grid of one unit with colours."""
    x, y = np.meshgrid(np.linspace(0, 1, side), np.linspace(0, 1, side))
    vertices = np.column_stack([x.ravel(), y.ravel(), np.zeros(side * side)])
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    quads = np.add.outer(corner, [0, 1, side + 1, side])
    triangles = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    return Scan(vertices, triangles, np.full((side * side, 3), 90, dtype=np.uint8))


def test_vertices_that_a_file_has_split_are_one_again() -> None:
    """A mesh of loose triangles has its border only where its surface ends."""
    scan = sheet()
    loose = Scan(scan.vertices[scan.triangles].reshape(-1, 3), np.arange(3 * len(scan.triangles)).reshape(-1, 3))
    whole = checked_scan(loose)
    assert len(whole.vertices) == len(scan.vertices)
    assert border_vertices(whole.triangles, len(whole.vertices)).sum() == 4 * 11


def test_a_coarser_scan_keeps_place_and_colours() -> None:
    """Cells of a tenth leave about a hundred points, all on the sheet, as grey as before."""
    coarse = clustered(sheet(60), 0.1)
    assert 90 < len(coarse.vertices) < 130
    assert np.abs(coarse.vertices[:, 2]).max() == 0
    assert coarse.colours is not None and (coarse.colours == 90).all()
    areas = np.linalg.norm(coarse.triangle_normals(), axis=1) / 2
    assert areas.sum() == pytest.approx(0.9, abs=0.1)


def test_a_part_keeps_what_belongs_to_it() -> None:
    """Half of a sheet has half of its area and its own texture coordinates."""
    scan = sheet()
    uvs = scan.vertices[scan.triangles][..., :2].astype(np.float32)
    part = replace(scan, corner_uvs=uvs).part(scan.vertices[:, 0] < 0.5)
    assert part.vertices[:, 0].max() < 0.5
    assert part.corner_uvs is not None
    np.testing.assert_allclose(part.vertices[part.triangles][..., :2], part.corner_uvs, atol=1e-6)


def test_texture_is_read_with_v_upwards() -> None:
    """The picture's last row is at v = 0."""
    texture = np.zeros((4, 2, 3), dtype=np.uint8)
    texture[3, 1] = 200
    assert texture_colours(texture, np.array([[0.9, 0.05], [0.9, 0.95]]))[:, 0].tolist() == [200, 0]


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (Scan(np.zeros((3, 3)), np.zeros((0, 3), dtype=np.int32)), "no faces"),
        (replace(sheet(), vertices=np.full((144, 3), np.nan)), "not a number"),
        (replace(sheet(), vertices=np.zeros((144, 3))), "at one place"),
        (sheet(4), "18 triangles"),
    ],
)
def test_what_is_no_scan_is_said_in_one_sentence(scan: Scan, words: str) -> None:
    """Without a surface, with a coordinate that is not a number, without an extent, or too coarse."""
    with pytest.raises(MeshError, match=words):
        checked_scan(scan)


@pytest.mark.parametrize(
    ("length", "unit"), [(1.05, "mm"), (0.11, "cm"), (0.00092, "m"), (0.038, "inch"), (0.5, "unknown")]
)
def test_the_unit_is_found_from_the_heads_size(length: float, unit: str) -> None:
    """From the length of a millimetre of the mean head in the scan's units."""
    name, millimetres = unit_of(length)
    assert name == unit
    assert 1 / 1.35 < millimetres * length < 1.35


@pytest.mark.slow
def test_a_scan_without_a_face_is_refused() -> None:
    """A sheet, a scan of nobody."""
    from pix2vertex_blender.errors import FaceNotFoundError

    with pytest.raises(FaceNotFoundError, match="No face was found in the scan"):
        wrap_mesh(sheet())


@pytest.mark.slow
def test_a_unit_that_does_not_exist_is_said() -> None:
    """With those that do."""
    from tests.reconstruction.wrapping.made_up import made_up_scan

    with pytest.raises(OptionError, match="no unit furlong: choose one of auto, mm"):
        wrap_mesh(made_up_scan(1, turned=False).scan, WrapOptions(unit="furlong"))


def test_colours_that_are_the_same_everywhere_say_nothing() -> None:
    """A sculpture that was painted white is looked at in the light of its shape; a real scan keeps its colours."""
    x, y = np.meshgrid(np.arange(20.0), np.arange(20.0))
    vertices = np.column_stack([x.ravel(), y.ravel(), np.zeros(400)])
    corner = (np.arange(19)[:, None] * 20 + np.arange(19)).ravel()
    triangles = triangulate(np.add.outer(corner, [0, 1, 21, 20])).astype(np.int32)
    white = np.full((400, 3), 250, dtype=np.uint8)
    assert not checked_scan(Scan(vertices, triangles, white)).is_coloured
    spotted = np.where(np.arange(400)[:, None] % 7, white, white // 2)
    assert checked_scan(Scan(vertices, triangles, spotted)).is_coloured
