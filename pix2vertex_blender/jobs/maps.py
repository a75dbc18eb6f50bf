"""The detail of a face at finer levels: maps of it as image files, and meshes."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Pause, Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    from ..reconstruction.detail.finer import FineHead


def bake_maps(request: Request, progress: Progress) -> dict[str, Any]:
    """Draw the detail of `source` on the template's UVs.

    `source` is an .npz with `vertices`, the smooth head, `registered`, the same with the photo's expression, and
    `detail` at full strength; of the maps it has the share `strength`. `level` is the coarsest level whose detail
    will do: that of a coarser mesh is computed from the saved reconstruction `face` with `scale`, `smoothing` and
    `reading`.
    `layout` is that of the UVs, `maps_kind` is `WHOLE`, for this mesh alone, or `DETAIL`, for every level. An optional
    `base` in `source` is the mesh (b, 3) of a coarser level that the maps are for. `stem` is the beginning of the
    files' names, `size` their side in texels, `file_format` png or exr.
    """
    progress("start", 0.0)
    import numpy as np

    from ..errors import MeshError
    from ..reconstruction.detail.map_files import write_detail_maps
    from ..template.template import level_with

    progress("bake", 0.0)
    with np.load(request["source"], allow_pickle=False) as file:
        arrays: dict[str, Any] = dict(file)
    base = arrays["base"] if "base" in arrays else arrays["vertices"]
    onto = level_with(len(base))
    if level_with(len(arrays["vertices"])) is None or onto is None:
        raise MeshError("The face's mesh has been changed: bake the maps before you add or remove vertices.")
    pause = partial(progress, "bake", 0.3)
    head = _fine_head(request, arrays, pause)
    maps = head.baked(base, onto.level, request["maps_kind"], int(request["size"]), pause)
    progress("bake", 0.7)
    files = write_detail_maps(maps, Path(request["stem"]), request["file_format"], partial(progress, "bake", 0.7))
    return {
        "normals": str(files.normals),
        "displacement": str(files.displacement),
        "middle": files.middle,
        "range_mm": files.range_mm,
    }


def draw_surface(request: Request, progress: Progress) -> dict[str, Any]:
    """Draw how the regions of the skin shine, as 8-bit PNGs of `size` at `roughness`, `specular` and `subsurface`.

    `layout` is that of the UVs.
    """
    progress("start", 0.0)
    import cv2
    import numpy as np

    from ..exchange.uv_layouts import WHOLE_HEAD
    from ..reconstruction.detail.surface import surface_maps

    progress("surface", 0.0)
    maps = surface_maps(int(request["size"]), request.get("layout", WHOLE_HEAD), partial(progress, "surface", 0.5))
    for name, image in zip(("roughness", "specular", "subsurface"), maps, strict=True):
        progress("surface", 0.9)
        _whole, file = cv2.imencode(".png", np.rint(255 * image).astype(np.uint8))
        Path(request[name]).write_bytes(file.tobytes())
    return {}


def shape_levels(request: Request, progress: Progress) -> dict[str, Any]:
    """Take the shape of `source`, as `bake_maps` has it, apart into a mesh of level 0 and what finer ones add to it.

    `source` may have `keys` (k, n, 3), what shape keys add to the smooth head. `result` gets `cage` (n_0, 3) and
    `keys` (k, n_0, 3), whose subdivision gives the smooth head and the keys; `vertices` (n, 3), the detailed head at
    the level `level` or the face's own if that is finer; and where each of its vertices is on the UVs: `uvs` (c, 2) of
    all corners, each once, and `corners` (c,), the vertex of each.
    """
    progress("start", 0.0)
    import numpy as np

    from ..errors import MeshError
    from ..exchange.arrays import write_arrays
    from ..reconstruction.detail.cage import cage_of, corner_places
    from ..template.template import level_with

    progress("bake", 0.0)
    with np.load(request["source"], allow_pickle=False) as file:
        arrays = dict(file)
    own = level_with(len(arrays["vertices"]))
    if own is None:
        raise MeshError("The face's mesh has been changed: finish the face before you add or remove vertices.")
    pause = partial(progress, "bake", 0.5)
    head = _fine_head(request, arrays, pause)
    keys = arrays.get("keys", np.empty((0, *arrays["vertices"].shape)))
    cages = cage_of(np.concatenate([arrays["vertices"][None], keys]), own.level, pause)
    uvs, corners = corner_places(head.level)
    write_arrays(
        Path(request["result"]),
        cage=cages[0],
        keys=cages[1:],
        vertices=head.vertices + head.detail,
        uvs=uvs,
        corners=corners,
    )
    return {"level": head.level.level}


def _fine_head(request: Request, arrays: dict[str, Any], pause: Pause) -> "FineHead":
    """The head at a level that is fine enough, with its detail as strong as it is asked for."""
    from ..exchange.result import Reconstruction
    from ..exchange.uv_layouts import WHOLE_HEAD
    from ..reconstruction.detail.finer import FineHead, refined
    from ..reconstruction.refit import DetailSettings, renewed_detail
    from ..template.template import level_with, load_template

    vertices, detail, strength = arrays["vertices"], arrays["detail"], float(request["strength"])
    layout = request.get("layout", WHOLE_HEAD)
    own = level_with(len(vertices), layout)
    assert own is not None
    if not request.get("face") or own.level >= int(request["level"]):
        return FineHead(vertices, strength * detail, own)
    face = Reconstruction.load(Path(request["face"]))
    settings = DetailSettings(float(request["scale"]), float(request["smoothing"]), request["reading"])
    head = refined(
        FineHead(vertices, detail, own),
        arrays["registered"],
        int(request["level"]),
        lambda points, level: renewed_detail(face, points, level, settings, pause),
    )
    return FineHead(head.vertices, strength * head.detail, load_template(head.level.level, layout))


JOBS = {"bake_maps": bake_maps, "shape_levels": shape_levels, "surface": draw_surface}
