"""Depth error against scans with known depth, the whole product at work.

python benchmarks/depth.py FOLDER [--output DIR] [--device DEVICE]

FOLDER holds `index.json`: {key: {"image", "box" [x0, y0, x1, y1], ...}} and for each key `<key>.npz` with `depth`
(H, W; larger is farther) and `mask`. DIR gets `<key>.npz` with `depth` and `mask` of the registered mesh on the same
grid.

The protocol is that of pix2vertex 5.2: a scale and an offset of the depth are found by RANSAC, with the same parameters
for every method; absolute errors are in percent of the true depth's range. The angle between normals is printed beside
it, because the depth error measures mostly the pose.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.reconstruction.result import Reconstruction

#: Millimetres per pixel of the renderings in which the true depth is given.
TRUTH_MILLIMETRES_PER_PIXEL = 1100 / (3.4 * 512)
RANSAC_ITERATIONS = 1000
#: Of RANSAC, as a share of the true depth's range.
INLIER_SHARE = 0.05

Depth = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class DepthErrors:
    """Absolute errors of one depth map in percent of the true range, and the mean angle between normals."""

    mean: float
    deviation: float
    median: float
    percentile_90: float
    normals_degrees: float
    covered: float


def main() -> int:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path, help="folder for the depth of the registered meshes")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    scans = read_index(options.folder)
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
    print(f"{'':24s}{'mean %':>9s}{'std':>8s}{'median':>8s}{'90 %':>8s}{'normals':>9s}{'covered':>9s}")
    rows = []
    for key, scan in scans.items():
        with np.load(options.folder / f"{key}.npz") as truth:
            true_depth, true_mask = truth["depth"].astype(np.float64), truth["mask"].astype(bool)
        try:
            reconstruction = _reconstruct(options.folder / scan["image"], scan, options.device)
        except Pix2VertexError as error:
            print(f"{key:24s}failed: {error}")
            continue
        depth, mask = depth_in_photo(reconstruction, (true_depth.shape[0], true_depth.shape[1]))
        if options.output:
            np.savez_compressed(options.output / f"{key}.npz", depth=depth.astype(np.float32), mask=mask)
        errors = measure(depth, mask, true_depth, true_mask, millimetres_per_pixel(reconstruction))
        rows.append(errors)
        print_row(key, errors)
    if rows:
        print_row("mean", DepthErrors(*np.mean([list(vars(r).values()) for r in rows], axis=0)))
    print(f"{len(scans)} photos, {len(scans) - len(rows)} failed")
    return 0


def read_index(folder: Path) -> dict[str, Any]:
    """Read the index; exits with one sentence if the folder has another layout."""
    path = folder / "index.json"
    if not path.is_file():
        sys.exit(f"{path} is missing: give a folder laid out as described by --help.")
    scans = json.loads(path.read_text())
    for key, scan in scans.items():
        for name in (scan["image"], f"{key}.npz"):
            if not (folder / name).is_file():
                sys.exit(f"{folder / name} is missing, which belongs to {key}.")
    return scans


def depth_in_photo(reconstruction: Reconstruction, shape: tuple[int, int]) -> tuple[Depth, Mask]:
    """Depth (H, W) of the registered face in the photo's grid in millimetres, and where it is seen."""
    matrix = reconstruction.head_to_camera
    points = reconstruction.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    affine = reconstruction.crop_to_photo
    pixels = reconstruction.camera.project(points) @ affine[:, :2].T + affine[:, 2]
    triangles = triangulate(reconstruction.faces)
    triangle, barycentric = rasterise(pixels, points[:, 2], triangles, shape)
    values = np.column_stack([-points[:, 2], reconstruction.groups["face"]])
    seen = interpolate(values, triangles, triangle, barycentric)
    mask = seen[..., 1] > 0.5
    return np.where(mask, seen[..., 0], np.nan), mask


