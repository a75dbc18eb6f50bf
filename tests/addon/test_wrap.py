"""Scans of the scene become heads that lie on them."""

from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest
from mathutils import Matrix, Vector

from pix2vertex_blender.addon.headless.command_line import main
from pix2vertex_blender.addon.headless.wrap_job import import_mesh, write_scene
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.rig.armature import edited_bones
from pix2vertex_blender.addon.scene.axes import to_blender
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.scan_object import placed_on_scan, read_scan
from pix2vertex_blender.errors import SceneError
from pix2vertex_blender.template import load_template
from tests.reconstruction.wrapping.made_up import made_up_scan


def add_mesh(name: str, vertices: np.ndarray, faces: np.ndarray) -> bpy.types.Object:
    """A mesh object in the scene, selected alone."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(vertices.tolist(), [], faces.tolist())
    item = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(item)
    bpy.context.view_layer.objects.active = item
    item.select_set(True)
    return item


def grid() -> bpy.types.Object:
    x, y = np.meshgrid(np.arange(4.0), np.arange(3.0))
    vertices = np.column_stack([x.ravel(), y.ravel(), 0.1 * x.ravel()])
    corner = (np.arange(2)[:, None] * 4 + np.arange(3)).ravel()
    return add_mesh("Grid", vertices, np.add.outer(corner, [0, 1, 5, 4]))


def everything() -> list[str]:
    return sorted(
        f"{kind}/{item.name}" for kind in ("objects", "meshes", "materials") for item in getattr(bpy.data, kind)
    )


@pytest.mark.usefixtures("empty_file")
def test_a_scan_is_read_where_it_stands_with_its_modifiers() -> None:
    """Moved, turned and scaled evenly, and doubled by a modifier."""
    item = grid()
    item.matrix_world = Matrix.Translation((1, 2, 3)) @ Matrix.Rotation(0.4, 4, "X") @ Matrix.Scale(2, 4)
    array = item.modifiers.new("Array", "ARRAY")
    array.count = 2
    bpy.context.view_layer.update()
    arrays = read_scan([item], bpy.context).arrays
    assert arrays["vertices"].shape == (24, 3) and arrays["triangles"].shape == (24, 3)
    expected = item.matrix_world @ item.data.vertices[7].co
    np.testing.assert_allclose(arrays["vertices"][7], expected, atol=1e-5)


@pytest.mark.usefixtures("empty_file")
def test_colours_and_textures_come_with_the_scan() -> None:
    """Colours of the corners, or a packed image with the UVs."""
    item = grid()
    colours = item.data.color_attributes.new("Colour", "BYTE_COLOR", "CORNER")
    for value in colours.data:
        value.color_srgb = (1.0, 0.5, 0.0, 1.0)
    read = read_scan([item], bpy.context)
    np.testing.assert_allclose(read.arrays["colours"], np.tile([255, 128, 0], (12, 1)), atol=2)
    layer = item.data.uv_layers.new(name="UVMap")
    for loop, uv in zip(item.data.loops, layer.uv, strict=True):
        uv.vector = item.data.vertices[loop.vertex_index].co.xy / 4
    image = bpy.data.images.new("Skin", 8, 8)
    image.pixels = np.tile([0.2, 0.4, 0.6, 1.0], 64)
    image.pack()
    material = bpy.data.materials.new("Skin")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    shader = material.node_tree.nodes["Principled BSDF"]
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    item.data.materials.append(material)
    read = read_scan([item], bpy.context)
    assert read.texture is not None and read.texture.is_file()
    corners = read.arrays["vertices"][read.arrays["triangles"]]
    np.testing.assert_allclose(read.arrays["corner_uvs"], corners[..., :2] / 4, atol=1e-6)


@pytest.mark.usefixtures("addon")
@pytest.mark.parametrize(
    ("scale", "words"), [((1, 1, 2), "scaled unevenly or mirrored"), ((-1, -1, -1), "scaled unevenly or mirrored")]
)
def test_uneven_scale_is_said_and_changes_nothing(scale, words) -> None:
    """One sentence, and the scene is as it was."""
    item = grid()
    item.scale = scale
    bpy.context.view_layer.update()
    before = everything()
    with pytest.raises(RuntimeError, match=words):
        bpy.ops.pix2vertex.wrap(target="Grid")
    assert everything() == before


@pytest.mark.usefixtures("addon")
def test_without_a_mesh_there_is_nothing_to_wrap() -> None:
    """Nothing selected, an object of that name missing, or one without faces."""
    with pytest.raises(RuntimeError, match="Choose the colour photo"):
        bpy.ops.pix2vertex.wrap(source="DEPTH")
    for target in ("", "Nobody"):
        with pytest.raises(RuntimeError, match="Choose a mesh object to wrap"):
            bpy.ops.pix2vertex.wrap(target=target)
    add_mesh("Points", np.eye(3), np.zeros((0, 3), dtype=int))
    with pytest.raises(RuntimeError, match="Points has no faces"):
        bpy.ops.pix2vertex.wrap()


@pytest.mark.usefixtures("empty_file")
def test_several_meshes_are_one_scan() -> None:
    """As a file with parts has them; one without a surface is said."""
    first, second = grid(), grid()
    second.location = (0, 0, 5)
    bpy.context.view_layer.update()
    arrays = read_scan([first, second], bpy.context).arrays
    assert arrays["triangles"].max() == 23 and len(arrays["vertices"]) == 24
    assert arrays["vertices"][arrays["triangles"][-1], 2].min() >= 5
    with pytest.raises(SceneError, match="Choose a mesh object"):
        read_scan([], bpy.context)


@pytest.mark.usefixtures("empty_file")
def test_a_head_is_placed_on_its_scan() -> None:
    """A head's point in millimetres, as Blender has it in the mesh, comes to lie where the report's matrix says."""
    matrix = np.eye(4)
    matrix[:3] = np.column_stack([0.1 * np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), [4, 5, 6]])
    point = np.array([[10.0, 20.0, -30.0]])
    placed = np.array(placed_on_scan(matrix)) @ [*to_blender(point)[0], 1]
    np.testing.assert_allclose(placed[:3], [4 - 2, 5 + 1, 6 - 3], atol=1e-5)


@pytest.mark.usefixtures("practice")
def test_a_depth_photo_becomes_a_face(saved: str, tmp_path: Path) -> None:
    """With the choices of the scene, and one undo step's worth of objects."""
    bpy.context.scene.pix2vertex.with_eyeballs = False
    arguments = {"colour": saved, "depth": str(tmp_path / "depth.png"), "intrinsics": (900, 900, 320, 240)}
    assert bpy.ops.pix2vertex.wrap(**arguments) == {"FINISHED"}
    [face] = bpy.context.scene.objects
    assert face.name == "Face" and "pix2vertex_texture_image" not in face
    assert not list(session.temporary_folder().glob("*.npz"))


