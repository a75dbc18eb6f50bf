from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.errors import PhotoError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.exchange.report import Report
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.exchange.view import View, no_pins
from pix2vertex_blender.geometry.extension import smoothed
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square, cut_square, encode_png
from pix2vertex_blender.reconstruction.registration.fit_distance import distances_from_target
from pix2vertex_blender.reconstruction.registration.target import build_target
from pix2vertex_blender.reconstruction.texture.source import sharpest_crop

SIDE, KEPT = 900, 300


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A photo (1000, 1100, 3) with coarse and fine structure."""
    rows, columns = np.indices((1000, 1100))
    return np.stack([columns / 5, rows / 4, 128 + 60 * np.sin(columns / 1.5)], axis=-1).astype(np.uint8)


@pytest.fixture
def face(template, photo) -> Reconstruction:
    """A face in a square of the photo, of which a small crop is kept."""
    crop = cut_square(Photo("someone", photo), Square(550.0, 500.0, float(SIDE)), KEPT)
    scale = SIDE / 64
    crop_to_photo = np.array([[scale, 0.0, 100.0], [0.0, scale, 50.0]])
    nothing = np.zeros((64, 64, 3), dtype=np.float32)
    maps = FaceMaps(
        mask=np.ones((64, 64), dtype=bool),
        opening=nothing[..., 0],
        correspondence=nothing,
        geometry=nothing,
        camera=Camera(0.3, (32.0, 32.0)),
        head_pose=Similarity(1.0, np.eye(3), np.zeros(3)),
        confidence=1.0,
    )
    return Reconstruction(
        vertices=template.vertices,
        faces=template.faces.astype(np.int32),
        uvs=template.uvs.astype(np.float32),
        detail=np.zeros_like(template.vertices),
        groups={},
        landmarks_68=template.landmarks_68.astype(np.int32),
        eyeballs=(),
        views=(View((1100, 1000), crop_to_photo, np.eye(4), maps, encode_png(crop.pixels), no_pins()),),
        coarse_vertices=template.vertices,
        automatic_vertices=template.vertices,
        detail_level=0,
        report=Report(),
    )


def test_the_photo_is_cut_anew_while_it_is_there(face, photo, tmp_path: Path) -> None:
    path = tmp_path / "someone.png"
    Image.fromarray(photo).save(path)
    pixels, from_photo = sharpest_crop(face, path, 1024)
    assert from_photo and pixels.shape == (SIDE, SIDE, 3)
    assert np.abs(pixels.astype(int) - photo[50:950, 100:1000]).max() <= 1
    small, _ = sharpest_crop(face, path, 200)
    assert len(small) == 400, "no more pixels than the texture can use"


@pytest.mark.parametrize("kind", ["gone", "another", "resized"])
def test_the_kept_crop_is_used_where_the_file_is_not_the_photo(face, photo, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "someone.png"
    if kind == "another":
        Image.fromarray(photo[::-1].copy()).save(path)
    elif kind == "resized":
        Image.fromarray(cv2.resize(photo, (550, 500))).save(path)
    pixels, from_photo = sharpest_crop(face, path, 1024)
    assert not from_photo and pixels.shape == (KEPT, KEPT, 3)


def test_neither_photo_nor_crop_is_a_sentence(face, tmp_path: Path) -> None:
    face = face.with_view(crop_png=b"")
    with pytest.raises(PhotoError, match="no longer there"):
        sharpest_crop(face, tmp_path / "gone.png", 1024)


def test_smoothing_keeps_what_is_long_and_takes_what_is_short(template) -> None:
    y = template.vertices[:, 1]
    along = np.column_stack([np.ones_like(y), np.sin(y / 40), np.sin(y * 1.3)])
    result = smoothed(along, template.vertices, template.faces, 5.0)
    face = template.groups["face"] > 0.9
    np.testing.assert_allclose(result[:, 0], 1.0, atol=1e-2)
    assert np.corrcoef(result[face, 1], along[face, 1])[0, 1] > 0.99
    assert result[face, 2].std() < 0.3 * along[face, 2].std()
    assert (smoothed(along, template.vertices, template.faces, 0.0) == along).all()


def test_distance_from_the_target_is_what_the_mesh_was_moved_by(template, look_at) -> None:
    view = look_at(template.vertices)
    target = build_target(view.maps)
    near = distances_from_target(view.truth, target)
    moved = distances_from_target(view.truth - (0.0, 0.0, 5.0), target)
    flat = np.isfinite(near) & np.isfinite(moved) & (template.groups["forehead"] > 0.9)
    assert flat.sum() > 50
    assert np.median(near[flat]) < 0.5
    expected = 5.0 * vertex_normals(view.truth, template.faces)[flat, 2]
    assert np.median(moved[flat] / expected) == pytest.approx(1.0, abs=0.1)
    assert np.isnan(near[template.vertices[:, 2] < 0]).all(), "nothing is seen there"