def millimetres_per_pixel(reconstruction: Reconstruction) -> float:
    """Of the photo's pixels, at the depth of the face."""
    return float(1 / (reconstruction.crop_to_photo[0, 0] * reconstruction.camera.scale))


def measure(
    depth: Depth, mask: Mask, true_depth: Depth, true_mask: Mask, pixel: float, true_pixel: float | None = None
) -> DepthErrors:
    """Errors of a depth map on the pixels that it shares with the truth.

    Parameters
    ----------
    depth, true_depth : (H, W)
        Larger is farther, each up to a scale and an offset.
    mask, true_mask : (H, W) bool
    pixel, true_pixel : float
        The size of a pixel in the unit of each depth, for the normals.
    """
    both = mask & true_mask
    truth = true_depth[both]
    extent = float(np.ptp(true_depth[true_mask]))
    scale, offset = fit_scale_and_offset(depth[both], truth, INLIER_SHARE * extent)
    errors = 100 * np.abs(scale * depth[both] + offset - truth) / extent
    own = normals(np.where(mask, depth, np.nan), pixel)
    true = normals(np.where(true_mask, true_depth, np.nan), true_pixel or TRUTH_MILLIMETRES_PER_PIXEL)
    cosine = np.clip((own * true).sum(axis=-1), -1, 1)
    angle = np.degrees(np.arccos(cosine[np.isfinite(cosine)]))
    return DepthErrors(
        float(errors.mean()),
        float(errors.std()),
        float(np.median(errors)),
        float(np.percentile(errors, 90)),
        float(angle.mean()) if angle.size else float("nan"),
        float(both.sum() / true_mask.sum()),
    )


def fit_scale_and_offset(source: Depth, target: Depth, threshold: float, seed: int = 0) -> tuple[float, float]:
    """Scale and offset that bring most of source (n,) within the threshold of target (n,), refined on those.

    A scale is never negative: depth turned inside out is no fit.
    """
    generator = np.random.default_rng(seed)
    best, best_count = np.array([0.0, float(np.median(target))]), 0
    for first, second in generator.integers(0, len(source), (RANSAC_ITERATIONS, 2)):
        run = source[second] - source[first]
        if abs(run) < 1e-9:
            continue
        scale = (target[second] - target[first]) / run
        if scale <= 0:
            continue
        offset = target[first] - scale * source[first]
        count = int((np.abs(scale * source[::7] + offset - target[::7]) < threshold).sum())
        if count > best_count:
            best, best_count = np.array([scale, offset]), count
    inliers = np.abs(best[0] * source + best[1] - target) < threshold
    if inliers.sum() > 2:
        system = np.column_stack([source[inliers], np.ones(inliers.sum())])
        refined = np.linalg.lstsq(system, target[inliers], rcond=None)[0]
        best = refined if refined[0] > 0 else best
    return float(best[0]), float(best[1])


def normals(depth: Depth, pixel: float) -> Depth:
    """Unit normals (H, W, 3) towards the camera of a depth map; NaN beside unknown pixels."""
    down, right = np.gradient(depth, pixel)
    vectors = np.stack([right, -down, np.ones_like(depth)], axis=-1)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def print_row(label: str, errors: DepthErrors) -> None:
    """Print one line of the table."""
    print(
        f"{label:24s}{errors.mean:9.2f}{errors.deviation:8.2f}{errors.median:8.2f}{errors.percentile_90:8.2f}"
        f"{errors.normals_degrees:8.1f}°{errors.covered:9.0%}",
        flush=True,
    )


def _reconstruct(photo: Path, scan: dict[str, Any], device: str) -> Reconstruction:
    """Reconstruct with the product's own face finding, or with the given box where it finds none."""
    try:
        return reconstruct(photo, Options(device=device, detail_level=1))
    except Pix2VertexError:
        left, top, right, bottom = (float(v) for v in scan["box"])
        box = (left, top, right - left, bottom - top)
        return reconstruct(photo, Options(device=device, detail_level=1, face_box=box))


if __name__ == "__main__":
    sys.exit(main())
