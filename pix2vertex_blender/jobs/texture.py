"""A texture from the photo as image files."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    from ..exchange.result import Reconstruction
    from ..reconstruction.texture.projection import FaceTexture


def project_texture(request: Request, progress: Progress) -> dict[str, Any]:
    """Texture the head of the saved reconstruction `source` with its photo.

    Files with the names `colour`, `origin` and `eyeballs` of the request are written: the texture, where each texel
    comes from, and the eyeballs' texture. `photo` is where the photo was; if it is no longer there, the crop is used.
    With `keep_light` the colours stay as in the photo; otherwise its light and highlights are taken out. `layout` is
    that of the UVs.
    """
    progress("start", 0.0)
    from ..exchange.result import Reconstruction
    from ..exchange.uv_layouts import WHOLE_HEAD
    from ..reconstruction.several.texture import texture_of_photos
    from ..reconstruction.texture.source import sharpest_crop

    progress("texture", 0.0)
    face = Reconstruction.load(Path(request["source"]))
    size = int(request["size"])
    progress("texture", 0.0)
    pixels, from_photo = sharpest_crop(face, Path(request["photo"]), size)
    texture = texture_of_photos(
        face,
        Path(request["photo"]),
        size,
        progress,
        keep_light=bool(request.get("keep_light", False)),
        layout=request.get("layout", WHOLE_HEAD),
    )
    write_textures(face, texture, pixels, request, progress)
    return {"from_photo": from_photo}


def write_textures(
    face: "Reconstruction", texture: "FaceTexture", pixels: Any, files: Mapping[str, Any], progress: Progress
) -> None:
    """Write a face's texture as the files `colour` and `origin`, and its eyes' as `eyeballs`.

    Parameters
    ----------
    face : Reconstruction
    texture : FaceTexture
    pixels : (S, S, 3) uint8
        The first view's square, where the eyes are seen.
    files : mapping
    progress : Progress
    """
    import cv2

    from ..expression.neutral import worn_expression
    from ..reconstruction.photo.background import in_background
    from ..reconstruction.texture.eyeballs import paint_eyeballs
    from ..reconstruction.texture.own_light import own_light
    from ..template import load_template

    progress("texture", 1.0)
    template, to_camera = load_template(), face.view.frame.to_camera
    camera = face.view.camera.resized(len(pixels) / len(face.view.maps.mask))
    head = to_camera(face.coarse_vertices + worn_expression(face.coarse_vertices, face.view.expression))
    eyes = to_camera(template.place_eyeballs(face.coarse_vertices))
    pause = partial(progress, "texture", 1.0)
    light = own_light(texture, head, pixels, camera)
    eyeballs = paint_eyeballs(template.eyeballs, eyes, (head, template.faces), pixels, camera, pause=pause, light=light)
    for name, image in (("colour", texture.colour), ("origin", texture.origin), ("eyeballs", eyeballs)):
        encode = partial(cv2.imencode, ".png", image[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 3])
        _whole, file = in_background(encode, partial(progress, "texture"), lambda: 1.0)
        Path(files[name]).write_bytes(file.tobytes())  # which says why, if it cannot be written


JOBS = {"texture": project_texture}
