"""Author the head template and write it: ``python -m training.template.build [FILE]``."""

import argparse
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.geometry.subdivision import catmull_clark
from pix2vertex_blender.paths import TEMPLATE_FILE

from . import anatomy
from .annotation import annotated_points
from .fit import fit
from .groups import vertex_groups
from .landmarks import all_landmarks, landmark_pins, landmark_vertices
from .layout import HOLES, HalfLayout, Symmetry, build_half, midline, whole_head
from .nose_edge import nose_edge
from .pins import all_pins
from .surface import MeanHead, load_mean_head
from .texture_layout import seams, texture_coordinates

VERSION = "1.0"
PROVENANCE = (
    "Topology, UVs and groups authored by this project's code (training/template). Rest shape fitted to the mean "
    "neutral face of the ICT-FaceKit light morphable model (USC Institute for Creative Technologies, 2020, MIT "
    "licence), whose mesh is not used."
)
CONTROL_STIFFNESS = 0.3
Arrays = dict[str, NDArray]


def author() -> Arrays:
    """All arrays of the template's file."""
    head = load_mean_head()
    layout = build_half()
    faces, symmetry = whole_head(layout)
    half, landmarks = fitted_half(layout, faces, symmetry, head)
    points = symmetry.unfold(half)
    groups = vertex_groups(layout, symmetry, half)
    vertex = {
        name: symmetry.mirror[landmarks[number]] for name, number in (("right_eye_outer", 45), ("right_eye_inner", 42))
    }
    vertex |= {"left_eye_inner": landmarks[42], "left_eye_outer": landmarks[45]}
    vertex |= {"right_mouth": symmetry.mirror[landmarks[54]], "left_mouth": landmarks[54]}
    whole_landmarks = all_landmarks(landmarks, symmetry)
    corners, corner_weights = annotated_points(
        points, faces, groups["face"], whole_landmarks, symmetry.mirror, nose_edge(layout, half)
    )
    return {
        "vertices": points.astype(np.float32),
        "canonical_control": symmetry.unfold(canonical_control(faces, half, layout, symmetry, head)).astype(np.float32),
        "faces": faces.astype(np.int32),
        "uvs": texture_coordinates(faces, points, groups, seams(layout, symmetry)).astype(np.float32),
        "mirror": symmetry.mirror.astype(np.int32),
        "landmarks_68": whole_landmarks.astype(np.int32),
        "landmark_corners": corners.astype(np.int32),
        "landmark_weights": corner_weights.astype(np.float32),
        "corner_names": np.array(list(vertex)),
        "corner_vertices": np.array(list(vertex.values()), dtype=np.int32),
        "group_names": np.array(list(groups)),
        "group_weights": np.round(np.stack(list(groups.values())) * 255).astype(np.uint8),
        "version": np.array(VERSION),
        "provenance": np.array(PROVENANCE),
        "eyeball_lids": lid_borders(layout, symmetry),
    }


def fitted_half(
    layout: HalfLayout, faces: NDArray[np.int64], symmetry: Symmetry, head: MeanHead
) -> tuple[NDArray[np.float64], dict[int, int]]:
    """Positions (n, 3) of the half head on the mean face in millimetres, and its landmark vertices."""
    pins = all_pins(layout, head)
    free = inner_rims(layout)
    draft = fit(faces, symmetry, pins, free, head.skin)
    landmarks = landmark_vertices(layout, draft, head)
    half = fit(faces, symmetry, pins, free, head.skin, landmark_pins(landmarks, head))
    half[midline(layout), 0] = 0.0
    return half, landmarks


def canonical_control(
    faces: NDArray[np.int64], half: NDArray[np.float64], layout: HalfLayout, symmetry: Symmetry, head: MeanHead
) -> NDArray[np.float64]:
    """Points (h, 3) whose second subdivision lies on the mean face where the face has a surface, and near `half`."""
    points = symmetry.unfold(half)
    first = catmull_clark(faces, len(points))
    second = catmull_clark(first.faces, first.matrix.shape[0])
    matrix = second.matrix @ first.matrix
    fine = matrix @ points
    inside = matrix @ inner_rims(layout)[symmetry.source].astype(np.float64)
    places, _ = head.skin.closest(fine, vertex_normals(fine, second.faces))
    wanted = np.where((inside > 0)[:, None], fine, places)
    keep = CONTROL_STIFFNESS * sparse.identity(len(points))
    control = splu((matrix.T @ matrix + keep).tocsc()).solve(matrix.T @ wanted + keep @ points)
    mirrored = control[symmetry.mirror] * (-1, 1, 1)
    return ((control + mirrored) / 2)[: len(half)]


def inner_rims(layout: HalfLayout) -> NDArray[np.bool_]:
    """Which half vertices (n,) lie inside lids, mouth and nostrils, where the mean face has no surface."""
    rims = np.zeros(len(layout.index), dtype=bool)
    last = {"eye": anatomy.LID_BORDER_RING, "mouth": anatomy.LIP_BORDER_RING, "nostril": anatomy.NOSTRIL_RIM_RING}
    for (kind, ring, _), vertex in layout.index.items():
        rims[vertex] = (kind in last and ring > last[kind]) or kind == "nostril cap"
    return rims


def lid_borders(layout: HalfLayout, symmetry: Symmetry) -> NDArray[np.int32]:
    """Vertices (2, r) of the inner border of the lids of the left (positive x) and of the right eye."""
    hole = HOLES["eye"]
    lids = np.array([layout.ring(hole, anatomy.LID_BORDER_RING, step) for step in range(len(hole.path()))])
    return np.stack([lids, symmetry.mirror[lids]]).astype(np.int32)


def main() -> None:
    """Write the template."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=TEMPLATE_FILE)
    path = parser.parse_args().file
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **author())
    write_checksum(path)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