@pytest.mark.usefixtures("practice")
def test_the_scans_colours_are_the_faces_texture(saved: str, tmp_path: Path) -> None:
    """If asked for: on the face and on its eyes, packed into the file."""
    arguments = {"colour": saved, "depth": str(tmp_path / "depth.png"), "intrinsics": (900, 900, 320, 240)}
    assert bpy.ops.pix2vertex.wrap(**arguments, with_texture=True) == {"FINISHED"}
    face = bpy.context.active_object
    image = face["pix2vertex_texture_image"]
    nodes = face.material_slots[0].material.node_tree.nodes
    assert image in [node.image for node in nodes if node.type == "TEX_IMAGE"] and image.packed_file is not None
    assert face["pix2vertex_eyes_image"].size[:] == (8, 8)


@pytest.mark.usefixtures("practice")
def test_a_head_of_ones_own_gets_a_key_and_keeps_the_rest(reconstruction) -> None:
    """Its vertices, groups, keys and place stay; the key moves it in the world as the worker says."""
    head = grid()
    head.matrix_world = Matrix.Rotation(np.pi / 2, 4, "X") @ Matrix.Scale(2, 4)
    head.vertex_groups.new(name="Rig").add([1, 2], 1.0, "REPLACE")
    head.shape_key_add(name="Basis")
    smile = head.shape_key_add(name="Smile")
    smile.data[3].co.x += 0.5
    before = [vertex.co.copy() for vertex in head.data.vertices]
    build_face_object(reconstruction, bpy.context)
    bpy.context.view_layer.update()
    for _time in range(2):
        assert bpy.ops.pix2vertex.shape_own_head(head="Grid") == {"FINISHED"}
    keys = head.data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", "Smile", "Face"] and keys["Face"].value == 1.0
    for index, place in enumerate(before):
        assert (keys["Basis"].data[index].co - place).length < 1e-6
        assert (keys["Face"].data[index].co - place - Vector((0, 0.5, 0))).length < 1e-5
    assert [group.name for group in head.vertex_groups] == ["Rig"]


