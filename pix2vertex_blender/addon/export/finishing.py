"""Finish For: a face with levels of detail and maps as the files of another program."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import MeshError
from ..images.images import clean_name, keep_image
from ..process import session
from ..process.job import Job
from ..rig.armature import rig_of
from ..scene.axes import from_blender, to_blender
from ..scene.coarse_copies import coarse_copy, levels_of_detail, temporary_data, vertex_counts
from ..scene.face_images import NORMALS, SURFACE_MAPS, TEXTURE
from ..scene.mesh_object import mesh_coordinates, set_mesh_coordinates
from ..scene.multires import added_keys, build_sculpt_object
from ..scene.obstacles import is_remodelled, level_of
from ..scene.texture_material import own_material, use_no_map, use_normal_map
from .copies import free_copies
from .export import UNITY, UNREAL, export_fbx, export_glb, export_levels, eyeballs_of
from .map_baking import BakedMaps, DetailedShape, MapChoices, TemporaryFiles, bake, shape_request
from .preparation import clean_names, selected_alone, textures_in_files, write_image

REMODELLED = "{name} no longer has the vertices of a reconstructed face: reconstruct the face again to finish it."

#: The detail of maps for coarse levels is at least that of this level.
_MAPS_LEVEL = "2"
_CENTIMETRES_PER_METRE = 100.0
#: Levels of Multires for a face that is coarser.
SCULPTED_LEVEL = 2


@dataclass(frozen=True)
class Target:
    """How a program wants a face.

    Attributes
    ----------
    suffix : str
        Of its files.
    write : callable
        Writes a list of objects, like `export_glb`.
    together : bool
        Whether all levels of detail are in one file, or each in its own.
    """

    suffix: str
    write: Callable[[Path, Sequence[bpy.types.Object]], None]
    together: bool = False


#: Unity makes a group of what is called `_LOD0` and so on in one file; Unreal and others take a file for each level.
ENGINES = {
    "UNREAL": Target(".fbx", partial(export_fbx, space=UNREAL)),
    "UNITY": Target(".fbx", partial(export_fbx, space=UNITY), together=True),
    "GLTF": Target(".glb", export_glb),
}
CHARACTER_CREATOR, SCULPTING = "CHARACTER_CREATOR", "SCULPTING"


def maps_of_levels(files: TemporaryFiles, face: bpy.types.Object, size: str) -> Generator[Job, Job, list[BakedMaps]]:
    """Have maps drawn for a face as it is and for each of its coarser levels, the finest first.

    Raises
    ------
    MeshError
        If the face was remodelled or has no detail.
    """
    level = finished_level(face)
    counts = vertex_counts(face, level)
    keys = face.data.shape_keys
    base = mesh_coordinates(keys.reference_key.data if keys is not None else face.data.vertices)
    baked = []
    for count in counts:
        baked.append((yield from bake(files, face, MapChoices(size, level=_MAPS_LEVEL), base[:count])))
    return baked


def write_levels(face: bpy.types.Object, baked: Sequence[BakedMaps], target: Target, stem: Path) -> None:
    """Write a face with its levels of detail, each with its own normal map in its material, and all images.

    Nothing in the scene changes.

    Parameters
    ----------
    face : bpy.types.Object
    baked : sequence of BakedMaps
        Those of `maps_of_levels`.
    target : Target
    stem : Path
        An existing folder, and the beginning of the files' names.

    Raises
    ------
    MeshError
        If the face was remodelled.
    OutputError
        If a file cannot be written.
    """
    name, parts, rig = clean_name(face.name), eyeballs_of(face), rig_of(face)
    with temporary_data():
        levels = levels_of_detail(face, finished_level(face), name)
        for each, maps in zip(levels, baked, strict=True):
            _shade(each, maps)
        if target.together:
            export_levels(_beginning(stem, target.suffix), levels, parts, rig, target.write)
        else:
            for number, each in enumerate(levels):
                export_levels(_beginning(stem, f"_LOD{number}{target.suffix}"), [each], parts, rig, target.write)
    for number, maps in enumerate(baked):
        _copy(maps.normals, _beginning(stem, f"_LOD{number}_normal{maps.normals.suffix}"))
    _copy(baked[0].displacement, _beginning(stem, f"_displacement{baked[0].displacement.suffix}"))
    _write_images(face, stem)


def write_character(face: bpy.types.Object, stem: Path) -> None:
    """Write a face for Character Creator's Headshot: one OBJ in centimetres, with its detail, and its texture.

    The face has its `Basis` and its detail, no expression. `stem` is an existing folder and the files' name.

    Raises
    ------
    MeshError
        If the face was remodelled or has no detail.
    """
    finished_level(face)
    name, shape = clean_name(face.name), DetailedShape.of(face)
    with temporary_data():
        copy = coarse_copy(face, 0, name)
        copy.shape_key_clear()
        set_mesh_coordinates(copy.data.vertices, to_blender(shape.vertices + shape.strength * shape.detail))
        copy.data.update()
        use_no_map(copy)  # which would add the detail once more
        with free_copies(copy, [], move_to_origin=True) as copies, clean_names(copies), textures_in_files(copies):
            _write_obj(_beginning(stem, ".obj"), copies)
    _write_images(face, stem)


def sculpted(
    files: TemporaryFiles, find: Callable[[], bpy.types.Object], level: int
) -> Generator[Job, Job, bpy.types.Object]:
    """Have a copy of a face made for Blender's sculpting, in its place: level 0, and the detail in Multires.

    Parameters
    ----------
    files : TemporaryFiles
    find : callable
        Gives the face, also when the worker is done.
    level : int
        The least number of levels; the face's own if that is more.

    Raises
    ------
    MeshError
        If the face was remodelled or has no detail.
    SceneError
        If Blender does not take the levels.
    """
    face = find()
    own = finished_level(face)
    source, result = files.temporary_files("_shape.npz", "_levels.npz")
    keys = added_keys(face)
    arrays = {"keys": np.stack([_offset(face, key) for key in keys])} if keys else {}
    job = yield session.worker().submit(
        "shape_levels", **shape_request(files, face, source, arrays), level=level, result=str(result)
    )
    face = find()
    finished_level(face)
    with np.load(result) as levels:
        return build_sculpt_object(face, own, job.result["level"], dict(levels))


def _offset(face: bpy.types.Object, key: bpy.types.ShapeKey) -> NDArray[np.float32]:
    """What a key adds to the basis (n, 3), in millimetres."""
    basis = mesh_coordinates(face.data.shape_keys.reference_key.data)
    return from_blender(mesh_coordinates(key.data) - basis).astype(np.float32)


def finished_level(face: bpy.types.Object) -> int:
    """The level of a face that can be finished.

    Raises
    ------
    MeshError
        If it was remodelled.
    """
    level = level_of(face)
    if level is None or is_remodelled(face):
        raise MeshError(REMODELLED.format(name=face.name))
    return level


def _shade(level: bpy.types.Object, maps: BakedMaps) -> None:
    """Give a level of detail a material of its own with its normal map."""
    image = keep_image(level, NORMALS, "Normal", maps.normals, "PACKED", "Non-Color")
    use_normal_map(level, image)
    own_material(level).name = f"{level.name}_Skin"


def _write_obj(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    with selected_alone(objects):
        bpy.ops.wm.obj_export(
            filepath=str(path),
            export_selected_objects=True,
            apply_modifiers=False,
            global_scale=_CENTIMETRES_PER_METRE,
            forward_axis="NEGATIVE_Z",
            up_axis="Y",
            export_materials=True,
            path_mode="COPY",
            check_existing=False,
        )


def _write_images(face: bpy.types.Object, stem: Path) -> None:
    """Write the face's texture and the maps of its surface beside the other files."""
    for key, name in {TEXTURE: "texture", **SURFACE_MAPS}.items():
        image = face.get(key)
        if isinstance(image, bpy.types.Image) and image.size[0] > 0:
            write_image(image, _beginning(stem, f"_{name}"))


def _beginning(stem: Path, rest: str) -> Path:
    """The path whose name begins with that of `stem`."""
    return stem.with_name(stem.name + rest)


def _copy(file: Path, to: Path) -> None:
    import shutil  # at Blender's start nothing needs it

    shutil.copyfile(file, to)
