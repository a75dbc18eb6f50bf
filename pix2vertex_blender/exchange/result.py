"""What a reconstruction is, as arrays. Needs numpy alone, so that Blender's process can read what the worker wrote."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataFileError
from ..geometry.similarity import Similarity
from .arrays import Arrays, DamagedArraysError, read_arrays, write_arrays
from .camera import Camera
from .eyes import EyeLook, look_arrays, look_from
from .maps import FaceMaps
from .mouth import MouthPart, mouth_arrays, mouth_from
from .report import Report
from .view import View

#: Vertices (n, 3), quads (m, 4) and UVs (m, 4, 2) of a mesh that is not deformed by the registration's groups and keys.
PlainMesh = tuple[NDArray[np.floating], NDArray[np.integer], NDArray[np.floating]]

#: Bytes that a saved reconstruction may take: several times those of the finest level.
_LARGEST = 1 << 30


@dataclass(frozen=True)
class Reconstruction:
    """One face from one photo or several.

    The head frame is upright and in millimetres: x right, y up, z out of the face, its origin that of the template.

    Attributes
    ----------
    vertices : (n, 3) float64
        The registered mesh at the chosen subdivision level, in the head frame.
    faces : (m, 4) int32
        Quads, anticlockwise seen from outside.
    uvs : (m, 4, 2) float32
        Texture coordinates of the faces' corners.
    detail : (n, 3) float64
        What fine detail adds to `vertices`, in millimetres.
    groups : dict of str to (n,) float32
        Vertex weights in [0, 1] by group name.
    landmarks_68 : (68,) int32
        Vertices of the 68 landmarks in iBUG order.
    eyeballs : tuple of (vertices, faces, uvs)
        The two eyeballs as meshes of their own in the head frame; may be empty.
    views : tuple of View
        The photos, the one whose detail and texture the head has first.
    coarse_vertices : (c, 3) float64
        The registered template at level 0, in the head frame.
    automatic_vertices : (c, 3) float64
        `coarse_vertices` before any landmark was pinned.
    detail_level : int
        The subdivision level that was asked for.
    report : Report
    mouth : tuple of MouthPart
        Teeth, tongue and the mouth's inside as in the photo; empty where only a record was read.
    eye_look : EyeLook, optional
        What the photo says of the eyes.
    likeness : (c, 3) float64
        What has brought `coarse_vertices` nearer to the likeliest head, in the head frame; empty where nothing has.
    character : (c, 3) float64
        In what the head without its expression differs from the mean one laid over it, as people differ, in the head
        frame; empty where only a record was read.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    detail: NDArray[np.float64]
    groups: dict[str, NDArray[np.float32]]
    landmarks_68: NDArray[np.int32]
    eyeballs: tuple[PlainMesh, ...]
    views: tuple[View, ...]
    coarse_vertices: NDArray[np.float64]
    automatic_vertices: NDArray[np.float64]
    detail_level: int
    report: Report
    mouth: tuple[MouthPart, ...] = ()
    eye_look: EyeLook | None = None
    likeness: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    character: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))

    @property
    def view(self) -> View:
        """The first photo."""
        return self.views[0]

    def registered_to(self, index: int) -> NDArray[np.float64]:
        """The template (c, 3) registered to one photo alone, in that photo's camera frame."""
        view = self.views[index]
        return view.registered if len(view.registered) else view.frame.to_camera(self.automatic_vertices)

    def with_view(self, **changes: Any) -> "Reconstruction":
        """The same with other values of fields of the first view."""
        return replace(self, views=(replace(self.view, **changes), *self.views[1:]))

    def save(self, path: Path) -> None:
        """Write everything into one .npz.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        arrays: Arrays = {name: getattr(self, name) for name in _ARRAYS}
        arrays |= {"detail_level": np.array(self.detail_level), "report": np.array(self.report.to_json())}
        arrays |= {f"group.{name}": weights for name, weights in self.groups.items()}
        for index, eyeball in enumerate(self.eyeballs):
            arrays |= {f"eyeball.{index}.{part}": array for part, array in zip(_MESH_PARTS, eyeball, strict=True)}
        arrays |= mouth_arrays(self.mouth) | look_arrays(self.eye_look)
        for index, view in enumerate(self.views):
            arrays |= {f"view.{index}.{name}": values for name, values in _view_arrays(view).items()}
        write_arrays(Path(path), **arrays)

    @classmethod
    def load(cls, path: Path) -> "Reconstruction":
        """Read what `save` wrote.

        Raises
        ------
        DataFileError
            If the file is missing, damaged or something else.
        """
        try:
            return cls._from_arrays(read_arrays(Path(path), _LARGEST))
        except (DamagedArraysError, ValueError, KeyError) as error:
            raise DataFileError(f"{Path(path).name} is not a saved reconstruction; run it again.") from error

    @classmethod
    def _from_arrays(cls, arrays: Arrays) -> "Reconstruction":
        eyeballs = _numbered(arrays, "eyeball.")
        return cls(
            **{name: arrays[name] for name in _ARRAYS},
            groups=_with_prefix(arrays, "group."),
            eyeballs=tuple((eyeball["vertices"], eyeball["faces"], eyeball["uvs"]) for eyeball in eyeballs),
            views=tuple(_view_from(view) for view in _numbered(arrays, "view.")),
            detail_level=int(arrays["detail_level"]),
            report=Report.from_json(str(arrays["report"])),
            mouth=mouth_from(arrays),
            eye_look=look_from(arrays),
        )


_ARRAYS = (
    *("vertices", "faces", "uvs", "detail", "landmarks_68", "coarse_vertices", "automatic_vertices"),
    *("likeness", "character"),
)
_MESH_PARTS = ("vertices", "faces", "uvs")
_VIEW_ARRAYS = ("crop_to_photo", "head_to_camera", "pins", "expression", "registered", "likeness")
_MAPS = ("mask", "opening", "correspondence", "geometry")


def _view_arrays(view: View) -> Arrays:
    maps, camera = view.maps, view.camera
    return {
        **{name: getattr(view, name) for name in _VIEW_ARRAYS},
        **{name: getattr(maps, name) for name in _MAPS},
        "photo": np.array(view.photo),
        "used": np.array(view.used),
        "photo_size": np.array(view.photo_size),
        "crop_png": np.frombuffer(view.crop_png, dtype=np.uint8),
        "camera": np.array([camera.scale, *camera.centre, camera.inverse_distance]),
        "head_pose": maps.head_pose.matrix,
        "confidence": np.array(maps.confidence),
    }


def _view_from(arrays: Arrays) -> View:
    width, height = (int(value) for value in arrays["photo_size"])
    pose = arrays["head_pose"]
    maps = FaceMaps(
        **{name: arrays[name] for name in _MAPS},
        camera=camera_from(arrays["camera"]),
        head_pose=Similarity(1.0, pose[:3, :3], pose[:3, 3]),
        confidence=float(arrays["confidence"]),
    )
    crop_png = arrays["crop_png"].tobytes()
    return View(
        (width, height),
        maps=maps,
        crop_png=crop_png,
        photo=str(arrays["photo"]),
        used=bool(arrays["used"]),
        **{name: arrays[name] for name in _VIEW_ARRAYS},
    )


def camera_from(values: NDArray[np.floating]) -> Camera:
    """The camera whose scale, centre and inverse distance are stored as four numbers."""
    scale, centre_x, centre_y, inverse_distance = (float(value) for value in values)
    return Camera(scale, (centre_x, centre_y), inverse_distance)


def _with_prefix(arrays: Arrays, prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}


def _numbered(arrays: Arrays, prefix: str) -> list[Arrays]:
    """The arrays called `prefix`, a number from 0 and a name, as one dict of names for each number."""
    found: list[Arrays] = []
    while group := _with_prefix(arrays, f"{prefix}{len(found)}."):
        found.append(group)
    return found
