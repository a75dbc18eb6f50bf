"""The exceptions of the product, and one sentence for an artist for any exception: what is wrong and what to do."""

import errno
import textwrap
from collections.abc import Iterator

from .limits import is_lack_of_memory, memory_limit

DISK_FULL = (
    "There is no space left on the disk: make room where the temporary files and the results go, then try again."
)
NO_MEMORY = "There is not enough memory; close other programs or choose a lower detail level."
LIMIT_TOO_LOW = (
    "The memory limit in the preferences is too low for this: raise it, set it to 0 or choose a lower detail level."
)
LIBRARY_MISSING = "The library {library} is missing; install the pix2vertex zip made for this version of Blender."
FILE_UNUSABLE = "{file} cannot be read or written ({reason}): look whether it is there and whether you may use it."
FAULT = "Something went wrong inside pix2vertex ({kind}: {text})."

#: No space, no space within the quota, larger than a file may be.
_FULL_DISK = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)

#: Characters of an unexpected exception's text that still fit into a sentence.
_LONGEST_TEXT = 200


class Pix2VertexError(Exception):
    """Base class: the input cannot be used as it is. Its text is shown to the user unchanged."""


class PhotoError(Pix2VertexError):
    """The photo cannot be read or is too small."""


class FaceNotFoundError(Pix2VertexError):
    """There is no face in the photo or in the box the user gave."""


class DeviceError(Pix2VertexError):
    """The requested compute device does not exist or fails its probe."""


class DataFileError(Pix2VertexError):
    """A file the product ships (template, weights) is missing or damaged."""


class RecordError(Pix2VertexError):
    """What is kept with a face object is missing, damaged or of another version."""


class SceneError(Pix2VertexError):
    """An object of the Blender file cannot be used or changed."""


class MeshError(Pix2VertexError):
    """A mesh is not one the algorithm can work on: wrong shapes, degenerate triangles, edges of more than two faces."""


class RegistrationError(Pix2VertexError):
    """The template cannot be aligned with or registered to the target."""


class OutputError(Pix2VertexError):
    """The output cannot be written."""


class OptionError(Pix2VertexError):
    """An option of the command line cannot be used."""


class Cancelled(Exception):  # noqa: N818 - a request of the user, not an error
    """The user asked to stop. Raised by a progress callback and never caught by the algorithm."""


def sentence_for(error: BaseException) -> str:
    """The one sentence that tells the user of any exception: what happened and, where it is known, what to do.

    Every boundary uses it (an operator's tick, a timer, a photo of a batch, a job of the worker, the command line), so
    that the same trouble has the same words everywhere. What lies behind an exception counts more than what it became
    on its way: a full disk, for instance, may arrive as a file that cannot be read.
    """
    known = _known_sentence(error)
    return known if known is not None else FAULT.format(kind=type(error).__name__, text=_in_one_line(error))


def is_fault(error: BaseException) -> bool:
    """Whether an exception is a fault of ours rather than something that the user can change; it belongs in the log."""
    return _known_sentence(error) is None


def shortage(error: BaseException) -> str | None:
    """The sentence about what the computer has too little of, disk or memory; None if that is not the reason."""
    chain = list(_with_what_lies_behind(error))
    if any(isinstance(each, OSError) and each.errno in _FULL_DISK for each in chain):
        return DISK_FULL
    if any(is_lack_of_memory(each) for each in chain):
        return LIMIT_TOO_LOW if memory_limit() else NO_MEMORY
    return None


def _known_sentence(error: BaseException) -> str | None:
    if (sentence := shortage(error)) is not None:
        return sentence
    if isinstance(error, Pix2VertexError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        return LIBRARY_MISSING.format(library=error.name)
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return FILE_UNUSABLE.format(file=error.filename, reason=error.strerror)
    return None


def _with_what_lies_behind(error: BaseException) -> Iterator[BaseException]:
    """An exception and those that it was raised from or while handling."""
    each: BaseException | None = error
    seen: set[int] = set()
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _in_one_line(error: BaseException) -> str:
    return textwrap.shorten(str(error), _LONGEST_TEXT, placeholder=" ...")
