"""The materials of faces."""

from collections.abc import Mapping
from types import MappingProxyType

import bpy
import numpy as np
from numpy.typing import NDArray

FACE_MATERIAL = "pix2vertex Face"
SKIN_COLOUR = (0.55, 0.40, 0.33, 1.0)

#: Colour, roughness and opacity of what a head has inside.
_PARTS = {
    "eye": ((0.80, 0.76, 0.73), 0.25, 1.0),
    "iris": ((0.09, 0.05, 0.03), 0.4, 1.0),
    "pupil": ((0.003, 0.003, 0.003), 0.6, 1.0),
    # Black, so that it adds its highlight and no milky veil, in which dark irises are as grey as the white around.
    "cornea": ((0.0, 0.0, 0.0), 0.02, 0.06),
    "teeth": ((0.76, 0.70, 0.58), 0.2, 1.0),
    "gums": ((0.50, 0.16, 0.15), 0.35, 1.0),
    "tongue": ((0.48, 0.15, 0.15), 0.45, 1.0),
    "mouth": ((0.09, 0.02, 0.02), 0.6, 1.0),
    "lashes": ((0.016, 0.010, 0.007), 0.45, 1.0),
    "tears": ((1.0, 1.0, 1.0), 0.03, 0.18),
    "caruncle": ((0.60, 0.28, 0.25), 0.2, 1.0),
    "conjunctiva": ((0.72, 0.52, 0.47), 0.2, 1.0),
}
PART_MATERIAL = "pix2vertex {part}"
#: The custom property of a material that has the colour of one head's irises.
OWN_IRIS = "pix2vertex_iris"


def face_material() -> bpy.types.Material:
    """A plain skin-coloured material, shared by all faces that have no texture."""
    return bpy.data.materials.get(FACE_MATERIAL) or principled_material(FACE_MATERIAL, SKIN_COLOUR, roughness=0.55)


def part_materials(part: str, own: Mapping[str, bpy.types.Material] = MappingProxyType({})) -> list[bpy.types.Material]:
    """The materials of one of `template.parts.MATERIALS`, in the order of its slots, shared by all heads.

    Parameters
    ----------
    part : str
    own : mapping, optional
        Materials by name that a head has for itself.
    """
    from ...template.parts import MATERIALS

    return [own.get(name) or _part_material(name) for name in MATERIALS[part]]


def iris_material(name: str, colour: NDArray[np.floating]) -> bpy.types.Material:
    """A new material for the irises of one head, from sRGB (3,) of 0 to 255."""
    share = np.asarray(colour, dtype=np.float64) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    red, green, blue = linear.tolist()
    material = polished(principled_material(name, (red, green, blue, 1.0), _PARTS["iris"][1]))
    material[OWN_IRIS] = True
    return material


def is_part_material(material: bpy.types.Material) -> bool:
    """Whether a material is one that eyes and mouths get when they are made."""
    return OWN_IRIS in material or material.name in {PART_MATERIAL.format(part=name.title()) for name in _PARTS}


def _part_material(part: str) -> bpy.types.Material:
    name = PART_MATERIAL.format(part=part.title())
    if (material := bpy.data.materials.get(name)) is not None:
        return material
    colour, roughness, opacity = _PARTS[part]
    material = principled_material(name, (*colour, 1.0), roughness)
    if part in ("iris", "pupil"):
        polished(material)
    if opacity < 1:
        shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        shader.inputs["Alpha"].default_value = opacity
        # Solid shading draws transparent surfaces like milk or smoke.
        material.diffuse_color = (*colour, 0.0)
        material.surface_render_method = "BLENDED"
    return material


def polished(material: bpy.types.Material) -> bpy.types.Material:
    """The material with small highlights in solid shading, whose broad ones make iris and pupil look grey."""
    material.roughness = 0.0
    return material


def principled_material(name: str, colour: tuple[float, float, float, float], roughness: float) -> bpy.types.Material:
    """A new material with one Principled shader."""
    material = bpy.data.materials.new(name)
    use_nodes(material)
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = colour
    shader.inputs["Roughness"].default_value = roughness
    material.diffuse_color = colour
    return material


def use_nodes(item: bpy.types.Material | bpy.types.World) -> None:
    """Give a new material or world its nodes, which it has by itself from Blender 5.0 on."""
    if bpy.app.version < (5, 0):
        item.use_nodes = True
