"""Many faces in one collection, side by side like the portraits on a contact sheet."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import bpy
from mathutils import Vector

from .axes import units_per_metre
from .record import PHOTO_CROP
from .reference import Reference

#: Distances of neighbouring heads in metres; a head is about 0.25 wide and 0.35 high.
COLUMN, ROW = 0.35, 0.45
_LONGEST_ROW = 6


def add_collection(name: str, scene: bpy.types.Scene) -> bpy.types.Collection:
    """A new collection in a scene."""
    collection = bpy.data.collections.new(name)
    scene.collection.children.link(collection)
    return collection


def link_alone(face: bpy.types.Object, collection: bpy.types.Collection) -> None:
    """Have a face and its children in one collection and in no other."""
    for item in (face, *face.children_recursive):
        for other in item.users_collection:
            other.objects.unlink(item)
        collection.objects.link(item)


def place_in_grid(face: bpy.types.Object, origin: Vector, position: int, count: int) -> None:
    """Move a face to its place among `count` faces.

    Rows run along X from `origin`, the first one on top. Up to six faces make one row, more a square.
    """
    columns = count if count <= _LONGEST_ROW else math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    row, column = divmod(position, columns)
    offset = Vector((COLUMN * column, 0.0, ROW * (rows - 1 - row)))
    face.location = origin + units_per_metre(bpy.context.scene) * offset


def remove_face(face: bpy.types.Object) -> None:
    """Delete a face, its children, and what only they used."""
    objects = [face, *face.children_recursive]
    meshes = [item.data for item in objects if item.type == "MESH"]
    images = [face.data[PHOTO_CROP]] if face.data.get(PHOTO_CROP) is not None else []
    materials = {slot.material for item in objects for slot in item.material_slots if slot.material}
    for item in objects:
        bpy.data.objects.remove(item)
    for kind, items in ((bpy.data.meshes, meshes), (bpy.data.images, images), (bpy.data.materials, materials)):
        for item in items:
            if item.users == 0:
                kind.remove(item)


@contextmanager
def selection_kept(context: bpy.types.Context) -> Iterator[None]:
    """Put back afterwards what is selected and active, so that an artist who works on meanwhile is not disturbed."""
    layer = context.view_layer
    selected = [Reference.to(item) for item in layer.objects.selected]
    active = Reference.to(layer.objects.active) if layer.objects.active else None
    try:
        yield
    finally:
        if context.mode == "OBJECT":
            for item in layer.objects.selected:
                item.select_set(False)
            for item in filter(None, (each.find() for each in selected)):
                item.select_set(True)
            layer.objects.active = active.find() if active else None
