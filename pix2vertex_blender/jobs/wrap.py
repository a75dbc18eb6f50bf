"""Our head onto a scan."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    from ..reconstruction.wrapping.scan import Scan


def wrap_scan(request: Request, progress: Progress) -> dict[str, Any]:
    """Wrap our head onto a scan with `request["options"]` and save the reconstruction as `request["result"]`.

    The scan is either a mesh, the .npz `mesh` with `vertices` (n, 3), `triangles` (m, 3) and perhaps `colours` (n, 3)
    in 0 to 255 or `corner_uvs` (m, 3, 2) for the image `texture`; or the depth photo of the images `colour` and
    `depth`, with four `intrinsics`. The reply has the fields of `WrapReport` as `report`.
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
        head = wrap_depth_photo(photo, options, progress)
    else:
        head = wrap_mesh(_read_mesh(request), options, progress)
    head.reconstruction.save(Path(request["result"]))
    return {"report": asdict(head.report)}


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
