"""The main job without a window: photos become folders of files."""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from PIL import Image

from ...errors import OptionError, PhotoError, sentence_for
from ...exchange.confidence import doubts, share_outside
from ...exchange.uv_layouts import FACE_FIRST
from ...farm import SERVE
from ...files import hidden_folder, undone_if_ended
from ..batch.names import printable, result_name
from ..batch.output_folder import output_folder
from ..batch.table import WHOLE, collect_photos, left_out_in
from ..images.texture_size import SIDES
from ..process import session
from .arguments import Parser, number, part, path, shielded
from .batch_job import run_batch
from .expression_job import AS_IN_PHOTO, NEUTRAL
from .farm_job import run_farm, serve
from .fault_log import FaultLog, fault_log
from .finish_job import FINISHES
from .photo_job import RESULTS, StageLines, write_photo_results
from .turn_job import RESHAPE, TURN, reshape_parser, run_turn, turn_parser
from .video_job import VIDEO, run_video, video_parser
from .wrap_job import WRAP, run_wrap, wrap_parser

ONE_BOX = "A face box belongs to one photo: leave out --face-box or give a single photo."
TOGETHER_NEEDS_SEVERAL = "One photo cannot be put together: give several of the same person, or leave out --together."
NO_TEXTURE = "{option} is about the texture: add --texture 2048, or leave it out."
NO_FOLDER = "--scheduler and --part are for folders of photos: name one."
ONE_FACE_EACH = "--together takes the largest face of each photo: leave out --face-box and --face."
UNREADABLE_PHOTO = "{photo} cannot be read ({reason}): choose another photo."
_LONGEST_NAME = 80
_USER_ERROR, _OWN_FAULT, _INTERRUPTED = 2, 1, 130


class _Verb(NamedTuple):
    """What is asked for by the first argument, instead of a photo: its options, and what is done."""

    parser: Callable[[], Parser]
    run: Callable[[argparse.Namespace], None]


_VERBS = {
    WRAP: _Verb(wrap_parser, run_wrap),
    VIDEO: _Verb(video_parser, run_video),
    TURN: _Verb(turn_parser, run_turn),
    RESHAPE: _Verb(reshape_parser, run_turn),
}


def main(arguments: Sequence[str], logs: Path | None = None) -> int:
    """Run the job; returns 0, 2 for something the user can change, or 1 for a fault of ours, which has a log in `logs`.

    Logs go into the system's temporary folder if none is given.
    """
    _print_anything()
    debug = "--debug" in arguments
    if arguments == [SERVE]:
        with fault_log(logs):
            serve()
        return 0
    try:
        verb = _VERBS.get(arguments[0]) if arguments else None
        parser = verb.parser() if verb else _parser()
        options = parser.parse_args(shielded(arguments[1:] if verb else arguments))
        with fault_log(logs) as faults:
            job = partial(verb.run, options) if verb else partial(_run_photos, options, faults)
            return _exit_code(job, options.debug, faults)
    except OptionError as error:
        return _fail(str(error), debug, _USER_ERROR)
    except KeyboardInterrupt:
        return _fail("Cancelled.", debug, _INTERRUPTED)
    except OSError as error:  # there is no place for logs
        return _fail(sentence_for(error), debug, _USER_ERROR)


def run_process(arguments: Sequence[str], temporary: Path, logs: Path) -> NoReturn:
    """Run the job as the whole purpose of this process, and end it.

    The static destructors of the `bpy` package can wait forever for a thread of its own, so they are left out, and with
    them the removal of temporary files.

    Parameters
    ----------
    arguments : sequence of str
    temporary : Path
        The folder with all temporary files of this process; deleted.
    logs : Path
        As for `main`.
    """
    with undone_if_ended(_kill_worker):
        exit_code = main(arguments, logs)
        with suppress(OSError):  # whoever reads the output may be gone
            sys.stdout.flush()
            sys.stderr.flush()
        shutil.rmtree(temporary, ignore_errors=True)
        os._exit(exit_code)


