"""Files for game engines and for Blender, read again as bytes and by Blender's importers."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.images.images import clean_name
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.material import principled_material
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.scene.texture_material import texture_eyeballs, texture_face, use_normal_map
from pix2vertex_blender.exchange.result import Reconstruction

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.slow]

PLACE = (0.5, -2.0, 1.5)
TEXTURE_SIZE = (64, 32)


def textured_material() -> bpy.types.Material:
    """A material whose texture was never saved, as after projecting a photo."""
    image = bpy.data.images.new("My Skin.001", *TEXTURE_SIZE)
    image.pixels.foreach_set(texture_pixels().ravel())
    material = principled_material("Anna's Skin", (1.0, 1.0, 1.0, 1.0), 0.5)
    tree = material.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    return material


def texture_pixels() -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 256, (TEXTURE_SIZE[1], TEXTURE_SIZE[0], 4)) / 255.0
    pixels[..., 3] = 1.0
    return pixels.astype(np.float32)


@pytest.fixture
def face(reconstruction: Reconstruction) -> Iterator[bpy.types.Object]:
    """A textured face away from the origin, with all that could get in the way of an export."""
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.active_object.name = "Anna"
    bpy.context.scene.cursor.location = PLACE
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    face.name = "Anna.001"
    face.modifiers.new("Subdivision", "SUBSURF")
    face.data.materials[0] = textured_material()
    face.shape_key_add(name="Smile", from_mix=False).data[0].co.z += 0.01
    bpy.context.view_layer.update()
    return face


def state() -> dict[str, object]:
    """What an artist would notice of a change in the scene."""
    layer = bpy.context.view_layer
    return {
        "names": sorted(f"{kind}/{item.name}" for kind in ("objects", "meshes", "materials", "images", "scenes")
                        for item in getattr(bpy.data, kind)),
        "places": {item.name: tuple(item.matrix_world.translation) for item in bpy.data.objects},
        "selected": sorted(item.name for item in layer.objects.selected),
        "active": layer.objects.active.name,
        "paths": [image.filepath_raw for image in bpy.data.images],
    }  # fmt: skip


def world_millimetres(item: bpy.types.Object, key: str) -> np.ndarray:
    bpy.context.view_layer.update()
    matrix = np.array(item.matrix_world)
    local = mesh_coordinates(item.data.shape_keys.key_blocks[key].data)
    return (local @ matrix[:3, :3].T + matrix[:3, 3]) * 1000.0


def expected_millimetres(reconstruction: Reconstruction, detail: float) -> np.ndarray:
    """Vertices in Blender's axes, with the face at the origin."""
    points = reconstruction.vertices + detail * reconstruction.detail
    return np.column_stack([points[:, 0], -points[:, 2], points[:, 1]])


def import_again(path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if path.suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=str(path))
    elif path.suffix == ".fbx":
        addon_utils.enable("io_scene_fbx")
        bpy.ops.import_scene.fbx(filepath=str(path))
    else:
        addon_utils.enable("io_scene_gltf2")
        bpy.ops.import_scene.gltf(filepath=str(path))


def fbx_elements(path: Path) -> dict[str, dict]:
    """Vertices in the file's own numbers, transforms, and the header's unit, of the face in an FBX file."""
    addon_utils.enable("io_scene_fbx")
    parse_fbx = import_module("io_scene_fbx.parse_fbx")
    root, _version = parse_fbx.parse(str(path))

    def children(element, name: bytes) -> list:
        return [each for each in element.elems if each is not None and each.id == name]

    def properties(element) -> dict[bytes, list]:
        [table] = children(element, b"Properties70")
        return {row.props[0]: row.props[4:] for row in table.elems}

    [settings] = children(root, b"GlobalSettings")
    [objects] = children(root, b"Objects")
    names = [model.props[1].split(b"\0")[0].decode() for model in children(objects, b"Model")]
    models = {name: properties(model) for name, model in zip(names, children(objects, b"Model"), strict=True)}
    meshes = [each for each in children(objects, b"Geometry") if each.props[2] == b"Mesh"]
    points = {
        mesh.props[1].split(b"\0")[0].decode(): np.reshape(children(mesh, b"Vertices")[0].props[0], (-1, 3))
        for mesh in meshes
    }
    return {"settings": properties(settings), "models": models, "points": points}


