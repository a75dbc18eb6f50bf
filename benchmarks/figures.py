"""Cumulative error curves and error heat maps as PNG."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from benchmarks.measures.curves import cumulative_shares
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.template import Template
from training.renderer.camera import rotation_matrix

VIEW_PIXELS = 260
VIEWS = (0.0, 50.0)
RESOLUTION = 90
AMBIENT = 0.45


def cumulative_curves(
    path: Path, curves: Mapping[str, Sequence[float]], limit: float, label: str, title: str = ""
) -> None:
    """Draw the share of photos below each error, one curve for each name; failures (NaN) are never below."""
    thresholds = np.linspace(0, limit, 400)
    figure, axes = plt.subplots(figsize=(5.5, 3.6))
    for name, errors in curves.items():
        axes.plot(thresholds, 100 * cumulative_shares(errors, thresholds), label=f"{name} (n = {len(errors)})")
    axes.set(xlabel=label, ylabel="photos, %", xlim=(0, limit), ylim=(0, 100), title=title)
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize=8)
    _save(figure, path)


def heat_map(path: Path, template: Template, values: NDArray[np.floating], unit: str, title: str = "") -> None:
    """Draw values (n,) at the template's vertices on the mean head, from the front and from the side; NaN is grey."""
    known = values[np.isfinite(values)]
    largest = float(np.percentile(known, 98)) if len(known) else 1.0
    colours = np.concatenate([_view(template, values, yaw, largest) for yaw in VIEWS], axis=1)
    figure, axes = plt.subplots(figsize=(5.5, 3.1))
    axes.imshow(colours)
    axes.set_axis_off()
    axes.set_title(title, fontsize=9)
    scale = plt.cm.ScalarMappable(plt.Normalize(0, largest), "viridis")
    figure.colorbar(scale, ax=axes, label=unit, shrink=0.8)
    _save(figure, path)


def _view(template: Template, values: NDArray[np.floating], yaw: float, largest: float) -> NDArray[np.float64]:
    """One view (p, p, 3) with a little shading."""
    triangles = triangulate(template.faces)
    turned = template.vertices @ rotation_matrix(yaw, 0.0, 0.0).T
    face = turned[template.groups["face"] > 0.5]
    centre = (face.min(axis=0) + face.max(axis=0)) / 2
    scale = 0.85 * VIEW_PIXELS / np.ptp(face[:, 1])
    pixels = (turned - centre)[:, :2] * [scale, -scale] + VIEW_PIXELS / 2
    triangle, barycentric = rasterise(pixels, turned[:, 2], triangles, (VIEW_PIXELS, VIEW_PIXELS))
    shade = np.clip(vertex_normals(turned, triangles)[:, 2], 0, 1)
    attributes = np.column_stack([np.nan_to_num(values), np.isfinite(values), shade])
    seen = interpolate(attributes, triangles, triangle, barycentric)
    colours = plt.get_cmap("viridis")(np.clip(np.nan_to_num(seen[..., 0]) / largest, 0, 1))[..., :3]
    colours[~(seen[..., 1] > 0.99)] = 0.7
    colours *= (AMBIENT + (1 - AMBIENT) * np.nan_to_num(seen[..., 2]))[..., None]
    colours[triangle < 0] = 1
    return np.asarray(colours)


def _save(figure: plt.Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=RESOLUTION, metadata={"Software": None})
    plt.close(figure)
