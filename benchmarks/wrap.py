"""How closely our head lies on scans: ``benchmarks/wrap.py FOLDER``, a folder with `index.json` of photos with depth.

Each photo is wrapped as a depth photo, whose depths are rounded to whole millimetres, and as the coloured mesh of its
exact depths. Prints for both, in millimetres: median and 95th percentile of the distance of the face's vertices and of
the finished head with its detail from the true surface, how far the landmarks lie from where the annotations say in
the picture (the 51 inner ones, all, those of the jaw, these from the line along which they are annotated, and those
that are annotated on skin and not beside the face, with their number), how many triangles cut others, and the seconds.
``--without-picture`` leaves out the edges and the contour that the picture shows (Beyond 3DMM, eqs. 9 and 10), to
compare. ``--million`` and ``--six-million`` measure time and memory with one scan of so many triangles that lies anyhow
instead.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.measures.surface import Surface
from benchmarks.readers.depths import read_index
from benchmarks.readers.faces import DepthFace
from benchmarks.readers.scans import DISTANCE, scan_of_depth
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.reconstruction.wrapping import template_fit
from pix2vertex_blender.reconstruction.wrapping.depth_photo import read_depth_photo
from pix2vertex_blender.reconstruction.wrapping.results import WrappedHead
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.reconstruction.wrapping.wrap import WrapOptions, wrap_depth_photo, wrap_mesh
from pix2vertex_blender.template import load_template

#: Points farther away (mm) lie where the true surface ends.
FARTHEST = 5.0
#: Landmarks along the contour, which people annotate at places of their own.
JAW = slice(0, 17)
#: What is annotated farther than this (mm) from the face's vertices is annotated on hair, neck or collar.
ON_SKIN = 6.0
COLUMNS = (
    "median",
    "p95",
    "median detailed",
    "p95 detailed",
    "covered",
    "inner 51",
    "all 68",
    "jaw",
    "jaw line",
    "on skin",
    "skin of 68",
    "cuts",
    "seconds",
)


def wrap_as_depth_photo(face: DepthFace, options: WrapOptions) -> WrappedHead:
    """The head of a photo with its depth in whole millimetres."""
    truth = face.read()
    height, width = truth.depth.shape
    focal = DISTANCE / truth.pixel
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "depth.png"
        steps = np.where(truth.mask, np.rint(truth.depth), 0).astype(np.uint16)
        path.write_bytes(cv2.imencode(".png", steps)[1].tobytes())
        photo = read_depth_photo(face.photo, path, (focal, focal, (width - 1) / 2, (height - 1) / 2), lambda: None)
    return wrap_depth_photo(photo, options)


def mesh_of(face: DepthFace) -> Scan:
    """The coloured mesh of a photo's exact depth."""
    scan = scan_of_depth(face)
    colours = cv2.imread(str(face.photo))[..., ::-1].reshape(-1, 3)
    used, triangles = np.unique(scan.triangles, return_inverse=True)
    return Scan(scan.vertices[used], triangles.reshape(-1, 3), colours[used])


def figures(face: DepthFace, head: WrappedHead, seconds: float) -> dict[str, float]:
    """What `COLUMNS` names."""
    truth, scan, template = face.read(), scan_of_depth(face), load_template()
    surface = Surface(scan.vertices, scan.triangles)
    made = head.reconstruction
    detailed = head.placement.apply(made.vertices + made.detail)
    values: dict[str, float] = {}
    for suffix, vertices, faces, weights in (
        ("", head.vertices, template.faces, template.groups["face"]),
        (" detailed", detailed, made.faces, made.groups["face"]),
    ):
        found = surface.nearest(vertices)
        turned = np.einsum("ij,ij->i", vertex_normals(vertices, faces), found.normals)
        lying = found.inside & (weights > 0.5) & (found.distances < FARTHEST) & (turned > 0.5)
        values["median" + suffix] = float(np.median(found.distances[lying]))
        values["p95" + suffix] = float(np.percentile(found.distances[lying], 95))
    cut = intersecting_triangles(head.vertices, triangulate(template.faces))
    annotated, places = np.array(face.index["landmarks"]), in_picture(np.array(head.report.landmarks_68), truth)
    errors = np.linalg.norm(places - annotated, axis=1) * truth.pixel
    values["jaw line"] = float(from_line(places[JAW], annotated[JAW]).mean() * truth.pixel)
    # Necks and scalps are completed where hair and collars hide them, and annotations lie there as well.
    skin = on_skin(annotated, truth, head.vertices[template.groups["face"] > 0.5])
    values |= {"on skin": float(errors[skin].mean()), "skin of 68": float(skin.sum())}
    values |= {"covered": head.report.covered, "inner 51": float(errors[17:].mean()), "all 68": float(errors.mean())}
    values["jaw"] = float(errors[JAW].mean())
    return values | {"cuts": float(len(cut)), "seconds": seconds}


def in_picture(points: NDArray[np.float64], truth: Any) -> NDArray[np.float64]:
    """Pixels (k, 2) of points (k, 3) in the camera's axes."""
    height, width = truth.depth.shape
    focal = DISTANCE / truth.pixel
    return np.column_stack(
        [width / 2 - focal * points[:, 0] / points[:, 2], height / 2 + focal * points[:, 1] / points[:, 2]]
    )


