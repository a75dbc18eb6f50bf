import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.errors import FaceNotFoundError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.network.maps import most_confidence, read_maps
from pix2vertex_blender.template.canonical import from_millimetres

SIDE = 64
CAMERA = Camera(0.24, (31.0, 33.0), 1 / 800)
TURN = Rotation.from_euler("YXZ", [25, -10, 8], degrees=True).as_matrix()
#: The camera looks at the middle of the face.
POSE = Similarity(1.0, TURN, -TURN @ [0.0, 15.0, 70.0])


def bowl(size=1.0):
    """What a perfect network says about a face-sized ellipsoid cap under a known camera and pose."""
    angles = np.random.default_rng(0).uniform(-1, 1, (200_000, 2)) * [1.1, 1.0]
    x, y = 75 * np.sin(angles[:, 0]), 15 + 100 * np.sin(angles[:, 1])
    head = np.column_stack([x, y, 100 * np.cos(angles[:, 0]) * np.cos(angles[:, 1])])
    points = POSE.apply(head)
    pixels = np.floor(CAMERA.project(points)).astype(int)
    output = np.full((8, SIDE, SIDE), -8.0, dtype=np.float32)
    order = np.argsort(points[:, 2])
    columns, rows = pixels[order].T
    output[0, rows, columns] = 8.0
    output[1:4, rows, columns] = from_millimetres(head[order]).T
    geometry = (points[order] - points.mean(axis=0)) * (CAMERA.scale / (SIDE / 2)) * size
    output[4:7, rows, columns] = geometry.T
    return output


def test_points_project_to_their_own_pixels():
    maps = read_maps(bowl()[None])
    rows, columns = np.nonzero(maps.mask)
    projected = maps.camera.project(maps.geometry[maps.mask])
    np.testing.assert_allclose(projected, np.column_stack([columns, rows]) + 0.5, atol=1e-4)
    assert np.isnan(maps.geometry[~maps.mask]).all()
    assert np.isnan(maps.correspondence[~maps.mask]).all()


def test_the_confidence_is_known_not_to_exceed_a_bound():
    generator = np.random.default_rng(2)
    for noise in (0.0, 0.02, 0.1, 0.5):
        views = np.stack([bowl(), bowl()])
        views[1, 1:4] += generator.normal(0, noise, views[1, 1:4].shape)
        assert read_maps(views).confidence <= most_confidence(views) <= 1
    assert most_confidence(views) < 0.05


def test_what_lies_between_the_lips_is_face_but_not_part_of_the_pose():
    shut, parted = bowl(), bowl()
    parted[7, 40:43, 24:40] = 8.0
    parted[1:4, 40:43, 24:40] += 0.8
    maps, same = read_maps(parted[None]), read_maps(shut[None])
    assert (maps.opening[40:43, 24:40] > 0.99).all()
    assert same.opening.max() < 0.01
    np.testing.assert_array_equal(maps.mask, same.mask)
    turned = Rotation.from_matrix(maps.head_pose.rotation @ same.head_pose.rotation.T).magnitude()
    assert np.degrees(turned) < 0.3
    everywhere = bowl()
    everywhere[7] = 8.0
    assert (read_maps(parted[None]).opening[~maps.mask] == 0).all()
    for read in (read_maps, most_confidence):
        with pytest.raises(FaceNotFoundError):
            read(everywhere[None])


def test_pose_and_camera_are_found():
    maps = read_maps(bowl()[None])
    turned = Rotation.from_matrix(maps.head_pose.rotation @ POSE.rotation.T).magnitude()
    assert np.degrees(turned) < 1.5
    assert maps.camera.scale == pytest.approx(CAMERA.scale, rel=0.05)
    assert maps.confidence > 0.9


def test_the_face_has_the_mean_faces_size_whatever_the_networks_unit():
    small, large = read_maps(bowl(1.0)[None]), read_maps(bowl(1.7)[None])
    np.testing.assert_allclose(small.geometry[small.mask], large.geometry[large.mask], atol=0.2)


def test_a_correspondence_that_fits_no_head_lowers_the_confidence():
    good = bowl()
    scrambled = good.copy()
    rows, columns = np.nonzero(good[0] > 0)
    order = np.random.default_rng(1).permutation(len(rows))
    scrambled[1:4, rows, columns] = good[1:4, rows[order], columns[order]]
    assert read_maps(scrambled[None]).confidence < 0.2 * read_maps(good[None]).confidence


def test_views_that_disagree_lower_the_confidence():
    good = bowl()
    shifted = good.copy()
    shifted[1] += 0.1
    narrow = good.copy()
    narrow[0, :, :32] = -8.0
    certain = read_maps(np.stack([good, good])).confidence
    assert read_maps(np.stack([good, shifted])).confidence < 0.3 * certain
    assert read_maps(np.stack([good, narrow])).confidence < 0.7 * certain


def test_no_face_is_said_so():
    with pytest.raises(FaceNotFoundError, match="face box"):
        read_maps(np.full((2, 8, SIDE, SIDE), -3.0, dtype=np.float32))
