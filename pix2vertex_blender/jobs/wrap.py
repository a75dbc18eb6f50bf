"""Our head onto a scan."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..reconstruction.wrapping.results import WrappedHead
    from ..reconstruction.wrapping.scan import Scan

#: Bytes that a mesh may take.
LARGEST_MESH = 1 << 32


def wrap_scan(request: Request, progress: Progress) -> dict[str, Any]:
    """Wrap our head onto a scan with `request["options"]` and save the reconstruction as `request["result"]`.

    The scan is either a mesh, the .npz `mesh` with `vertices` (n, 3), `triangles` (m, 3) and perhaps `colours` (n, 3)
    in 0 to 255 or `corner_uvs` (m, 3, 2) for the image `texture`; or the depth photo of the images `colour` and
    `depth`, with four `intrinsics`; without `depth`, `colour` is a portrait that carries its depth. With
    `texture_files`, a mapping of `colour`, `origin` and `eyeballs` to files, and `texture_size` the scan's colours are
    written there, if it has some. The reply has the fields of `WrapReport` as `report`, and `textured`, whether the
    files were written.
    """
    progress("start", 0.0)
    from dataclasses import asdict
    from functools import partial

    from ..reconstruction.wrapping.depth_photo import read_depth_photo
    from ..reconstruction.wrapping.wrap import WrapOptions, wrap_depth_photo, wrap_mesh

    options = WrapOptions(**request["options"])
    if "colour" in request:
        intrinsics = request.get("intrinsics")
        photo = read_depth_photo(
            Path(request["colour"]),
            Path(request["depth"]) if "depth" in request else None,
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

    `result` gets how far its vertices move in their order: `moves.whole` (n, 3), with the request's `regions` also
    `moves.REGION` for each region, which sum up to it. Parts that are no surface of the head, `part_vertices` (p, 3)
    and `part_triangles` of `mesh`, move with it: n counts them as well, behind the head's. If `mesh` has `points`
    (b, 3), `points` are where they come to lie. The reply has the fields of `WrapReport` as `report`: how well our
    head lies on that head.
    """
    progress("start", 0.0)
    from dataclasses import asdict

    import numpy as np

    from ..exchange.arrays import read_arrays, write_arrays
    from ..exchange.result import Reconstruction
    from ..reconstruction.wrapping.own_topology import OwnHead
    from ..reconstruction.wrapping.wrap import WrapOptions, wrap_mesh

    face, mesh = Reconstruction.load(Path(request["source"])), _read_mesh(request)
    head = wrap_mesh(mesh, WrapOptions(**request["options"]), progress)
    own = OwnHead(*_with_parts(mesh, request), head.vertices)
    change = own.change_to(face.coarse_vertices)
    moves = {"whole": own.moved(change)} | (own.moved_by_region(change) if request.get("regions") else {})
    arrays = {f"moves.{name}": each for name, each in moves.items()}
    points = read_arrays(Path(request["mesh"]), LARGEST_MESH).get("points")
    if points is not None:
        arrays["points"] = points + own.moved_points(points.astype(np.float64), change)
    write_arrays(Path(request["result"]), **arrays)
    return {"report": asdict(head.report)}


def carry_expressions(request: Request, progress: Progress) -> dict[str, Any]:
    """Give the head `mesh`, a scan as in `wrap_scan`, ARKit's 52 expressions.

    `result` gets `moves.NAME` (n, 3) for each of them: how far the head's vertices move, and those of its parts. The
    reply is that of `carry_face`.
    """
    progress("start", 0.0)
    from dataclasses import asdict

    from ..exchange.arrays import write_arrays
    from ..reconstruction.wrapping.own_expressions import expressions_of
    from ..reconstruction.wrapping.own_topology import OwnHead
    from ..reconstruction.wrapping.wrap import WrapOptions, wrap_mesh

    mesh = _read_mesh(request)
    head = wrap_mesh(mesh, WrapOptions(**request["options"]), progress)
    own = OwnHead(*_with_parts(mesh, request), head.vertices)
    coarse = head.reconstruction.coarse_vertices
    moves = expressions_of(own, coarse, head.placement, lambda fraction: progress("expressions", fraction))
    write_arrays(Path(request["result"]), **{f"moves.{name}": each for name, each in moves.items()})
    return {"report": asdict(head.report)}


def _with_parts(mesh: "Scan", request: Request) -> "tuple[NDArray[np.float64], NDArray[np.integer]]":
    """Vertices and triangles of a head and of the objects that move with it."""
    import numpy as np

    from ..exchange.arrays import read_arrays

    arrays = read_arrays(Path(request["mesh"]), LARGEST_MESH)
    if "part_vertices" not in arrays:
        return mesh.vertices, mesh.triangles
    vertices = np.concatenate([mesh.vertices, arrays["part_vertices"].astype(np.float64)])
    return vertices, np.concatenate([mesh.triangles, arrays["part_triangles"] + len(mesh.vertices)])


def _read_mesh(request: Request) -> "Scan":
    import numpy as np

    from ..exchange.arrays import read_arrays
    from ..reconstruction.photo.reading import load_photo
    from ..reconstruction.wrapping.scan import Scan

    arrays = read_arrays(Path(request["mesh"]), LARGEST_MESH)
    texture = request.get("texture")
    return Scan(
        arrays["vertices"].astype(np.float64),
        arrays["triangles"],
        arrays.get("colours"),
        arrays.get("corner_uvs"),
        load_photo(Path(texture)).pixels if texture is not None else None,
    )


JOBS = {"wrap": wrap_scan, "carry": carry_face, "carry_expressions": carry_expressions}