def on_skin(places: NDArray[np.float64], truth: Any, vertices: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which pixels (k, 2) show what lies near a face's vertices (n, 3) in the camera's axes."""
    height, width = truth.depth.shape
    focal = DISTANCE / truth.pixel
    columns, rows = np.clip(np.rint(places).astype(np.int64), 0, (width - 1, height - 1)).T
    depth = np.nan_to_num(truth.depth[rows, columns], nan=1e6)
    x, y = depth * (places[:, 0] - width / 2) / focal, -depth * (places[:, 1] - height / 2) / focal
    near: NDArray[np.bool_] = cKDTree(vertices).query(np.column_stack([x, y, -depth]))[0] < ON_SKIN
    return near


def from_line(places: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances (k,) of places (k, 2) from the line through corners (m, 2)."""
    dense = [corners[:-1] + share * np.diff(corners, axis=0) for share in np.linspace(0, 1, 50)]
    distances: NDArray[np.float64] = cKDTree(np.concatenate(dense)).query(places)[0]
    return distances


def measure(faces: Sequence[DepthFace], options: WrapOptions) -> dict[str, dict[str, dict[str, float]]]:
    """Figures of all photos, as depth photos and as meshes."""
    results: dict[str, dict[str, dict[str, float]]] = {}
    for kind in ("depth photo", "mesh"):
        print(f"\n{kind:<20}" + "".join(f"{column:>16}" for column in COLUMNS))
        results[kind] = {}
        for face in faces:
            started = time.perf_counter()
            head = wrap_as_depth_photo(face, options) if kind == "depth photo" else wrap_mesh(mesh_of(face), options)
            results[kind][face.name] = row = figures(face, head, time.perf_counter() - started)
            print(f"{face.name:<20}" + "".join(f"{row[column]:16.3f}" for column in COLUMNS), flush=True)
        mean = {column: np.mean([row[column] for row in results[kind].values()]) for column in COLUMNS}
        print(f"{'mean':<20}" + "".join(f"{mean[column]:16.3f}" for column in COLUMNS))
    return results


def made_up_million(times: int) -> Scan:
    """A scan of a million triangles that lies anyhow: the template, subdivided; or of `times` as many, 1 or 6."""
    template = load_template(3)
    vertices, triangles = template.vertices, triangulate(template.faces).astype(np.int32)
    if times == 6:
        vertices, triangles = _split_in_six(vertices, triangles)
    generator = np.random.default_rng(0)
    turned = Rotation.random(random_state=generator).apply(vertices)
    return Scan(turned + generator.normal(0, 0.05, turned.shape), triangles)


def _split_in_six(
    vertices: NDArray[np.float64], triangles: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Each triangle divided by its three medians."""
    sides = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1), axis=-1).astype(np.int64)
    keys, middles = np.unique(sides[..., 0] * len(vertices) + sides[..., 1], return_inverse=True)
    edges = np.column_stack([keys // len(vertices), keys % len(vertices)])
    middles = (middles.reshape(-1, 3) + len(vertices)).astype(np.int32)
    centre = np.arange(len(triangles), dtype=np.int32) + np.int32(len(vertices) + len(edges))
    rows = [
        np.column_stack(pair)
        for k in range(3)
        for pair in ((triangles[:, k], middles[:, k], centre), (middles[:, k], triangles[:, (k + 1) % 3], centre))
    ]
    places = [vertices, vertices[edges].mean(axis=1), vertices[triangles].mean(axis=1)]
    return np.concatenate(places), np.concatenate(rows)


def save_million(times: int, path: Path) -> None:
    """Write `made_up_million`."""
    scan = made_up_million(times)
    np.savez(path, vertices=scan.vertices, triangles=scan.triangles)


def measure_size(times: int, options: WrapOptions) -> None:
    """Time and memory of `made_up_million`, which another process makes up: that takes more than to wrap it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scan.npz"
        maker = multiprocessing.get_context("spawn").Process(target=save_million, args=(times, path))
        maker.start()
        maker.join()
        with np.load(path) as arrays:
            scan = Scan(arrays["vertices"], arrays["triangles"])
    before_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, before = time.perf_counter(), time.process_time()
    head = wrap_mesh(scan, options)
    wall, work = time.perf_counter() - started, time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(scan.triangles)} triangles: {wall:.1f} s, {work:.1f} s of processor time, peak {peak:.0f} MiB")
    print(f"({before_peak:.0f} MiB before: libraries and the scan)")
    print({name: round(seconds, 2) for name, seconds in head.report.seconds.items()})
    print(f"median {head.report.median_distance_mm} mm, 95th percentile {head.report.p95_distance_mm} mm")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only", nargs="+", metavar="KEY", help="of the index")
    parser.add_argument("--without-picture", action="store_true")
    parser.add_argument("--million", dest="times", action="store_const", const=1)
    parser.add_argument("--six-million", dest="times", action="store_const", const=6)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    options = WrapOptions(device=arguments.device)
    if arguments.without_picture:
        setattr(template_fit, "follow_picture", lambda vertices, _target, _picture: vertices)  # noqa: B010
    if arguments.times:
        measure_size(arguments.times, options)
        return
    if arguments.folder is None:
        parser.error("give a folder, --million or --six-million")
    faces = [face for face in read_index(arguments.folder) if not arguments.only or face.name in arguments.only]
    results = measure(faces, options)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
