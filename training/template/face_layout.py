"""Author the template's second UV layout, which puts the face first: ``python -m training.template.face_layout``.

The face is cut out of the island that it shares with scalp and neck, and made as large as the square allows. What is
left over of that island, cut along the middle, lies in a strip below it, beside the ears and what lies inside. Each
piece is a similar copy of what it is in the first layout: nothing is stretched that was not before, or turned over.
"""

import argparse
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.paths import FACE_LAYOUT_FILE
from pix2vertex_blender.template import Template, load_template

from .layout import build_half, whole_head
from .texture_layout import GAP, seams
from .unwrap import cut, islands

Points = NDArray[np.float64]
Indices = NDArray[np.int64]

#: How large pieces are beside what they are in the first layout; the face takes what they leave.
REST_SCALE, EAR_SCALE, INNER_SCALE = 0.35, 0.9, 1.0
#: What lies in the column at the middle of the strip, from below.
INNER = ("nostril_interior", "eye_socket", "mouth_interior")


def face_first(template: Template) -> Points:
    """UVs (m, 4, 2) in [0, 1] of the template at level 0, symmetric about u = 0.5.

    Raises
    ------
    ValueError
        If the pieces do not fit into the square.
    """
    half = len(template.faces) // 2
    placed = np.zeros((half, 4, 2))
    pieces = {name: rows[rows < half] for name, rows in pieces_of(template).items()}
    uvs = template.uvs

    def put(name: str, scale: float, left: float, bottom: float, *, lying: bool = False) -> tuple[float, float]:
        """Put a piece's half of positive x there; returns its right and its upper end."""
        shown = uvs[pieces[name]][..., ::-1] * (1, -1) if lying else uvs[pieces[name]]
        shown = shown - shown.min(axis=(0, 1))
        placed[pieces[name]] = (left, bottom) + scale * shown
        right, top = (left, bottom) + scale * shown.max(axis=(0, 1))
        return float(right), float(top)

    bottom, right, tops = GAP, 0.5, []
    for name in INNER:
        left = 0.5 if name == "mouth_interior" else 0.5 + GAP / 2  # whose two halves hang together
        end, top = put(name, INNER_SCALE, left, bottom)
        right, bottom = max(right, end), top + GAP
    tops.append(bottom - GAP)
    for name, scale in (("ears", EAR_SCALE), ("rest", REST_SCALE)):
        right, top = put(name, scale, right + GAP, GAP, lying=name == "rest")
        tops.append(top)
    front = uvs[pieces["front"]]
    width, height = np.ptp(front[..., 0]), np.ptp(front[..., 1])
    put("front", min((0.5 - GAP) / width, (1 - max(tops) - 2 * GAP) / height), 0.5, max(tops) + GAP)
    if max(right, placed.max()) > 1 - GAP + 1e-6:
        raise ValueError("the pieces do not fit into the square")
    # The second half of the faces mirrors the first, face by face.
    return np.concatenate([placed, ((1, 0) + placed * (-1, 1))[:, [0, 3, 2, 1]]])


def pieces_of(template: Template) -> dict[str, Indices]:
    """The faces of each piece: "front" and "rest" of the largest island, and the other islands by their groups.

    Raises
    ------
    ValueError
        If the template is not built from the layout.
    """
    layout = build_half()
    faces, symmetry = whole_head(layout)
    if not np.array_equal(faces, template.faces):
        raise ValueError("the template's faces are not those of the layout")
    corners = cut(faces, seams(layout, symmetry)).corners
    main, *others = islands(corners)
    rest = _around(corners, main, template.groups["face"][faces].mean(axis=1) > 0.5)
    pieces = {"front": np.setdiff1d(main, rest), "rest": rest}
    for name in ("ears", *INNER):
        inside = template.groups[name][faces].mean(axis=1)
        pieces[name] = np.concatenate([rows for rows in others if inside[rows].mean() > 0.5])
    return pieces


def _around(corners: Indices, island: Indices, in_face: NDArray[np.bool_]) -> Indices:
    """The faces of an island that lie around the face, not in a hole of it such as the edge of a lid."""
    rows = island[~in_face[island]]
    place = np.repeat(np.arange(len(rows)), 4)
    touching = sparse.coo_matrix((np.ones(len(place)), (place, corners[rows].ravel()))).tocsr()
    label = connected_components(touching @ touching.T, directed=False)[1]
    return rows[label == np.bincount(label).argmax()]


def main() -> None:
    """Write the layout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=FACE_LAYOUT_FILE)
    path = parser.parse_args().file
    np.savez_compressed(path, uvs=face_first(load_template()).astype(np.float32))
    write_checksum(path)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
