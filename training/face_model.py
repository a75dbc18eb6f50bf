"""The morphable face model that the training images are drawn from, in millimetres."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.template import canonical

from .arrays import Booleans, Floats, Integers
from .paths import shared_folder

CANONICAL_CENTRE = canonical.ORIGIN.astype(np.float32)
CANONICAL_SCALE = canonical.SIZE

# Vertex ranges of the model file (its README).
FACE = slice(0, 9409)
HEAD = slice(0, 11248)
SOCKETS = slice(11248, 14062)
GUMS = slice(14062, 17039)
TEETH = slice(17039, 21451)
EYEBALLS = slice(21451, 24591)
LEFT_EYEBALL = slice(21451, 23021)
RIGHT_EYEBALL = slice(23021, 24591)
BODY_COUNT = 24591
LASHES = slice(25351, 26719)

SKIN, SOCKET, GUM, TOOTH, EYE = range(5)

IRIS_CENTRE = (30.945, 36.14)
IRIS_FRONT = 79.5

# fmt: off
LANDMARKS_68 = np.array([
    1225, 1888, 1052, 367, 1719, 1722, 2199, 1447, 966, 3661, 4390, 3927, 3924, 2608, 3272, 4088, 3443,
    268, 493, 1914, 2044, 1401, 3615, 4240, 4114, 2734, 2509, 978, 4527, 4942, 4857, 1140, 2075, 1147,
    4269, 3360, 1507, 1542, 1537, 1528, 1518, 1511, 3742, 3751, 3756, 3721, 3725, 3732, 5708, 5695, 2081,
    0, 4275, 6200, 6213, 6346, 6461, 5518, 5957, 5841, 5702, 5711, 5533, 6216, 6207, 6470, 5517, 5966,
], np.int32)
# fmt: on


@dataclass(frozen=True)
class FaceModel:
    """Mean head with linear identity and expression shapes, from the skin to mouth, teeth, eyes and lashes.

    Attributes
    ----------
    neutral : (n, 3) float32
        Mean neutral vertices; the face looks along +z, y is up.
    identity : (100, 3 n) float32
        Principal components; coefficients are drawn from N(0, 1).
    expression : (57, 3 n) float32
        ARKit shapes; coefficients are in [0, 1].
    expression_names : tuple of str
    triangles : (m, 3) int32
        Head, mouth, teeth and eyes, anticlockwise from outside.
    materials : (m,) int32
        One of SKIN, SOCKET, GUM, TOOTH, EYE for each triangle.
    lash_triangles : (l, 3) int32
        Strips along the lids on which lashes are drawn.
    face_region : (n,) float32
        Above 0.5 on what counts as the face: brow to chin and ear to ear, with the eyes and the mouth's inside.
    face_vertices : (k,) int32
        The skin vertices of that region; their mean is the face's centre.
    ears : (n,) bool
    iris_distance : (n,) float32
        On the front of the eyeballs the distance to the iris's axis, elsewhere large.
    """

    neutral: Floats
    identity: Floats
    expression: Floats
    expression_names: tuple[str, ...]
    triangles: Integers
    materials: Integers
    lash_triangles: Integers
    face_region: Floats
    face_vertices: Integers
    ears: Booleans
    iris_distance: Floats


def load_face_model(path: Path | None = None) -> FaceModel:
    """Read the model from its file, by default the one in the shared folder.

    Raises
    ------
    DataFileError
        If the file is missing or is not a face model.
    """
    path = shared_folder() / "face_models" / "ict_facekit.npz" if path is None else path
    if not path.is_file():
        raise DataFileError(f"The face model {path} is missing; set PIX2VERTEX_SHARED to the folder of face_models.")
    try:
        with np.load(path) as file:
            data = {name: file[name] for name in file.files}
        neutral = 10 * data["neutral"].astype(np.float32)
        faces = data["faces"]
        names = tuple(str(name) for name in data["expression_names"])
        identity = 10 * data["identity"].astype(np.float32).reshape(len(data["identity"]), -1)
        expression = 10 * data["expression"].astype(np.float32).reshape(len(names), -1)
        texture = _face_texture_coordinates(data, len(neutral))
    except (KeyError, ValueError, OSError) as error:
        raise DataFileError(f"{path} is not a face model of the expected layout; copy it again.") from error
    all_triangles = _triangulate(faces)
    body = all_triangles[all_triangles.max(1) < BODY_COUNT]
    lashes = all_triangles[(all_triangles.min(1) >= LASHES.start) & (all_triangles.max(1) < LASHES.stop)]
    ears = _ears(neutral, texture)
    region = _face_region(neutral, ears)
    return FaceModel(
        neutral=neutral,
        identity=identity,
        expression=expression,
        expression_names=names,
        triangles=body,
        materials=_vertex_materials(len(neutral))[body].min(1),
        lash_triangles=lashes,
        face_region=region,
        face_vertices=np.flatnonzero(region[FACE] > 0.5).astype(np.int32),
        ears=ears,
        iris_distance=_iris_distance(neutral),
    )


def normalise(points: Floats) -> Floats:
    """Canonical coordinates of points (..., 3) on the mean neutral face."""
    return (points - CANONICAL_CENTRE) / np.float32(CANONICAL_SCALE)


def _triangulate(faces: Integers) -> Integers:
    quads = faces[faces[:, 3] >= 0]
    triangles = np.concatenate([faces[:, :3], quads[:, [0, 2, 3]]])
    return np.ascontiguousarray(triangles, np.int32)


def _vertex_materials(count: int) -> Integers:
    materials = np.full(count, SKIN, np.int32)
    for part, material in ((SOCKETS, SOCKET), (GUMS, GUM), (TEETH, TOOTH), (EYEBALLS, EYE)):
        materials[part] = material
    return materials


def _face_texture_coordinates(data: dict[str, NDArray[np.generic]], count: int) -> Floats:
    """Texture coordinates (n, 2) of the vertices of the face's skin, zero elsewhere."""
    skin = data["face_material"] == list(data["material_names"]).index("M_Face")
    faces, uv_faces = data["faces"][skin], data["uv_faces"][skin]
    used = faces >= 0
    coordinates = np.zeros((count, 2), np.float32)
    coordinates[faces[used]] = data["uv"][uv_faces[used]]
    return coordinates


