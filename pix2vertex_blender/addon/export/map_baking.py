"""Maps of a face's detail, drawn by the worker into files."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import MeshError
from ..process import session
from ..process.job import Job
from ..scene.axes import from_blender
from ..scene.detail_split import shown_detail
from ..scene.expressions import photo_coordinates
from ..scene.face_object import BASIS_KEY, DETAIL_KEY, detail_key, detail_sliders
from ..scene.mesh_object import Coordinates, mesh_coordinates
from ..scene.record import has_record, read_record
from ..scene.uv_layout import layout_of
from ..scene.watched_face import KEYS_GONE

Points = NDArray[np.floating]


class TemporaryFiles(Protocol):
    """Whoever deletes files when the work is done."""

    def temporary_files(self, *suffixes: str) -> list[Path]:
        """Paths with the same beginning of their names."""


@dataclass(frozen=True)
class MapChoices:
    """What maps are to be made; the fields are identifiers of `properties.face`.

    Attributes
    ----------
    size : str
        The side in texels.
    file_format : str
    level : str
        The coarsest level whose detail will do.
    kind : str
    """

    size: str
    file_format: str = "png"
    level: str = "2"
    kind: str = "WHOLE"


@dataclass(frozen=True)
class BakedMaps:
    """Files of the maps, and how the displacement is read; see `reconstruction.detail.map_files`."""

    normals: Path
    displacement: Path
    middle: float
    range_mm: float


@dataclass(frozen=True)
class DetailedShape:
    """A face's shape in millimetres.

    Attributes
    ----------
    vertices : (n, 3)
        The smooth head.
    registered : (n, 3)
        The same as in the photo, which is another one where the basis is neutral.
    detail : (n, 3)
        At full strength.
    strength : float
        How much of it is shown; all of it if it is switched off.
    """

    vertices: Points
    registered: Points
    detail: Points
    strength: float

    @classmethod
    def of(cls, face: bpy.types.Object) -> "DetailedShape":
        """Read a face's shape keys.

        Raises
        ------
        MeshError
            If they are gone.
        """
        key = detail_key(face)
        if key is None:
            raise MeshError(KEYS_GONE.format(basis=BASIS_KEY, detail=DETAIL_KEY, name=face.name))
        basis = face.data.shape_keys.reference_key
        smooth = mesh_coordinates(basis.data)
        detail = shown_detail(face)
        strength = key.value if key.value > 0 and not key.mute else 1.0
        registered = photo_coordinates(face, basis)
        return cls(from_blender(smooth), from_blender(registered), from_blender(detail), strength)


def bake(
    files: TemporaryFiles, face: bpy.types.Object, choices: MapChoices, base: Coordinates | None = None
) -> Generator[Job, Job, BakedMaps]:
    """Have the maps of a face drawn.

    Parameters
    ----------
    files : TemporaryFiles
    face : bpy.types.Object
    choices : MapChoices
    base : (b, 3) metres, optional
        A coarser mesh of the same head that they are for; the face's own if None.

    Raises
    ------
    MeshError
        If the face's shape keys are gone.
    """
    suffixes = [f"_{name}.{choices.file_format}" for name in ("normal", "displacement")]
    source, normals, displacement = files.temporary_files(".npz", *suffixes)
    arrays = {} if base is None else {"base": from_blender(base)}
    job = yield session.worker().submit(
        "bake_maps",
        **shape_request(files, face, source, arrays),
        level=int(choices.level),
        maps_kind=choices.kind,
        size=int(choices.size),
        stem=str(source.with_suffix("")),
        file_format=choices.file_format,
    )
    return BakedMaps(normals, displacement, job.result["middle"], job.result["range_mm"])


def shape_request(
    files: TemporaryFiles, face: bpy.types.Object, source: Path, arrays: dict[str, Points]
) -> dict[str, str | float]:
    """What the worker is told of a face to make its detail anew at another level; the arrays go into `source` too.

    Raises
    ------
    MeshError
        If the face's shape keys are gone.
    """
    from ...exchange.arrays import write_arrays

    shape, record = DetailedShape.of(face), ""
    write_arrays(source, vertices=shape.vertices, registered=shape.registered, detail=shape.detail, **arrays)
    if has_record(face):
        [path] = files.temporary_files("_record.npz")
        read_record(face).save(path)
        record = str(path)
    scale, smoothing, reading = detail_sliders(face)
    return {
        "source": str(source),
        "face": record,
        "scale": scale,
        "smoothing": smoothing,
        "reading": reading,
        "strength": shape.strength,
        "layout": layout_of(face),
    }
