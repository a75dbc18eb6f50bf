"""Add Hair: curves on brows, jaw or scalp that follow the face and have the colour of its texture."""

import bpy
import numpy as np
import pytest
from mathutils import Vector

from pix2vertex_blender.addon.scene.face_images import TEXTURE
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.hair_curves import HAIR
from pix2vertex_blender.exchange.result import Reconstruction


@pytest.fixture
def face(addon: None, reconstruction: Reconstruction) -> bpy.types.Object:
    return build_face_object(reconstruction, bpy.context)


def positions(hair: bpy.types.Object) -> np.ndarray:
    """Points (strands, points, 3) as they are drawn, in metres in the face's coordinates."""
    drawn = hair.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.empty(3 * len(drawn.points), dtype=np.float32)
    drawn.attributes["position"].data.foreach_get("vector", values)
    return values.reshape(len(drawn.curves), -1, 3)


@pytest.mark.parametrize(
    ("kind", "lower", "upper"), [("BROWS", 0.02, 0.07), ("BEARD", -0.12, -0.02), ("SCALP", -0.04, 0.16)]
)
def test_hair_grows_where_its_kind_does_and_out_of_the_skin(face, kind, lower, upper):
    assert bpy.ops.pix2vertex.add_hair(kind=kind) == {"FINISHED"}
    hair = next(child for child in face.children if child.get(HAIR) == kind)
    strands = positions(hair)
    roots = strands[:, 0]
    assert len(strands) >= 500
    heights = np.quantile(roots[:, 2], [0.05, 0.95])
    assert lower < heights[0] < heights[1] < upper
    assert 0.35 < (roots[:, 0] < 0).mean() < 0.65, "on both sides"
    away = [(Vector(root) - face.closest_point_on_mesh(root)[1]).length for root in roots[::50].tolist()]
    assert max(away) < 0.0005
    lengths = np.linalg.norm(strands[:, -1] - roots, axis=1)
    assert 0.004 < np.median(lengths) < 0.04


def test_hair_follows_the_face(face):
    bpy.ops.pix2vertex.add_hair(kind="BROWS")
    hair = next(child for child in face.children if child.get(HAIR) == "BROWS")
    before = positions(hair)
    key = face.shape_key_add(name="Lifted", from_mix=False)
    for point in key.data:
        point.co.z += 0.01
    key.value = 1.0
    bpy.context.view_layer.update()
    assert np.allclose(positions(hair) - before, (0, 0, 0.01), atol=5e-4)


def test_hair_has_the_colour_of_the_texture_and_is_replaced_and_deleted_alone(face):
    image = bpy.data.images.new("Red", 256, 256)
    pixels = np.ones((256, 256, 4), dtype=np.float32) * (0.8, 0.6, 0.5, 1.0)
    pixels[::3, :, :3] = (0.5, 0.1, 0.02)
    image.pixels.foreach_set(pixels.astype(np.float32).ravel())
    face[TEXTURE] = image
    for _ in range(2):
        bpy.ops.pix2vertex.add_hair(kind="BROWS")
    hairs = [child for child in face.children if child.get(HAIR) == "BROWS"]
    assert len(hairs) == 1
    shader = next(n for n in hairs[0].active_material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    red, green, blue, _alpha = shader.inputs["Base Color"].default_value
    assert red > 3 * green > 3 * blue
    vertices = len(face.data.vertices)
    bpy.data.objects.remove(hairs[0])
    assert len(face.data.vertices) == vertices and not [child for child in face.children if HAIR in child]


def test_a_changed_mesh_is_a_sentence(face):
    face.data.vertices.add(1)
    with pytest.raises(RuntimeError, match="template's vertices"):
        bpy.ops.pix2vertex.add_hair(kind="BROWS")
