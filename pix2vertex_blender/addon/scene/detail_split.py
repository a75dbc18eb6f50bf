"""Fine detail on a neutral face: the wrinkles that come with the photo's expression are a key of their own.

`Detail` has what is always there. `Expression Detail` has the rest, and is shown as far as both `Detail` and
`Photo Expression` are: by a driver that needs no Python and so no permission to run scripts.
"""

import bpy
import numpy as np
from numpy.typing import NDArray

from ...expression.names import PHOTO_EXPRESSION
from .face_object import detail_key
from .mesh_object import Coordinates, mesh_coordinates, set_mesh_coordinates

WRINKLES_KEY = "Expression Detail"

#: The attribute of a face's mesh that says how much of the detail at each vertex comes with the expression, and the
#: custom property that says that the key is ours.
SHARE, OWN = "pix2vertex_expression_detail", "pix2vertex_expression_detail_key"


def wrinkles_key(face: bpy.types.Object | None) -> bpy.types.ShapeKey | None:
    """The key with the wrinkles of a face's expression, if it is ours; None if there is none."""
    mesh = face.data if face is not None and face.type == "MESH" else None
    if mesh is None or mesh.shape_keys is None or OWN not in mesh:
        return None
    return mesh.shape_keys.key_blocks.get(WRINKLES_KEY)


def split_detail(face: bpy.types.Object, share: NDArray[np.floating] | None, detail: Coordinates | None = None) -> None:
    """Take the wrinkles of the photo's expression off the detail of a neutral face.

    Parameters
    ----------
    face : bpy.types.Object
        In object mode, with expressions on a neutral basis.
    share : (n,), optional
        How much of the detail at each vertex comes with the expression; as before if None.
    detail : (n, 3), optional
        All of it; what the keys have together if None.
    """
    key, mesh = detail_key(face), face.data
    if key is None or (wrinkles_key(face) is None and WRINKLES_KEY in mesh.shape_keys.key_blocks):
        return  # an artist's own key of that name stays, and so does the detail
    whole = detail_offsets(face) if detail is None else detail
    share = _stored_share(face) if share is None else np.asarray(share, dtype=np.float32)
    if wrinkles_key(face) is None:
        face.shape_key_add(name=WRINKLES_KEY, from_mix=False)
    mesh[OWN] = True
    _store_share(mesh, share)
    keys = mesh.shape_keys
    smooth = mesh_coordinates(keys.reference_key.data)
    set_mesh_coordinates(key.data, smooth + (1 - share[:, None]) * whole)
    set_mesh_coordinates(keys.key_blocks[WRINKLES_KEY].data, smooth + share[:, None] * whole)
    _drive(keys, key.name)
    mesh.update()


def join_detail(face: bpy.types.Object) -> None:
    """Put what `split_detail` took off back to the detail."""
    key, wrinkles = detail_key(face), wrinkles_key(face)
    if wrinkles is None:
        return
    if key is not None:
        smooth = mesh_coordinates(face.data.shape_keys.reference_key.data)
        set_mesh_coordinates(key.data, smooth + detail_offsets(face))
    face.data.shape_keys.driver_remove(_path())
    face.shape_key_remove(wrinkles)
    del face.data[OWN]
    if (attribute := face.data.attributes.get(SHARE)) is not None:
        face.data.attributes.remove(attribute)


def write_detail(face: bpy.types.Object, detail: Coordinates) -> None:
    """Give a face another detail (n, 3), in its key or in both of them."""
    if wrinkles_key(face) is not None:
        split_detail(face, None, detail)
        return
    key = detail_key(face)
    assert key is not None
    set_mesh_coordinates(key.data, mesh_coordinates(face.data.shape_keys.reference_key.data) + detail)


def detail_offsets(face: bpy.types.Object) -> Coordinates:
    """All of a face's detail (n, 3)."""
    return _with_wrinkles(face, 1.0)


def shown_detail(face: bpy.types.Object) -> Coordinates:
    """What of a face's detail (n, 3) is shown with the photo's expression as it is."""
    photo = face.data.shape_keys.key_blocks.get(PHOTO_EXPRESSION)
    return _with_wrinkles(face, 1.0 if photo is None else photo.value)


def _with_wrinkles(face: bpy.types.Object, share: float) -> Coordinates:
    """A face's detail (n, 3) with a share of the wrinkles that belong to the photo's expression."""
    keys, key, wrinkles = face.data.shape_keys, detail_key(face), wrinkles_key(face)
    assert key is not None
    smooth = mesh_coordinates(keys.reference_key.data)
    detail = mesh_coordinates(key.data) - smooth
    if wrinkles is not None:
        detail += np.float32(share) * (mesh_coordinates(wrinkles.data) - smooth)
    return detail


def _drive(keys: bpy.types.Key, detail: str) -> None:
    """Show the wrinkles as far as the detail and the photo's expression are, unless something else drives them."""
    if keys.animation_data is not None and keys.animation_data.drivers.find(_path()) is not None:
        return
    driver = keys.driver_add(_path()).driver
    driver.type = "MIN"
    for name in (detail, PHOTO_EXPRESSION):
        variable = driver.variables.new()
        variable.type = "SINGLE_PROP"
        target = variable.targets[0]
        target.id_type, target.id, target.data_path = "KEY", keys, f'key_blocks["{name}"].value'


def _path() -> str:
    return f'key_blocks["{WRINKLES_KEY}"].value'


def _store_share(mesh: bpy.types.Mesh, share: NDArray[np.float32]) -> None:
    attribute = mesh.attributes.get(SHARE) or mesh.attributes.new(SHARE, "FLOAT", "POINT")
    attribute.data.foreach_set("value", np.ascontiguousarray(share, dtype=np.float32))


def _stored_share(face: bpy.types.Object) -> NDArray[np.float32]:
    share = np.zeros(len(face.data.vertices), dtype=np.float32)
    if (attribute := face.data.attributes.get(SHARE)) is not None:
        attribute.data.foreach_get("value", share)
    return share
