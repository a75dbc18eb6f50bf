"""A reconstruction becomes a face object with its shape keys."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...exchange.detail_readings import DEFAULT_READING, READINGS, Reading
from .axes import to_blender
from .material import face_material
from .mesh_object import add_at_cursor, add_eyeballs, add_vertex_group, build_mesh
from .mouth import add_mouth
from .record import has_record, store_record
from .shaping_keys import add_likeness, bring_eyes_and_mouth_along

if TYPE_CHECKING:
    from ...exchange.frames import Frame
    from ...exchange.result import Reconstruction

FACE_NAME = "Face"
BASIS_KEY = "Basis"
DETAIL_KEY = "Detail"

#: The custom property of a face's mesh that holds its `Provenance`, so that it is saved with the file.
PROVENANCE = "pix2vertex"

#: Those that hold the pins (68, 2) that it was fitted to, and the settings of its detail.
FITTED_PINS, FITTED_DETAIL = "pix2vertex_fitted_pins", "pix2vertex_fitted_detail"

#: Photo pixels by which a pin may be read differently from where it was put.
_SAME_PIN = 0.05


@dataclass(frozen=True)
class Provenance:
    """What later steps (camera, texture, refit) need to know about the photo of a face.

    Attributes
    ----------
    photo : str
        The photo's path, or its name where no more is known.
    photo_size : tuple of int
        Width and height of the upright photo in pixels.
    frame : Frame
        How head, camera, crop and photo go into each other.
    """

    photo: str
    photo_size: tuple[int, int]
    frame: "Frame"


@dataclass(frozen=True)
class ViewSummary:
    """What the panel shows of one of several photos: see `exchange.report.ViewReport`."""

    photo: str
    used: bool
    weight: float
    disagreement_mm: float
    sentence: str


def view_summaries(face: bpy.types.Object | None) -> list[ViewSummary]:
    """The photos of a face that is made from several, the one that is shown first; empty for any other object."""
    stored = face.data.get(PROVENANCE) if face is not None and face.type == "MESH" else None
    text = stored.get("views", "") if stored is not None else ""
    return [ViewSummary(**values) for values in json.loads(text)] if text else []


def build_face_object(
    reconstruction: "Reconstruction",
    context: bpy.types.Context,
    *,
    photo: Path | None = None,
    with_eyeballs: bool = False,
) -> bpy.types.Object:
    """Add a face to the scene at the 3D cursor and make it the active object.

    The object has the shape keys `Basis` (the registered mesh) and `Detail` (relative, value 1), those of its likeness,
    the template's UVs and vertex groups. Either everything is added or, when an error occurs, nothing.

    Parameters
    ----------
    reconstruction : Reconstruction
        What to build.
    context : bpy.types.Context
        Says which scene, collection and cursor.
    photo : Path, optional
        Where the photo is, to find it again for the camera or a texture.
    with_eyeballs : bool
        Add eyeballs, teeth, tongue and the mouth's inside as child objects, if the reconstruction has any.

    Returns
    -------
    bpy.types.Object
        The face.
    """

    def build(created: list[bpy.types.Object]) -> bpy.types.Object:
        mesh = build_mesh(FACE_NAME, (reconstruction.vertices, reconstruction.faces, reconstruction.uvs))
        face = bpy.data.objects.new(FACE_NAME, mesh)
        created.append(face)
        mesh.materials.append(face_material())
        _add_shape_keys(face, reconstruction)
        for name, weights in reconstruction.groups.items():
            add_vertex_group(face, name, weights)
        store_origin(face, reconstruction, photo)
        if with_eyeballs:
            add_eyeballs(reconstruction.eyeballs, face, created, reconstruction.eye_look)
            add_mouth(reconstruction.mouth, face, created)
        bring_eyes_and_mouth_along(face)
        return face

    return add_at_cursor(build, context)


def read_provenance(item: bpy.types.Object | None) -> Provenance | None:
    """Where a face object came from; None if it is no face of ours."""
    stored = item.data.get(PROVENANCE) if item is not None and item.type == "MESH" else None
    if stored is None:
        return None
    from ...exchange.frames import Frame
    from ...exchange.result import camera_from

    width, height = stored["photo_size"]
    return Provenance(
        photo=stored["photo"],
        photo_size=(width, height),
        frame=Frame(
            np.reshape(np.array(stored["head_to_camera"]), (4, 4)),
            camera_from(np.array(stored["camera"])),
            np.reshape(np.array(stored["crop_to_photo"]), (2, 3)),
        ),
    )


def store_origin(face: bpy.types.Object, reconstruction: "Reconstruction", photo: Path | None) -> None:
    """Keep with a face where it came from, what it was fitted to and what later steps need."""
    face.data[PROVENANCE] = _as_property(reconstruction, photo)
    store_record(face, reconstruction)
    face.data[FITTED_PINS] = np.asarray(reconstruction.view.pins, dtype=np.float64).ravel().tolist()
    store_detail_settings(face)


def store_detail_settings(face: bpy.types.Object) -> None:
    """Keep with a face with which settings its detail was computed."""
    face.data[FITTED_DETAIL] = _detail_numbers(face)


def is_fitted_to(face: bpy.types.Object, pins: NDArray[np.floating]) -> bool:
    """Whether a face has the shape that pins (68, 2) and its settings of the detail ask for.

    Not known, and so not the case, for faces of earlier versions.
    """
    if FITTED_PINS not in face.data or FITTED_DETAIL not in face.data:
        return False
    fitted = np.reshape(np.array(face.data[FITTED_PINS]), (-1, 2))
    same_pins = fitted.shape == pins.shape and np.allclose(fitted, pins, atol=_SAME_PIN, equal_nan=True)
    stored, wanted = np.array(face.data[FITTED_DETAIL]), np.array(_detail_numbers(face))
    return same_pins and stored.shape == wanted.shape and np.allclose(stored, wanted)


def _detail_numbers(face: bpy.types.Object) -> list[float]:
    scale, smoothing, reading = detail_sliders(face)
    return [scale, smoothing, float(READINGS.index(reading))]


def active_face(context: bpy.types.Context) -> bpy.types.Object | None:
    """The face that the artist works on: the active object, or the face whose eyeball or pin that is."""
    item = context.active_object
    if item is not None and not has_record(item):
        item = item.parent
    return item if has_record(item) else None


def polled_face(context: bpy.types.Context) -> bpy.types.Object:
    """The active face where a `poll` has seen to it that there is one."""
    face = active_face(context)
    assert face is not None
    return face


def detail_key(item: bpy.types.Object | None) -> bpy.types.ShapeKey | None:
    """The `Detail` key of a face object; None if it has none."""
    keys = item.data.shape_keys if item is not None and item.type == "MESH" else None
    return keys.key_blocks.get(DETAIL_KEY) if keys is not None else None


def _add_shape_keys(face: bpy.types.Object, reconstruction: "Reconstruction") -> None:
    face.shape_key_add(name=BASIS_KEY, from_mix=False)
    detail = face.shape_key_add(name=DETAIL_KEY, from_mix=False)
    detail.data.foreach_set("co", to_blender(reconstruction.vertices + reconstruction.detail).ravel())
    detail.value = 1.0
    add_likeness(face, reconstruction)
    face.data.update()


def _as_property(reconstruction: "Reconstruction", photo: Path | None) -> dict[str, Any]:
    """The provenance, and the report as text, in types that Blender stores."""
    view, camera = reconstruction.view, reconstruction.view.camera
    return {
        "photo": str(photo or reconstruction.report.photo),
        "photo_size": list(view.photo_size),
        "camera": [camera.scale, *camera.centre, camera.inverse_distance],
        "crop_to_photo": np.asarray(view.crop_to_photo, dtype=np.float64).ravel().tolist(),
        "head_to_camera": np.asarray(view.head_to_camera, dtype=np.float64).ravel().tolist(),
        "landmarks_68": np.asarray(reconstruction.landmarks_68).tolist(),
        "report": reconstruction.report.to_json(),
        "views": json.dumps([asdict(summary) for summary in _summaries(reconstruction)]),
    }


def _summaries(reconstruction: "Reconstruction") -> list[ViewSummary]:
    """The photos in the order of the views; none for a face from a single one."""
    views = reconstruction.views
    if len(views) < 2:
        return []
    reports = {view.photo: view for view in reconstruction.report.views}
    summaries = []
    for view in views:
        name = Path(view.photo).name
        known = reports.get(name)
        told = (known.weight, known.disagreement_mm, known.sentence) if known is not None and view.used else (1, 0, "")
        summaries.append(ViewSummary(name, view.used, *told))
    return summaries


def detail_sliders(face: bpy.types.Object) -> tuple[float, float, Reading]:
    """Scale, smoothing and reading of a face's detail; what they are at first where the add-on is not registered."""
    settings = getattr(face, "pix2vertex_detail", None)
    return (1.0, 0.0, DEFAULT_READING) if settings is None else (settings.scale, settings.smoothing, settings.reading)
