"""A scan becomes a face in Blender's window, and the face's shape goes onto a head of another topology."""

from collections.abc import Iterator

import bpy
from hand import faces, idle, module, picture, press


def wrap() -> Iterator[float]:
    """Wrap a head that leans, then give its copy, as a head of the artist's own, the shape of the face."""
    before = faces()
    scan = head_of("Scan")
    scan.rotation_euler = (1.3, 0.3, 0.4)
    settings = bpy.context.scene.pix2vertex_wrap
    settings.target = scan
    wrapped = yield from press("Wrap Scan", "wrap", lambda: len(faces()) > len(before) and idle(), "Wrap")
    yield from picture("wrapped")
    if not wrapped:
        return
    own = head_of("Own Head")
    own.location.x = 0.4
    settings.head = own
    select(next(face for face in faces() if face not in before))
    yield from press("Shape Own Head", "shape_own_head", lambda: own.data.shape_keys is not None and idle(), "Own Head")
    yield from picture("own_head")


def head_of(name: str) -> bpy.types.Object:
    """The template as a mesh that knows nothing of faces, in metres, z up, selected alone."""
    template = module("template.template").load_template()
    x, y, z = template.vertices.T / 1000.0
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(list(zip(x.tolist(), (-z).tolist(), y.tolist(), strict=True)), [], template.faces.tolist())
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    select(item)
    return item


def select(item: bpy.types.Object) -> None:
    """Select an object alone, and make it the active one."""
    for each in bpy.context.scene.objects:
        each.select_set(each == item)
    bpy.context.view_layer.objects.active = item
