"""The material of a face with its texture and its maps."""

import bpy

from .material import FACE_MATERIAL, SKIN_COLOUR, is_part_material, polished, principled_material
from .mesh_object import EYEBALL_NAMES

#: The custom property of materials that belong to one face's texture, by what they are for.
OWN = "pix2vertex_texture"
SKIN, EYES = "skin", "eyes"

#: The first slots of an eyeball are painted: white, iris and pupil, not the cornea.
PAINTED_SLOTS = 3

_WHITE = (0.8, 0.8, 0.8, 1.0)
_TEXTURE_NODE, _NORMAL_NODE, _DISPLACEMENT_NODE = "pix2vertex Texture", "pix2vertex Normal", "pix2vertex Displacement"
_SURFACE_NODES = ("pix2vertex Roughness", "pix2vertex Specular", "pix2vertex Subsurface")
#: How far red, green and blue light gets in skin, in metres, as a length and its shares.
_SCATTERING_LENGTH, _SCATTERING = 0.0037, (1.0, 0.37, 0.19)
#: An image that is only looked at: its node is linked to nothing.
_SHOWN_NODE = "pix2vertex Shown"


def texture_face(face: bpy.types.Object, image: bpy.types.Image) -> bool:
    """Show a texture on the face; the artist's own materials stay where they are.

    Returns
    -------
    bool
        Whether the face shows it now: not if its faces have other materials, beside which the new one then is.
    """
    material = own_material(face)
    _show(material, image)
    return any(slot.material == material for slot in face.material_slots[:1])


def texture_eyeballs(face: bpy.types.Object, image: bpy.types.Image) -> None:
    """Show a texture on white, iris and pupil of the face's eyeballs that have no material of the artist's there."""
    eyeballs = [item for item in face.children if item.type == "MESH" and item.name.startswith(EYEBALL_NAMES)]
    material = next((_own_in(item, EYES) for item in eyeballs if _own_in(item, EYES) is not None), None)
    for item in eyeballs:
        if item.data.materials and _own_in(item, EYES) is None and not _is_plain(item.data.materials[0]):
            continue
        if material is None:
            material = polished(principled_material(f"{face.name} Eyes", _WHITE, roughness=0.15))
            material[OWN] = EYES
        if not item.data.materials:
            item.data.materials.append(material)
        for slot, before in enumerate(item.data.materials[:PAINTED_SLOTS]):
            if _is_plain(before):
                item.data.materials[slot] = material
    if material is not None:
        _show(material, image)


def show_on_head(face: bpy.types.Object, image: bpy.types.Image, *, texture: bpy.types.Image | None) -> None:
    """Have solid shading show an image on the face, beside the texture, which stays what the material renders."""
    material = own_material(face)
    nodes = material.node_tree.nodes
    if image == texture:
        _remove_nodes(material, _SHOWN_NODE)
        if (node := nodes.get(_TEXTURE_NODE)) is not None:
            nodes.active = node
        return
    nodes.active = _image_node(material, _SHOWN_NODE, image, (-340, 620))


def image_on_head(face: bpy.types.Object) -> bpy.types.Image | None:
    """The image that solid shading shows on the face; None if it has no material of its own."""
    material = _own_in(face, SKIN)
    node = material.node_tree.nodes.active if material is not None else None
    return node.image if node is not None and node.type == "TEX_IMAGE" else None


def has_own_material(face: bpy.types.Object) -> bool:
    """Whether the face has a material for its texture."""
    return _own_in(face, SKIN) is not None


def own_material(face: bpy.types.Object) -> bpy.types.Material:
    """The face's own material, made in the place of the plain one or else in a slot of its own."""
    material = _own_in(face, SKIN)
    if material is not None and material.users > 1 and _shared(face, material):
        slot = next(slot for slot in face.material_slots if slot.material == material)
        slot.material = material = material.copy()
        return material
    if material is not None:
        return material
    material = principled_material(f"{face.name} Skin", SKIN_COLOUR, roughness=0.5)
    material[OWN] = SKIN
    plain = next((slot for slot in face.material_slots if _is_plain(slot.material)), None)
    if plain is not None:
        plain.material = material
    else:
        face.data.materials.append(material)
    return material


def use_surface_maps(
    face: bpy.types.Object,
    roughness: bpy.types.Image,
    specular: bpy.types.Image,
    subsurface: bpy.types.Image,
    units_per_metre: float,
) -> None:
    """Have the face's material shine and let light through as maps say; inputs that something drives stay.

    Parameters
    ----------
    face : bpy.types.Object
    roughness, specular, subsurface : bpy.types.Image
    units_per_metre : float
        The scene's unit, in which lengths of light in skin are.
    """
    material = own_material(face)
    nodes = material.node_tree.nodes
    active = nodes.active
    shader = next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)
    if shader is None:
        return
    inputs = ("Roughness", "Specular IOR Level", "Subsurface Weight")
    images = (roughness, specular, subsurface)
    for number, (name, socket, image) in enumerate(zip(_SURFACE_NODES, inputs, images, strict=True)):
        node = _image_node(material, name, image, (-640, 300 - 280 * number - 280 * (number > 0)))
        if not shader.inputs[socket].is_linked:
            material.node_tree.links.new(node.outputs["Color"], shader.inputs[socket])
    shader.inputs["Subsurface Radius"].default_value = _SCATTERING
    shader.inputs["Subsurface Scale"].default_value = _SCATTERING_LENGTH * units_per_metre
    nodes.active = active


