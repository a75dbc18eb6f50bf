"""What the results of photos are called: names that every system takes, one for each photo."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

#: What no file name may have on one of the three systems, or what no UTF-8 text can hold (bytes of another encoding).
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_NOT_UTF8 = re.compile("[\ud800-\udfff]")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

#: Bytes of a name in all common file systems are 255; this leaves room for endings and for numbers.
_LONGEST = 230


def result_name(name: str) -> str:
    """A name for a photo's results: never hidden, never a way to another folder, at most 230 bytes in UTF-8."""
    name = _NOT_UTF8.sub(lambda match: f"%{ord(match[0]) & 0xFF:02X}", name)
    name = _FORBIDDEN.sub("_", name).strip(". ") or "photo"
    if _DEVICES.fullmatch(name):
        name += "_"
    if len(name.encode()) <= _LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    start = name.encode()[: _LONGEST - len(digest) - 1].decode(errors="ignore")
    return f"{start}_{digest}"


def result_names(photos: Sequence[Path], reserved: Sequence[str] = ()) -> dict[Path, str]:
    """A different name for the results of each photo: its own, with the extension where several share it.

    Which name a photo gets does not depend on the order, so that a photo that is added later overwrites nothing.

    Parameters
    ----------
    photos : sequence of Path
    reserved : sequence of str
        Names that belong to something else.
    """
    shared = Counter(_compared(result_name(photo.stem)) for photo in photos)
    names: dict[Path, str] = {}
    taken = {_compared(name) for name in reserved}
    for photo in photos:
        alone = shared[_compared(result_name(photo.stem))] == 1
        candidates = [photo.stem] if alone else []
        candidates += [photo.name, *(f"{photo.name}_{number}" for number in range(2, len(photos) + 3))]
        name = next(name for name in map(result_name, candidates) if _compared(name) not in taken)
        taken.add(_compared(name))
        names[photo] = name
    return names


def encodable(text: str) -> str:
    """A text in which bytes of file names that are no UTF-8 stand as escapes."""
    return text.encode(errors="backslashreplace").decode()


def printable(text: str) -> str:
    """A name as one line that says also what cannot be seen."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _compared(name: str) -> str:
    """What two names that one file system takes for the same have in common."""
    return unicodedata.normalize("NFC", name).casefold()
