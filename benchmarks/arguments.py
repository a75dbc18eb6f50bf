"""The command lines of the benchmarks, which have one shape: FOLDER, its layout, a device, and outputs."""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from .readers.faces import LayoutError

Result = TypeVar("Result")


def benchmark_parser(description: str | None, layouts: Iterable[str]) -> argparse.ArgumentParser:
    """A parser for a folder in one of the layouts, the first of which is the default."""
    names = list(layouts)
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--layout", choices=names, default=names[0], help="of FOLDER (default: %(default)s)")
    parser.add_argument("--device", default="cpu")
    return parser


def read_or_exit(read: Callable[[], Result]) -> Result:
    """What a reader returns; ends the program with one sentence if the folder has another layout."""
    try:
        return read()
    except LayoutError as error:
        sys.exit(str(error))
