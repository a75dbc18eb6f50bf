"""A file becomes a take, whatever it holds."""

from pathlib import Path

from .arkit_json import read_json
from .live_link_face import read_csv
from .take import Take, TakeError

UNREADABLE = "{file} cannot be read ({reason}): choose a Live Link Face CSV or an ARKit JSON file."
TOO_LARGE = "{file} is larger than any take: choose a Live Link Face CSV or an ARKit JSON file."
NO_TEXT = "{file} holds no text: choose a Live Link Face CSV or an ARKit JSON file."

#: Bytes of an hour at 60 frames a second, several times over.
_LARGEST = 1 << 29


def read_take(path: Path, rate: float = 0.0) -> Take:
    """Read a file of Live Link Face or one with ARKit's expressions as JSON, told apart by how it begins.

    Parameters
    ----------
    path : Path
    rate : float, optional
        Frames a second that the file counts; 0 to find out.

    Raises
    ------
    TakeError
        If it cannot be used.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise TakeError(TOO_LARGE.format(file=path.name))
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TakeError(UNREADABLE.format(file=path.name, reason=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise TakeError(NO_TEXT.format(file=path.name)) from error
    read = read_json if text.lstrip()[:1] in ("{", "[") else read_csv
    return read(text, path.stem, path.name, rate)
