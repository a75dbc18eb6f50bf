"""The photo of a face from another side, or with another shape of the face."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    from ..reconstruction.turning.image_mesh import Drawn


CHANGED = "The face's mesh has been changed: only a face with the template's vertices can be shown on its photo."
NO_HEAD = "{file} holds no head of ours: give the vertices.npy that build.py reconstruct has written."


def turn_photo(request: Request, progress: Progress) -> dict[str, Any]:
    """Turn the photo of the saved reconstruction `source` by `yaw` and `pitch` degrees into the image file `result`.

    `photo` is where the photo was; if it is no longer there, the crop is used. The reply tells which, as `from_photo`,
    and what share of the face is `filled` because the photo hides it.
    """
    progress("start", 0.0)
    from ..exchange.result import Reconstruction
    from ..reconstruction.turning.source import image_mesh_of
    from ..reconstruction.turning.turn import rotation_of, turned

    rotation = rotation_of(float(request["yaw"]), float(request["pitch"]))
    face = Reconstruction.load(Path(request["source"]))
    progress("turn", 0.0)
    mesh, from_photo = image_mesh_of(face, Path(request["photo"]))
    return _written(turned(mesh, rotation, progress=progress), Path(request["result"])) | {"from_photo": from_photo}


def reshape_photo(request: Request, progress: Progress) -> dict[str, Any]:
    """Show the photo of the saved reconstruction `source` with another shape of its face, as the image file `result`.

    The shape is that of `mesh`, an .npz with `vertices` (n, 3) of any level in the head frame: what differs from the
    reconstruction is added to what the photo shows, its expression included. Or else `parts`, names of
    `exchange.turning.PARTS`, become those of the head `like`, an .npy of the same vertices, or of made-up people, drawn
    by `seed`, as far as `amount` says.
    `photo` and the reply are as for `turn_photo`.
    """
    progress("start", 0.0)
    import numpy as np

    from ..errors import MeshError
    from ..exchange.result import Reconstruction
    from ..reconstruction.turning.reshape import reshaped
    from ..reconstruction.turning.shapes import mixed, other_parts
    from ..reconstruction.turning.source import image_mesh_of
    from ..template import load_template
    from ..template.template import level_with

    face = Reconstruction.load(Path(request["source"]))
    progress("reshape", 0.0)
    mesh, from_photo = image_mesh_of(face, Path(request["photo"]))
    if "mesh" in request:
        with np.load(request["mesh"], allow_pickle=False) as arrays:
            vertices = arrays["vertices"]
        level = level_with(len(vertices))
        if level is None:
            raise MeshError(CHANGED)
        count = len(face.coarse_vertices)  # these come first at every level
        before = load_template().subdivide(face.coarse_vertices, level.level)
        change = (vertices - before)[:count]
        shape = mesh.vertices + change @ face.view.head_to_camera[:3, :3].T
    elif "like" in request:
        other = _read_head(Path(request["like"]), face.coarse_vertices.shape)
        shape = mixed(mesh.vertices, dict.fromkeys(request["parts"], other))
    else:
        generator = np.random.default_rng(int(request["seed"]))
        shape = other_parts(mesh.vertices, request["parts"], generator, float(request["amount"]))
    return _written(reshaped(mesh, shape, progress), Path(request["result"])) | {"from_photo": from_photo}


def _read_head(path: Path, shape: tuple[int, ...]) -> Any:
    import numpy as np

    from ..errors import MeshError

    try:
        head = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise MeshError(NO_HEAD.format(file=path.name)) from error
    if getattr(head, "shape", None) != shape or not np.isfinite(head).all():
        raise MeshError(NO_HEAD.format(file=path.name))
    return head


def _written(drawn: "Drawn", path: Path) -> dict[str, Any]:
    import cv2

    file = cv2.imencode(path.suffix, drawn.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    path.write_bytes(file.tobytes())  # which says why, if it cannot be written
    return {"filled": float(drawn.filled.sum() / max(int(drawn.face.sum()), 1))}


JOBS = {"turn": turn_photo, "reshape": reshape_photo}
