"""What is kept with a face object in the Blender file, so that later steps need neither the photo nor the network.

It belongs to the object's mesh: linked duplicates share it as they share the mesh, and copies of the object take it
with their copy of the mesh.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...errors import RecordError

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

#: The custom property of a face's mesh that holds its packed reconstruction.
RECORD = "pix2vertex_record"

#: The custom property of a face's mesh that refers to the image of its photo's crop.
PHOTO_CROP = "pix2vertex_photo_crop"

#: With a number from 1 on, those of the crops of the other photos, where a face is made from several.
OTHER_CROPS = "pix2vertex_photo_crop_{number}"

NO_RECORD = "{name} has no data of a photo: select a face that was reconstructed from a photo."
NO_CROP = "The photo kept with {name} is missing: reconstruct the face again."


def store_record(face: bpy.types.Object, reconstruction: "Reconstruction") -> None:
    """Keep a reconstruction with a face object.

    It is saved with the file, copied and appended with the object, and undone with it. The crops of the photos become
    images packed into the file, which copies of the object share.
    """
    from ...exchange.record import to_bytes

    face.data[RECORD] = {"data": to_bytes(reconstruction)}
    there = [image for image in _crop_images(face) if image is not None]
    files = {_file_of(image): image for image in there} if len(there) > 1 or len(reconstruction.views) > 1 else {}
    if reconstruction.view.crop_png:
        known = files.get(reconstruction.view.crop_png)
        face.data[PHOTO_CROP] = known or _crop_image(face, reconstruction.view.crop_png)
    others = reconstruction.views[1:]
    for number, view in enumerate(others, 1):
        name = OTHER_CROPS.format(number=number)
        if view.crop_png:
            face.data[name] = files.get(view.crop_png) or _new_image(face, view.crop_png)
        elif name in face.data:
            del face.data[name]
    number = len(others) + 1
    while (name := OTHER_CROPS.format(number=number)) in face.data:
        del face.data[name]
        number += 1


def has_record(item: bpy.types.Object | None) -> bool:
    """Whether an object is a face with a record, without reading it."""
    return item is not None and item.type == "MESH" and RECORD in item.data


def read_record(face: bpy.types.Object) -> "Reconstruction":
    """The reconstruction kept with a face object: the registered mesh at level 0, without detail.

    Raises
    ------
    RecordError
        If there is none, or it was written by another version.
    """
    if not has_record(face):
        raise RecordError(NO_RECORD.format(name=face.name))
    from ...exchange.record import DAMAGED, from_bytes

    crops = [_file_of(image) if image is not None else b"" for image in _crop_images(face)]
    try:
        kept = face.data[RECORD]["data"]
    except (TypeError, KeyError, IndexError):
        kept = None
    if not isinstance(kept, bytes):
        raise RecordError(DAMAGED)
    return from_bytes(kept, crops)


def photo_crop(face: bpy.types.Object) -> bpy.types.Image:
    """The image of the photo's crop kept with a face object.

    Raises
    ------
    RecordError
        If there is none.
    """
    image = face.data.get(PHOTO_CROP) if has_record(face) else None
    if image is None:
        raise RecordError(NO_CROP.format(name=face.name))
    return image


def _crop_images(face: bpy.types.Object) -> list[bpy.types.Image | None]:
    """The images of the photos' crops in the order of the views; None for those that are gone."""
    names = [PHOTO_CROP]
    while (name := OTHER_CROPS.format(number=len(names))) in face.data:
        names.append(name)
    images = [face.data.get(name) for name in names]
    return [image if isinstance(image, bpy.types.Image) else None for image in images]


def _crop_image(face: bpy.types.Object, file: bytes) -> bpy.types.Image:
    """The face's image, if it shows the same, or else a new one."""
    image = face.data.get(PHOTO_CROP)
    if image is not None and _file_of(image) == file:
        return image
    return _new_image(face, file)


def _new_image(face: bpy.types.Object, file: bytes) -> bpy.types.Image:
    image = bpy.data.images.new(f"{face.name} Photo", 1, 1)
    image.pack(data=file, data_len=len(file))
    image.source = "FILE"
    image.alpha_mode = "NONE"
    return image


def _file_of(image: bpy.types.Image) -> bytes:
    """The image file inside the Blender file, or the one it was unpacked to; empty if both are gone."""
    if image.packed_file is not None:
        return bytes(image.packed_file.data)
    path = Path(bpy.path.abspath(image.filepath, library=image.library))
    return path.read_bytes() if path.is_file() else b""
