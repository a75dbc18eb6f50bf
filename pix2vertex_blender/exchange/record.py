"""What later steps need of a reconstruction, as few bytes as possible to be kept in a Blender file.

Kept are the maps, the cameras, the registered template at level 0 and the report; the template's own arrays are not.
Coordinates are 16-bit integers over the range of each array: at the size of a face, steps of some 0.005 mm, where
floating-point numbers of 16 bits would have steps of up to 0.1 mm.
"""

import io
import json
import zipfile
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError
from ..template import Template, load_template
from ..template.eyeballs import place_both
from .camera import Camera
from .result import OPEN, Reconstruction, no_pins

VERSION = 2

#: Highest value of the stored integers.
_HIGHEST = np.iinfo(np.uint16).max


def to_bytes(reconstruction: Reconstruction) -> bytes:
    """Pack a reconstruction without its crop, its detail and its subdivision."""
    mask = np.asarray(reconstruction.maps["mask"], dtype=bool)
    camera = reconstruction.camera
    arrays: dict[str, Any] = {
        "version": np.array(VERSION),
        "shape": np.array(mask.shape),
        "mask": np.packbits(mask),
        "opening": np.packbits(np.asarray(reconstruction.maps["opening"]) >= OPEN),
        **_integers("correspondence", reconstruction.maps["correspondence"][mask]),
        **_integers("depth", reconstruction.maps["geometry"][mask][:, 2:]),
        "coarse_vertices": reconstruction.coarse_vertices.astype(np.float32),
        **_where_pinned(reconstruction),
        "detail_level": np.array(reconstruction.detail_level),
        "head_to_camera": reconstruction.head_to_camera,
        "camera": np.array([camera.scale, *camera.centre, camera.inverse_distance]),
        "crop_to_photo": reconstruction.crop_to_photo,
        "photo_size": np.array(reconstruction.photo_size),
        "template_version": np.array(load_template().version),
        "report": np.array(json.dumps(reconstruction.report)),
    }
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def from_bytes(data: bytes, crop_png: bytes = b"") -> Reconstruction:
    """Unpack a reconstruction at level 0 without detail; its `detail_level` is what was asked for.

    Parameters
    ----------
    data : bytes
        What `to_bytes` made.
    crop_png : bytes
        The photo's crop, which is kept elsewhere.

    Raises
    ------
    RecordError
        If the bytes are damaged or were written by another version.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        template = load_template()
        if int(arrays["version"]) != VERSION or str(arrays["template_version"]) != template.version:
            raise RecordError(
                "The face was made by another version of pix2vertex: reconstruct it again to correct or texture it."
            )
        return _unpacked(arrays, template, crop_png)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RecordError("The data kept with the face is damaged: reconstruct the face again.") from error


def _unpacked(arrays: dict[str, NDArray[Any]], template: Template, crop_png: bytes) -> Reconstruction:
    scale, centre_x, centre_y, inverse_distance = (float(value) for value in arrays["camera"])
    camera = Camera(scale, (centre_x, centre_y), inverse_distance)
    height, width = (int(value) for value in arrays["shape"])
    mask, opening = (
        np.unpackbits(arrays[name], count=height * width).reshape(height, width).astype(bool)
        for name in ("mask", "opening")
    )
    rows, columns = np.nonzero(mask)
    depth = _floats(arrays, "depth")
    geometry = camera.unproject(np.column_stack([columns, rows]) + 0.5, depth[:, 0])
    photo_width, photo_height = (int(value) for value in arrays["photo_size"])
    vertices = arrays["coarse_vertices"].astype(np.float64)
    pinned = "pins" in arrays
    return Reconstruction(
        vertices=vertices,
        faces=template.faces.astype(np.int32),
        uvs=template.uvs.astype(np.float32),
        detail=np.zeros_like(vertices),
        groups={name: weights.astype(np.float32) for name, weights in template.groups.items()},
        landmarks_68=template.landmarks_68.astype(np.int32),
        eyeballs=place_both(template, vertices),
        head_to_camera=arrays["head_to_camera"],
        camera=camera,
        crop_to_photo=arrays["crop_to_photo"],
        photo_size=(photo_width, photo_height),
        maps={
            "mask": mask,
            "opening": opening.astype(np.float32),
            "correspondence": _on_mask(_floats(arrays, "correspondence"), mask),
            "geometry": _on_mask(geometry, mask),
            "network_depth": _on_mask(depth, mask)[..., 0],
        },
        coarse_vertices=vertices,
        detail_level=int(arrays["detail_level"]),
        crop_png=crop_png,
        report=json.loads(str(arrays["report"])),
        automatic_vertices=arrays["automatic_vertices"].astype(np.float64) if pinned else vertices,
        pins=arrays["pins"] if pinned else no_pins(),
    )


def _where_pinned(reconstruction: Reconstruction) -> dict[str, NDArray[Any]]:
    fitted_to_pins = not np.array_equal(reconstruction.coarse_vertices, reconstruction.automatic_vertices)
    if not fitted_to_pins and not np.isfinite(reconstruction.pins).any():
        return {}
    return {
        "pins": reconstruction.pins,
        "automatic_vertices": reconstruction.automatic_vertices.astype(np.float32),
    }


def _integers(name: str, values: NDArray[np.floating]) -> dict[str, NDArray[Any]]:
    """Values (n, k) as integers over the range of each column, column by column, which packs best."""
    low, high = values.min(axis=0), values.max(axis=0)
    step = np.maximum((high - low).astype(np.float64) / _HIGHEST, np.finfo(np.float32).tiny)
    return {name: np.rint((values - low) / step).astype(np.uint16).T, f"{name}_range": np.stack([low, step])}


def _floats(arrays: dict[str, NDArray[Any]], name: str) -> NDArray[np.float64]:
    low, step = arrays[f"{name}_range"].astype(np.float64)
    return arrays[name].T * step + low


def _on_mask(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Values (n, k) of the mask's pixels as a map (H, W, k), NaN elsewhere."""
    grid = np.full((*mask.shape, values.shape[1]), np.nan, dtype=np.float32)
    grid[mask] = values
    return grid
