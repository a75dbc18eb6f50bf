"""How large a face's texture is made."""

from typing import TYPE_CHECKING

import numpy as np

from ...exchange.uv_layouts import WHOLE_HEAD

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

#: The identifier of the size that the photo asks for.
AUTOMATIC = "AUTO"
SIDES = (1024, 2048, 4096)
#: Texels for a pixel of the photo, along each side: at no angle does drawing one into the other lose anything.
_TEXELS_PER_PIXEL = np.sqrt(2.0)


def side_of_texture(size: str, face: "Reconstruction", layout: str = WHOLE_HEAD) -> int:
    """The texels along each side of a texture on the UVs of a layout, for a size that an artist has chosen."""
    from ...template.texels import size_for  # which needs the template: not at every start of Blender

    if size != AUTOMATIC:
        return int(size)
    return size_for(_TEXELS_PER_PIXEL * pixels_per_millimetre(face), SIDES, layout)


def pixels_per_millimetre(face: "Reconstruction") -> float:
    """How many pixels of the sharpest photo there are along a millimetre of the head that is turned to the camera."""
    return max(
        view.camera.scale * view.frame.enlargement * float(np.cbrt(np.linalg.det(view.head_to_camera[:3, :3])))
        for view in face.views
        if view.used
    )
