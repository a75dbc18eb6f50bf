"""The main job without a window: a photo becomes a folder of files."""

import argparse
import json
import os
import shutil
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import bpy
import numpy as np
from PIL import Image

from ..errors import Pix2VertexError
from ..reconstruction.progress import STAGE_LABELS
from ..reconstruction.result import Reconstruction
from . import session
from .output_folder import output_folder
from .preview import compose_preview
from .scene.camera import Window
from .scene.export import export_fbx, export_glb, save_blend
from .scene.face_object import build_face_object
from .scene.render import render_views
from .worker_client import JobStatus

_POLL_SECONDS = 0.05
_PREVIEW_SIZE = 512
_USER_ERROR, _OWN_FAULT = 2, 1


class _WorkerError(Exception):
    """The worker failed through no fault of the user's."""


def main(arguments: Sequence[str]) -> int:
    """Run the job; returns 0, 2 for something the user can change, or 1 for a fault of ours."""
    options = _parser().parse_args(arguments)
    try:
        with output_folder(_output_path(options)) as folder:
            _run(options, folder)
        print(f"Written to {_output_path(options)}")
    except Pix2VertexError as error:
        return _fail(str(error), options, _USER_ERROR)
    except _WorkerError as error:
        return _fail(str(error), options, _OWN_FAULT)
    except KeyboardInterrupt:
        return _fail("Cancelled.", options, 130)
    except Exception as error:
        return _fail(f"Something went wrong inside pix2vertex ({type(error).__name__}: {error}).", options, _OWN_FAULT)
    finally:
        session.stop_worker()
    return 0


def run_process(arguments: Sequence[str]) -> NoReturn:
    """Run the job as the whole purpose of this process, and end it.

    The static destructors of the `bpy` package can wait forever for a thread of its own, so they are left out, and with
    them the removal of Blender's temporary folder.
    """
    exit_code = main(arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    os._exit(exit_code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py reconstruct", description="Turn a portrait photo into a face mesh.")
    parser.add_argument(
        "photo", nargs="?", type=Path, help="JPEG, PNG, WebP or TIFF; an astronaut's portrait if left out"
    )
    parser.add_argument("--output", type=Path, help="folder for the results (default: out/<photo name>)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps or xpu (default: %(default)s)")
    parser.add_argument(
        "--face-box", nargs=4, type=float, metavar=("X", "Y", "W", "H"), help="the face, in photo pixels"
    )
    parser.add_argument("--face", type=int, metavar="N", help="which of several faces, counted from 1 for the largest")
    parser.add_argument(
        "--detail-level", type=int, default=2, choices=range(4), help="subdivisions (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the random choices (default: %(default)s)")
    parser.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    return parser


def _output_path(options: argparse.Namespace) -> Path:
    name = options.photo.stem if options.photo else "astronaut"
    return options.output or Path("out") / name


def _run(options: argparse.Namespace, folder: Path) -> None:
    clock = _Clock()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    photo = options.photo or _sample_photo()
    reconstruction = _reconstruct(photo, options, clock)
    clock.enter("scene")
    with _quiet():
        renders = _write_scene(reconstruction, folder)
    compose_preview(photo, reconstruction, renders, _PREVIEW_SIZE, folder / "preview.png")
    np.savez_compressed(folder / "maps.npz", crop_to_photo=reconstruction.crop_to_photo, **reconstruction.maps)
    clock.end()
    report = reconstruction.report
    report["seconds"] = clock.seconds
    report["versions"]["blender"] = bpy.app.version_string
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print(f"{'Total':<24}{clock.seconds['total']:6.1f} s")


def _write_scene(reconstruction: Reconstruction, folder: Path) -> tuple[Path, Path]:
    """Write the Blender, FBX and glTF files; returns the renders of the registered and of the detailed mesh."""
    face = build_face_object(reconstruction, bpy.context)
    save_blend(folder / "face.blend")
    export_fbx(folder / "face.fbx", [face])
    export_glb(folder / "face.glb", [face])
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)  # a portrait without eyes is nobody
    side = float(reconstruction.maps["mask"].shape[0])
    return render_views(face, reconstruction, session.temporary_folder(), _PREVIEW_SIZE, Window(0, 0, side, side))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Blender itself prints out of the progress; its exporters and renderers write past Python."""
    sys.stdout.flush()
    saved = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def _reconstruct(photo: Path, options: argparse.Namespace, clock: "_Clock") -> Reconstruction:
    """Have the worker reconstruct the face, showing its progress."""
    result = session.temporary_folder() / "reconstruction.npz"
    choices: dict[str, Any] = {
        "device": options.device,
        "face_box": options.face_box,
        "face": options.face,
        "detail_level": options.detail_level,
        "seed": options.seed,
    }
    worker = session.worker()
    job = worker.submit("reconstruct", photo=str(photo.absolute()), options=choices, result=str(result))
    try:
        while job.status is JobStatus.RUNNING:
            time.sleep(_POLL_SECONDS)
            worker.poll()
            for stage in job.stages[clock.entered_stages :]:
                clock.enter(stage)
            clock.show(job.fraction)
    except KeyboardInterrupt:
        worker.cancel(job)
        raise
    if job.status is JobStatus.FAILED:
        raise (_WorkerError if job.fault else Pix2VertexError)(job.error)
    reconstruction = Reconstruction.load(result)
    clock.take(reconstruction.report["seconds"])
    return reconstruction


def _sample_photo() -> Path:
    """Write the public-domain portrait that scikit-image ships into a temporary file."""
    import skimage.data

    path = session.temporary_folder() / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


def _fail(sentence: str, options: argparse.Namespace, code: int) -> int:
    if options.debug:
        traceback.print_exc()
    print(sentence, file=sys.stderr)
    return code


@dataclass
class _Clock:
    """Shows and measures the stages as they are seen from outside the worker."""

    started: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    entered: float = 0.0
    entered_stages: int = 0

    def enter(self, stage: str) -> None:
        """Note the stage that runs now; the first one began when the clock did."""
        self._leave()
        self.entered = time.perf_counter() if self.stage else self.started
        self.stage = stage
        self.entered_stages += 1

    def show(self, fraction: float) -> None:
        """Show on a terminal how far the stage is."""
        if self.stage and sys.stdout.isatty():
            print(f"\r{STAGE_LABELS[self.stage]:<24}{fraction:6.0%}", end="", flush=True)

    def take(self, seconds: dict[str, float]) -> None:
        """Replace what polling saw by what the worker measured; starting includes the worker's own start."""
        start = self.seconds.get("start", 0.0)
        self.seconds = {**seconds, "start": max(start, seconds["start"])}

    def end(self) -> None:
        """End the last stage and the whole."""
        self._leave()
        self.seconds["total"] = time.perf_counter() - self.started
        self.seconds = {name: round(value, 3) for name, value in self.seconds.items()}

    def _leave(self) -> None:
        if self.stage:
            self.seconds[self.stage] = time.perf_counter() - self.entered
            start = "\r" if sys.stdout.isatty() else ""
            print(f"{start}{STAGE_LABELS[self.stage]:<24}{self.seconds[self.stage]:6.1f} s", flush=True)
