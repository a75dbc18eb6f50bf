"""Project Photo, Bake Maps, the detail sliders, target and distance, with the real worker and without the network."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import bpy
import cv2
import numpy as np
import pytest

from pix2vertex_blender.addon.images.images import keep_image
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.material import FACE_MATERIAL
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.scene.texture_material import texture_face
from pix2vertex_blender.addon.views import legend
from pix2vertex_blender.addon.views.fit_view import ATTRIBUTE, COLLECTION_NAME, distance_colours, legend_end
from pix2vertex_blender.errors import OutputError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.maps import FaceMaps
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_both

GRID, CROP = 64, 256
SKIN = np.array([200.0, 150.0, 125.0])
LIFT_MM = 4.0


@pytest.fixture(scope="module")
def portrait(reconstruction: Reconstruction) -> Reconstruction:
    """The template's head as a perfect network sees it from in front, but 4 mm nearer, and its photo with wrinkles."""
    template = load_template()
    points = template.vertices - (0.0, 0.0, 40.0)
    camera = Camera(GRID / 240, (GRID / 2, GRID / 2))
    triangles = triangulate(template.faces)

    def seen(resolution: int) -> np.ndarray:
        view = rasterise(camera.resized(resolution / GRID).project(points), points[:, 2], triangles, (resolution,) * 2)
        values = np.column_stack([template.canonical, points[:, 2], template.groups["face"], template.vertices])
        return interpolate(values, triangles, *view)

    maps, picture = seen(GRID), seen(CROP)
    mask = np.nan_to_num(maps[..., 4]) > 0.9
    rows, columns = np.indices(mask.shape) + 0.5
    depth = np.where(mask, maps[..., 3] + LIFT_MM, np.nan)
    geometry = camera.unproject(np.column_stack([columns.ravel(), rows.ravel()]), depth.ravel()).reshape(GRID, GRID, 3)
    wrinkles = 10.0 * np.sin(np.nan_to_num(picture[..., 6]) / 1.5)[..., None]
    photo = np.where(np.isfinite(picture[..., :1]), SKIN + wrinkles, (30.0, 60.0, 170.0)).astype(np.uint8)
    head_to_camera = np.eye(4)
    head_to_camera[2, 3] = -40.0
    return dataclasses.replace(
        reconstruction,
        detail=np.zeros_like(template.vertices),
        groups={"face": template.groups["face"].astype(np.float32)},
        eyeballs=place_both(template, template.vertices),
    ).with_view(
        head_to_camera=head_to_camera,
        crop_to_photo=np.array([[CROP / GRID, 0.0, 0.0], [0.0, CROP / GRID, 0.0]]),
        photo_size=(CROP, CROP),
        maps=FaceMaps(
            mask=mask,
            opening=np.zeros(mask.shape, dtype=np.float32),
            correspondence=np.where(mask[..., None], maps[..., :3], np.nan).astype(np.float32),
            geometry=geometry.astype(np.float32),
            camera=camera,
            head_pose=Similarity(1.0, np.eye(3), head_to_camera[:3, 3]),
            confidence=1.0,
        ),
        crop_png=cv2.imencode(".png", photo[..., ::-1])[1].tobytes(),
    )


@pytest.fixture
def face(addon: None, portrait: Reconstruction) -> Iterator[bpy.types.Object]:
    """The portrait as the active object, with eyeballs, and the real worker."""
    session.stop_worker()
    yield build_face_object(portrait, bpy.context, with_eyeballs=True)
    session.stop_worker()


