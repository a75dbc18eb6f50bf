"""What a picture in clay shows: a head with its eyeballs and the inside of its mouth, each in a tone of its own.

All in one tone, the gaps between teeth of parted lips would look like tears in the lips.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...exchange.result import Reconstruction
from ...geometry.mesh import triangulate
from ...template.eyeballs import sphere_through
from ...template.lid_parts import FINE_PARTS
from ...template.parts import MATERIALS, load_parts

Array = NDArray[np.float64]

#: Linear colours over that of the clay of the skin, by the names of `MATERIALS`: those of the materials in Blender,
#: paler.
TONES = {
    "eye": (1.25, 1.25, 1.25),
    "iris": (0.35, 0.33, 0.31),
    "pupil": (0.04, 0.04, 0.04),
    "teeth": (1.30, 1.24, 1.10),
    "gums": (0.70, 0.42, 0.40),
    "tongue": (0.66, 0.38, 0.37),
    "mouth": (0.10, 0.06, 0.06),
    "caruncle": (0.95, 0.75, 0.72),
    "conjunctiva": (1.10, 0.95, 0.92),
}
#: Materials that one looks through.
_TRANSPARENT = ("cornea",)


@dataclass(frozen=True)
class Pieces:
    """Meshes as one, of triangles, without what is transparent or finer than pixels.

    Attributes
    ----------
    vertices : (n, 3)
        In millimetres in the head frame.
    triangles : (m, 3) int64
        Anticlockwise from where they are seen.
    tones : (m, 3)
        Of each triangle.
    """

    vertices: Array
    triangles: NDArray[np.int64]
    tones: Array


def pieces_of(reconstruction: Reconstruction, strength: float) -> Pieces:
    """All that is drawn of a reconstruction, with so much of its detail (0 to 1)."""
    head = reconstruction.vertices + strength * reconstruction.detail
    found = [_piece(head, reconstruction.faces, np.ones((len(reconstruction.faces), 3)))]
    look, eye = reconstruction.eye_look, load_parts().eye
    for index, (vertices, faces, _uvs) in enumerate(reconstruction.eyeballs):
        turned = vertices if look is None else _turned(vertices, *look.gaze[index])
        found.append(_part(turned, faces, eye.materials, MATERIALS["eye"]))
    for placed in reconstruction.mouth:
        if placed.name not in FINE_PARTS:
            part = load_parts().child(placed.name)
            found.append(_part(placed.vertices, part.faces, part.materials, MATERIALS[placed.name]))
    starts = np.cumsum([0, *(len(piece.vertices) for piece in found)])
    return Pieces(
        np.concatenate([piece.vertices for piece in found]),
        np.concatenate([piece.triangles + start for piece, start in zip(found, starts, strict=False)]),
        np.concatenate([piece.tones for piece in found]),
    )


def _part(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    materials: NDArray[np.integer],
    names: tuple[str, ...],
) -> Pieces:
    """A part with the slots of its faces (m,) and the names of the materials there.

    Of another mesh than ours, such as an eyeball of an older version, all faces have the first material.
    """
    if len(faces) != len(materials):
        materials = np.zeros(len(faces), dtype=np.int64)
    opaque = np.array([name not in _TRANSPARENT for name in names])[materials]
    tones = np.array([TONES.get(name, (1.0, 1.0, 1.0)) for name in names])[materials]
    return _piece(vertices, faces[opaque], tones[opaque])


def _piece(vertices: NDArray[np.floating], faces: NDArray[np.integer], tones: Array) -> Pieces:
    """A mesh of quads with their tones (m, 3)."""
    return Pieces(np.asarray(vertices, dtype=np.float64), triangulate(faces).astype(np.int64), np.repeat(tones, 2, 0))


def _turned(vertices: Array, sideways: float, upwards: float) -> Array:
    """An eyeball's vertices (n, 3) turned about its centre by angles in radians, as its object in Blender is."""
    groups = load_parts().eye.groups
    if len(vertices) != len(groups["iris"]):
        return vertices
    centre = sphere_through(vertices[(groups["iris"] < 0.5) & (groups["cornea"] < 0.5)])[0]
    (s, c), (u, w) = ((np.sin(angle), np.cos(angle)) for angle in (sideways, -upwards))
    about_y = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    about_x = np.array([[1, 0, 0], [0, w, -u], [0, u, w]])
    return (vertices - centre) @ (about_y @ about_x).T + centre
