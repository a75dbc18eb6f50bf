"""Our head onto a scan."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    from ..reconstruction.wrapping.scan import Scan
    from ..reconstruction.wrapping.wrap import WrappedHead


def wrap_scan(request: Request, progress: Progress) -> dict[str, Any]:
    """Wrap our head onto a scan with `request["options"]` and save the reconstruction as `request["result"]`.

    The scan is either a mesh, the .npz `mesh` with `vertices` (n, 3), `triangles` (m, 3) and perhaps `colours` (n, 3)
    in 0 to 255 or `corner_uvs` (m, 3, 2) for the image `texture`; or the depth photo of the images `colour` and
    `depth`, with four `intrinsics`. With `texture_files`, a mapping of `colour`, `origin` and `eyeballs` to files, and
    `texture_size` the scan's colours are written there, if it has some. The reply has the fields of `WrapReport` as
    `report`, and `textured`, whether the files were written.
    """
    progress("start", 0.0)
    from dataclasses import asdict
    from functools import partial

    from ..reconstruction.wrapping.depth_photo import read_depth_photo
    from ..reconstruction.wrapping.wrap import WrapOptions, wrap_depth_photo, wrap_mesh

    options = WrapOptions(**request["options"])
    if "depth" in request:
        intrinsics = request.get("intrinsics")
        photo = read_depth_photo(
            Path(request["colour"]),
            Path(request["depth"]),
            None if intrinsics is None else tuple(float(value) for value in intrinsics),  # type: ignore[arg-type]
            partial(progress, "start", 0.5),
        )
        scan, head = photo.surface(), wrap_depth_photo(photo, options, progress)
    else:
        scan = _read_mesh(request)
        head = wrap_mesh(scan, options, progress)
    head.reconstruction.save(Path(request["result"]))
    textured = "texture_files" in request and _write_textures(scan, head, request, progress)
    return {"report": asdict(head.report), "textured": textured}


def _write_textures(scan: "Scan", head: "WrappedHead", request: Request, progress: Progress) -> bool:
    """Draw the scan's colours on the head's UVs; whether it has some."""
    from ..reconstruction.photo.photo import decode_image
    from ..reconstruction.wrapping.scan_texture import texture_of_scan
    from .texture import write_textures

    progress("texture", 0.0)
    unit, size = head.report.millimetres_per_unit, int(request["texture_size"])
    texture = texture_of_scan(scan, head.vertices, unit, size, progress=progress)
    if texture is None:
        return False
    seen = decode_image(head.reconstruction.view.crop_png)
    write_textures(head.reconstruction, texture, seen, request["texture_files"], progress)
    return True


def carry_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Give the head `mesh`, a scan as in `wrap_scan`, the shape of the saved reconstruction `source`.

    `result` gets its `vertices` (n, 3), in their order. The reply has the fields of `WrapReport` as `report`: how well
    our head lies on that head.
    """
    progress("start", 0.0)
    from dataclasses import asdict

    from ..exchange.arrays import write_arrays
    from ..exchange.result import Reconstruction
    from ..reconstruction.wrapping.own_topology import carried
    from ..reconstruction.wrapping.wrap import WrapOptions, wrap_mesh

    face, mesh = Reconstruction.load(Path(request["source"])), _read_mesh(request)
    head = wrap_mesh(mesh, WrapOptions(**request["options"]), progress)
    vertices = carried(mesh.vertices, mesh.triangles, head.vertices, face.coarse_vertices)
    write_arrays(Path(request["result"]), vertices=vertices)
    return {"report": asdict(head.report)}


def _read_mesh(request: Request) -> "Scan":
    import numpy as np

    from ..exchange.arrays import read_arrays
    from ..reconstruction.photo.reading import load_photo
    from ..reconstruction.wrapping.scan import Scan

    arrays = read_arrays(Path(request["mesh"]), 1 << 32)
    texture = request.get("texture")
    return Scan(
        arrays["vertices"].astype(np.float64),
        arrays["triangles"],
        arrays.get("colours"),
        arrays.get("corner_uvs"),
        load_photo(Path(texture)).pixels if texture is not None else None,
    )


JOBS = {"wrap": wrap_scan, "carry": carry_face}