def use_normal_map(face: bpy.types.Object, image: bpy.types.Image) -> None:
    """Have the face's material bumped by a tangent-space normal map."""
    material = own_material(face)
    _remove_nodes(material, _DISPLACEMENT_NODE)
    texture = _image_node(material, _NORMAL_NODE, image, (-640, -120))
    node = _node(material, f"{_NORMAL_NODE} Map", "ShaderNodeNormalMap", (-300, -120))
    node.uv_map = face.data.uv_layers[0].name
    material.node_tree.links.new(texture.outputs["Color"], node.inputs["Color"])
    _join(material, node.outputs["Normal"], "BSDF_PRINCIPLED", "Normal")


def wears_map(face: bpy.types.Object) -> bool:
    """Whether the face's material uses a normal or a displacement map of ours."""
    material = _own_in(face, SKIN)
    return material is not None and any(
        node.name in (_NORMAL_NODE, _DISPLACEMENT_NODE) for node in material.node_tree.nodes
    )


def use_no_map(face: bpy.types.Object) -> None:
    """Have the face's material neither bumped nor displaced."""
    material = own_material(face)
    _remove_nodes(material, _NORMAL_NODE)
    _remove_nodes(material, _DISPLACEMENT_NODE)


def use_displacement(face: bpy.types.Object, image: bpy.types.Image, middle: float, range_mm: float) -> None:
    """Have the face's material displaced by an image: ``(value - middle) * range_mm`` millimetres."""
    material = own_material(face)
    _remove_nodes(material, _NORMAL_NODE)
    texture = _image_node(material, _DISPLACEMENT_NODE, image, (-640, -120))
    node = _node(material, f"{_DISPLACEMENT_NODE} Height", "ShaderNodeDisplacement", (0, -320))
    node.inputs["Midlevel"].default_value = middle
    node.inputs["Scale"].default_value = range_mm / 1000.0
    material.node_tree.links.new(texture.outputs["Color"], node.inputs["Height"])
    _join(material, node.outputs["Displacement"], "OUTPUT_MATERIAL", "Displacement")
    material.displacement_method = "BOTH"


def _own_in(item: bpy.types.Object, purpose: str) -> bpy.types.Material | None:
    materials = (slot.material for slot in item.material_slots)
    return next((each for each in materials if each is not None and each.get(OWN) == purpose), None)


def _shared(face: bpy.types.Object, material: bpy.types.Material) -> bool:
    """Whether another object's mesh has the material, for instance that of a copy of the face."""
    return any(
        slot.material == material
        for item in bpy.data.objects
        if item != face and item.data != face.data
        for slot in item.material_slots
    )


def _is_plain(material: bpy.types.Material | None) -> bool:
    return material is None or material.name == FACE_MATERIAL or is_part_material(material)


def _join(material: bpy.types.Material, source: bpy.types.NodeSocket, kind: str, target: str) -> None:
    """Link into the input of the node of a kind, unless the artist has deleted that node."""
    node = next((node for node in material.node_tree.nodes if node.type == kind), None)
    if node is not None:
        material.node_tree.links.new(source, node.inputs[target])


def _node(material: bpy.types.Material, name: str, kind: str, location: tuple[float, float]) -> bpy.types.Node:
    """The node of that name, made if the artist has deleted it."""
    nodes = material.node_tree.nodes
    node = nodes.get(name)
    if node is None:
        node = nodes.new(kind)
        node.name = name
        node.location = location
    return node


def _image_node(
    material: bpy.types.Material, name: str, image: bpy.types.Image, location: tuple[float, float]
) -> bpy.types.Node:
    node = _node(material, name, "ShaderNodeTexImage", location)
    node.image = image
    return node


def _show(material: bpy.types.Material, image: bpy.types.Image) -> None:
    """Have an image as the base colour, unless the artist has put something between them."""
    texture = _image_node(material, _TEXTURE_NODE, image, (-340, 300))
    material.node_tree.nodes.active = texture  # the one that solid shading shows
    if not texture.outputs["Color"].is_linked:
        _join(material, texture.outputs["Color"], "BSDF_PRINCIPLED", "Base Color")


def _remove_nodes(material: bpy.types.Material, beginning: str) -> None:
    nodes = material.node_tree.nodes
    for node in [node for node in nodes if node.name.startswith(beginning)]:
        nodes.remove(node)