def _exit_code(job: Callable[[], int | None], debug: bool, faults: FaultLog) -> int:
    """Do a job to its end, however it ends."""
    try:
        return job() or 0
    except Exception as error:
        sentence = faults.take(error)
        return _fail(sentence, debug, _OWN_FAULT if faults.count else _USER_ERROR)


def _run_photos(options: argparse.Namespace, faults: FaultLog) -> int:
    """One photo, several of one person, or several that have nothing to do with each other."""
    if options.together:
        _run_together(options)
    elif len(options.photos) > 1 or options.scheduler or options.part or any(map(_is_folder, options.photos)):
        return _run_many(options, faults)
    else:
        _run_one(options)
    return 0


def _parser() -> Parser:
    parser = Parser(
        prog="build.py reconstruct",
        description="Turn portrait photos into face meshes.",
        epilog="A folder or several photos give a folder for each photo and results.csv; one that fails stops none"
        " of the others, and what an earlier run has finished is not done again.",
    )
    parser.add_argument(
        "photos",
        nargs="*",
        type=path,
        metavar="photo",
        help="a photo (JPEG, HEIC, PNG, WebP, TIFF, ...) or a folder of them; an astronaut's portrait if left out",
    )
    parser.add_argument("--output", type=path, help="folder for the results (default: out/<photo or folder name>)")
    parser.add_argument(
        "--together", action="store_true", help="all photos show one person: they become one head without expression"
    )
    parser.add_argument(
        "--face-box", nargs=4, type=number, metavar=("X", "Y", "W", "H"), help="the face, in photo pixels"
    )
    parser.add_argument("--face", type=int, metavar="N", help="which of several faces, counted from 1 for the largest")
    parser.add_choices(detail_level=2)
    _add_what_heads_get(parser)
    parser.add_argument("--no-preview", action="store_true", help="leave out preview.png")
    _add_how_many_are_done(parser)
    return parser


def _add_what_heads_get(parser: Parser) -> None:
    """Options of the scene: what is added to a head once it is reconstructed."""
    parser.add_argument("--expressions", action="store_true", help="add ARKit's 52 expressions as shape keys")
    parser.add_argument("--neutral", action="store_true", help="the same, and show the face without its expression")
    parser.add_argument("--rig", action="store_true", help="the same, with a skeleton and the eyeballs")
    parser.add_argument(
        "--finish", choices=FINISHES, help="also write levels of detail and normal maps for a program, or for sculpting"
    )
    parser.add_argument(
        "--texture",
        choices=("auto", *map(str, SIDES)),
        metavar="N",
        help="texture the head: 1024, 2048 or 4096 texels, or auto for what the photo's pixels need",
    )
    parser.add_argument(
        "--face-first", action="store_true", help="UVs on which the face has twice the area, scalp and neck an eighth"
    )
    parser.add_argument("--keep-light", action="store_true", help="leave the photo's light in the texture")


def _add_how_many_are_done(parser: Parser) -> None:
    """Options of folders of photos."""
    parser.add_argument("--again", action="store_true", help="of several photos, do finished ones again")
    parser.add_argument(
        "--part", type=part, metavar="K/N", help="of several photos, do the K-th of N parts, with a table of its own"
    )
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help="have several photos reconstructed by the workers of a Dask scheduler"
    )


def _is_folder(place: Path) -> bool:
    """Whether a photo is a folder; a name that the system does not take is the photo's fault.

    Raises
    ------
    PhotoError
        If the system cannot even look.
    """
    try:
        return place.is_dir()
    except OSError as error:
        name = printable(place.name)
        shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
        raise PhotoError(UNREADABLE_PHOTO.format(photo=shown, reason=error.strerror)) from error


def _run_one(options: argparse.Namespace) -> None:
    """One photo into the folder itself."""
    name = result_name(options.photos[0].stem) if options.photos else "astronaut"
    path = options.output or Path("out") / name
    with output_folder(path, RESULTS) as folder, _photo(options) as photo:
        report = write_photo_results([photo], _choices(options), folder, StageLines(), not options.no_preview)
    print(f"{'Total':<24}{report.seconds['total']:6.1f} s")
    outside = share_outside(report.landmarks_68, report.photo_size)
    for sentence in doubts(report.confidence, outside, report.likeness, report.hidden):
        print(sentence)
    print(f"Written to {path}")


