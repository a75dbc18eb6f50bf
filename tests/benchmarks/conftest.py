"""Small made-up copies of the data sets' layouts."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

OBJ = """mtllib scan.mtl
v -50 -60 0
v 50 -60 0
v 50 60 20
v -50 60 20
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3 4/4
"""
VRML = """#VRML V2.0 utf8
Shape { geometry IndexedFaceSet {
  coord Coordinate { point [ -50 -60 0, 50 -60 0, 50 60 20, -50 60 20 ] }
  coordIndex [ 0, 1, 2, -1, 0, 2, 3, -1 ]
  texCoord TextureCoordinate { point [ 0 0, 1 0, 1 1, 0 1 ] }
  texCoordIndex [ 0, 1, 2, -1, 0, 2, 3, -1 ]
} }
"""
PICKED = """<!DOCTYPE PickedPoints><PickedPoints>
%s
</PickedPoints>"""


def write_picture(path: Path, width: int = 50, height: int = 60) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = np.mgrid[:height, :width]
    cv2.imwrite(str(path), np.stack([4 * rows, 4 * columns, 0 * rows], axis=-1).astype(np.uint8))


@pytest.fixture
def landmarks():
    """68 points inside a picture of 50 x 60 pixels, in the convention with the first pixel's centre at 0.5."""
    return np.random.default_rng(0).uniform([5, 5], [45, 55], (68, 2))


@pytest.fixture
def aflw2000(tmp_path, landmarks):
    write_picture(tmp_path / "image00002.jpg")
    solid = np.column_stack([landmarks + 0.5, np.arange(68.0)])
    pose = np.array([[0.1, np.radians(-35), 0.2, 0, 0, 0, 1]])
    savemat(tmp_path / "image00002.mat", {"pt3d_68": solid.T, "Pose_Para": pose})
    return tmp_path


@pytest.fixture
def ibug300w(tmp_path, landmarks):
    for subset in ("ibug", "helen/testset"):
        write_picture(tmp_path / subset / "face_1.png")
        lines = "\n".join(f"{x:.6f} {y:.6f}" for x, y in landmarks + 0.5)
        (tmp_path / subset / "face_1.pts").write_text(f"version: 1\nn_points:  68\n{{\n{lines}\n}}\n")
    return tmp_path


@pytest.fixture
def photos(tmp_path, landmarks):
    write_picture(tmp_path / "images" / "one.jpg")
    entry = {"image": "images/one.jpg", "yaw": 12.5, "landmarks": landmarks.tolist(), "box": [5, 5, 40, 50]}
    (tmp_path / "faces.json").write_text(json.dumps({"one": entry}))
    return tmp_path


@pytest.fixture
def scans(tmp_path):
    """A plane that rises to the right, 1000 mm away."""
    write_picture(tmp_path / "plane.png")
    depth = np.tile(1000 + 2 * np.arange(50, dtype=np.float32), (60, 1))
    np.savez(tmp_path / "plane.npz", depth=depth, mask=np.arange(50)[None] + np.zeros((60, 1)) > 3)
    entry = {"image": "plane.png", "yaw": 20, "box": [5, 5, 45, 55], "landmarks": [[1, 1], [30.2, 40.7]]}
    (tmp_path / "index.json").write_text(json.dumps({"plane": entry}))
    return tmp_path


@pytest.fixture
def bu3dfe(tmp_path):
    for name in ("F0001_AN01WH", "F0001_NE00WH"):
        write_picture(tmp_path / "F0001" / f"{name}_F2D.bmp")
        (tmp_path / "F0001" / f"{name}_F3D.wrl").write_text(VRML)
    return tmp_path


@pytest.fixture
def florence(tmp_path):
    folder = tmp_path / "subject_01" / "Model" / "frontal1" / "obj"
    write_picture(folder / "texture.bmp")
    (folder / "scan.obj").write_text(OBJ)
    (folder / "scan.mtl").write_text("newmtl face\nmap_Kd texture.bmp\n")
    (tmp_path / "landmarks.json").write_text(json.dumps({"subject_01": {"30": [0, 0, 10], "36": [-40, 30, 15]}}))
    return tmp_path


@pytest.fixture
def now(tmp_path):
    names = ["one/multiview_neutral/IMG_1.jpg", "one/multiview_expressions/IMG_2.jpg"]
    (tmp_path / "imagepathsvalidation.txt").write_text("\n".join(names) + "\n")
    for name in names:
        write_picture(tmp_path / "iphone_pictures" / name)
    for folder in ("scans/one", "scans_lmks_onlypp/one"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "scans" / "one" / "natural_head_rotation.000001.obj").write_text(OBJ)
    points = "\n".join(f'<point x="{k}" y="1.5" z="-2" active="1" name="{k}"/>' for k in range(7))
    path = tmp_path / "scans_lmks_onlypp" / "one" / "natural_head_rotation.000001_picked_points.pp"
    path.write_text(PICKED % points)
    return tmp_path


@pytest.fixture
def stirling(tmp_path):
    (tmp_path / "F1001_N.obj").write_text(OBJ)
    for side in "LR":
        write_picture(tmp_path / f"F1001_N_{side}.jpg")
    (tmp_path / "landmarks.json").write_text(json.dumps({"F1001": {"30": [0, 0, 10]}}))
    return tmp_path
