"""What later steps need of a reconstruction, as few bytes as possible to be kept in a Blender file.

Kept are the views with their maps, the registered template at level 0 and the report; the template's own arrays are
not. Coordinates are 16-bit integers over the range of each array: at the size of a face, steps of some 0.005 mm, where
floating-point numbers of 16 bits would have steps of up to 0.1 mm.

A file comes from anywhere: every array is checked before it is used, so that a damaged record is told in one sentence.
"""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import RecordError
from ..geometry.similarity import Similarity
from ..template import Template, load_template
from ..template.eyeballs import place_both
from ..template.template import LEVELS
from .arrays import Arrays, DamagedArraysError, read_arrays
from .maps import OPEN, FaceMaps
from .migrations import VERSION, migrated
from .report import Report
from .result import Reconstruction, camera_from
from .view import View, no_pins

DAMAGED = "The data kept with the face is damaged: reconstruct the face again."
OTHER_TEMPLATE = "The face was made with another head template: reconstruct it again to correct or texture it."

#: Highest value of the stored integers.
_HIGHEST = np.iinfo(np.uint16).max
#: Bytes that the arrays of a record may take, and pixels along a side of its maps.
_LARGEST, _LONGEST_SIDE = 1 << 27, 2048
_MOST_VIEWS = 64


def to_bytes(reconstruction: Reconstruction) -> bytes:
    """Pack a reconstruction without its crops, its detail and its subdivision."""
    arrays: Arrays = {
        "version": np.array(VERSION),
        "template_version": np.array(load_template().version),
        "coarse_vertices": reconstruction.coarse_vertices.astype(np.float32),
        "detail_level": np.array(reconstruction.detail_level),
        "report": np.array(reconstruction.report.to_json()),
        "views": np.array(len(reconstruction.views)),
    }
    if not np.array_equal(reconstruction.coarse_vertices, reconstruction.automatic_vertices):
        arrays["automatic_vertices"] = reconstruction.automatic_vertices.astype(np.float32)
    if reconstruction.likeness.any():
        arrays |= _integers("likeness", reconstruction.likeness)
    for index, view in enumerate(reconstruction.views):
        arrays |= {f"view.{index}.{name}": values for name, values in _packed(view).items()}
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def from_bytes(data: bytes, crops: Sequence[bytes] = ()) -> Reconstruction:
    """Unpack a reconstruction at level 0 without detail; its `detail_level` is what was asked for.

    Parameters
    ----------
    data : bytes
        What `to_bytes` made, in this version or an earlier one.
    crops : sequence of bytes
        The crops of the views as PNG files, which are kept elsewhere; missing ones count as unknown.

    Raises
    ------
    RecordError
        If the bytes are damaged, or were written by a newer version or for another template.
    """
    try:
        arrays = migrated(read_arrays(data, _LARGEST))
        template = load_template()
        if str(arrays["template_version"]) != template.version:
            raise RecordError(OTHER_TEMPLATE)
        return _unpacked(arrays, template, crops)
    except (DamagedArraysError, ValueError, TypeError, KeyError, OverflowError) as error:
        raise RecordError(DAMAGED) from error


def _unpacked(arrays: Arrays, template: Template, crops: Sequence[bytes]) -> Reconstruction:
    vertices = _finite(arrays, "coarse_vertices", template.vertices.shape)
    moved_by_pins = "automatic_vertices" in arrays
    views = _within(int(arrays["views"]), 1, _MOST_VIEWS)
    files = [*crops, *(b"" for _ in range(views))]
    return Reconstruction(
        vertices=vertices,
        faces=template.faces.astype(np.int32),
        uvs=template.uvs.astype(np.float32),
        detail=np.zeros_like(vertices),
        groups={name: weights.astype(np.float32) for name, weights in template.groups.items()},
        landmarks_68=template.landmarks_68.astype(np.int32),
        eyeballs=place_both(template, vertices),
        views=tuple(_unpacked_view(_view(arrays, index), files[index], len(vertices)) for index in range(views)),
        coarse_vertices=vertices,
        automatic_vertices=_finite(arrays, "automatic_vertices", vertices.shape) if moved_by_pins else vertices,
        detail_level=_within(int(arrays["detail_level"]), 0, LEVELS - 1),
        report=Report.from_json(str(arrays["report"])),
        likeness=_floats(arrays, "likeness", len(vertices), 3) if "likeness" in arrays else np.zeros((0, 3)),
    )


