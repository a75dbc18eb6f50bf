"""What Blender's exporters need to find in a scene, set for as long as they write and then put back."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..images.images import clean_name, save_copy
from ..process import session

_IMAGE_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "OPEN_EXR": ".exr", "TIFF": ".tif", "WEBP": ".webp", "BMP": ".bmp"}

_STILL = {"FILE", "GENERATED"}


@contextmanager
def clean_names(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Give objects, their meshes, materials and images clean names; whoever else has one of them gets another."""
    renamed: list[tuple[bpy.types.ID, str]] = []
    taken: set[tuple[str, str]] = set()
    try:
        for item in _named_data(objects):
            name = clean_name(Path(item.name).stem if item.id_type == "IMAGE" else item.name)
            while (item.id_type, name) in taken:
                name += "_"
            taken.add((item.id_type, name))
            holder = _data_of_kind(item).get((name, None))
            if holder is not None and holder != item:
                renamed.append((holder, holder.name))
                holder.name = f"{name} put aside"
            if item.name != name:
                renamed.append((item, item.name))
                item.name = name
        yield
    finally:
        for item, name in reversed(renamed):
            item.name = name


@contextmanager
def muted_keys_at_zero(objects: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Have muted shape keys switched on at zero, which looks the same: some exporters leave out what is muted."""
    blocks = [item.data.shape_keys for item in objects if item.type == "MESH" and item.data.shape_keys]
    muted = [(key, key.value) for keys in dict.fromkeys(blocks) for key in keys.key_blocks if key.mute]
    try:
        for key, _value in muted:
            key.value, key.mute = 0.0, False
        yield
    finally:
        for key, value in muted:
            key.value, key.mute = value, True


@contextmanager
def selected_alone(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Have exactly these objects selected, which is how Blender's exporters are told what to write."""
    layer = bpy.context.view_layer
    before = list(layer.objects.selected)
    active = layer.objects.active
    try:
        _select(before, objects)
        layer.objects.active = objects[0]
        with bpy.context.temp_override(selected_objects=list(objects)):  # a local view hides others from the context
            yield
    finally:
        _select(objects, before)
        layer.objects.active = active


@contextmanager
def textures_in_files(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Have every image of the objects' materials in a file of its own name that holds what the image shows.

    Images that were painted, made by the add-on or packed get one in a temporary folder.
    """
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(dir=session.temporary_folder()))
    changed: list[tuple[bpy.types.Image, str]] = []
    try:
        for image in _images_of(objects):
            if image.packed_file is None and not image.is_dirty and Path(bpy.path.abspath(image.filepath)).is_file():
                continue
            if image.packed_file is not None and image.is_dirty:
                image.pack()  # the packed file is what is written, and it is older than the image
            path = write_image(image, folder / clean_name(Path(image.name).stem))
            changed.append((image, image.filepath_raw))
            image.filepath_raw = str(path)
        yield
    finally:
        for image, before in changed:
            image.filepath_raw = before
        shutil.rmtree(folder, ignore_errors=True)


def write_image(image: bpy.types.Image, stem: Path) -> Path:
    """Write what an image shows into a file with the ending of its format, and leave the image as it is.

    Raises
    ------
    RuntimeError, OSError
        If the image has no pixels, or the file cannot be written.
    """
    known = image.file_format in _IMAGE_SUFFIXES
    path = stem.with_name(stem.name + (_IMAGE_SUFFIXES[image.file_format] if known else ".png"))
    if image.packed_file is not None and known and not image.is_dirty:
        path.write_bytes(image.packed_file.data)
    else:
        save_copy(image, path, image.file_format if known else "PNG")
    return path


@contextmanager
def textures_packed(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Have every image of the objects' materials packed, those that have no file of their own for good."""
    packed: list[bpy.types.Image] = []
    try:
        for image in _images_of(objects):
            if image.is_dirty or image.source == "GENERATED":
                image.pack()
            elif image.packed_file is None and Path(bpy.path.abspath(image.filepath)).is_file():
                image.pack()
                packed.append(image)
        yield
    finally:
        for image in packed:
            image.unpack(method="REMOVE")


def _images_of(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Image]:
    """The images in the objects' materials that can be written, each once."""
    images: dict[bpy.types.Image, None] = {}
    for material in _materials_of(objects):
        trees = [material.node_tree] if material.node_tree else []
        for tree in trees:
            for node in tree.nodes:
                if node.type == "GROUP" and node.node_tree and node.node_tree not in trees:
                    trees.append(node.node_tree)
                image = node.image if node.type == "TEX_IMAGE" else None
                if image is not None and image.is_editable and image.source in _STILL and image.size[0] > 0:
                    images[image] = None
    return list(images)


def _materials_of(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Material]:
    slots = [slot for item in objects for slot in item.material_slots]
    return list(dict.fromkeys(slot.material for slot in slots if slot.material is not None))


def _named_data(objects: Sequence[bpy.types.Object]) -> list[bpy.types.ID]:
    """Everything whose name other programs show, as far as it can be renamed."""
    meshes = [item.data for item in objects]
    everything = [*objects, *meshes, *_materials_of(objects), *_images_of(objects)]
    return [item for item in dict.fromkeys(everything) if item.is_editable]


def _data_of_kind(item: bpy.types.ID) -> bpy.types.bpy_prop_collection:
    """The file's collection of data of the same kind."""
    kinds = {"OBJECT": "objects", "MESH": "meshes", "ARMATURE": "armatures", "MATERIAL": "materials", "IMAGE": "images"}
    return getattr(bpy.data, kinds[item.id_type])


def _select(deselected: Sequence[bpy.types.Object], selected: Sequence[bpy.types.Object]) -> None:
    for item in deselected:
        item.select_set(False)
    for item in selected:
        item.select_set(True)
