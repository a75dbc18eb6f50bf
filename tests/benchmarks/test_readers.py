import cv2
import numpy as np
import pytest

from benchmarks.readers import depths, photos, scans
from benchmarks.readers.faces import LayoutError
from benchmarks.readers.meshes import read_mesh
from benchmarks.readers.rendering import BACKGROUND, render_view


def test_annotated_photos(request, landmarks):
    [face] = photos.read_faces_json(request.getfixturevalue("photos"))
    assert (face.name, face.photo.name, face.yaw, face.box) == ("one", "one.jpg", 12.5, (5, 5, 40, 50))
    np.testing.assert_allclose(face.landmarks, landmarks)


def test_aflw2000(aflw2000, landmarks):
    [face] = photos.read_aflw2000(aflw2000)
    np.testing.assert_allclose(face.landmarks[:, :2], landmarks)
    np.testing.assert_allclose(face.landmarks[:, 2], np.arange(68))
    assert face.yaw == pytest.approx(-35)
    assert face.box == pytest.approx((*landmarks.min(axis=0), *np.ptp(landmarks, axis=0)))


def test_300w(ibug300w, landmarks):
    faces = photos.read_300w(ibug300w)
    assert [(face.subset, face.photo.name) for face in faces] == [
        ("helen/testset", "face_1.png"),
        ("ibug", "face_1.png"),
    ]
    np.testing.assert_allclose(faces[0].landmarks, landmarks, atol=1e-5)
    assert np.isnan(faces[0].yaw)


def test_scans_with_depth(request):
    [face] = depths.read_index(request.getfixturevalue("scans"))
    truth = face.read()
    assert face.box == (5, 5, 40, 50)
    assert face.yaw == 20
    assert truth.depth[0, 10] == 1020
    assert truth.mask.sum() == 60 * 46


def test_a_depth_map_becomes_a_mesh_with_landmarks_where_its_depth_is_known(request):
    [face] = depths.read_index(request.getfixturevalue("scans"))
    scan = scans.scan_of_depth(face)
    pixel = depths.MILLIMETRES_PER_PIXEL
    assert len(scan.triangles) == 2 * 45 * 59
    corners = scan.vertices[scan.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert (normals[:, 2] > 0).all()  # towards the camera
    assert set(scan.landmarks) == {1}
    np.testing.assert_allclose(
        scan.landmarks[1], [5.5 * pixel * 1060 / 1100, -10.5 * pixel * 1060 / 1100, -1060], rtol=1e-6
    )


def test_bu3dfe_puts_the_scan_where_its_picture_shows_it(bu3dfe):
    faces = depths.read_bu3dfe(bu3dfe)
    assert [face.expression for face in faces] == ["anger", "neutral"]
    truth = faces[0].read()
    assert truth.mask.all()
    assert truth.pixel == pytest.approx(2, rel=0.01)  # 100 mm on 50 pixels
    # The upper border is 20 mm nearer than the lower one.
    np.testing.assert_allclose(truth.depth[:, 0], -20 * (59.5 - np.arange(60)) / 60, atol=1e-9)


@pytest.mark.slow
def test_florence_is_rendered_in_21_views(florence, tmp_path):
    work = tmp_path / "views"
    work.mkdir()
    faces = scans.read_florence(florence, work)
    assert len(faces) == 21
    assert sorted({face.yaw for face in faces}) == [-45, -30, -15, 0, 15, 30, 45]
    assert all(face.photo.exists() for face in faces)
    scan = faces[0].read()
    np.testing.assert_allclose(scan.landmarks[36], [-40, 30, 15])
    assert len(scan.triangles) == 2


def test_a_rendered_scan_shows_its_texture_upright(florence):
    folder = florence / "subject_01" / "Model" / "frontal1" / "obj"
    texture = cv2.imread(str(folder / "texture.bmp"))
    picture = render_view(read_mesh(folder / "scan.obj"), texture, 0, 0).astype(int)
    seen = (picture != BACKGROUND).any(axis=2)
    rows, columns = np.nonzero(seen)
    assert np.ptp(rows) > np.ptp(columns) > 300
    assert picture[rows.min() + 3, 256, 0] < 20 < 200 < picture[rows.max() - 3, 256, 0]
    assert picture[256, columns.min() + 3, 1] < 20 < 180 < picture[256, columns.max() - 3, 1]


def test_now_takes_the_neutral_photos(now, tmp_path):
    [face] = scans.read_now(now, tmp_path)
    assert face.name == "one/multiview_neutral/IMG_1"
    scan = face.read()
    np.testing.assert_allclose(scan.landmarks[54], [6, 1.5, -2])
    assert set(scan.landmarks) == {36, 39, 42, 45, 33, 48, 54}


def test_stirling_has_two_pictures_of_each_scan(stirling, tmp_path):
    faces = scans.read_stirling(stirling, tmp_path)
    assert [face.yaw for face in faces] == [-45, 45]
    assert faces[0].read().vertices.shape == (4, 3)


def test_both_mesh_formats_hold_the_same_mesh(bu3dfe, florence):
    one = read_mesh(bu3dfe / "F0001" / "F0001_AN01WH_F3D.wrl")
    other = read_mesh(florence / "subject_01" / "Model" / "frontal1" / "obj" / "scan.obj")
    np.testing.assert_array_equal(one.vertices, other.vertices)
    np.testing.assert_array_equal(one.triangles, other.triangles)
    np.testing.assert_array_equal(one.texture, other.texture)


@pytest.mark.parametrize(
    ("layout", "read", "missing"),
    [
        ("photos", photos.read_faces_json, "faces.json"),
        ("photos", photos.read_faces_json, "images/one.jpg"),
        ("aflw2000", photos.read_aflw2000, "image00002.mat"),
        ("ibug300w", photos.read_300w, "ibug/face_1.png"),
        ("scans", depths.read_index, "plane.npz"),
        ("bu3dfe", depths.read_bu3dfe, "F0001/F0001_AN01WH_F2D.bmp"),
        ("florence", scans.read_florence, "landmarks.json"),
        ("florence", scans.read_florence, "subject_01/Model/frontal1/obj/texture.bmp"),
        ("now", scans.read_now, "imagepathsvalidation.txt"),
        ("now", scans.read_now, "iphone_pictures/one/multiview_neutral/IMG_1.jpg"),
        ("stirling", scans.read_stirling, "F1001_N_L.jpg"),
    ],
)
def test_a_wrong_layout_says_what_it_missed_first(request, tmp_path, layout, read, missing):
    folder = request.getfixturevalue(layout)
    (folder / missing).unlink()
    more = (tmp_path,) if read.__module__.endswith("scans") else ()
    with pytest.raises(LayoutError) as caught:
        read(folder, *more)
    stem = missing.rpartition(".")[0]  # where several suffixes would do, the first is named
    assert stem in str(caught.value).replace("\\", "/")


@pytest.mark.parametrize("read", [photos.read_aflw2000, photos.read_300w, depths.read_bu3dfe])
def test_an_empty_folder_is_of_no_layout(read, tmp_path):
    with pytest.raises(LayoutError, match="is missing"):
        read(tmp_path)
