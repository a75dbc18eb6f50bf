"""Brows, a beard and a cap of hair as curves on a face: objects of their own, to be combed, changed or deleted."""

from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import OutputError
from ...geometry.mesh import vertex_normals
from ...template import Template
from ...template.template import level_with
from .axes import from_blender, to_blender
from .face_images import TEXTURE
from .material import principled_material
from .mesh_object import mesh_coordinates
from .uv_layout import layout_of

Array = NDArray[np.float64]

#: The custom property of the curves of a face that says which they are.
HAIR = "pix2vertex_hair"
NODES = "pix2vertex Hair on Surface"
#: The attribute that says where on the face's UVs each curve is rooted.
SURFACE_UVS = "surface_uv_coordinate"
CHANGED_MESH = "The face's mesh has been changed: hair grows only on a face with the template's vertices."
#: Linear colour of hair where no texture tells it.
BROWN = (0.05, 0.03, 0.02)
#: The share of a region's texels, the darkest, that are hair, and how much darker than the rest they have to be.
DARKEST, DARKER = 0.2, 0.75
#: Only where a group's weight is more than this does hair grow.
LEAST_WEIGHT = 0.35
#: Strands differ in length, and in direction, by about these shares.
UNEVEN, ASTRAY = 0.25, 0.18


@dataclass(frozen=True)
class Growth:
    """How one kind of hair grows; lengths in millimetres.

    Attributes
    ----------
    label : str
    groups : tuple of str
        Of the template, on which it grows.
    count : int
        Strands.
    length, radius : float
    lift : float
        How far strands rise from the skin, as a share of their length.
    outwards, upwards, forwards : float
        Where they point.
    shown : bool
        Whether textures show it; a scalp is filled with skin, and has the colour of the brows.
    """

    label: str
    groups: tuple[str, ...]
    count: int
    length: float
    radius: float
    lift: float
    outwards: float
    upwards: float
    forwards: float
    shown: bool = True


GROWTHS = {
    "BROWS": Growth("Brows", ("brow",), 700, 8.0, 0.06, 0.15, 1.0, 0.35, 0.0),
    "BEARD": Growth("Beard", ("chin", "jaw"), 4000, 6.0, 0.05, 0.45, 0.1, -1.0, 0.2),
    "SCALP": Growth("Hair Cap", ("scalp",), 9000, 28.0, 0.05, 0.25, 0.25, -0.5, -0.8, shown=False),
}
#: Points along each strand.
POINTS = 5


def add_hair(face: bpy.types.Object, kind: str) -> bpy.types.Object:
    """Grow one of `GROWTHS` on a face, in place of that kind's curves of before; a child of the face.

    Raises
    ------
    OutputError
        If the face no longer has the template's vertices.
    """
    level = level_with(len(face.data.vertices), layout_of(face))
    if level is None or not face.data.uv_layers:
        raise OutputError(CHANGED_MESH)
    growth = GROWTHS[kind]
    head = from_blender(mesh_coordinates(face.data.vertices))
    roots, normals, places = _roots(level, head, growth)
    brows = _roots(level, head, GROWTHS["BROWS"])[2]
    colour = (hair_colour(face, places) if growth.shown else None) or hair_colour(face, brows) or BROWN
    curves = _curves(face, growth, _strands(roots, normals, growth), places)
    for former in [item for item in hair_of(face) if item[HAIR] == kind]:
        bpy.data.hair_curves.remove(former.data)
    hair = bpy.data.objects.new(curves.name, curves)
    hair[HAIR] = kind
    hair.parent = face
    curves.materials.append(principled_material(f"{curves.name} Colour", (*colour, 1.0), roughness=0.45))
    for collection in face.users_collection:
        collection.objects.link(hair)
    face.add_rest_position_attribute = True
    hair.modifiers.new("Follow Face", "NODES").node_group = _follow()
    return hair


