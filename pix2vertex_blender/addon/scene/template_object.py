"""The head template by itself, to model on."""

import bpy

from .material import face_material
from .mesh_object import add_at_cursor, add_eyeballs, add_vertex_group, build_mesh
from .mouth import add_mouth, template_mouth

TEMPLATE_NAME = "Template Head"


def build_template_object(context: bpy.types.Context, *, with_eyeballs: bool = True) -> bpy.types.Object:
    """Add the template to the scene at the 3D cursor: UVs, vertex groups, eyes and mouth, no shape keys.

    Raises
    ------
    DataFileError
        If the template's file is missing or damaged.
    """
    from ...template import load_template
    from ...template.eyeballs import place_both

    template = load_template()

    def build(created: list[bpy.types.Object]) -> bpy.types.Object:
        mesh = build_mesh(TEMPLATE_NAME, (template.vertices, template.faces, template.uvs))
        head = bpy.data.objects.new(TEMPLATE_NAME, mesh)
        created.append(head)
        mesh.materials.append(face_material())
        mesh.use_mirror_x = True
        for name, weights in template.groups.items():
            add_vertex_group(head, name, weights)
        if with_eyeballs:
            add_eyeballs(place_both(template, template.vertices), head, created)
            add_mouth(template_mouth(), head, created)
        return head

    return add_at_cursor(build, context)
