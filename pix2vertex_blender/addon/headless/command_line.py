"""The main job without a window: photos become folders of files."""

import argparse
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import bpy
from PIL import Image

from ...errors import PhotoError, Pix2VertexError
from ...exchange.confidence import doubts, share_outside
from ..batch.output_folder import output_folder
from ..batch.table import collect_photos, left_out_in
from ..process import session
from .batch_job import run_batch
from .photo_job import StageLines, WorkerError, write_photo_results

ONE_BOX = "A face box belongs to one photo: leave out --face-box or give a single photo."

_USER_ERROR, _OWN_FAULT, _INTERRUPTED = 2, 1, 130


def main(arguments: Sequence[str]) -> int:
    """Run the job; returns 0, 2 for something the user can change, or 1 for a fault of ours."""
    options = _parser().parse_args(arguments)
    try:
        if len(options.photos) > 1 or any(place.is_dir() for place in options.photos):
            return _run_many(options)
        _run_one(options)
    except Pix2VertexError as error:
        return _fail(str(error), options, _USER_ERROR)
    except WorkerError as error:
        return _fail(str(error), options, _OWN_FAULT)
    except KeyboardInterrupt:
        return _fail("Cancelled.", options, _INTERRUPTED)
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
    parser = argparse.ArgumentParser(
        prog="build.py reconstruct",
        description="Turn portrait photos into face meshes.",
        epilog="A folder or several photos give a folder for each photo and results.csv; one that fails stops none"
        " of the others, and what an earlier run has finished is not done again.",
    )
    parser.add_argument(
        "photos",
        nargs="*",
        type=Path,
        metavar="photo",
        help="a photo (JPEG, PNG, WebP, TIFF, AVIF, ...) or a folder of them; an astronaut's portrait if left out",
    )
    parser.add_argument("--output", type=Path, help="folder for the results (default: out/<photo or folder name>)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps or xpu (default: %(default)s)")
    parser.add_argument(
        "--face-box", nargs=4, type=float, metavar=("X", "Y", "W", "H"), help="the face, in photo pixels"
    )
    parser.add_argument("--face", type=int, metavar="N", help="which of several faces, counted from 1 for the largest")
    parser.add_argument(
        "--detail-level", type=int, default=2, choices=range(4), help="subdivisions (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the random choices (default: %(default)s)")
    parser.add_argument("--no-preview", action="store_true", help="leave out preview.png, which takes most of the time")
    parser.add_argument("--again", action="store_true", help="of several photos, do finished ones again")
    parser.add_argument("--debug", action="store_true", help="show where in the program an error arose")
    return parser


def _run_one(options: argparse.Namespace) -> None:
    """One photo into the folder itself."""
    name = options.photos[0].stem if options.photos else "astronaut"
    path = options.output or Path("out") / name
    with output_folder(path) as folder, _photo(options) as photo:
        report = write_photo_results(photo, _choices(options), folder, StageLines(), not options.no_preview)
    print(f"{'Total':<24}{report.seconds['total']:6.1f} s")
    for sentence in doubts(report.confidence, share_outside(report.landmarks_68, report.photo_size)):
        print(sentence)
    print(f"Written to {path}")


def _run_many(options: argparse.Namespace) -> int:
    """Several photos into a folder each; returns the exit code."""
    if options.face_box is not None:
        raise PhotoError(ONE_BOX)
    photos = collect_photos(options.photos)
    if sentence := left_out_in(options.photos):
        print(sentence, flush=True)
    name = options.photos[0].absolute().name if len(options.photos) == 1 else "batch"
    path = options.output or Path("out") / name
    summary = run_batch(photos, _choices(options), path, not options.no_preview, options.again)
    print(f"{summary.done} of {len(photos)} photos done, {summary.failed} failed. Written to {path}")
    if summary.faults:
        return _OWN_FAULT
    return _USER_ERROR if summary.failed else 0


def _choices(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ("device", "face_box", "face", "detail_level", "seed")}


@contextmanager
def _photo(options: argparse.Namespace) -> Iterator[Path]:
    """The user's photo, or a file of the public-domain portrait that scikit-image ships."""
    if options.photos:
        yield options.photos[0]
        return
    import skimage.data

    # Not in Blender's temporary folder, which Blender empties when it starts a new file.
    with tempfile.TemporaryDirectory(prefix="pix2vertex_") as folder:
        path = Path(folder) / "astronaut.png"
        Image.fromarray(skimage.data.astronaut()).save(path)
        yield path


def _fail(sentence: str, options: argparse.Namespace, code: int) -> int:
    if options.debug:
        traceback.print_exc()
    print(sentence, file=sys.stderr)
    return code
