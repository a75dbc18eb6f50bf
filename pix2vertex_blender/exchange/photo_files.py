"""Which files are photos: the one list of what is read, and the names of what cannot be."""

from collections.abc import Iterable
from pathlib import Path

_READABLE = {
    "JPEG": ".jpg .jpeg .jpe .jfif .mpo",
    "HEIC": ".heic .heif .hif",
    "PNG": ".png",
    "WebP": ".webp",
    "TIFF": ".tif .tiff",
    "BMP": ".bmp",
    "GIF": ".gif",
    "AVIF": ".avif",
    "JPEG 2000": ".jp2 .j2k .jpf .jpx",
}

#: How the names of the files end that the reconstruction reads.
PHOTO_SUFFIXES = frozenset(suffix for suffixes in _READABLE.values() for suffix in suffixes.split())

#: The same for Blender's file browser, which does not know all of them as images. It compares without regard to case.
PHOTO_GLOB = ";".join(f"*{suffix}" for suffix in sorted(PHOTO_SUFFIXES))

_UNREADABLE = {
    "HEIC film": ".heics .heifs",
    "camera raw": ".arw .cr2 .cr3 .crw .dng .nef .nrw .orf .pef .raf .raw .rw2 .srw",
    "JPEG XL": ".jxl",
    "Photoshop": ".psd .psb",
    "OpenEXR": ".exr",
    "Radiance": ".hdr",
    "SVG": ".svg",
    "PDF": ".pdf",
    "video": ".mp4 .mov .m4v .avi .mkv .webm",
}

#: Formats of pictures that cannot be read, by how the names of their files end.
UNREADABLE_FORMATS = {suffix: name for name, suffixes in _UNREADABLE.items() for suffix in suffixes.split()}

LEFT_OUT = "Left out, for want of a format that can be read: {names}."
_MOST_NAMED = 20
#: What systems leave in folders of photos.
_NO_NEWS = {"Thumbs.db", "desktop.ini", "Icon\r"}


def is_photo(path: Path) -> bool:
    """Whether a file's name is that of a photo; hidden files are no photos."""
    return path.suffix.lower() in PHOTO_SUFFIXES and not path.name.startswith(".")


def left_out(paths: Iterable[Path]) -> str:
    """A sentence about the files of a folder that are no photos; empty if there are none, hidden ones apart."""
    files = sorted(path for path in paths if path.is_file() and not is_photo(path) and path.name not in _NO_NEWS)
    named = [_with_format(path) for path in files if not path.name.startswith(".")]
    more = f", ... (+{len(named) - _MOST_NAMED})" if len(named) > _MOST_NAMED else ""
    return LEFT_OUT.format(names=", ".join(named[:_MOST_NAMED]) + more) if named else ""


def _with_format(path: Path) -> str:
    name = UNREADABLE_FORMATS.get(path.suffix.lower())
    return f"{path.name} ({name})" if name else path.name
