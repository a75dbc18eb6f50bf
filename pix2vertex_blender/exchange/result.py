"""What a reconstruction is, as arrays. Needs numpy alone, so that Blender's process can read what the worker wrote."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataFileError
from .camera import Camera

#: A pixel whose `opening` is at least this shows what lies between the lips, and no skin.
OPEN = 0.5

#: Vertices (n, 3), quads (m, 4) and UVs (m, 4, 2) of a mesh that is not deformed by the registration's groups and keys.
PlainMesh = tuple[NDArray[np.floating], NDArray[np.integer], NDArray[np.floating]]


@dataclass(frozen=True)
class Reconstruction:
    """One face from one photo.

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
    head_to_camera : (4, 4) float64
        From the head frame to the camera's frame, both in millimetres: rotation, translation and a uniform scale.
    camera : Camera
        From millimetres to pixels of the crop.
    crop_to_photo : (2, 3) float64
        Affine map from crop pixels to photo pixels.
    photo_size : tuple of int
        Width and height of the upright photo in pixels.
    maps : dict of str to array
        In the crop's grid: `mask` (H, W) bool, `opening` (H, W) in [0, 1], how likely a pixel shows what lies between
        parted lips, `correspondence` (H, W, 3), `geometry` (H, W, 3) in millimetres in the
        camera's axes, and `network_depth` and `mesh_depth` (H, W) in millimetres towards the camera, NaN where there
        is no face.
    coarse_vertices : (c, 3) float64
        The registered template at level 0, in the head frame.
    detail_level : int
        The subdivision level that was asked for.
    crop_png : bytes
        The crop of the photo with many more pixels than the maps, as a PNG file (8-bit sRGB); empty where unknown.
    report : dict
        What `report.json` says; JSON types only.
    automatic_vertices : (c, 3) float64
        `coarse_vertices` before any landmark was pinned.
    pins : (68, 2) float64
        Where the artist has put landmarks, in photo pixels; NaN for those that follow the mesh.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    uvs: NDArray[np.float32]
    detail: NDArray[np.float64]
    groups: dict[str, NDArray[np.float32]]
    landmarks_68: NDArray[np.int32]
    eyeballs: tuple[PlainMesh, ...]
    head_to_camera: NDArray[np.float64]
    camera: Camera
    crop_to_photo: NDArray[np.float64]
    photo_size: tuple[int, int]
    maps: dict[str, NDArray[Any]]
    coarse_vertices: NDArray[np.float64]
    detail_level: int
    crop_png: bytes
    report: dict[str, Any]
    automatic_vertices: NDArray[np.float64]
    pins: NDArray[np.float64]

    def save(self, path: Path) -> None:
        """Write everything into one .npz.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        arrays: dict[str, Any] = {
            "vertices": self.vertices,
            "faces": self.faces,
            "uvs": self.uvs,
            "detail": self.detail,
            "landmarks_68": self.landmarks_68,
            "head_to_camera": self.head_to_camera,
            "camera": np.array([self.camera.scale, *self.camera.centre, self.camera.inverse_distance]),
            "crop_to_photo": self.crop_to_photo,
            "photo_size": np.array(self.photo_size),
            "coarse_vertices": self.coarse_vertices,
            "automatic_vertices": self.automatic_vertices,
            "pins": self.pins,
            "detail_level": np.array(self.detail_level),
            "crop_png": np.frombuffer(self.crop_png, dtype=np.uint8),
            "report": np.array(json.dumps(self.report)),
        }
        arrays |= {f"group.{name}": weights for name, weights in self.groups.items()}
        arrays |= {f"map.{name}": values for name, values in self.maps.items()}
        for index, eyeball in enumerate(self.eyeballs):
            arrays |= {f"eyeball.{index}.{part}": array for part, array in zip(_MESH_PARTS, eyeball, strict=True)}
        with Path(path).open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> "Reconstruction":
        """Read what `save` wrote.

        Raises
        ------
        DataFileError
            If the file is missing, damaged or something else.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file)
            return cls._from_arrays(arrays)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise DataFileError(f"{Path(path).name} is not a saved reconstruction; run it again.") from error

    @classmethod
    def _from_arrays(cls, arrays: dict[str, NDArray[Any]]) -> "Reconstruction":
        scale, centre_x, centre_y, inverse_distance = (float(value) for value in arrays["camera"])
        count = sum(name.startswith("eyeball.") and name.endswith(".vertices") for name in arrays)
        width, height = (int(value) for value in arrays["photo_size"])
        return cls(
            vertices=arrays["vertices"],
            faces=arrays["faces"],
            uvs=arrays["uvs"],
            detail=arrays["detail"],
            groups=_with_prefix(arrays, "group."),
            landmarks_68=arrays["landmarks_68"],
            eyeballs=tuple(tuple(arrays[f"eyeball.{index}.{part}"] for part in _MESH_PARTS) for index in range(count)),  # type: ignore[misc]
            head_to_camera=arrays["head_to_camera"],
            camera=Camera(scale, (centre_x, centre_y), inverse_distance),
            crop_to_photo=arrays["crop_to_photo"],
            photo_size=(width, height),
            maps=_with_prefix(arrays, "map."),
            coarse_vertices=arrays["coarse_vertices"],
            automatic_vertices=arrays["automatic_vertices"],
            pins=arrays["pins"],
            detail_level=int(arrays["detail_level"]),
            crop_png=arrays["crop_png"].tobytes(),
            report=json.loads(str(arrays["report"])),
        )


def no_pins() -> NDArray[np.float64]:
    """Pins (68, 2) of a face that nobody has corrected."""
    return np.full((68, 2), np.nan)


_MESH_PARTS = ("vertices", "faces", "uvs")


def _with_prefix(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