@pytest.mark.usefixtures("practice")
def test_regions_have_keys_of_their_own_and_bones_move(reconstruction) -> None:
    """In place of the whole shape's; done twice, the bones have moved once, and keep which way is up."""
    head = grid()
    rig = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(rig)
    rig.location, rig.scale = (5, 0, 0), (2, 2, 2)
    bpy.context.view_layer.update()
    with edited_bones(rig.data) as bones:
        bone = bones.new("Jaw")
        bone.head, bone.tail, bone.roll = (0, 0, 0), (0, 1, 0), 0.7
    up = rig.data.bones["Jaw"].matrix_local.col[2].copy()
    head.modifiers.new("Armature", "ARMATURE").object = rig
    build_face_object(reconstruction, bpy.context)
    assert bpy.ops.pix2vertex.shape_own_head(head="Grid") == {"FINISHED"}
    for _time in range(2):
        assert bpy.ops.pix2vertex.shape_own_head(head="Grid", by_region=True, with_bones=True) == {"FINISHED"}
    keys = head.data.shape_keys.key_blocks
    values = {key.name: key.value for key in keys}
    assert values == {"Basis": 0.0, "Face": 0.0, "Face Proportions": 1.0, "Face Nose": 1.0}
    assert (keys["Face Nose"].data[0].co - keys["Basis"].data[0].co - Vector((0, 0, 0.5))).length < 1e-5
    jaw = rig.data.bones["Jaw"]
    assert (jaw.head_local - Vector((0, 0, 0.5))).length < 1e-5 and (jaw.tail_local - Vector((0, 1, 0.5))).length < 1e-5
    assert (jaw.matrix_local.col[2] - up).length < 1e-5
    head.modifiers.clear()
    with pytest.raises(RuntimeError, match="Grid has no armature"):
        bpy.ops.pix2vertex.shape_own_head(head="Grid", with_bones=True)


def teeth_of(head: bpy.types.Object) -> bpy.types.Object:
    """A triangle that hangs on a head and is turned against it."""
    teeth = add_mesh("Teeth", np.eye(3), np.array([[0, 1, 2]]))
    teeth.parent, teeth.rotation_euler = head, (np.pi, 0, 0)
    bpy.context.view_layer.update()
    return teeth


@pytest.mark.usefixtures("practice")
def test_teeth_that_are_an_object_of_their_own_follow(reconstruction) -> None:
    """In their own axes, as far as the head's key says; what somebody else's parent carries stays."""
    head = grid()
    teeth, other = teeth_of(head), add_mesh("Other", np.eye(3), np.array([[0, 1, 2]]))
    build_face_object(reconstruction, bpy.context)
    for _time in range(2):
        assert bpy.ops.pix2vertex.shape_own_head(head="Grid") == {"FINISHED"}
    assert bpy.ops.pix2vertex.own_head_expressions(head="Grid") == {"FINISHED"}
    keys = teeth.data.shape_keys.key_blocks
    assert list(keys.keys()) == ["Basis", "Face", "jawOpen", "mouthLeft"] and other.data.shape_keys is None
    assert (keys["Face"].data[1].co - keys["Basis"].data[1].co - Vector((0, 0, -1))).length < 1e-5
    head.data.shape_keys.key_blocks["Face"].value = 0.25
    bpy.context.view_layer.update()
    seen = teeth.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert (seen.data.vertices[1].co - teeth.data.vertices[1].co - Vector((0, 0, -0.25))).length < 1e-5