@pytest.mark.parametrize(("preset", "millimetres", "unit"), [("UNREAL", 10.0, 1.0), ("UNITY", 1000.0, 100.0)])
def test_engines_get_plain_vertices_in_their_unit(face, reconstruction, tmp_path, preset, millimetres, unit) -> None:
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "anna.fbx"), preset=preset)
    content = fbx_elements(tmp_path / "anna.fbx")
    assert content["settings"][b"UnitScaleFactor"] == [unit], "in centimetres"
    assert set(content["models"]) == {"Anna", "Eyeball_Left", "Eyeball_Right"}
    for name, transform in content["models"].items():
        assert np.allclose(transform.get(b"Lcl Rotation", 0.0), 0.0, atol=1e-4), name
        # Eyeballs turn about their own centres; FBX has y up.
        x, y, z = bpy.data.objects[name.replace("_", " ")].location if name.startswith("Eyeball") else (0.0, 0.0, 0.0)
        place = np.multiply((x, z, -y), 1000.0 / millimetres)
        assert np.allclose(transform.get(b"Lcl Translation", 0.0), place, atol=1e-4 * 1000.0 / millimetres), name
        assert np.allclose(transform.get(b"Lcl Scaling", 1.0), 1.0, atol=1e-5), name
    # FBX has x right, y up and z out of the face, like the reconstruction.
    points = next(points for points in content["points"].values() if len(points) == len(reconstruction.vertices))
    assert np.allclose(points * millimetres, reconstruction.vertices, atol=0.01)


@pytest.mark.parametrize(
    ("preset", "file_format"),
    [("UNREAL", "FBX"), ("UNITY", "FBX"), ("BLENDER", "FBX"), ("UNITY", "GLB"), ("BLENDER", "BLEND")],
)
def test_round_trip(face, reconstruction, tmp_path, preset, file_format) -> None:
    path = tmp_path / f"anna.{file_format.lower()}"
    before = state()
    assert bpy.ops.pix2vertex.export(filepath=str(path), preset=preset, file_format=file_format) == {"FINISHED"}
    assert state() == before
    assert [each.name for each in tmp_path.iterdir()] == [path.name]

    import_again(path)
    meshes = [item for item in bpy.context.scene.objects if item.type == "MESH"]
    assert {item.name for item in meshes} == {"Anna", "Eyeball_Left", "Eyeball_Right"}, "no cube"
    imported = bpy.data.objects["Anna"]
    assert {item.name for item in imported.children} == {"Eyeball_Left", "Eyeball_Right"}
    keys = imported.data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", "Detail", "Smile"]
    points, detailed = world_millimetres(imported, "Basis"), world_millimetres(imported, "Detail")
    if file_format == "GLB":  # triangles, and vertices for each UV
        assert len(imported.data.polygons) == 2 * len(reconstruction.faces)
        low, high = points.min(axis=0), points.max(axis=0)
        expected = expected_millimetres(reconstruction, 0.0)
        assert np.allclose([low, high], [expected.min(axis=0), expected.max(axis=0)], atol=0.01)
        moved = np.linalg.norm(detailed - points, axis=1).max()
        assert moved == pytest.approx(np.abs(reconstruction.detail).max(), abs=0.01)
    else:
        assert len(imported.data.polygons) == len(reconstruction.faces)
        assert np.allclose(points, expected_millimetres(reconstruction, 0.0), atol=0.01)
        assert np.allclose(detailed, expected_millimetres(reconstruction, 1.0), atol=0.01)
        uvs = np.empty(reconstruction.uvs.size, dtype=np.float32)
        imported.data.uv_layers.active.uv.foreach_get("vector", uvs)
        assert np.allclose(uvs, reconstruction.uvs.ravel(), atol=1e-5)
    normals = np.empty(len(imported.data.polygons) * 3, dtype=np.float32)
    imported.data.polygons.foreach_get("normal", normals)
    nose = points[[polygon.vertices[0] for polygon in imported.data.polygons], 1].argmin()
    assert (np.array(imported.matrix_world)[:3, :3] @ normals.reshape(-1, 3)[nose])[1] < 0, "turned inside out"


