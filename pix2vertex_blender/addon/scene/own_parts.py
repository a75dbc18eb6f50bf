"""Eyes, teeth and lashes that are objects of their own beside a head of the artist's own."""

from collections.abc import Mapping, Sequence

import bpy
import numpy as np
from numpy.typing import NDArray

from .obstacles import is_editable
from .record import has_record
from .scan_object import ScanArrays, read_basis

#: Over the head's extent: what moves less stays without shape keys.
_STILL = 1e-6


def parts_of(head: bpy.types.Object) -> list[bpy.types.Object]:
    """The mesh objects that hang on a head, or beside it on its parent or armature, and can be changed alone."""
    rig = head.find_armature()

    def belongs(item: bpy.types.Object) -> bool:
        beside = item.parent is not None and item.parent in (head, head.parent)
        return beside or (rig is not None and item.find_armature() == rig)

    def is_free(item: bpy.types.Object) -> bool:
        made = has_record(item) or (item.parent is not None and has_record(item.parent))
        return not made and is_editable(item) and item.data.users == 1

    return [
        item
        for item in bpy.context.scene.objects
        if item.type == "MESH" and item != head and item.visible_get() and item.data.polygons
        if belongs(item) and is_free(item)
    ]


def arrays_of_parts(parts: Sequence[bpy.types.Object]) -> dict[str, NDArray]:
    """What the worker's jobs `carry` and `carry_expressions` need of them: nothing if there are none."""
    if not parts:
        return {}
    read: list[ScanArrays] = [read_basis(part, bpy.context) for part in parts]
    starts = np.cumsum([0, *(len(each.arrays["vertices"]) for each in read)])
    triangles = [each.arrays["triangles"] + start for each, start in zip(read, starts, strict=False)]
    return {
        "part_vertices": np.concatenate([each.arrays["vertices"] for each in read]),
        "part_triangles": np.concatenate(triangles),
    }


def split_moves(
    moves: Mapping[str, NDArray[np.floating]], items: Sequence[bpy.types.Object]
) -> list[dict[str, NDArray[np.floating]]]:
    """The motions of each of some objects, whose vertices follow each other."""
    ends = np.cumsum([len(item.data.vertices) for item in items])[:-1]
    split = {name: np.split(each, ends) for name, each in moves.items()}
    return [{name: each[number] for name, each in split.items()} for number in range(len(items))]


def moving(moves: Mapping[str, NDArray[np.floating]], extent: float) -> dict[str, NDArray[np.floating]]:
    """Those motions that move something beside a head of some extent."""
    return {name: each for name, each in moves.items() if np.abs(each).max(initial=0.0) > _STILL * extent}
