"""The materials of faces."""

import bpy

FACE_MATERIAL = "pix2vertex Face"
_FACE_COLOUR = (0.55, 0.40, 0.33, 1.0)
_CLAY_COLOUR = (0.62, 0.60, 0.57, 1.0)


def face_material() -> bpy.types.Material:
    """A plain skin-coloured material, shared by all faces that have no texture."""
    return bpy.data.materials.get(FACE_MATERIAL) or principled_material(FACE_MATERIAL, _FACE_COLOUR, roughness=0.55)


def clay_material() -> bpy.types.Material:
    """A new matt grey material that shows form."""
    return principled_material("pix2vertex Clay", _CLAY_COLOUR, roughness=0.65)


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
