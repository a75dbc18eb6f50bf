"""What a face was fitted to, as an object, and how well, as colours on the face."""

import bpy
import numpy as np
from numpy.typing import NDArray

from ..scene.axes import to_blender

TARGET_NAME = "Target of {face}"
COLLECTION_NAME = "pix2vertex Inspect"
ATTRIBUTE = "pix2vertex Distance"

#: The custom properties of a face: its target object; the largest distance of the legend in millimetres and how the
#: views were shaded before.
TARGET, RANGE, SHADING = "pix2vertex_target", "pix2vertex_distance_range", "pix2vertex_distance_shading"

#: Colours of the legend from zero to its largest distance (sRGB), and of what has no distance.
STOPS = np.array([[0.10, 0.22, 0.60], [0.10, 0.62, 0.75], [0.35, 0.75, 0.30], [0.98, 0.82, 0.15], [0.80, 0.10, 0.08]])
NOWHERE = np.array([0.32, 0.32, 0.32])
_TARGET_COLOUR = (0.15, 0.45, 0.85, 1.0)


def show_target(
    face: bpy.types.Object, vertices: NDArray[np.floating], triangles: NDArray[np.integer], context: bpy.types.Context
) -> bpy.types.Object:
    """Add the target mesh, given in the head frame in millimetres, as an object that follows the face."""
    hide_target(face)
    name = TARGET_NAME.format(face=face.name)
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(vertices).tolist(), [], np.asarray(triangles).tolist())
    mesh.shade_smooth()
    target = bpy.data.objects.new(name, mesh)
    target.color = _TARGET_COLOUR
    target.parent = face
    target.show_wire = True
    target.hide_render = True
    _collection(context.scene).objects.link(target)
    face[TARGET] = target
    return target


def hide_target(face: bpy.types.Object) -> bool:
    """Delete the face's target object, and the collection when it is empty; False if there was none."""
    target = shown_target(face)
    if target is None:
        return False
    mesh = target.data
    bpy.data.objects.remove(target)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)
    del face[TARGET]
    collection = bpy.data.collections.get(COLLECTION_NAME)
    if collection is not None and not collection.all_objects and not collection.children:
        bpy.data.collections.remove(collection)
    return True


def shown_target(face: bpy.types.Object) -> bpy.types.Object | None:
    """The face's target object, if it is in a scene."""
    target = face.get(TARGET)
    return target if target is not None and target.users_scene else None


def show_distances(face: bpy.types.Object, distance: NDArray[np.floating]) -> float:
    """Colour the face by distances (n,) in millimetres, NaN where there is none, and return the legend's end.

    The colours are an attribute that the solid shading shows; no material is touched.
    """
    hide_distances(face)
    mesh = face.data
    largest = legend_end(distance)
    colours = np.ones((len(distance), 4), dtype=np.float32)
    colours[:, :3] = distance_colours(distance, largest)
    before = mesh.color_attributes.active_color
    face[SHADING] = before.name if before is not None else ""
    attribute = mesh.color_attributes.new(ATTRIBUTE, "BYTE_COLOR", "POINT")
    attribute.data.foreach_set("color_srgb", colours.ravel())
    mesh.color_attributes.active_color = attribute
    mesh.update()
    face[RANGE] = largest
    return largest


def hide_distances(face: bpy.types.Object) -> bool:
    """Take the colours off again; False if there were none."""
    attribute = face.data.color_attributes.get(ATTRIBUTE)
    if attribute is not None:
        face.data.color_attributes.remove(attribute)
        before = face.data.color_attributes.get(face.get(SHADING, ""))
        if before is not None:
            face.data.color_attributes.active_color = before
    for name in (RANGE, SHADING):
        if name in face:
            del face[name]
    return attribute is not None


def shows_distances(face: bpy.types.Object | None) -> bool:
    """Whether the face is coloured by its distances."""
    return (
        face is not None
        and face.type == "MESH"
        and RANGE in face
        and face.data.color_attributes.get(ATTRIBUTE) is not None
    )


def legend_end(distance: NDArray[np.floating]) -> float:
    """A round number of millimetres that 95 % of the distances do not exceed."""
    known = distance[np.isfinite(distance)]
    high = float(np.quantile(known, 0.95)) if len(known) else 1.0
    return next((end for end in (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0) if end >= high), 20.0)


def distance_colours(distance: NDArray[np.floating], largest: float) -> NDArray[np.float64]:
    """Colours (n, 3) of distances (n,) on the legend from 0 to `largest`."""
    place = np.clip(np.nan_to_num(distance) / largest, 0, 1) * (len(STOPS) - 1)
    colours = np.stack([np.interp(place, np.arange(len(STOPS)), STOPS[:, k]) for k in range(3)], axis=-1)
    return np.where(np.isfinite(distance)[..., None], colours, NOWHERE)


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    collection = bpy.data.collections.get(COLLECTION_NAME) or bpy.data.collections.new(COLLECTION_NAME)
    if COLLECTION_NAME not in scene.collection.children:
        scene.collection.children.link(collection)
    return collection
