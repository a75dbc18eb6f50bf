"""What is authored becomes a file of the product."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.data_files import write_checksum


def write_authored(author: Callable[[], Mapping[str, NDArray]], default: Path, description: str | None) -> None:
    """Write the arrays and their checksum where the command line says, and tell how large the file is."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=default)
    path = parser.parse_args().file
    np.savez_compressed(path, **author())
    write_checksum(path)
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