def pixels(image: bpy.types.Image) -> np.ndarray:
    values = np.empty(image.size[0] * image.size[1] * 4, dtype=np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(image.size[1], image.size[0], 4)[::-1, :, :3]


def image_in(material: bpy.types.Material, kind: str = "Base Color") -> bpy.types.Image:
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    return shader.inputs[kind].links[0].from_node.image


def detail_of(face: bpy.types.Object) -> np.ndarray:
    keys = face.data.shape_keys.key_blocks
    return 1000 * (mesh_coordinates(keys["Detail"].data) - mesh_coordinates(keys["Basis"].data))


@pytest.mark.slow
def test_project_photo_makes_texture_origin_and_material_and_replaces_only_its_own(face) -> None:
    painted = bpy.data.images.new("Painted", 4, 4)
    assert bpy.ops.pix2vertex.project_photo(size="1024") == {"FINISHED"}
    [slot] = face.material_slots
    texture = image_in(slot.material)
    assert tuple(texture.size) == (1024, 1024)
    assert texture.packed_file is not None and texture.colorspace_settings.name == "sRGB"
    off = np.abs(255 * pixels(texture) - SKIN).max(axis=-1)
    assert np.quantile(off, 0.9) < 45, "skin everywhere, the background nowhere, but for the inside of mouth and nose"
    origin = pixels(face["pix2vertex_origin_image"])
    assert 0.05 < (origin[..., 0] > 0.9).mean() < 0.5
    assert (origin[..., 2] > 0.9).mean() > 0.4
    eyes = [child.data.materials[0] for child in face.children]
    assert eyes[0] == eyes[1] and tuple(image_in(eyes[0]).size) == (512, 512)
    assert FACE_MATERIAL in bpy.data.materials, "other faces may use it"
    images, materials = set(bpy.data.images), set(bpy.data.materials)
    node = next(node for node in slot.material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    node.inputs["Roughness"].default_value = 0.9
    before = pixels(texture)
    assert bpy.ops.pix2vertex.project_photo(size="1024", keep_light=True) == {"FINISHED"}
    assert np.abs(255 * (pixels(texture) - before)).max() > 2, "the photo as it is"
    assert bpy.ops.pix2vertex.project_photo(size="2048") == {"FINISHED"}
    assert tuple(texture.size) == (2048, 2048), "the same image with new contents"
    assert set(bpy.data.images) == images and set(bpy.data.materials) == materials
    assert painted.name in bpy.data.images
    assert node.inputs["Roughness"].default_value == pytest.approx(0.9), "the artist's settings stay"


@pytest.mark.slow
def test_skin_shines_by_region_here_and_in_other_programs(face, tmp_path: Path) -> None:
    bpy.ops.pix2vertex.project_photo(size="1024")
    material = face.material_slots[0].material
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    wired = {
        "Roughness": "pix2vertex_roughness_image",
        "Specular IOR Level": "pix2vertex_specular_image",
        "Subsurface Weight": "pix2vertex_subsurface_image",
    }
    assert {socket: image_in(material, socket) for socket in wired} == {key: face[name] for key, name in wired.items()}
    assert material.node_tree.nodes.active.image == image_in(material), "solid shading shows the texture"
    roughness = pixels(face["pix2vertex_roughness_image"])[..., 0]
    assert roughness.min() < 0.3 < 0.55 < roughness.max()
    links, drawn = material.node_tree.links, material.node_tree.nodes["pix2vertex Roughness"].outputs[0]
    links.remove(shader.inputs["Roughness"].links[0])
    bpy.ops.pix2vertex.project_photo(size="1024")
    assert not shader.inputs["Roughness"].is_linked, "what the artist has unplugged stays so"
    links.new(drawn, shader.inputs["Roughness"])
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "face.fbx"), preset="UNITY", file_format="FBX")
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "face.glb"), preset="UNITY", file_format="GLB")
    for name, read in (("face.fbx", bpy.ops.import_scene.fbx), ("face.glb", bpy.ops.import_scene.gltf)):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        read(filepath=str(tmp_path / name))
        [skin] = [each for each in bpy.data.materials if each.name.startswith("Face_Skin")]
        shader = next(node for node in skin.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        linked = {socket.name for socket in shader.inputs if socket.is_linked}
        assert {"Base Color", "Roughness", "Specular IOR Level"} <= linked, name


def test_the_artists_material_stays_and_the_texture_gets_a_slot_of_its_own(face) -> None:
    own = bpy.data.materials.new("Marble")
    face.data.materials[0] = own
    assert not texture_face(face, bpy.data.images.new("Texture", 4, 4))
    assert [slot.material.name for slot in face.material_slots] == ["Marble", "Face Skin"]
    indices = np.empty(len(face.data.polygons), dtype=np.int32)
    face.data.polygons.foreach_get("material_index", indices)
    assert (indices == 0).all()


def test_images_beside_the_file_need_a_file(face, tmp_path: Path) -> None:
    made = tmp_path / "made.png"
    cv2.imwrite(str(made), np.full((8, 8, 3), 120, dtype=np.uint8))
    with pytest.raises(OutputError, match="Save the Blender file first"):
        keep_image(face, "texture", "Texture", made, "BESIDE", "sRGB")
    packed = keep_image(face, "texture", "Texture", made, "PACKED", "sRGB")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "head.blend"))
    image = keep_image(face, "texture", "Texture", made, "BESIDE", "sRGB")
    assert image == packed and image.packed_file is None
    assert image.filepath == "//textures/Face_Texture.png" and (tmp_path / "textures" / "Face_Texture.png").is_file()
    assert tuple(image.size) == (8, 8)
    assert keep_image(face, "texture", "Texture", made, "PACKED", "sRGB").packed_file is not None


