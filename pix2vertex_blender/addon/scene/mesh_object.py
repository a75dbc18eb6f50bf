"""Arrays in millimetres become mesh objects: faces, UVs, vertex groups, child eyeballs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .axes import to_blender, units_per_metre
from .material import iris_material, part_materials

if TYPE_CHECKING:
    from ...exchange.eyes import EyeLook
    from ...exchange.result import PlainMesh
    from ...template.parts import Part

#: Of vertices or points (n, 3), in metres.
Coordinates = NDArray[np.float32]

EYEBALL_NAMES = ("Eyeball Left", "Eyeball Right")

#: The custom property of an eyeball that tells the left one (0) from the right one (1).
EYEBALL = "pix2vertex_eyeball"

#: That which holds where it was put when it was made, so that an artist's own place for it is known.
EYEBALL_PLACE = "pix2vertex_eyeball_place"

#: That of a part of the mouth or on the lids, which names it as `template.parts.CHILD_PARTS` does.
PART = "pix2vertex_part"

_WEIGHT_STEPS = 255


def add_at_cursor(
    build: Callable[[list[bpy.types.Object]], bpy.types.Object], context: bpy.types.Context
) -> bpy.types.Object:
    """Add what `build` makes to the scene at the 3D cursor in its real size and make it the active object.

    Meshes are in metres; a scene with another unit shows them in their size by the object's scale.

    Parameters
    ----------
    build : callable
        Makes mesh objects, appends each to the list it is given as soon as it exists, and returns the parent of the
        others. If it raises, whatever is in the list is deleted again.
    context : bpy.types.Context
        Says which scene, collection and cursor.
    """
    created: list[bpy.types.Object] = []
    try:
        item = build(created)
        item.location = context.scene.cursor.location
        item.scale = (units_per_metre(context.scene),) * 3
        collection = context.collection if context.collection.is_editable else context.scene.collection
        for each in created:
            collection.objects.link(each)
    except Exception:
        _remove(created)
        raise
    _make_active(item, context)
    return item


def build_mesh(name: str, mesh_arrays: "PlainMesh") -> bpy.types.Mesh:
    """A mesh datablock of quads with UVs and smooth shading from arrays in millimetres."""
    vertices, faces, uvs = mesh_arrays
    mesh = bpy.data.meshes.new(name)
    fill_mesh(mesh, to_blender(vertices), faces, uvs, "UVMap")
    return mesh


def fill_mesh(
    mesh: bpy.types.Mesh,
    coordinates: NDArray[np.floating],
    faces: NDArray[np.integer],
    uvs: NDArray[np.floating],
    layer_name: str,
) -> None:
    """Give a mesh without geometry coordinates (n, 3) in metres, quads (m, 4), UVs (m, 4, 2) and smooth shading."""
    mesh.vertices.add(len(coordinates))
    set_mesh_coordinates(mesh.vertices, coordinates)
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(faces, dtype=np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    layer = mesh.uv_layers.new(name=layer_name)
    layer.uv.foreach_set("vector", np.ascontiguousarray(uvs, dtype=np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.shade_smooth()


def mesh_coordinates(points: Any) -> NDArray[np.float32]:
    """Coordinates (n, 3) of a mesh's vertices or of a shape key's points, in metres."""
    coordinates = np.empty((len(points), 3), dtype=np.float32)
    points.foreach_get("co", coordinates.ravel())
    return coordinates


def set_mesh_coordinates(points: Any, coordinates: NDArray[np.floating]) -> None:
    """Move a mesh's vertices or a shape key's points to coordinates (n, 3) in metres."""
    points.foreach_set("co", np.ascontiguousarray(coordinates, dtype=np.float32).ravel())


def add_vertex_group(item: bpy.types.Object, name: str, weights: NDArray[np.floating]) -> None:
    """Add a group with weights (n,), one call per distinct weight, of which there are at most 255."""
    group = item.vertex_groups.new(name=name)
    steps = np.rint(np.asarray(weights, dtype=np.float64) * _WEIGHT_STEPS).astype(np.int64)
    members = np.flatnonzero(steps > 0)
    members = members[np.argsort(steps[members], kind="stable")]
    distinct, starts = np.unique(steps[members], return_index=True)
    for step, first, end in zip(distinct, starts, [*starts[1:], len(members)], strict=False):
        group.add(members[first:end].tolist(), step / _WEIGHT_STEPS, "REPLACE")


def add_eyeballs(
    eyeballs: "tuple[PlainMesh, ...]",
    head: bpy.types.Object,
    created: list[bpy.types.Object],
    look: "EyeLook | None" = None,
) -> None:
    """Make eyeball objects, left one first, as children of a head; the origin of each is its own centre.

    Where it is known how the eyes look, they are turned and have an iris of that colour.
    """
    iris = None if look is None or look.iris is None else iris_material(f"{head.name} Iris", look.iris)
    for index, (name, arrays) in enumerate(zip(EYEBALL_NAMES, eyeballs, strict=False)):
        eyeball = bpy.data.objects.new(name, eyeball_mesh(name, arrays, iris))
        eyeball[EYEBALL] = index
        eyeball.parent = head
        eyeball.location = eyeball[EYEBALL_PLACE] = eyeball_place(arrays)
        if look is not None:
            sideways, upwards = look.gaze[index]
            eyeball.rotation_euler = (-upwards, 0.0, sideways)
        created.append(eyeball)


def eyeball_mesh(name: str, arrays: "PlainMesh", iris: bpy.types.Material | None = None) -> bpy.types.Mesh:
    """The mesh of an eyeball around its own centre, with the materials of white, iris, pupil and cornea."""
    from ...template.parts import load_parts

    vertices, faces, uvs = arrays
    mesh = build_mesh(name, (vertices - _centre(vertices), faces, uvs))
    add_part_materials(mesh, load_parts().eye, part_materials("eye", {} if iris is None else {"iris": iris}))
    return mesh


def eyeball_place(arrays: "PlainMesh") -> tuple[float, float, float]:
    """Where an eyeball's centre is, in Blender's axes and metres."""
    x, y, z = to_blender(_centre(arrays[0])[None])[0].tolist()
    return x, y, z


def _centre(vertices: NDArray[np.floating]) -> NDArray[np.float64]:
    """The centre (3,) of an eyeball: that of its white, which is a sphere."""
    from ...template.eyeballs import sphere_through
    from ...template.parts import load_parts

    eye = load_parts().eye
    if len(vertices) != len(eye.vertices):
        return sphere_through(vertices)[0]
    white = (eye.groups["iris"] < 0.5) & (eye.groups["cornea"] < 0.5)
    return sphere_through(vertices[white])[0]


def part_mesh(
    name: str, part: "Part", vertices: NDArray[np.floating], materials: Sequence[bpy.types.Material]
) -> bpy.types.Mesh:
    """A mesh with a part's faces, UVs and materials, from vertices (n, 3) in millimetres."""
    mesh = build_mesh(name, (vertices, part.faces, part.uvs))
    add_part_materials(mesh, part, materials)
    return mesh


def add_part_materials(mesh: bpy.types.Mesh, part: "Part", materials: Sequence[bpy.types.Material]) -> None:
    """Give a mesh that has a part's faces its materials."""
    for material in materials:
        mesh.materials.append(material)
    if len(mesh.polygons) == len(part.materials):
        mesh.polygons.foreach_set("material_index", part.materials.astype(np.int32))


def belongs_to_face(item: bpy.types.Object) -> bool:
    """Whether an object is an eyeball, a part of a mouth or one on the lids."""
    return EYEBALL in item or PART in item


def _remove(objects: list[bpy.types.Object]) -> None:
    for item in objects:
        mesh = item.data
        bpy.data.objects.remove(item)
        bpy.data.meshes.remove(mesh)


def _make_active(item: bpy.types.Object, context: bpy.types.Context) -> None:
    """Select one object alone, unless the artist is busy in a mode that selection would disturb."""
    if context.mode != "OBJECT":
        return
    for other in context.view_layer.objects.selected:
        other.select_set(False)
    if item.name in context.view_layer.objects:  # not if its collection is hidden from the view layer
        item.select_set(True)
        context.view_layer.objects.active = item
