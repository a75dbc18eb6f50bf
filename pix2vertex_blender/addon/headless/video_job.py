"""A movie becomes a folder of files, in a Blender without a window: `build.py video`."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy

from ...animation.reading import read_take
from ...errors import PhotoError
from ...exchange.progress import VIDEO_STAGES
from ...exchange.result import Reconstruction
from ...exchange.video_report import VideoReport
from ...files import hidden_folder
from ...rig.names import NAMINGS
from ..batch.names import result_name
from ..batch.output_folder import output_folder
from ..export.export import export_moving_fbx, export_moving_glb, face_with_children, save_blend
from ..operators.rig import put_on
from ..process import session
from ..rig.rig import set_rig
from ..scene.expressions import basis_of
from ..scene.face_object import build_face_object
from .arguments import Parser, path
from .expression_job import NEUTRAL, add_expressions
from .photo_job import Clock, StageLines, await_job, quiet

#: The first argument that asks for this instead of a photo.
VIDEO = "video"
TAKE, REPORT = "take.json", "report.json"
#: The files of one movie.
RESULTS = ("face.blend", "face.fbx", "face.glb", TAKE, REPORT)

WRONG_RATE = "--rate {rate:g} is no number of images a second: give one from 1 to 1000."


def video_parser() -> Parser:
    """The options of `build.py video`."""
    parser = Parser(prog="build.py video", description="Turn a movie of one face into the face and its animation.")
    parser.add_argument("movie", type=path, help="a movie, a folder with an image sequence, or one image of it")
    parser.add_argument("--output", type=path, help="folder for the results (default: out/<movie's name>)")
    parser.add_argument("--rate", type=float, default=25.0, help="images a second of a sequence (default: %(default)s)")
    parser.add_choices(detail_level=1)
    return parser


def run_video(options: argparse.Namespace) -> None:
    """Turn one movie into a folder, and say how well it went.

    Raises
    ------
    Pix2VertexError
        If the movie, an option or the folder cannot be used.
    """
    if not 1.0 <= options.rate <= 1000.0:
        raise PhotoError(WRONG_RATE.format(rate=options.rate))
    place = options.output or Path("out") / result_name(options.movie.absolute().stem)
    with output_folder(place, RESULTS) as folder:
        report = _write_results(options, folder)
    print(f"{'Total':<24}{report.seconds['total']:6.1f} s")
    print(
        f"The face is seen in {report.seen} of {report.frames} frames, of which {report.frames_per_second:.1f} a second"
        " were followed."
    )
    for note in report.notes:
        print(note)
    print(f"Written to {place}")


def _write_results(options: argparse.Namespace, folder: Path) -> VideoReport:
    clock = Clock(StageLines(VIDEO_STAGES))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    temporary, worker = session.temporary_folder(), session.worker()
    movie = {"movie": str(options.movie.absolute()), "rate": options.rate}
    choices: dict[str, Any] = {name: getattr(options, name) for name in ("device", "detail_level", "seed")}
    source = temporary / "person.npz"
    with hidden_folder(temporary) as frames:
        job = worker.submit("video_person", folder=str(frames), options=choices, result=str(source), **movie)
        await_job(job, clock)
    person = [Path(name).name for name in job.result["person"]]
    clock.enter("expressions")
    with quiet():
        face = build_face_object(Reconstruction.load(source), bpy.context, with_eyeballs=True)
        add_expressions(face, source, NEUTRAL)
        set_rig(face, next(iter(NAMINGS)), with_neck=True)
    clock.entered_stages = 0
    job = worker.submit(
        "video_take",
        source=str(source),
        basis=basis_of(face),
        device=options.device,
        take=str(folder / TAKE),
        **movie,
    )
    await_job(job, clock)
    report = VideoReport(**job.result["report"])
    clock.enter("scene")
    with quiet():
        _play(face, folder / TAKE, report, options.movie.stem)
        save_blend(folder / "face.blend")
        export_moving_fbx(folder / "face.fbx", face_with_children(face))
        export_moving_glb(folder / "face.glb", face_with_children(face))
    clock.end()
    versions = {"blender": bpy.app.version_string}
    report = replace(report, movie=options.movie.name, person=person, seconds=clock.seconds, versions=versions)
    (folder / REPORT).write_text(report.to_json(indent=2) + "\n", encoding="utf-8")
    return report


def _play(face: bpy.types.Object, take: Path, report: VideoReport, name: str) -> None:
    """Animate the face in a scene that has the movie's frame rate."""
    scene = bpy.context.scene
    scene.render.fps = max(1, round(report.usual_rate))
    scene.render.fps_base = scene.render.fps / report.usual_rate
    scene.frame_end = 1
    put_on(face, replace(read_take(take), name=name), scene, scene.frame_start)