@pytest.mark.usefixtures("practice")
def test_parts_stay_where_they_are_not_wanted(reconstruction) -> None:
    """Nothing of theirs changes."""
    head = grid()
    teeth = teeth_of(head)
    build_face_object(reconstruction, bpy.context)
    assert bpy.ops.pix2vertex.shape_own_head(head="Grid", with_parts=False) == {"FINISHED"}
    assert teeth.data.shape_keys is None


@pytest.mark.usefixtures("practice")
def test_a_head_of_ones_own_becomes_the_face_itself(reconstruction) -> None:
    """A new basis: keys keep what they add, and one of the same face does not add it again."""
    head = grid()
    teeth = teeth_of(head)
    build_face_object(reconstruction, bpy.context)
    assert bpy.ops.pix2vertex.shape_own_head(head="Grid") == {"FINISHED"}
    smile = head.shape_key_add(name="Smile", from_mix=False)
    smile.data[3].co.x += 0.5
    assert bpy.ops.pix2vertex.shape_own_head(head="Grid", as_basis=True) == {"FINISHED"}
    keys = head.data.shape_keys.key_blocks
    assert keys["Face"].value == 0.0
    assert (keys["Basis"].data[3].co - Vector((3, 0, 1.3))).length < 1e-5
    assert (keys["Smile"].data[3].co - Vector((3.5, 0, 1.3))).length < 1e-5
    assert (head.data.vertices[3].co - Vector((3, 0, 1.3))).length < 1e-5
    assert (teeth.data.vertices[0].co - Vector((1, 0, -1))).length < 1e-5


@pytest.mark.usefixtures("practice")
def test_a_head_of_ones_own_gets_the_expressions() -> None:
    """Under ARKit's names; a key that the artist has already stays as it is."""
    head = grid()
    head.shape_key_add(name="Basis")
    own = head.shape_key_add(name="mouthLeft")
    own.data[0].co.z += 3.0
    assert bpy.ops.pix2vertex.own_head_expressions(head="Grid") == {"FINISHED"}
    keys = head.data.shape_keys.key_blocks
    assert list(keys.keys()) == ["Basis", "mouthLeft", "jawOpen"] and keys["jawOpen"].value == 0.0
    basis = keys["Basis"].data
    assert (keys["jawOpen"].data[5].co - basis[5].co - Vector((0, 0, 1))).length < 1e-5
    assert (keys["mouthLeft"].data[0].co - basis[0].co - Vector((0, 0, 3))).length < 1e-5


@pytest.mark.usefixtures("practice")
def test_without_a_head_nothing_is_shaped(reconstruction) -> None:
    """None chosen, or a face of ours."""
    face = build_face_object(reconstruction, bpy.context)
    for head, words in (("", "Choose the mesh object that gets"), (face.name, "is a face made by pix2vertex")):
        with pytest.raises(RuntimeError, match=words):
            bpy.ops.pix2vertex.shape_own_head(head=head)
    assert [key.name for key in face.data.shape_keys.key_blocks] == ["Basis", "Detail"]


@pytest.mark.usefixtures("empty_file")
@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl", ".glb"])
def test_a_file_keeps_its_own_axes(suffix: str, tmp_path: Path) -> None:
    """What Blender reads, turned back, is where the file has it."""
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    path = tmp_path / f"tetrahedron{suffix}"
    if suffix == ".obj":
        lines = [*(f"v {x} {y} {z}" for x, y, z in corners), *(f"f {a + 1} {b + 1} {c + 1}" for a, b, c in faces)]
        path.write_text("\n".join(lines) + "\n")
    else:
        add_mesh("Tetrahedron", corners, faces)
        if suffix == ".glb":
            bpy.ops.export_scene.gltf(filepath=str(path), export_yup=False)
        else:
            export = bpy.ops.wm.ply_export if suffix == ".ply" else bpy.ops.wm.stl_export
            export(filepath=str(path), forward_axis="Y", up_axis="Z")
        bpy.ops.wm.read_factory_settings(use_empty=True)
    objects, turned = import_mesh(path)
    own = read_scan(objects, bpy.context).arrays["vertices"] @ turned
    for corner in corners:
        assert np.linalg.norm(own - corner, axis=1).min() < 1e-5