def _packed(view: View) -> Arrays:
    mask, camera = np.asarray(view.maps.mask, dtype=bool), view.camera
    return {
        "shape": np.array(mask.shape),
        "mask": np.packbits(mask),
        "opening": np.packbits(np.asarray(view.maps.opening) >= OPEN),
        **_integers("correspondence", view.maps.correspondence[mask]),
        **_integers("depth", view.maps.depth[mask][:, None]),
        **({"pins": view.pins} if np.isfinite(view.pins).any() else {}),
        **({"photo": np.array(view.photo)} if view.photo else {}),
        **({"expression": view.expression} if view.expression.any() else {}),
        **(_integers("registered", view.registered) if len(view.registered) else {}),
        **(_integers("likeness", view.likeness) if len(view.likeness) else {}),
        **({} if view.used else {"off": np.array(True)}),
        "head_to_camera": view.head_to_camera,
        "camera": np.array([camera.scale, *camera.centre, camera.inverse_distance]),
        "crop_to_photo": view.crop_to_photo,
        "photo_size": np.array(view.photo_size),
        "confidence": np.array(view.maps.confidence),
    }


def _unpacked_view(arrays: Arrays, crop_png: bytes, count: int) -> View:
    """A view of a template of `count` vertices."""
    height, width = (_within(int(side), 1, _LONGEST_SIDE) for side in arrays["shape"])
    mask, opening = (_truths(arrays, name, (height, width)) for name in ("mask", "opening"))
    camera = camera_from(_finite(arrays, "camera", (4,)))
    pose, crop_to_photo = _finite(arrays, "head_to_camera", (4, 4)), _finite(arrays, "crop_to_photo", (2, 3))
    if camera.scale <= 0 or min(abs(np.linalg.det(pose[:3, :3])), abs(np.linalg.det(crop_to_photo[:, :2]))) < 1e-9:
        raise ValueError("a camera that sees nothing")
    rows, columns = np.nonzero(mask)
    correspondence = _floats(arrays, "correspondence", len(rows), 3)
    depth = _floats(arrays, "depth", len(rows), 1)
    geometry = camera.unproject(np.column_stack([columns, rows]) + 0.5, depth[:, 0])
    photo_width, photo_height = (_within(int(side), 1, 10**6) for side in arrays["photo_size"])
    return View(
        photo_size=(photo_width, photo_height),
        crop_to_photo=crop_to_photo,
        head_to_camera=pose,
        maps=FaceMaps(
            mask=mask,
            opening=opening.astype(np.float32),
            correspondence=_on_mask(correspondence, mask),
            geometry=_on_mask(geometry, mask),
            camera=camera,
            head_pose=Similarity(1.0, pose[:3, :3], pose[:3, 3]),
            confidence=float(_finite(arrays, "confidence", ())),
        ),
        crop_png=crop_png,
        pins=_shaped(arrays, "pins", (68, 2)) if "pins" in arrays else no_pins(),
        photo=str(arrays["photo"]) if "photo" in arrays else "",
        expression=_finite(arrays, "expression", (52,)) if "expression" in arrays else np.zeros(52),
        registered=_floats(arrays, "registered", count, 3) if "registered" in arrays else np.zeros((0, 3)),
        likeness=_floats(arrays, "likeness", count, 3) if "likeness" in arrays else np.zeros((0, 3)),
        used="off" not in arrays,
    )


def _view(arrays: Arrays, index: int) -> Arrays:
    prefix = f"view.{index}."
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _within(value: int, lowest: int, highest: int) -> int:
    if not lowest <= value <= highest:
        raise ValueError(f"{value} is not between {lowest} and {highest}")
    return value


def _shaped(arrays: Arrays, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = arrays[name]
    if values.shape != shape or values.dtype.kind not in "fiu":
        raise ValueError(f"{name} is not of shape {shape}")
    return values.astype(np.float64)


def _finite(arrays: Arrays, name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    values = _shaped(arrays, name, shape)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} is not finite")
    return values


def _truths(arrays: Arrays, name: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """What `packbits` made of truth values of a shape."""
    height, width = shape
    values = arrays[name]
    if values.shape != ((height * width + 7) // 8,) or values.dtype != np.uint8:
        raise ValueError(f"{name} is not a map of shape {shape}")
    return np.unpackbits(values, count=height * width).reshape(shape).astype(bool)


def _integers(name: str, values: NDArray[np.floating]) -> Arrays:
    """Values (n, k) as integers over the range of each column, column by column, which packs best."""
    low, high = values.min(axis=0), values.max(axis=0)
    step = np.maximum((high - low).astype(np.float64) / _HIGHEST, np.finfo(np.float32).tiny)
    return {name: np.rint((values - low) / step).astype(np.uint16).T, f"{name}_range": np.stack([low, step])}


def _floats(arrays: Arrays, name: str, count: int, size: int) -> NDArray[np.float64]:
    """What `_integers` packed, (count, size)."""
    low, step = _finite(arrays, f"{name}_range", (2, size))
    return _shaped(arrays, name, (size, count)).T * step + low


def _on_mask(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Values (n, k) of the mask's pixels as a map (H, W, k), NaN elsewhere."""
    grid: NDArray[Any] = np.full((*mask.shape, values.shape[1]), np.nan, dtype=np.float32)
    grid[mask] = values
    return grid