def hair_of(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The hair that has been grown on a face."""
    return [item for item in face.children if item.get(HAIR) is not None and item.type == "CURVES"]


def hair_colour(face: bpy.types.Object, places: Array) -> tuple[float, float, float] | None:
    """Linear colour of the hair that a face's texture shows at UVs (n, 2); None if it shows none there."""
    image = face.get(TEXTURE)
    if image is None or not image.size[0]:
        return None
    width, height = image.size
    pixels = np.empty(width * height * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    columns, rows = (np.clip(places % 1, 0, 0.9999) * (width, height)).astype(int).T
    shown = pixels.reshape(height, width, 4)[rows, columns, :3].astype(np.float64)
    shown = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    brightness = shown.mean(axis=1)
    dark = brightness <= np.quantile(brightness, DARKEST)
    if brightness[dark].mean() > DARKER * np.quantile(brightness, 0.8):
        return None
    red, green, blue = np.median(shown[dark], axis=0).tolist()
    return red, green, blue


def _roots(level: Template, head: Array, growth: Growth) -> tuple[Array, Array, Array]:
    """Roots (n, 3), the skin's normals (n, 3) and UVs (n, 2) there, evenly spread; always the same."""
    generator = np.random.default_rng(7)
    weight = np.max([level.groups[name] for name in growth.groups], axis=0)[level.faces].min(axis=1)
    corners = head[level.faces]
    area = np.linalg.norm(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]), axis=1)
    density = area * np.where(weight > LEAST_WEIGHT, weight, 0)
    chosen = generator.choice(len(density), growth.count, p=density / density.sum())
    across, along = generator.random((2, growth.count, 1))
    shares = np.concatenate(
        [(1 - across) * (1 - along), across * (1 - along), across * along, (1 - across) * along], axis=1
    )
    normals = vertex_normals(head, level.faces)[level.faces]
    roots, leaning, places = (
        np.einsum("ij,ijk->ik", shares, values[chosen]) for values in (corners, normals, level.uvs)
    )
    return roots, leaning / np.linalg.norm(leaning, axis=1, keepdims=True), places


def _strands(roots: Array, normals: Array, growth: Growth) -> Array:
    """Points (n, POINTS, 3) of strands that start along the skin and rise from it less and less."""
    generator = np.random.default_rng(8)
    side = np.tanh(roots[:, 0] / 8.0)
    towards = np.column_stack(
        [growth.outwards * side, np.full(len(roots), growth.upwards), np.full(len(roots), growth.forwards)]
    )
    towards = towards / np.linalg.norm(towards, axis=1, keepdims=True) + generator.normal(0, ASTRAY, towards.shape)
    along = towards - np.einsum("ij,ij->i", towards, normals)[:, None] * normals
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    length = growth.length * np.exp(generator.normal(0, UNEVEN, (len(roots), 1, 1)))
    step = np.linspace(0, 1, POINTS)[None, :, None]
    strands: Array = roots[:, None] + length * (
        step * along[:, None] + growth.lift * step * (1 - 0.4 * step) * normals[:, None]
    )
    return strands


def _curves(face: bpy.types.Object, growth: Growth, strands: Array, places: Array) -> bpy.types.Curves:
    """Curves in the face's coordinates that are attached to its surface."""
    curves = bpy.data.hair_curves.new(f"{face.name} {growth.label}")
    curves.add_curves([POINTS] * len(strands))
    curves.attributes["position"].data.foreach_set("vector", to_blender(strands.reshape(-1, 3)).ravel())
    taper = np.linspace(1.0, 0.15, POINTS)
    thickness = np.tile(to_blender(np.array([[growth.radius, 0, 0]]))[0, 0] * taper, len(strands))
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    radius.data.foreach_set("value", thickness.astype(np.float32))
    attached = curves.attributes.new(SURFACE_UVS, "FLOAT2", "CURVE")
    attached.data.foreach_set("vector", np.ascontiguousarray(places, dtype=np.float32).ravel())
    curves.surface = face
    curves.surface_uv_map = face.data.uv_layers[0].name
    return curves


def _follow() -> bpy.types.NodeTree:
    """The nodes that move hair with the shape keys and modifiers of its face, shared by all faces."""
    if (nodes := bpy.data.node_groups.get(NODES)) is not None:
        return nodes
    nodes = bpy.data.node_groups.new(NODES, "GeometryNodeTree")
    nodes.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    nodes.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    start, end = nodes.nodes.new("NodeGroupInput"), nodes.nodes.new("NodeGroupOutput")
    deform = nodes.nodes.new("GeometryNodeDeformCurvesOnSurface")
    nodes.links.new(start.outputs[0], deform.inputs[0])
    nodes.links.new(deform.outputs[0], end.inputs[0])
    return nodes