def _run_together(options: argparse.Namespace) -> None:
    """Photos of one person into one folder."""
    if options.face_box is not None or options.face is not None:
        raise PhotoError(ONE_FACE_EACH)
    photos = collect_photos(options.photos)
    if len(photos) < 2:
        raise PhotoError(TOGETHER_NEEDS_SEVERAL)
    folders = [place for place in options.photos if _is_folder(place)]
    path = options.output or Path("out") / result_name((folders[0].absolute() if folders else photos[0]).stem)
    with output_folder(path, RESULTS) as folder:
        report = write_photo_results(photos, _choices(options), folder, StageLines(), not options.no_preview)
    print(f"{'Total':<24}{report.seconds['total']:6.1f} s")
    for view in report.views:
        said = f"counts {view.weight:.0%}, {view.disagreement_mm:.1f} mm from the head" if view.used else "left out"
        print(f"{printable(view.photo)}: {view.sentence or said}")
    print(f"Written to {path}")


def _run_many(options: argparse.Namespace, faults: FaultLog) -> int:
    """Several photos into a folder each; returns the exit code."""
    if options.face_box is not None:
        raise PhotoError(ONE_BOX)
    if not options.photos:
        raise PhotoError(NO_FOLDER)
    photos = collect_photos(options.photos)
    if sentence := left_out_in(options.photos):
        print(sentence, flush=True)
    name = result_name(options.photos[0].absolute().name) if len(options.photos) == 1 else "batch"
    path = options.output or Path("out") / name
    job = partial(run_farm, address=options.scheduler) if options.scheduler else run_batch
    share = options.part or WHOLE
    summary = job(photos, _choices(options), path, not options.no_preview, options.again, faults, part=share)
    print(f"{summary.done} of {len(share.of(photos))} photos done, {summary.failed} failed. Written to {path}")
    if faults.count:
        return _OWN_FAULT
    return _USER_ERROR if summary.failed else 0


def _choices(options: argparse.Namespace) -> dict[str, Any]:
    choices = {name: getattr(options, name) for name in ("device", "face_box", "face", "detail_level", "seed")}
    if options.expressions or options.neutral or options.rig:
        choices["expressions"] = NEUTRAL if options.neutral else AS_IN_PHOTO
    if options.rig:
        choices["rig"] = True
    for option, is_given in (("--keep-light", options.keep_light), ("--face-first", options.face_first)):
        if is_given and not options.texture:
            raise OptionError(NO_TEXTURE.format(option=option))
    if options.texture:
        choices |= {"texture": options.texture.upper(), "keep_light": options.keep_light}
    if options.face_first:
        choices["layout"] = FACE_FIRST
    if options.finish:
        choices["finish"] = options.finish
    return choices


@contextmanager
def _photo(options: argparse.Namespace) -> Iterator[Path]:
    """The user's photo, or a file of the public-domain portrait that scikit-image ships."""
    if options.photos:
        yield options.photos[0]
        return
    import skimage.data

    # Not in Blender's temporary folder, which Blender empties when it starts a new file.
    with hidden_folder(Path(tempfile.gettempdir())) as folder:
        path = folder / "astronaut.png"
        Image.fromarray(skimage.data.astronaut()).save(path)
        yield path


def _print_anything() -> None:
    """Have what the terminal's or the file's encoding lacks printed as an escape, also by Blender's exporters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _kill_worker() -> None:
    worker = session.SESSION.worker
    if worker is not None and worker.process_id is not None:
        os.kill(worker.process_id, getattr(signal, "SIGKILL", signal.SIGTERM))


def _fail(sentence: str, debug: bool, code: int) -> int:
    if debug:
        traceback.print_exc()
    with suppress(OSError):
        print(sentence, file=sys.stderr)
    return code