def test_a_copy_of_the_face_keeps_its_image_when_the_first_gets_another(face, tmp_path: Path) -> None:
    made = tmp_path / "made.png"
    cv2.imwrite(str(made), np.full((8, 8, 3), 120, dtype=np.uint8))
    first = keep_image(face, "texture", "Texture", made, "PACKED", "sRGB")
    copy = face.copy()
    cv2.imwrite(str(made), np.full((16, 16, 3), 60, dtype=np.uint8))
    second = keep_image(face, "texture", "Texture", made, "PACKED", "sRGB")
    assert copy["texture"] == first != second and tuple(first.size) == (8, 8) and tuple(second.size) == (16, 16)


@pytest.mark.slow
def test_project_photo_uses_the_scenes_settings_and_is_undone_in_one_step(face) -> None:
    bpy.context.scene.pix2vertex_texture.size = "1024"
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.pix2vertex.project_photo("EXEC_DEFAULT", True)
    material = bpy.context.active_object.material_slots[0].material
    assert material.name == "Face Skin" and tuple(image_in(material).size) == (1024, 1024)
    bpy.ops.ed.undo()
    assert bpy.context.active_object.material_slots[0].material.name == FACE_MATERIAL


@pytest.mark.slow
def test_sliders_change_the_detail_and_not_its_strength(face) -> None:
    face.data.shape_keys.key_blocks["Detail"].value = 0.4
    assert bpy.ops.pix2vertex.update_detail() == {"FINISHED"}
    plain = detail_of(face)
    assert np.abs(plain).max() > 0.02
    face.pix2vertex_detail.smoothing = 6.0
    bpy.ops.pix2vertex.update_detail()
    smooth = detail_of(face)
    assert np.linalg.norm(smooth) < 0.8 * np.linalg.norm(plain)
    face.pix2vertex_detail.smoothing, face.pix2vertex_detail.scale = 0.0, 0.3
    bpy.ops.pix2vertex.update_detail()
    assert np.abs(detail_of(face) - plain).max() > 0.01
    assert face.data.shape_keys.key_blocks["Detail"].value == pytest.approx(0.4)
    face.pix2vertex_detail.scale = 1.0
    bpy.ops.pix2vertex.update_detail()
    np.testing.assert_allclose(detail_of(face), plain, atol=1e-4)


def test_a_changed_mesh_keeps_its_detail_and_gets_a_sentence(face) -> None:
    face.shape_key_clear()
    assert not bpy.ops.pix2vertex.update_detail.poll() and not bpy.ops.pix2vertex.bake_maps.poll()


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["png", "exr"])
def test_baked_maps_are_kept_and_wired(face, file_format: str) -> None:
    bpy.ops.pix2vertex.update_detail()
    own = {"size": "1024", "file_format": file_format, "level": "0", "kind": "DETAIL"}
    bpy.ops.pix2vertex.bake_maps(**own, wiring="NONE")
    normal, height = face["pix2vertex_normal_image"], face["pix2vertex_displacement_image"]
    assert tuple(normal.size) == tuple(height.size) == (1024, 1024)
    assert {normal.colorspace_settings.name, height.colorspace_settings.name} == {"Non-Color"}
    assert face.material_slots[0].material.name == FACE_MATERIAL, "not wired if not asked"
    largest = np.linalg.norm(detail_of(face), axis=-1).max()
    bpy.ops.pix2vertex.bake_maps(**own, wiring="DISPLACEMENT")
    material = face.material_slots[0].material
    node = next(node for node in material.node_tree.nodes if node.type == "DISPLACEMENT")
    heights = (pixels(height)[..., 0] - node.inputs["Midlevel"].default_value) * node.inputs["Scale"].default_value
    assert 0.5 * largest < 1000 * np.abs(heights).max() < 1.1 * largest
    assert face.data.shape_keys.key_blocks["Detail"].value == 0.0
    bpy.ops.pix2vertex.bake_maps(**own)
    kinds = [node.type for node in material.node_tree.nodes]
    assert "NORMAL_MAP" in kinds and "DISPLACEMENT" not in kinds
    assert np.ptp(pixels(normal)[..., 0]) > 0.01, "baked at full strength although the key is off"


def slopes(image: bpy.types.Image) -> float:
    """How far a normal map leans on average where the photo shows wrinkles: in front."""
    return float(np.linalg.norm(2 * pixels(image)[300:800, 350:650, :2] - 1, axis=-1).mean())


