"""Depth and shape of the scanned head and of held-out synthetic faces."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks import figures, linear_span, published, shape, synthetic
from benchmarks.depth import DepthResult, by_expression, measure_face
from benchmarks.measures.depth import DepthErrors, mean_errors
from benchmarks.measures.landmarks import BIN_LABELS, YAW_BINS, means_by_yaw, normalised_errors
from benchmarks.product import landmarks_in_photo
from benchmarks.readers.depths import read_index
from benchmarks.readers.faces import DepthFace, ScanFace
from benchmarks.readers.scans import scan_of_depth
from benchmarks.tables import Cell, Table
from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.template import load_template

from .section import Context, Section, SectionAbsentError, data_folder, span_residuals

#: Of the cumulative curves, in percent of the interocular distance.
LIMIT = 20.0
DEPTH_COLUMNS = ("", "photos", "mean", "std", "median", "90 %", "normals °", "covered")


def scanned_head(context: Context) -> Section:
    """Depth and shape of the scanned head."""
    section = _depth_and_shape(context, data_folder("scans"), "scan")
    section.title = "A scanned head"
    section.notes.append(
        "One real scanned head in ten renderings: five yaws under two lights. Depth by pix2vertex 5.2 (scale and offset"
        " by RANSAC, percent of the true depth range); shape by Beyond 3DMM (eqs. 18 to 20, percent of the outer"
        " interocular distance) and by region after non-rigid alignment of the topologies."
    )
    section.tables += [published.DEPTH, published.SHAPE]
    return section


def synthetic_faces(context: Context) -> Section:
    """Depth and shape of held-out synthetic faces by expression and yaw."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        try:
            synthetic.write_faces(folder)
        except DataFileError as error:
            raise SectionAbsentError(str(error)) from error
        section = _depth_and_shape(context, folder, "synthetic", by_group=True)
    section.title = "Held-out synthetic faces"
    section.notes.append(
        "Rendered with heads that the training never shows; whatever of them the template has a vertex for, its true"
        " place is known, so that no registration stands between the prediction and the truth."
    )
    section.tables.append(published.DEPTH_BY_EXPRESSION)
    return section


def _depth_and_shape(context: Context, folder: Path, name: str, by_group: bool = False) -> Section:
    """Run the product once on each photo of a folder with `index.json`, and measure depth and shape."""
    section = Section("")
    depths: list[DepthResult] = []
    shapes: list[shape.ShapeResult] = []
    vertices, truths = {}, {}
    for face in read_index(folder):
        result = measure_face(face, context.device)
        depths.append(result)
        shapes.append(_shape_of(result, face))
        if result.outcome.reconstruction is None:
            section.notes.append(f"Failed: {face.name}: {result.outcome.failure}")
            continue
        vertices[face.name] = result.outcome.reconstruction.coarse_vertices
        truth = face.read().vertices
        if truth is not None:
            truths[face.name] = truth
    section.tables.append(_depth_table(f"{name}_depth", depths))
    every = shape.shape_table(shapes, f"{name}_shape", "Shape")
    every.write_csv(context.output)
    section.tables += _landmark_tables(f"{name}_landmarks", depths)
    section.tables.append(_shape_by_group(f"{name}_shape_means", shapes, by_group))
    if any(result.errors is not None for result in shapes):
        path = context.output / f"{name}_heat_map.png"
        unit = "% of the interocular distance"
        figures.heat_map(path, load_template(), shape.mean_heat(shapes), unit, "mean error of shape")
        section.pictures["Mean error of shape"] = path
        path = context.output / f"{name}_cumulative.png"
        nme = [np.nan if r.errors is None else r.errors.nme for r in shapes]
        dace = [np.nan if r.errors is None else r.errors.dace for r in shapes]
        figures.cumulative_curves(path, {"NME": nme, "DACE": dace}, LIMIT, unit)
        section.pictures["Cumulative error of shape"] = path
    for label, heads in (("registered", vertices), ("true", truths)):
        residuals = span_residuals(heads)
        if residuals:
            title = f"The {label} faces against the linear model's span, mm"
            section.tables.append(linear_span.mean_residual_table(residuals, f"{name}_span_{label}", title))
    return section


def _shape_of(result: DepthResult, face: DepthFace) -> shape.ShapeResult:
    scan_face = ScanFace(face.name, face.photo, lambda: scan_of_depth(face), face.box, face.yaw)
    made = result.outcome.reconstruction
    errors = None if made is None else shape.measure_shape(made.coarse_vertices, scan_of_depth(face))
    return shape.ShapeResult(scan_face, face.yaw, errors, result.outcome)


def _depth_table(name: str, results: list[DepthResult]) -> Table:
    """Means by expression, by yaw and over all."""
    groups: dict[str, list[DepthErrors]] = dict(by_expression(results))
    for label, (lower, upper) in zip(BIN_LABELS, YAW_BINS, strict=True):
        chosen = [r.errors for r in results if r.errors is not None and lower <= abs(r.face.yaw) < upper]
        if chosen:
            groups[f"yaw {label}°"] = chosen
    groups["all"] = [r.errors for r in results if r.errors is not None]
    rows = []
    for label, errors in groups.items():
        mean = mean_errors(errors)
        values = (mean.mean, mean.deviation, mean.median, mean.percentile_90, mean.normals_degrees, mean.covered)
        rows.append((label, len(errors), *values))
    return Table(name, "Depth error, % of the depth range", DEPTH_COLUMNS, rows)


def _landmark_tables(name: str, results: list[DepthResult]) -> list[Table]:
    """NME in the image and in space by yaw, if the faces' landmarks are known in space."""
    known = [r for r in results if all(len(point) == 3 for point in r.face.index.get("landmarks", [()]))]
    if not known:
        return []
    yaws = [result.face.yaw for result in known]
    rows: list[list[Cell]] = []
    for label, dimensions in (("in the image", 2), ("in space", 3)):
        means = means_by_yaw([_landmark_error(result, dimensions) for result in known], yaws)
        rows.append([label, *means.bins, means.balanced, means.overall])
    columns = ("", *(f"{label}°" for label in BIN_LABELS), "balanced", "all")
    return [Table(name, "NME of the 68 landmarks, hidden ones too, %", columns, rows)]


def _landmark_error(result: DepthResult, dimensions: int) -> float:
    made = result.outcome.reconstruction
    if made is None:
        return float("nan")
    truth = np.array(result.face.index["landmarks"])[:, :dimensions]
    return float(normalised_errors(landmarks_in_photo(made)[:, :dimensions], truth).mean())


def _shape_by_group(name: str, results: list[shape.ShapeResult], by_expression_too: bool) -> Table:
    """Means of the shape errors by yaw and, where the names tell it, by expression."""
    groups: dict[str, list[shape.ShapeResult]] = {}
    for result in results:
        if by_expression_too:
            groups.setdefault(result.face.name.split("_")[0], []).append(result)
    for label, (lower, upper) in zip(BIN_LABELS, YAW_BINS, strict=True):
        groups[f"yaw {label}°"] = [r for r in results if lower <= abs(r.yaw) < upper]
    groups["all"] = results
    rows = []
    for label, members in groups.items():
        measured = [r for r in members if r.errors is not None]
        if measured:
            mean = shape.shape_table(measured, "", "").rows[-1]
            rows.append((label, len(measured), *mean[2:-1]))
    return Table(name, "Shape error", ("", "photos", *shape.COLUMNS[2:-1]), rows)
