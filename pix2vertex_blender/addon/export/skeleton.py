"""A rigged face as other programs expect it: a skeleton at rest, and the meshes as its children, skinned to it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import bpy
from mathutils import Matrix

from ..rig.armature import bones_of, edited_bones

#: What the node of the skeleton is called. Unreal leaves out one of this name, so that its bones begin with ours.
SKELETON_NAME = "Armature"


@contextmanager
def skeleton_first(copies: Sequence[bpy.types.Object]) -> Iterator[list[bpy.types.Object]]:
    """Turn free copies of a face, of its parts and, at the end, of its rig into a skeleton with skinned children.

    The copies get data of their own. The skeleton is at rest and without drivers, and has one bone for the jaw, which
    carries teeth and skin: programs without our drivers move either that bone or the key `jawOpen`.
    """
    head, *parts, skeleton = copies
    data = [(item, item.data) for item in copies]
    try:
        for item in copies:
            item.data = item.data.copy()
        place, local = head.matrix_basis.copy(), skeleton.matrix_basis.copy()
        for item, matrix in [(head, Matrix()), *((part, part.matrix_basis.copy()) for part in parts)]:
            item.parent, item.matrix_parent_inverse = skeleton, Matrix()
            item.matrix_basis = local.inverted_safe() @ matrix
        skeleton.parent = None
        skeleton.matrix_basis = place @ local
        skeleton.animation_data_clear()
        skeleton.data.pose_position = "REST"
        skeleton.name = SKELETON_NAME
        _have_one_jaw(skeleton, [head, *parts])
        bpy.context.view_layer.update()
        yield [skeleton, head, *parts]
    finally:
        for item, before in data:
            own, item.data = item.data, before
            (bpy.data.armatures if own.id_type == "ARMATURE" else bpy.data.meshes).remove(own)


def point_to_copy(copies: Sequence[bpy.types.Object], rig: bpy.types.Object, copy: bpy.types.Object) -> None:
    """Have the modifiers, constraints and drivers of copies refer to the rig's copy instead of the rig."""
    for item in copies:
        for modifier in item.modifiers:
            if modifier.type == "ARMATURE" and modifier.object == rig:
                modifier.object = copy
    for bone in copy.pose.bones:
        for constraint in bone.constraints:
            if getattr(constraint, "target", None) == rig:
                constraint.target = copy
    for curve in copy.animation_data.drivers if copy.animation_data else ():
        for target in (target for variable in curve.driver.variables for target in variable.targets):
            if target.id == rig:
                target.id = copy


def bake_into_data(objects: Sequence[bpy.types.Object], matrix: Matrix) -> None:
    """Have meshes and bones hold a change of axes and unit that an exporter would give the nodes.

    Only for objects that nobody else uses, since their data are changed for good.

    Parameters
    ----------
    objects : sequence of bpy.types.Object
        A root, and its children.
    matrix : Matrix
        What the exporter multiplies the root with.
    """
    back = matrix.inverted()
    for item in objects:
        if item.type == "MESH":
            item.data.transform(matrix, shape_keys=True)
        else:
            item.data.transform(matrix)
        item.matrix_basis = (matrix if item.parent else Matrix()) @ item.matrix_basis @ back
    bpy.context.view_layer.update()


def _have_one_jaw(skeleton: bpy.types.Object, meshes: Sequence[bpy.types.Object]) -> None:
    """Give the jaw what hangs on its second bone, and take that away."""
    bones = bones_of(skeleton)
    if "jaw" not in bones or "jaw_skin" not in bones:
        return
    jaw, skin = bones["jaw"].name, bones["jaw_skin"].name
    with edited_bones(skeleton.data) as edited:
        for child in list(edited[skin].children):
            child.parent = edited[jaw]
        edited.remove(edited[skin])
    for item in meshes:
        second = item.vertex_groups.get(skin)
        if second is None:
            continue
        if (first := item.vertex_groups.get(jaw)) is None:
            second.name = jaw
            continue
        for vertex in item.data.vertices:
            for element in vertex.groups:
                if element.group == second.index:
                    first.add([vertex.index], element.weight, "ADD")
        item.vertex_groups.remove(second)
