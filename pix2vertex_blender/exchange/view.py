"""One photo of a face: what is known of it, and where the artist has put landmarks in it."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .camera import Camera
from .frames import Frame
from .maps import FaceMaps


@dataclass(frozen=True)
class View:
    """One photo that a face was reconstructed from.

    Attributes
    ----------
    photo_size : tuple of int
        Width and height of the upright photo in pixels.
    crop_to_photo : (2, 3) float64
        Affine map from pixels of the crop, the square that the maps show, to photo pixels.
    head_to_camera : (4, 4) float64
        From the head frame to the camera's frame, both in millimetres: rotation, translation and a uniform scale.
    maps : FaceMaps
        What the network says, in the crop's grid.
    crop_png : bytes
        The crop with many more pixels than the maps, as a PNG file (8-bit sRGB); empty where unknown.
    pins : (68, 2) float64
        Where the artist has put landmarks, in photo pixels; NaN for those that follow the mesh.
    photo : str
        The photo's path or name; empty where the report says it.
    expression : (52,) float64
        Coefficients of the expression that the photo shows and the head does not, in the order of
        `expression.names.ARKIT_NAMES`; zero where the head has the photo's expression itself.
    registered : (n, 3) float64
        The template at level 0 registered to this photo alone, in the camera's frame, with the photo's expression;
        empty where the face's own `automatic_vertices` are that.
    likeness : (n, 3) float64
        What the likeliest head has added to `registered`, in the camera's frame; empty where `registered` is, or where
        that is not known.
    used : bool
        Whether the head is made from it; the artist may switch it off.
    """

    photo_size: tuple[int, int]
    crop_to_photo: NDArray[np.float64]
    head_to_camera: NDArray[np.float64]
    maps: FaceMaps
    crop_png: bytes
    pins: NDArray[np.float64]
    photo: str = ""
    expression: NDArray[np.float64] = field(default_factory=lambda: np.zeros(52))
    registered: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    likeness: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    used: bool = True

    @property
    def camera(self) -> Camera:
        """From millimetres in the camera's axes to pixels of the crop."""
        return self.maps.camera

    @property
    def frame(self) -> Frame:
        """How head, camera, crop and photo go into each other."""
        return Frame(self.head_to_camera, self.camera, self.crop_to_photo)


def no_pins() -> NDArray[np.float64]:
    """Pins (68, 2) of a face that nobody has corrected."""
    return np.full((68, 2), np.nan)