@pytest.mark.slow
def test_a_coarse_face_gets_maps_of_the_detail_that_its_mesh_has_no_room_for(face) -> None:
    bpy.ops.pix2vertex.update_detail()
    bpy.ops.pix2vertex.bake_maps(size="1024", level="0", kind="DETAIL")
    coarse = slopes(face["pix2vertex_normal_image"])
    assert bpy.ops.pix2vertex.bake_maps(size="1024", kind="DETAIL") == {"FINISHED"}
    fine = slopes(face["pix2vertex_normal_image"])
    assert fine > 1.5 * coarse, (fine, coarse)
    face.data.shape_keys.key_blocks["Detail"].value = 0.5
    bpy.ops.pix2vertex.bake_maps(size="1024", kind="DETAIL")
    assert slopes(face["pix2vertex_normal_image"]) == pytest.approx(0.5 * fine, rel=0.15)


def test_target_is_an_object_that_one_click_adds_and_another_deletes(face) -> None:
    before = {item.name for item in bpy.data.objects}
    face.location = (1.0, 2.0, 3.0)
    assert bpy.ops.pix2vertex.show_target() == {"FINISHED"}
    [target] = bpy.data.collections[COLLECTION_NAME].objects
    bpy.context.view_layer.update()
    assert bpy.context.active_object == face
    head = mesh_coordinates(face.data.vertices)
    seen = mesh_coordinates(target.data.vertices)
    assert np.allclose(target.matrix_world.translation, (1.0, 2.0, 3.0))
    assert seen[:, 1].min() == pytest.approx(head[:, 1].min() - LIFT_MM / 1000, abs=0.002), "the nose, towards -Y"
    assert bpy.ops.pix2vertex.show_target() == {"FINISHED"}
    assert {item.name for item in bpy.data.objects} == before
    assert COLLECTION_NAME not in bpy.data.collections


def test_distances_are_colours_in_millimetres_and_leave_no_trace(face) -> None:
    own = face.data.color_attributes.new("Paint", "BYTE_COLOR", "POINT")
    face.data.color_attributes.active_color = own
    assert bpy.ops.pix2vertex.show_distances() == {"FINISHED"}
    attribute = face.data.color_attributes[ATTRIBUTE]
    assert face.data.color_attributes.active_color == attribute
    colours = np.empty(4 * len(face.data.vertices), dtype=np.float32)
    attribute.data.foreach_get("color_srgb", colours)
    largest = face["pix2vertex_distance_range"]
    template = load_template()
    forwards = (vertex_normals(template.vertices, template.faces)[:, 2] > 0.95) & (template.groups["forehead"] > 0.9)
    shown = np.median(colours.reshape(-1, 4)[forwards, :3], axis=0)
    values = np.linspace(0, largest, 200)
    nearest = values[np.argmin(np.abs(distance_colours(values, largest) - shown).max(axis=1))]
    assert nearest == pytest.approx(LIFT_MM, rel=0.2), "less where the target is smoothed"
    assert face.material_slots[0].material.name == FACE_MATERIAL
    assert bpy.ops.pix2vertex.show_distances() == {"FINISHED"}
    assert [each.name for each in face.data.color_attributes] == ["Paint"]
    assert face.data.color_attributes.active_color.name == "Paint"


def test_legend_has_round_ends_and_its_colours_run_from_near_to_far() -> None:
    assert legend_end(np.array([0.1, 0.9, np.nan])) == 1.0
    assert legend.labels(2.0) == ["0", "0.5", "1", "1.5", "2+"]
    near, far, none = distance_colours(np.array([0.0, 9.0, np.nan]), 2.0)
    assert near[2] > near[0] and far[0] > far[2] and np.ptp(none) == 0


@pytest.mark.parametrize("view", ["PHOTO", "MASK", "CORRESPONDENCE", "NORMALS", "DEPTH"])
def test_maps_are_laid_over_the_face_where_no_image_editor_is_open(face, portrait, view: str) -> None:
    assert bpy.ops.pix2vertex.show_map(view=view) == {"FINISHED"}
    [background] = bpy.context.scene.camera.data.background_images
    shown = pixels(background.image)
    row, column = (int((value + 0.5) * len(shown) / GRID) for value in (GRID // 2, GRID // 2))
    centre = shown[row, column]
    if view == "MASK":
        assert (centre == 1).all() and (shown[0, 0] == 0).all()
    if view == "NORMALS":
        assert centre[2] > 0.8, "towards the camera"
    if view == "DEPTH":
        assert centre[0] > shown[row, column + 20 * len(shown) // GRID, 0]
    if view == "CORRESPONDENCE":
        expected = portrait.view.maps.correspondence[GRID // 2, GRID // 2] * 0.5 + 0.5
        assert np.abs(centre - expected).max() < 0.02
    if view == "PHOTO":
        assert np.abs(255 * centre - SKIN).max() < 15
    bpy.ops.pix2vertex.show_map(view=view)
    assert len([item for item in bpy.data.objects if item.type == "CAMERA"]) == 1, "the camera is replaced"
