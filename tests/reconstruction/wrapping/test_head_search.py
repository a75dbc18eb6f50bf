"""Where heads are found in scans of bodies and rooms."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pix2vertex_blender.errors import FaceNotFoundError
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import load_network
from pix2vertex_blender.reconstruction.photo.face_search import localiser_of
from pix2vertex_blender.reconstruction.wrapping.head_search import find_head
from pix2vertex_blender.reconstruction.wrapping.scan import Scan, checked_scan
from pix2vertex_blender.template import load_template
from tests.reconstruction.wrapping.made_up import head_shape
from training.paths import shared_folder

#: What is higher than this (dm) on MakeHuman's mesh is its head, and most of its neck.
NECK = 6.0


def body() -> Scan:
    """MakeHuman's standing base mesh, in decimetres, y up."""
    with np.load(shared_folder() / "topologies" / "makehuman_base.npz") as arrays:
        return Scan(arrays["body_vertices"].astype(np.float64), triangulate(arrays["body_faces"]).astype(np.int32))


def in_room(scan: Scan, half: float) -> Scan:
    """The scan on the floor of a room with one wall behind it, so many of its units from the middle to each side."""
    low = scan.vertices[:, 1].min()
    corners = np.array([[-1, 0, -1], [1, 0, -1], [1, 0, 1], [-1, 0, 1], [-1, 1.5, -1], [1, 1.5, -1]])
    room = half * corners + np.array([0.0, low, 0.0])
    triangles = np.array([[0, 2, 1], [0, 3, 2], [0, 1, 4], [1, 5, 4]]) + len(scan.vertices)
    return Scan(np.concatenate([scan.vertices, room]), np.concatenate([scan.triangles, triangles]))


def found_face(scan: Scan) -> NDArray[np.float64]:
    """Where the mean face is laid in a scan."""
    template, localiser = load_template(), localiser_of(load_network(device=choose_device("cpu")))
    pose = find_head(checked_scan(scan), localiser, lambda: None).pose
    return pose.apply(template.vertices[template.groups["face"] > 0.5])


@pytest.mark.slow
@pytest.mark.development_data("topologies")
def test_a_body_without_a_head_has_no_face() -> None:
    """Feet and hands are not taken for one, and one sentence says so."""
    whole = body()
    with pytest.raises(FaceNotFoundError, match="No face was found in the scan"):
        found_face(in_room(whole.part(whole.vertices[:, 1] < NECK), 9.0))


@pytest.mark.slow
@pytest.mark.development_data("topologies")
def test_the_head_of_a_leaning_body_is_found() -> None:
    """Whichever way up the scan is: none of its axes is the body's."""
    whole, turned = body(), Rotation.from_euler("xyz", (20, 15, 170), degrees=True)
    upright = turned.inv().apply(found_face(Scan(turned.apply(whole.vertices), whole.triangles)))
    assert upright[:, 1].min() > NECK
    assert np.abs(upright[:, 0].mean()) < 0.1
    nose = whole.vertices[whole.vertices[:, 1] > NECK][:, 2].max()
    assert abs(upright[:, 2].max() - nose) < 0.15


@pytest.mark.slow
def test_a_small_head_in_a_room_is_found() -> None:
    """A bust on the floor of a room of three metres."""
    template, head = load_template(), head_shape(4)
    face = found_face(in_room(Scan(head, triangulate(template.faces).astype(np.int32)), 1500.0))
    assert np.median(np.linalg.norm(face - head[template.groups["face"] > 0.5], axis=1)) < 8.0
