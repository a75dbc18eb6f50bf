"""A face gets another UV layout: its first UV map, and what hangs on that."""

import bpy
import numpy as np
from mathutils import kdtree
from numpy.typing import NDArray

from ...errors import MeshError
from ...template.template import load_template
from .face_images import DISPLACEMENT, NORMALS
from .face_object import detail_key
from .hair_curves import SURFACE_UVS, hair_of
from .obstacles import is_remodelled, leave_mode, level_of
from .texture_material import use_no_map, wears_map
from .uv_layout import LAYOUT, layout_of

Array = NDArray[np.float64]

UVS_STAY = (
    "{name} no longer has the template's vertices, so its UVs stay as they are: choose the other layout, or "
    "reconstruct the face again."
)


def check_layout(face: bpy.types.Object, layout: str) -> None:
    """See whether a face has a layout or can get it.

    Raises
    ------
    MeshError
        If its mesh was remodelled.
    """
    if layout != layout_of(face) and is_remodelled(face):
        raise MeshError(UVS_STAY.format(name=face.name))


def change_layout(face: bpy.types.Object, layout: str, context: bpy.types.Context) -> bool:
    """Give a face's first UV map a layout; returns whether normal and displacement maps of before no longer fit.

    Hair curves stay where they grow. Baked maps are taken off the face, which gets its detail back. It leaves edit,
    sculpt or paint mode. A face that has the layout stays as it is.

    Raises
    ------
    MeshError, SceneError
        If its mesh was remodelled or cannot be written.
    """
    if layout == layout_of(face):
        return False
    leave_mode(face, context)
    check_layout(face, layout)
    former, level = layout_of(face), level_of(face)
    assert level is not None  # as `check_layout` says
    mesh = face.data
    layer = mesh.uv_layers[0] if mesh.uv_layers else mesh.uv_layers.new(name="UVMap")
    uvs = load_template(level, layout).uvs
    layer.uv.foreach_set("vector", np.ascontiguousarray(uvs, dtype=np.float32).ravel())
    mesh[LAYOUT] = layout
    mesh.update()
    for hair in hair_of(face):
        _move_roots(hair.data, former, layout)
    return _take_maps_off(face)


def _move_roots(curves: bpy.types.Curves, former: str, layout: str) -> None:
    """Have hair grow at the same places of the skin, which another layout has elsewhere."""
    roots = curves.attributes.get(SURFACE_UVS)
    if roots is None:
        return
    places = np.empty((len(roots.data), 2), dtype=np.float32)
    roots.data.foreach_get("vector", places.ravel())
    moved = moved_places(places.astype(np.float64), former, layout)
    roots.data.foreach_set("vector", moved.astype(np.float32).ravel())


def moved_places(places: Array, former: str, layout: str) -> Array:
    """Where UVs (n, 2) of one layout are in another: similar copies of one another, face by face of level 0."""
    before, after = load_template(0, former).uvs, load_template(0, layout).uvs
    tree = kdtree.KDTree(len(before))
    for index, (u, v) in enumerate(before.mean(axis=1).tolist()):
        tree.insert((u, v, 0.0), index)
    tree.balance()
    faces = np.array([tree.find((u, v, 0.0))[1] for u, v in places.tolist()])
    # As complex numbers: a similarity is one factor and one sum.
    one, other, place = (values[..., 0] + 1j * values[..., 1] for values in (before[faces], after[faces], places))
    factor = (other[:, 2] - other[:, 0]) / (one[:, 2] - one[:, 0])
    moved = other[:, 0] + factor * (place - one[:, 0])
    return np.stack([moved.real, moved.imag], axis=-1)


def _take_maps_off(face: bpy.types.Object) -> bool:
    """Forget normal and displacement maps, which fit no longer; returns whether there were any."""
    if wears_map(face):
        use_no_map(face)
        if (key := detail_key(face)) is not None:
            key.value = 1.0
    known = [name for name in (NORMALS, DISPLACEMENT) if face.get(name) is not None]
    for name in known:
        del face[name]
    return bool(known)