def _ears(neutral: Floats, texture: Floats) -> Booleans:
    x, y, z = neutral.T
    u, v = texture.T
    by_texture = ((u < 0.14) | (u > 0.86)) & (v > 0.38) & (v < 0.72)
    by_position = (np.abs(x) > 80) & (z < 36) & (y > -40) & (y < 55)
    on_face = np.arange(len(neutral)) < FACE.stop
    return (by_texture | by_position) & on_face


def _face_region(neutral: Floats, ears: Booleans) -> Floats:
    """In front of the ears, below the hairline and above the line from chin to jaw angle, with a soft border."""
    y, z = neutral[:, 1], neutral[:, 2]
    margin = np.minimum.reduce([z - 26, 112 - y, y + 23 + 0.93 * (z - 30)])
    region = np.clip(margin / 20 + 0.5, 0, 1)
    region[ears] = 0
    region[FACE.stop : HEAD.stop] = 0
    region[HEAD.stop :] = 1
    return region.astype(np.float32)


def _iris_distance(neutral: Floats) -> Floats:
    distance = np.full(len(neutral), 1000.0, np.float32)
    for eyeball, side in ((LEFT_EYEBALL, 1.0), (RIGHT_EYEBALL, -1.0)):
        x, y, z = neutral[eyeball].T
        radius = np.hypot(x - side * IRIS_CENTRE[0], y - IRIS_CENTRE[1])
        distance[eyeball] = np.where(z > IRIS_FRONT, radius, 30.0)
    return distance
