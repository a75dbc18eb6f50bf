"""Copies of a face to write into files, which stand free of whatever the artist has hung the face on.

Exporters know a parent only if it is written too: under an Empty, a bone or a constraint they place what is left as
each of them thinks best. A copy without parent, constraints and animation has one place, where the face is seen.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import bpy
from mathutils import Matrix

from ..scene.axes import units_per_metre


@contextmanager
def free_copies(
    face: bpy.types.Object, others: Sequence[bpy.types.Object], *, move_to_origin: bool
) -> Iterator[list[bpy.types.Object]]:
    """Copies of a face and of objects that belong to it, in a scene whose unit is the metre for as long as this lasts.

    The copies share the meshes. Each of the others is a child of the face's copy and lies on it as the original lies on
    the face; sizes are those that Blender displays, whatever the scene's unit is.

    Parameters
    ----------
    face : bpy.types.Object
    others : sequence of bpy.types.Object
        Its eyeballs, for instance, wherever they are parented to.
    move_to_origin : bool
        Whether the face's copy stands at the world's origin, with the rotation and size that the face has.
    """
    scene = bpy.context.scene
    bpy.context.view_layer.update()
    metres = 1.0 / units_per_metre(scene)
    place = Matrix.Scale(metres, 4) @ face.matrix_world
    if move_to_origin:
        place.translation = (0.0, 0.0, 0.0)
    onto_face = [face.matrix_world.inverted_safe() @ item.matrix_world for item in others]
    scale_length = scene.unit_settings.scale_length
    copies: list[bpy.types.Object] = []
    try:
        head = _free_copy(face, copies)
        head.matrix_basis = place
        for item, matrix in zip(others, onto_face, strict=True):
            copy = _free_copy(item, copies)
            copy.parent = head
            copy.matrix_parent_inverse = Matrix()
            copy.matrix_basis = matrix
        scene.unit_settings.scale_length = 1.0
        bpy.context.view_layer.update()
        yield copies
    finally:
        scene.unit_settings.scale_length = scale_length
        for copy in copies:
            bpy.data.objects.remove(copy)
        bpy.context.view_layer.update()


def _free_copy(item: bpy.types.Object, copies: list[bpy.types.Object]) -> bpy.types.Object:
    """A copy in the scene's own collection, without what would move it, hide it or keep it from being selected."""
    copy = item.copy()
    copies.append(copy)
    if item.type != "ARMATURE":  # whose bones have drivers
        copy.animation_data_clear()
    copy.constraints.clear()
    copy.parent = None
    copy.delta_location, copy.delta_scale = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    copy.delta_rotation_euler, copy.delta_rotation_quaternion = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)
    copy.hide_select = copy.hide_viewport = False
    bpy.context.scene.collection.objects.link(copy)
    return copy