def test_what_cannot_be_wrapped_is_explained(tmp_path: Path, capsys) -> None:
    """A file that is missing, no mesh, or empty; a unit that does not exist."""
    (tmp_path / "scan.txt").write_text("nothing")
    (tmp_path / "broken.ply").write_text("ply\nformat ascii 1.0\nend_header\n")
    output = ["--output", str(tmp_path / "out")]
    for arguments, words in (
        (["missing.ply"], "There is no file missing.ply"),
        ([str(tmp_path / "scan.txt")], "scan.txt is no scan that can be read"),
        ([str(tmp_path / "broken.ply")], "broken.ply cannot be read as a mesh"),
        (["scan.ply", "--unit", "furlong"], "--unit"),
    ):
        assert main(["wrap", *arguments, *output]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("addon")
def test_a_scan_in_the_scene_gets_a_head_that_lies_on_it() -> None:
    """In its place and size, whatever its unit, and nothing else in the scene is changed."""
    made, template = made_up_scan(5, millimetres=10.0), load_template()
    scan = add_mesh("Scan", made.scan.vertices, made.scan.triangles)
    scan.location = (1.0, 2.0, 3.0)
    bpy.context.view_layer.update()
    assert bpy.ops.pix2vertex.wrap(target="Scan", detail_level=0, device="cpu") == {"FINISHED"}
    face = bpy.context.active_object
    assert face.name == "Face" and scan.name in bpy.context.scene.objects
    bpy.context.view_layer.update()
    world = np.array(face.matrix_world)
    places = np.array([vertex.co for vertex in face.data.vertices]) @ world[:3, :3].T + world[:3, 3]
    chosen = template.groups["face"] > 0.5
    away = np.linalg.norm(places - made.truth - [1.0, 2.0, 3.0], axis=1)[chosen]
    assert np.median(away) < 0.5


@pytest.mark.usefixtures("empty_file")
def test_the_texture_is_in_all_files(reconstruction, tmp_path: Path) -> None:
    """The head's Blender file opens with it, and the glTF file holds a picture."""
    files = {name: tmp_path / f"{name}.png" for name in ("colour", "origin", "eyeballs")}
    for file in files.values():
        cv2.imwrite(str(file), np.full((8, 8, 3), 120, dtype=np.uint8))
    write_scene(reconstruction, files, tmp_path)
    assert (tmp_path / "texture.png").read_bytes() == files["colour"].read_bytes()
    assert b"image/png" in (tmp_path / "face.glb").read_bytes()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    image = bpy.data.objects["Face"]["pix2vertex_texture_image"]
    assert image.packed_file is not None and tuple(image.size) == (8, 8)


@pytest.mark.slow
def test_the_command_line_writes_everything(tmp_path: Path) -> None:
    """The files, vertices in the scan's own coordinates, and the report in its units."""
    import json

    made, template = made_up_scan(6, millimetres=1000.0), load_template()
    # Colours after the coordinates, as scanners write them.
    lines = [*(f"v {x:.6f} {y:.6f} {z:.6f} 0.47 0.35 0.235" for x, y, z in made.scan.vertices)]
    lines += [f"f {a} {b} {c}" for a, b, c in made.scan.triangles + 1]
    (tmp_path / "scan.obj").write_text("\n".join(lines) + "\n")
    output, small = tmp_path / "out", ["--texture-size", "1024"]
    assert main(["wrap", str(tmp_path / "scan.obj"), "--output", str(output), "--device", "cpu", *small]) == 0
    files = {file.name for file in output.iterdir()}
    assert files == {"face.blend", "face.fbx", "face.glb", "preview.png", "wrapped.npy", "report.json", "texture.png"}
    colour = cv2.imread(str(output / "texture.png"))
    assert colour.shape == (1024, 1024, 3)
    assert (np.abs(colour.astype(int) - [60, 90, 120]).max(axis=-1) < 8).mean() > 0.9, "the scan's own colour"
    vertices = np.load(output / "wrapped.npy")
    chosen = template.groups["face"] > 0.5
    assert np.median(np.linalg.norm(vertices - made.truth, axis=1)[chosen]) < 0.005
    report = json.loads((output / "report.json").read_text())
    assert report["unit"] == "m" and report["median_distance_mm"] < 0.1 and report["covered"] > 0.6
    np.testing.assert_allclose(report["landmarks_68"], template.landmark_points(vertices), atol=1e-6)
