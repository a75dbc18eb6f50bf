"""Heads with eyeballs and expressions for a rig, and what Blender makes of them when they are posed."""

import dataclasses

import bpy
import numpy as np

from pix2vertex_blender.addon.rig.armature import bones_of, rig_of
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.exchange.expressions import ExpressionSet
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.template import load_template


def expressions_of(vertices: np.ndarray, size: float = 1.0) -> ExpressionSet:
    """The template's expressions for a head of another size."""
    offsets = load_expressions().offsets * size
    moved = [np.flatnonzero(offset.any(axis=1)).astype(np.int32) for offset in offsets]
    whole = vertices.astype(np.float32)
    return ExpressionSet(
        whole,
        whole,
        np.zeros(52, np.float32),
        ARKIT_NAMES,
        tuple(moved),
        tuple(offset[rows].astype(np.float32) for offset, rows in zip(offsets, moved, strict=True)),
    )


def with_eyeballs(reconstruction: Reconstruction, size: float = 1.0) -> Reconstruction:
    template = load_template()
    vertices, balls = size * template.vertices, template.eyeballs
    parts = []
    for side in ("left", "right"):
        inside = balls.groups[side] > 0.5
        number, faces = np.cumsum(inside) - 1, inside[balls.faces[:, 0]]
        placed = template.place_eyeballs(vertices)[inside]
        parts.append((placed, number[balls.faces[faces]], balls.uvs[faces]))
    return dataclasses.replace(
        reconstruction,
        vertices=vertices,
        coarse_vertices=vertices,
        automatic_vertices=vertices,
        detail=np.zeros_like(vertices),
        eyeballs=tuple(parts),
        groups={name: weights.astype(np.float32) for name, weights in template.groups.items()},
    )


def shown(item: bpy.types.Object) -> np.ndarray:
    """Where Blender shows the vertices, in the world."""
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    matrix = np.array(evaluated.matrix_world)
    return mesh_coordinates(evaluated.data.vertices) @ matrix[:3, :3].T + matrix[:3, 3]


def posed(face: bpy.types.Object, bone: str) -> bpy.types.PoseBone:
    rig = rig_of(face)
    evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return evaluated.pose.bones[bones_of(rig)[bone].name]


def by_hand(face: bpy.types.Object, bone: str) -> bpy.types.PoseBone:
    rig = rig_of(face)
    return rig.pose.bones[bones_of(rig)[bone].name]


def child(face: bpy.types.Object, name: str) -> bpy.types.Object:
    return next(item for item in face.children if item.name.startswith(name))


def keys(face: bpy.types.Object) -> bpy.types.bpy_prop_collection:
    return face.data.shape_keys.key_blocks
