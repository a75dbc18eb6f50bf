"""Rigify's metarig of a face, placed on the landmarks of ours."""

from importlib import import_module

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from ...rig.joints import eye_centres, joints
from ...template import load_template
from ..scene.axes import to_blender
from .armature import edited_bones
from .rig import face_vertices
from .rigify import SAMPLE

METARIG_NAME = "{face} Metarig"

#: Ends of the metarig's bones, and the landmarks of the 68 that they lie on, as the mean if there are several.
_ON_LANDMARKS: dict[tuple[str, str], tuple[int, ...]] = {
    ("nose", "head"): (27,),
    ("nose.001", "tail"): (30,),
    ("nose.002", "tail"): (33,),
    ("nose.L.001", "head"): (35,),
    ("nose.R.001", "head"): (31,),
    ("lip.T.L", "head"): (51,),
    ("lip.B.L", "head"): (57,),
    ("lip.T.L.001", "tail"): (54,),
    ("lip.T.R.001", "tail"): (48,),
    ("lid.T.L", "head"): (45,),
    ("lid.T.R", "head"): (36,),
    ("lid.T.L.001", "tail"): (43, 44),
    ("lid.T.R.001", "tail"): (37, 38),
    ("lid.T.L.003", "tail"): (42,),
    ("lid.T.R.003", "tail"): (39,),
    ("lid.B.L.001", "tail"): (46, 47),
    ("lid.B.R.001", "tail"): (40, 41),
    ("brow.T.L.001", "head"): (26,),
    ("brow.T.R.001", "head"): (17,),
    ("brow.T.L.002", "head"): (24,),
    ("brow.T.R.002", "head"): (19,),
    ("brow.T.L.003", "head"): (22,),
    ("brow.T.R.003", "head"): (21,),
    ("jaw", "tail"): (8,),
    ("jaw.L", "head"): (16,),
    ("jaw.R", "head"): (0,),
    ("jaw.L", "tail"): (13,),
    ("jaw.R", "tail"): (3,),
    ("jaw.L.001", "tail"): (10,),
    ("jaw.R.001", "tail"): (6,),
}

_EYES = ("eye.L", "eye.R")

Array = NDArray[np.float64]


def add_metarig(face: bpy.types.Object) -> bpy.types.Object:
    """Add Rigify's metarig of a face where a face is, ready to generate; it becomes the active object."""
    name = METARIG_NAME.format(face=face.name)
    metarig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(metarig)
    layer = bpy.context.view_layer
    for other in layer.objects.selected:
        other.select_set(False)
    layer.objects.active = metarig
    metarig.select_set(True)
    import_module(SAMPLE).create_sample(metarig)
    bpy.ops.object.mode_set(mode="OBJECT")
    layer.update()
    size = face.matrix_world.to_scale()
    metarig.matrix_world = face.matrix_world.normalized()
    metarig.show_in_front = True
    warp = _warp(metarig.data, face)
    with edited_bones(metarig.data) as bones:
        connected = [bone for bone in bones if bone.use_connect]
        for bone in connected:
            bone.use_connect = False
        ends = np.array([end for bone in bones for end in (bone.head, bone.tail)])
        places, which = np.unique(ends.round(5), axis=0, return_inverse=True)  # Rigify knows joints by equal places
        moved = (warp(places) * np.array(size))[which.ravel()].reshape(-1, 2, 3)
        for bone, (head, tail) in zip(bones, moved, strict=True):
            bone.head, bone.tail = head, tail
            if bone.name in _EYES:
                bone.tail = bone.head + Vector((0.0, -bone.length, 0.0))
        for bone in connected:
            bone.use_connect = True
    _show_in_rigify(metarig.data)
    return metarig


def _show_in_rigify(metarig: bpy.types.Armature) -> None:
    """Have all bones in a collection with a button, without which Rigify does not generate."""
    collection = metarig.collections.new("Face")
    collection.rigify_ui_row = 1
    for bone in metarig.bones:
        collection.assign(bone)


class _Spline:
    """The smoothest map that takes points (k, 3) to points (k, 3): of least bending, with the kernel r in space."""

    def __init__(self, source: Array, target: Array) -> None:
        count = len(source)
        distances = np.linalg.norm(source[:, None] - source[None], axis=2)
        affine = np.column_stack([np.ones(count), source])
        matrix = np.block([[distances, affine], [affine.T, np.zeros((4, 4))]])
        self._source = source
        self._solution = np.linalg.solve(matrix, np.vstack([target, np.zeros((4, 3))]))

    def __call__(self, points: Array) -> Array:
        distances = np.linalg.norm(points[:, None] - self._source[None], axis=2)
        affine = np.column_stack([np.ones(len(points)), points])
        mapped: Array = np.matmul(np.hstack([distances, affine]), self._solution)
        return mapped


def _warp(sample: bpy.types.Armature, face: bpy.types.Object) -> _Spline:
    """The map from Rigify's sample to a face, in metres and Blender's axes."""
    vertices = face_vertices(face)
    landmarks = load_template().landmark_points(vertices)
    tongue = joints(vertices)["tongue"]
    wanted = {end: landmarks[list(which)].mean(axis=0) for end, which in _ON_LANDMARKS.items()}
    wanted |= {("tongue", "head"): tongue.tail, ("tongue.002", "tail"): tongue.head}
    left, right = eye_centres(vertices)
    wanted |= {("eye.L", "head"): left, ("eye.R", "head"): right}
    there = {end: place for end, place in wanted.items() if end[0] in sample.bones}
    source = [getattr(sample.bones[bone], f"{end}_local") for bone, end in there]
    return _Spline(np.array(source), to_blender(np.array(list(there.values()))).astype(np.float64))