@pytest.mark.parametrize(("preset", "file_format"), [("UNREAL", "FBX"), ("UNITY", "GLB"), ("BLENDER", "BLEND")])
def test_textures_travel_inside_the_file(face, tmp_path, preset, file_format) -> None:
    path = tmp_path / f"anna.{file_format.lower()}"
    bpy.ops.pix2vertex.export(filepath=str(path), preset=preset, file_format=file_format)
    import_again(path)
    [material] = {slot.material for slot in bpy.data.objects["Anna"].material_slots}
    assert material.name == "Anna_s_Skin"
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    image = shader.inputs["Base Color"].links[0].from_node.image
    assert Path(image.name).stem == "My_Skin"
    assert tuple(image.size) == TEXTURE_SIZE
    pixels = np.empty(texture_pixels().size, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    assert np.abs(pixels.reshape(texture_pixels().shape) - texture_pixels()).max() < 1.5 / 255.0


@pytest.mark.parametrize(("preset", "file_format"), [("UNREAL", "FBX"), ("UNITY", "GLB"), ("BLENDER", "BLEND")])
def test_projected_photo_normal_map_and_eyes_travel_too(reconstruction, tmp_path, preset, file_format) -> None:
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    names = ["Skin", "Eyes", "Bumps"]
    for number, (use, name) in enumerate(zip((texture_face, texture_eyeballs, use_normal_map), names, strict=True)):
        image = bpy.data.images.new(name, 8 * (number + 1), 8)
        image.pixels.foreach_set(np.linspace(0, 1, 8 * 8 * 4 * (number + 1), dtype=np.float32))
        image.pack()
        use(face, image)
    path = tmp_path / f"face.{file_format.lower()}"
    bpy.ops.pix2vertex.export(filepath=str(path), preset=preset, file_format=file_format)
    import_again(path)
    for item, target, name in (
        ("Face", "Base Color", "Skin"),
        ("Face", "Normal", "Bumps"),
        ("Eyeball_Left", "Base Color", "Eyes"),
    ):
        tree = bpy.data.objects[item].material_slots[0].material.node_tree
        node = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED").inputs[target].links[0].from_node
        while node.type != "TEX_IMAGE":
            node = next(link for each in node.inputs for link in each.links).from_node
        assert Path(node.image.name).stem == name
        assert node.image.size[0] == 8 * (names.index(name) + 1)


def test_blender_to_blender_keeps_what_only_blender_knows(face, tmp_path) -> None:
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "anna.blend"), preset="BLENDER")
    import_again(tmp_path / "anna.blend")
    imported = bpy.data.objects["Anna"]
    assert [modifier.type for modifier in imported.modifiers] == ["SUBSURF"]
    assert {group.name for group in imported.vertex_groups} == {"left", "face"}
    assert imported.data["pix2vertex"]["photo"] == "someone.jpg", "Refit and the photo's camera still work"
    assert len(bpy.data.scenes) == 1


def test_what_the_artist_chose_in_the_panel_is_written(face, tmp_path) -> None:
    settings = bpy.context.scene.pix2vertex.export
    settings.preset = "BLENDER"
    assert settings.file_format == "BLEND", "the usual format follows"
    settings.file_format = "GLB"
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "anna.fbx"), with_eyeballs=False, move_to_origin=False)
    assert [path.name for path in tmp_path.iterdir()] == ["anna.glb"]
    import_again(tmp_path / "anna.glb")
    assert [item.name for item in bpy.context.scene.objects if item.type == "MESH"] == ["Anna"]
    assert np.allclose(bpy.data.objects["Anna"].matrix_world.translation, PLACE, atol=1e-5)


def test_export_is_for_visible_faces_in_object_mode(face, tmp_path) -> None:
    assert bpy.ops.pix2vertex.export.poll()
    bpy.ops.object.mode_set(mode="EDIT")
    assert not bpy.ops.pix2vertex.export.poll()
    bpy.ops.object.mode_set(mode="OBJECT")
    face.hide_set(True)
    assert not bpy.ops.pix2vertex.export.poll()
    bpy.context.view_layer.objects.active = bpy.data.objects["Anna"]
    assert not bpy.ops.pix2vertex.export.poll(), "a cube is no face"


@pytest.mark.parametrize("file_format", ["FBX", "GLB", "BLEND"])
def test_a_place_that_cannot_be_written_is_one_sentence(face, file_format, tmp_path: Path) -> None:
    before = state()
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RuntimeError, match=r"anna\.\w+ cannot be written \(.*\): choose another folder\."):
        bpy.ops.pix2vertex.export(filepath=str(tmp_path / "file" / "anna"), preset="UNITY", file_format=file_format)
    assert state() == before


def test_names_are_what_every_program_takes() -> None:
    assert clean_name("Face.001") == "Face"
    assert clean_name("Anna's Head (new).012") == "Anna_s_Head_new"
    assert clean_name("王小明.001") == "王小明"
    assert clean_name("...") == "Face"
