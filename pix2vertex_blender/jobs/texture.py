"""A texture from the photo as image files."""

from functools import partial
from pathlib import Path
from typing import Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request


def project_texture(request: Request, progress: Progress) -> dict[str, Any]:
    """Texture the head of the saved reconstruction `source` with its photo.

    Files with the names `colour`, `origin` and `eyeballs` of the request are written: the texture, where each texel
    comes from, and the eyeballs' texture. `photo` is where the photo was; if it is no longer there, the crop is used.
    With `keep_light` the colours stay as in the photo; otherwise its light and highlights are taken out.
    """
    progress("start", 0.0)
    import cv2

    from ..exchange.result import Reconstruction
    from ..expression.neutral import worn_expression
    from ..reconstruction.photo.background import in_background
    from ..reconstruction.several.texture import texture_of_photos
    from ..reconstruction.texture.eyeballs import paint_eyeballs
    from ..reconstruction.texture.source import sharpest_crop
    from ..template import load_template

    progress("texture", 0.0)
    face = Reconstruction.load(Path(request["source"]))
    template = load_template()
    size = int(request["size"])
    progress("texture", 0.0)
    pixels, from_photo = sharpest_crop(face, Path(request["photo"]), size)
    camera = face.view.camera.resized(len(pixels) / len(face.view.maps.mask))
    to_camera = face.view.frame.to_camera
    head = to_camera(face.coarse_vertices + worn_expression(face.coarse_vertices, face.view.expression))
    eyes = to_camera(template.place_eyeballs(face.coarse_vertices))
    texture = texture_of_photos(
        face, Path(request["photo"]), size, progress, keep_light=bool(request.get("keep_light", False))
    )
    progress("texture", 1.0)
    pause = partial(progress, "texture", 1.0)
    eyeballs = paint_eyeballs(template.eyeballs, eyes, (head, template.faces), pixels, camera, pause=pause)
    for name, image in (("colour", texture.colour), ("origin", texture.origin), ("eyeballs", eyeballs)):
        encode = partial(cv2.imencode, ".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 3])
        _whole, file = in_background(encode, partial(progress, "texture"), lambda: 1.0)
        Path(request[name]).write_bytes(file.tobytes())  # which says why, if it cannot be written
    return {"from_photo": from_photo}


JOBS = {"texture": project_texture}
