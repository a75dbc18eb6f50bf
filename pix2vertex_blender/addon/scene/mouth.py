"""Teeth, tongue, the mouth's inside and what is on the lids as child objects of a face, which follow its expressions.

A part has shape keys of the same names as the face's expressions that move it, and each key's value is driven by the
face's key: what the face shows, its mouth does, in Blender and in programs that set shapes by their names on all
meshes. The drivers are of the kind that needs no Python and so no permission to run scripts.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy
import numpy as np

from .axes import to_blender
from .material import part_materials
from .mesh_object import PART, add_vertex_group, mesh_coordinates, part_mesh, set_mesh_coordinates
from .shape_keys import Change, change_keys

if TYPE_CHECKING:
    from ...exchange.mouth import MouthPart

#: The custom property of a part's mesh that says which of its keys are ours.
MOVES = "pix2vertex_moves"
#: That of a face's mesh with the names of the parts that it has been given.
GIVEN = "pix2vertex_parts"


def add_mouth(mouth: "Sequence[MouthPart]", head: bpy.types.Object, created: list[bpy.types.Object]) -> None:
    """Make the objects of a mouth's parts and of those on the lids as children of a head; they do not move yet."""
    from ...template.parts import CHILD_PARTS, load_parts

    for placed in mouth:
        part = load_parts().child(placed.name)
        name = CHILD_PARTS[placed.name]
        item = bpy.data.objects.new(name, part_mesh(name, part, placed.vertices, part_materials(placed.name)))
        created.append(item)
        item[PART] = placed.name
        item.parent = head
        for group, weights in part.groups.items():
            add_vertex_group(item, group, weights)
    head.data[GIVEN] = sorted({*head.data.get(GIVEN, ()), *(placed.name for placed in mouth)})


def template_mouth() -> "tuple[MouthPart, ...]":
    """The mouth of the template's head, and what is on its lids."""
    from ...exchange.mouth import MouthPart
    from ...template.parts import load_parts

    parts = load_parts().mouth | load_parts().lids
    return tuple(MouthPart(name, part.vertices.astype(np.float32), {}) for name, part in parts.items())


def set_mouth(face: bpy.types.Object, after: "Sequence[MouthPart]", before: "Sequence[MouthPart]" = ()) -> None:
    """Give the parts of a face's mouth another place and the keys with which they follow its expressions.

    Parts that the artist has remodelled, and those that are gone, stay so.

    Parameters
    ----------
    face : bpy.types.Object
    after : sequence of MouthPart
    before : sequence of MouthPart, optional
        What the parts were made from: what the artist has moved since stays moved as far.
    """
    known = {part.name: part for part in before}
    for part in after:
        for child in face.children:
            if child.get(PART) == part.name and _can_take(child, part):
                _set_part(child, face, part, known.get(part.name))


def _can_take(item: bpy.types.Object, part: "MouthPart") -> bool:
    mesh = item.data
    return (
        item.type == "MESH" and mesh.is_editable and item.mode == "OBJECT" and len(mesh.vertices) == len(part.vertices)
    )


def _set_part(item: bpy.types.Object, face: bpy.types.Object, part: "MouthPart", before: "MouthPart | None") -> None:
    mesh = item.data
    if part.moves and mesh.shape_keys is None:
        item.shape_key_add(name="Basis", from_mix=False)
    if mesh.shape_keys is None:
        set_mesh_coordinates(mesh.vertices, to_blender(part.vertices))
        mesh.update()
        return
    ours = {str(name) for name in mesh.get(MOVES, ())}
    for name in ours - set(part.moves):
        if part.moves and name in mesh.shape_keys.key_blocks:
            item.shape_key_remove(mesh.shape_keys.key_blocks[name])
    for name in part.moves:
        if name not in mesh.shape_keys.key_blocks:
            item.shape_key_add(name=name, from_mix=False).slider_max = 1.0
            ours.add(name)
    if part.moves:
        mesh[MOVES] = sorted(ours & set(part.moves))
    previous = mesh_coordinates(mesh.shape_keys.reference_key.data) if before is None else to_blender(before.vertices)

    def change(name: str) -> Change | None:
        if name not in ours or name not in part.moves:
            return None
        was = before.moves.get(name) if before is not None else None
        return None if was is None else to_blender(was), to_blender(part.moves[name])

    change_keys(mesh, to_blender(part.vertices), previous, change)
    for name in part.moves:
        if name in ours:
            follow_key(mesh.shape_keys, face.data.shape_keys, name)
    mesh.update()
    item.update_tag()


def follow_key(keys: bpy.types.Key, of_face: bpy.types.Key | None, name: str) -> None:
    """Have a key's value be that of the face's key of the same name, unless something else drives or animates it."""
    if of_face is None or name not in of_face.key_blocks:
        return
    path = f'key_blocks["{name}"].value'
    if keys.animation_data is not None and keys.animation_data.drivers.find(path) is not None:
        return
    driver = keys.driver_add(path).driver
    driver.type = "AVERAGE"
    variable = driver.variables.new()
    variable.type = "SINGLE_PROP"
    target = variable.targets[0]
    target.id_type, target.id, target.data_path = "KEY", of_face, path
