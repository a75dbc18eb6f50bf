"""Landmarks on annotated photos, beside MediaPipe on the same ones."""

import json
from pathlib import Path

import numpy as np

from benchmarks import figures, linear_span, published
from benchmarks.landmarks import Result, measure_face
from benchmarks.measures.curves import area_under_curve, failure_rate
from benchmarks.measures.landmarks import (
    BIN_LABELS,
    INNER,
    YAW_BINS,
    bin_of,
    interocular_errors,
    means_by_yaw,
    normalised_errors,
)
from benchmarks.peers.environments import MEDIAPIPE, PeerAbsentError, run_peer
from benchmarks.product import FOUND_OVERLAP, face_overlap
from benchmarks.readers.faces import LandmarkFace
from benchmarks.readers.photos import read_faces_json
from benchmarks.tables import Cell, Table

from .section import PEER_SECONDS, Context, Section, data_folder, span_residuals

#: By system; None for each failure.
Landmarks = dict[str, list[np.ndarray | None]]
#: Of the cumulative curves and the areas under them, in percent.
LIMIT = 10.0
COLUMNS = ("system", *(f"{label}°" for label in BIN_LABELS), "balanced", "all photos", "inner 51", "failed")


def landmarks_on_photos(context: Context) -> Section:
    """NME on the annotated photos, beside MediaPipe on the same ones."""
    faces = read_faces_json(data_folder("photos"))
    results = [measure_face(face, context.device) for face in faces]
    section = Section("Landmarks on annotated photos")
    found = sum(result.found for result in results)
    failed = [result for result in results if result.landmarks is None]
    section.notes.append(
        f"{len(faces)} real photos (LFPW, AFLW2000-3D and others), faces found by the product itself: {found}. NME in"
        " percent of sqrt(width x height) of the annotated points' box, by |yaw|; the balanced mean weighs the three"
        f" intervals alike, which have {', '.join(str(n) for n in _counts(faces))} photos."
    )
    section.notes.append(
        "Absent peers, which come with no package that could be installed: 3DDFA, 3DDFA-V2, PRNet, SADRNet and MGCNet;"
        " their published rows are on all of AFLW2000-3D."
    )
    section.notes += [f"Failed: {result.name}: {result.outcome.failure}" for result in failed]
    rows: Landmarks = {"this product": [result.landmarks for result in results]}
    try:
        rows |= _mediapipe(faces, context.output)
    except PeerAbsentError as error:
        section.notes.append(f"Absent peer: {error}.")
    section.tables.append(_landmark_table(faces, rows))
    section.tables.append(_curve_table(faces, rows))
    section.tables.append(published.LANDMARKS)
    curves = {name: _errors(faces, found, slice(None)) for name, found in rows.items()}
    path = context.output / "landmarks_cumulative.png"
    figures.cumulative_curves(path, curves, LIMIT, "NME of 68 points, %")
    section.pictures["Cumulative error of the landmarks"] = path
    _write_photo_table(context, results)
    _add_residuals(section, results, context)
    return section


def _add_residuals(section: Section, results: list[Result], context: Context) -> None:
    """What the linear face model cannot say of the registered faces, if that model is there."""
    residuals = span_residuals(
        {r.name: r.outcome.reconstruction.coarse_vertices for r in results if r.outcome.reconstruction is not None}
    )
    if not residuals:
        return
    title = "Registered faces against the linear model's span, mm"
    section.tables.append(linear_span.mean_residual_table(residuals, "linear_span_photos", title))
    path = context.output / "linear_span_photos.png"
    linear_span.draw(path, residuals)
    section.pictures["What the registered faces have beyond the linear model, mean over the photos"] = path


def _counts(faces: list[LandmarkFace]) -> tuple[int, ...]:
    return tuple(sum(bin_of(face.yaw) == index for face in faces) for index in range(len(YAW_BINS)))


def _mediapipe(faces: list[LandmarkFace], output: Path) -> Landmarks:
    """MediaPipe's landmarks: where it looks by itself, else in the annotated box, as the product; and in the box."""
    request, answer = output / "mediapipe_request.json", output / "mediapipe_answer.json"
    entries = [{"name": face.name, "photo": str(face.photo.resolve()), "box": face.box} for face in faces]
    request.write_text(json.dumps(entries))
    run_peer(MEDIAPIPE, [str(request), str(answer)], PEER_SECONDS)
    answers = json.loads(answer.read_text())
    given = [answers[face.name]["given"] for face in faces]
    own = [answers[face.name]["own"] for face in faces]
    right = [
        landmarks is not None and face_overlap(np.array(landmarks), face.landmarks) >= FOUND_OVERLAP
        for landmarks, face in zip(own, faces, strict=True)
    ]
    chosen = [a if ok else b for a, b, ok in zip(own, given, right, strict=True)]
    return {
        f"{MEDIAPIPE.name}, found {sum(right)} by itself": [None if x is None else np.array(x) for x in chosen],
        f"{MEDIAPIPE.name}, given the box": [None if x is None else np.array(x) for x in given],
    }


def _errors(faces: list[LandmarkFace], found: list[np.ndarray | None], points: slice) -> list[float]:
    """NME (n,) in percent over some of the points; NaN for failures."""
    return [
        float("nan") if landmarks is None else float(normalised_errors(landmarks, face.landmarks[:, :2])[points].mean())
        for face, landmarks in zip(faces, found, strict=True)
    ]


def _landmark_table(faces: list[LandmarkFace], rows: Landmarks) -> Table:
    yaws = [face.yaw for face in faces]
    cells: list[list[Cell]] = []
    for name, found in rows.items():
        means = means_by_yaw(_errors(faces, found, slice(None)), yaws)
        inner = means_by_yaw(_errors(faces, found, INNER), yaws)
        failed = sum(landmarks is None for landmarks in found)
        cells.append([name, *means.bins, means.balanced, means.overall, inner.overall, failed])
    return Table("landmarks", "NME of the 68 landmarks, %", COLUMNS, cells)


def _curve_table(faces: list[LandmarkFace], rows: Landmarks) -> Table:
    cells: list[list[Cell]] = []
    for name, found in rows.items():
        errors = _errors(faces, found, slice(None))
        eyes = [
            float("nan") if points is None else float(interocular_errors(points, face.landmarks[:, :2]).mean())
            for face, points in zip(faces, found, strict=True)
        ]
        area, failures = area_under_curve(errors, LIMIT), 100 * failure_rate(errors, LIMIT)
        cells.append([name, area, failures, float(np.nanmean(eyes))])
    columns = (
        "system",
        f"area to {LIMIT:.0f} %",
        f"beyond {LIMIT:.0f} %, % of photos",
        "interocular NME %",
    )
    return Table("landmark_curves", "Cumulative error", columns, cells)


def _write_photo_table(context: Context, results: list[Result]) -> None:
    columns = ("photo", "yaw", "found", "all 68", "inner 51", "confidence", "seconds")
    rows = [(r.name, r.yaw, str(r.found), r.all_68, r.inner_51, r.confidence, r.seconds) for r in results]
    Table("landmarks_by_photo", "", columns, rows).write_csv(context.output)
