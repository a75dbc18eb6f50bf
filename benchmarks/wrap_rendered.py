"""How our head lies on scans of rendered people: ``benchmarks/wrap_rendered.py FOLDER`` with samples.

The folder is one that `training.generate` has written. What a portrait shows of a face becomes a mesh, in turn turned
anyhow and in metres, with holes and noise, turned and without colours, with all of these in inches, and as it is.
Prints, in millimetres, the distance of the face from the mesh, how far (on the mean face) what is found lies from the
true correspondence, for the whole face and at the inner landmarks, how many triangles cut others, and the unit.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.registration.target import TargetParameters, connect_pixels
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.reconstruction.wrapping.wrap import WrapOptions, wrap_mesh
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import SIZE
from training.data.samples import SUFFIX, Sample, read_sample

#: Smaller faces, and such as are turned farther (degrees), are no scans.
FEWEST_PIXELS, LARGEST_YAW = 16_000, 50.0
#: Pixels whose depths (mm) differ by more, or by more than so many pixels' widths, are not connected.
CONNECTED = TargetParameters(largest_jump=4.0, largest_slope=6.0)
#: Standard deviation of noise, and radius of holes and how many there are, in millimetres.
NOISE, HOLE, HOLES = 0.3, 8.0, 4
#: Vertices that lie farther from the mesh (mm) have no counterpart.
FARTHEST = 3.0
COLUMNS = ("median", "p95", "face", "inner 51", "cuts")


@dataclass(frozen=True)
class Variant:
    """What is done to a scan; `unit` is a millimetre in its own."""

    name: str
    unit: float = 1.0
    turned: bool = False
    damaged: bool = False
    coloured: bool = True


VARIANTS = (
    Variant("turned, metres", 0.001, turned=True),
    Variant("damaged", damaged=True),
    Variant("turned, grey, cm", 0.1, turned=True, coloured=False),
    Variant("turned, damaged, inches", 1 / 25.4, turned=True, damaged=True),
    Variant("as it is"),
)


@dataclass(frozen=True)
class RenderedScan:
    """A mesh (n, 3) of which the canonical coordinates (n, 3) are known, in its unit."""

    scan: Scan
    vertices: NDArray[np.float64]
    canonical: NDArray[np.float64]


def scan_of(sample: Sample, variant: Variant, generator: np.random.Generator) -> RenderedScan | None:
    """What a sample shows of a face as a mesh; None if that is too little."""
    mask = sample.mask == 1
    if mask.sum() < FEWEST_PIXELS or abs(sample.yaw) > LARGEST_YAW:
        return None
    points = np.moveaxis(sample.geometry, 0, -1).astype(np.float64) / sample.geometry_scale
    triangles = connect_pixels(points, mask, CONNECTED)
    vertices = points.reshape(-1, 3)
    if variant.damaged:
        vertices = vertices + generator.normal(0, NOISE, vertices.shape)
        for centre in vertices[generator.choice(triangles.ravel(), HOLES)]:
            outside = np.linalg.norm(vertices - centre, axis=1) > HOLE
            triangles = triangles[outside[triangles].all(axis=1)]
    if variant.turned:
        vertices = Rotation.random(random_state=generator).apply(vertices)
    vertices = (vertices + generator.normal(0, 5, 3)) * variant.unit
    used, own = np.unique(triangles, return_inverse=True)
    colours = sample.image[..., :3].reshape(-1, 3)[used] if variant.coloured else None
    canonical = np.moveaxis(sample.correspondence, 0, -1).reshape(-1, 3)[used].astype(np.float64)
    return RenderedScan(Scan(vertices[used], own.reshape(-1, 3).astype(np.int32), colours), vertices[used], canonical)


def measure(made: RenderedScan, variant: Variant, options: WrapOptions) -> tuple[dict[str, float], str]:
    """What `COLUMNS` names, and the unit that was found."""
    template, head = load_template(), wrap_mesh(made.scan, options)
    distances, nearest = cKDTree(made.vertices).query(head.vertices, k=3)
    lying = (template.groups["face"] > 0.5) & (distances[:, 0] < FARTHEST * variant.unit)
    errors = np.linalg.norm(made.canonical[nearest].mean(axis=1) - template.canonical, axis=1) * SIZE
    inner = template.landmarks_68[17:]
    values = {
        "median": head.report.median_distance_mm,
        "p95": head.report.p95_distance_mm,
        "face": float(np.median(errors[lying])),
        "inner 51": float(errors[inner][lying[inner]].mean()),
        "cuts": float(len(intersecting_triangles(head.vertices, triangulate(template.faces)))),
    }
    return values, head.report.unit


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--first", type=int, default=0, help="number of the first sample")
    parser.add_argument("--count", type=int, default=10, help="how many scans")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    options, rows = WrapOptions(device=arguments.device, detail_level=0), list[dict[str, float]]()
    print(f"{'':<36}" + "".join(f"{column:>10}" for column in COLUMNS))
    for path in sorted(arguments.folder.glob(f"*{SUFFIX}"))[arguments.first :]:
        variant, generator = VARIANTS[len(rows) % len(VARIANTS)], np.random.default_rng(int(path.stem))
        made = scan_of(read_sample(path), variant, generator)
        if made is None:
            continue
        try:
            values, unit = measure(made, variant, options)
        except Pix2VertexError as error:
            values, unit = dict.fromkeys(COLUMNS, float("nan")), str(error)
        rows.append(values)
        line = f"{path.stem} {variant.name}"
        print(f"{line:<36}" + "".join(f"{values[column]:10.2f}" for column in COLUMNS) + f"  {unit}", flush=True)
        if len(rows) == arguments.count:
            break
    print(f"{'mean':<36}" + "".join(f"{np.nanmean([row[name] for row in rows]):10.2f}" for name in COLUMNS))


if __name__ == "__main__":
    main()
