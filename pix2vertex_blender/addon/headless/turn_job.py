"""A photo from another side, or with another shape of its face, as an image file: `build.py turn` and `reshape`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from ...errors import OptionError, OutputError, RecordError
from ...exchange.progress import STAGE_LABELS
from ...exchange.turning import PARTS, check_angles
from ...files import NOT_WRITABLE, replace_file
from ..batch.names import result_name
from ..process import session
from ..scene.face_object import read_provenance
from ..scene.record import has_record, read_record
from .arguments import Parser, angle, factor, path, seed
from .photo_job import Clock, StageLines, await_job, quiet, reconstruct_in_worker, result_file

#: The first arguments that ask for this instead of a face.
TURN, RESHAPE = "turn", "reshape"
ENDINGS = (".png", ".jpg", ".jpeg")

WHAT = "Give a photo, or with --face the face.blend of a photo that was reconstructed."
WRONG_ENDING = "{file} has an ending that no image is written with: choose one of {endings}."
NO_FACE = "{file} is no Blender file with a face of ours: give the face.blend that build.py reconstruct has written."

Request = Callable[[argparse.Namespace], dict[str, Any]]


def turn_parser() -> Parser:
    """The options of `build.py turn`."""
    parser = Parser(prog="build.py turn", description="Show the photo of a face from another side, as an image.")
    parser.add_argument("--yaw", type=angle, default=0.0, help="degrees to the right of the picture, up to 60")
    parser.add_argument("--pitch", type=angle, default=0.0, help="degrees downwards, up to 40")
    return _with_common(parser, TURN, _turn_request)


def reshape_parser() -> Parser:
    """The options of `build.py reshape`."""
    parser = Parser(prog="build.py reshape", description="Show the photo of a face with another shape, as an image.")
    parser.add_argument(
        "--parts", nargs="+", choices=list(PARTS), default=list(PARTS), help="what is changed (default: everything)"
    )
    parser.add_argument("--like", type=path, help="vertices.npy of another face, whose parts it gets")
    parser.add_argument("--seed", type=seed, default=0, help="without --like, which made-up people (default: 0)")
    parser.add_argument("--amount", type=factor, default=1.0, help="how much they count (default: %(default)s)")
    return _with_common(parser, RESHAPE, _reshape_request)


def run_turn(options: argparse.Namespace) -> None:
    """Draw one photo again, and say what of the face had to be filled.

    Raises
    ------
    Pix2VertexError
        If the photo, the face, an option or the file cannot be used.
    """
    if options.photo is None and options.face is None:
        raise OptionError(WHAT)
    named = options.photo or options.face.absolute().parent
    output = options.output or Path("out") / f"{result_name(named.stem)}_{options.verb}.png"
    if output.suffix.lower() not in ENDINGS:
        raise OptionError(WRONG_ENDING.format(file=output.name, endings=", ".join(ENDINGS)))
    request = options.request(options)
    photo = _face_of_file(options) if options.face is not None else _face_of_photo(options)
    clock = Clock(StageLines(STAGE_LABELS | {TURN: "Turning the photo", RESHAPE: "Changing the shape"}))
    picture = session.temporary_folder() / f"drawn{output.suffix.lower()}"
    source = {"source": str(result_file()), "photo": str(photo), "result": str(picture)}
    job = session.worker().submit(options.verb, **source, **request)
    await_job(job, clock)
    clock.end()
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        replace_file(output, picture.read_bytes())
    except OSError as error:
        raise OutputError(NOT_WRITABLE.format(path=output, reason=error.strerror)) from error
    print(f"The photo hides {job.result['filled']:.0%} of the face that is seen now.")
    print(f"Written to {output}")


def _with_common(parser: Parser, verb: str, request: Request) -> Parser:
    parser.add_argument("photo", nargs="?", type=path, help="a photo with a face")
    parser.add_argument("--face", type=path, help="face.blend of an earlier reconstruction, instead of doing it again")
    parser.add_argument("--output", type=path, help=f"a PNG or JPEG file (default: out/<photo's name>_{verb}.png)")
    parser.add_device()
    parser.set_defaults(request=request, verb=verb)
    return parser


def _turn_request(options: argparse.Namespace) -> dict[str, Any]:
    check_angles(options.yaw, options.pitch)
    return {"yaw": options.yaw, "pitch": options.pitch}


def _reshape_request(options: argparse.Namespace) -> dict[str, Any]:
    if options.like is None:
        return {"parts": options.parts, "seed": options.seed, "amount": options.amount}
    return {"parts": options.parts, "like": str(options.like.absolute())}


def _face_of_photo(options: argparse.Namespace) -> Path:
    """Reconstruct the face; returns where the photo is."""
    clock = Clock(StageLines())
    reconstruct_in_worker([options.photo], {"device": options.device, "detail_level": 0}, clock)
    clock.end()
    return Path(options.photo.absolute())


def _face_of_file(options: argparse.Namespace) -> Path:
    """Take the first face of a Blender file; returns where its photo is."""
    try:
        with quiet():
            bpy.ops.wm.open_mainfile(filepath=str(options.face.absolute()), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise RecordError(NO_FACE.format(file=options.face.name)) from error
    face = next((item for item in bpy.data.objects if has_record(item)), None)
    if face is None:
        raise RecordError(NO_FACE.format(file=options.face.name))
    read_record(face).save(result_file())
    if options.photo is not None:
        return Path(options.photo.absolute())
    provenance = read_provenance(face)
    return Path(bpy.path.abspath(provenance.photo)) if provenance is not None else Path()
