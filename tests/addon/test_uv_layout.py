"""The layout Face First on a face: its UV map, and what hangs on that, here and in files for other programs."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.coarse_copies import levels_of_detail
from pix2vertex_blender.addon.scene.face_images import DISPLACEMENT, NORMALS, TEXTURE
from pix2vertex_blender.addon.scene.face_level import change_level
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.hair_curves import HAIR, SURFACE_UVS
from pix2vertex_blender.addon.scene.layout_change import change_layout, moved_places
from pix2vertex_blender.addon.scene.uv_layout import layout_of
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.exchange.uv_layouts import FACE_FIRST, WHOLE_HEAD
from pix2vertex_blender.template import load_template

from .levels import at_level


@pytest.fixture
def face(practice: object, reconstruction: Reconstruction) -> bpy.types.Object:
    return build_face_object(reconstruction, bpy.context)


def uvs_of(item: bpy.types.Object) -> np.ndarray:
    """The first UV map (m, 4, 2) of a mesh of quads."""
    values = np.empty(2 * len(item.data.loops), dtype=np.float32)
    item.data.uv_layers[0].uv.foreach_get("vector", values)
    return values.reshape(-1, 4, 2)


def has_uvs(item: bpy.types.Object, layout: str, level: int = 0) -> bool:
    return np.allclose(uvs_of(item), load_template(level, layout).uvs, atol=1e-6)


def test_project_photo_gives_the_layout_that_its_texture_is_for_and_takes_it_back(face) -> None:
    assert has_uvs(face, WHOLE_HEAD)
    assert bpy.ops.pix2vertex.project_photo(size="1024", layout="FACE") == {"FINISHED"}
    assert has_uvs(face, FACE_FIRST) and layout_of(face) == FACE_FIRST
    assert len(face.data.uv_layers) == 1, "programs that read one UV map read the right one"
    bpy.context.scene.pix2vertex_texture.layout = "HEAD"
    assert bpy.ops.pix2vertex.project_photo(size="1024") == {"FINISHED"}
    assert has_uvs(face, WHOLE_HEAD) and layout_of(face) == WHOLE_HEAD


def test_maps_for_the_uvs_of_before_are_off_and_the_detail_is_back(face) -> None:
    bpy.ops.pix2vertex.bake_maps(wiring="NORMAL")
    detail = face.data.shape_keys.key_blocks["Detail"]
    assert detail.value == 0 and face.get(NORMALS) is not None
    bpy.ops.pix2vertex.project_photo(size="1024", layout="FACE")
    assert detail.value == 1 and face.get(NORMALS) is None and face.get(DISPLACEMENT) is None
    shader = next(node for node in face.active_material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    assert not shader.inputs["Normal"].is_linked and shader.inputs["Base Color"].is_linked
    bpy.ops.pix2vertex.bake_maps(wiring="NORMAL")
    bpy.ops.pix2vertex.project_photo(size="1024", layout="FACE")
    assert detail.value == 0 and face.get(NORMALS) is not None, "these are for the UVs that it has"


@pytest.mark.slow
def test_baked_maps_are_for_the_uvs_that_the_face_has(addon, reconstruction: Reconstruction) -> None:
    session.stop_worker()
    face, template, drawn = build_face_object(reconstruction, bpy.context), load_template(), []
    for layout in (WHOLE_HEAD, FACE_FIRST):
        change_layout(face, layout, bpy.context)
        bpy.ops.pix2vertex.bake_maps(size="1024", level="0", wiring="NONE")
        image = face[NORMALS]
        pixels = np.empty(4 * image.size[0] * image.size[1], dtype=np.float32)
        image.pixels.foreach_get(pixels)
        columns, rows = (uvs_of(face).mean(axis=1) * 1024).astype(int).T
        drawn.append(pixels.reshape(1024, 1024, 4)[rows, columns, :2])
    session.stop_worker()
    inside = (template.groups["face"][template.faces] > 0.99).all(axis=1)
    assert np.abs(drawn[0][inside] - 0.5).mean() > 0.02, "there is detail to see"
    assert np.corrcoef(drawn[0][inside].ravel(), drawn[1][inside].ravel())[0, 1] > 0.9


def test_other_levels_of_the_face_keep_its_layout(face, reconstruction: Reconstruction) -> None:
    change_layout(face, FACE_FIRST, bpy.context)
    change_level(face, 1, at_level(reconstruction, 1))
    assert has_uvs(face, FACE_FIRST, level=1)
    finest, coarsest = levels_of_detail(face, 1, "Face")
    assert has_uvs(finest, FACE_FIRST, level=1) and has_uvs(coarsest, FACE_FIRST)


def test_hair_stays_where_it_grows(face) -> None:
    bpy.ops.pix2vertex.add_hair(kind="BROWS")
    hair = next(child for child in face.children if child.get(HAIR) == "BROWS")

    def positions() -> np.ndarray:
        bpy.context.view_layer.update()
        drawn = hair.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
        values = np.empty(3 * len(drawn.points), dtype=np.float32)
        drawn.attributes["position"].data.foreach_get("vector", values)
        return values

    before, roots = positions(), np.empty(2 * len(hair.data.curves), dtype=np.float32)
    change_layout(face, FACE_FIRST, bpy.context)
    hair.data.attributes[SURFACE_UVS].data.foreach_get("vector", roots)
    assert np.allclose(positions(), before, atol=2e-4)
    bpy.ops.pix2vertex.add_hair(kind="BROWS")
    grown = next(child for child in face.children if child.get(HAIR) == "BROWS")
    again = np.empty_like(roots)
    grown.data.attributes[SURFACE_UVS].data.foreach_get("vector", again)
    assert np.allclose(roots, again, atol=1e-4), "where new hair is rooted on these UVs"


def test_places_go_from_layout_to_layout_and_back() -> None:
    middles = load_template(0, WHOLE_HEAD).uvs.mean(axis=1)
    moved = moved_places(middles, WHOLE_HEAD, FACE_FIRST)
    assert np.allclose(moved, load_template(0, FACE_FIRST).uvs.mean(axis=1), atol=1e-5)
    assert np.allclose(moved_places(moved, FACE_FIRST, WHOLE_HEAD), middles, atol=1e-5)


def test_a_remodelled_face_keeps_its_uvs_and_a_sentence_says_so(face) -> None:
    mesh = face.data
    face.shape_key_clear()
    mesh.clear_geometry()
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    with pytest.raises(RuntimeError, match="its UVs stay as they are"):
        bpy.ops.pix2vertex.project_photo(size="1024", layout="FACE")


@pytest.mark.parametrize("name", ["face.fbx", "face.glb"])
def test_files_for_other_programs_have_the_layout_as_their_first_uv_map(face, name: str, tmp_path: Path) -> None:
    bpy.ops.pix2vertex.project_photo(size="1024", layout="FACE")
    assert face[TEXTURE].size[0] > 0
    file_format = name[-3:].upper()
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / name), preset="UNITY", file_format=file_format)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    (bpy.ops.import_scene.fbx if file_format == "FBX" else bpy.ops.import_scene.gltf)(filepath=str(tmp_path / name))
    mesh = next(item for item in bpy.data.meshes if len(item.vertices) >= len(load_template().vertices))
    assert len(mesh.uv_layers) == 1
    values = np.empty(2 * len(mesh.loops), dtype=np.float32)
    mesh.uv_layers[0].uv.foreach_get("vector", values)
    wanted = {(round(u, 3), round(v, 3)) for u, v in load_template(0, FACE_FIRST).uvs.reshape(-1, 2).tolist()}
    found = {(round(u, 3), round(v, 3)) for u, v in values.reshape(-1, 2).tolist()}
    assert len(found & wanted) > 0.98 * len(wanted)
