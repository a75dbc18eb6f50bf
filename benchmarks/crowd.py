"""How long the search takes for pictures of unusual sizes and shapes, and whether it finds what is in them.

python benchmarks/crowd.py

The pictures are made of the sample portrait: thirty small faces in 12 megapixels, a strip of noise, one face in a
panorama of 60 megapixels.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.tables import Table
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.network.network import load_network
from pix2vertex_blender.reconstruction.photo.face_search import find_faces, localiser_of
from pix2vertex_blender.reconstruction.photo.photo import Photo

WALL = (90, 110, 130)


def main() -> int:
    """Print the table."""
    localiser = localiser_of(load_network())
    with Image.open(SAMPLE_PORTRAIT) as file:
        person = file.convert("RGB")
    find_faces(localiser, Photo("first", np.asarray(person)))  # chooses kernels, and does not count
    rows = []
    for name, (faces, draw) in PICTURES.items():
        photo = Photo(name, draw(person))
        started, cpu_started = time.perf_counter(), time.process_time()
        found = len(find_faces(localiser, photo))
        rows.append((name, faces, found, time.process_time() - cpu_started, time.perf_counter() - started))
    print(Table("crowd", "Searches of unusual pictures", ("", "faces", "found", "CPU s", "wall s"), rows, 2).markdown())
    return 0


def crowd(person: Image.Image) -> NDArray[np.uint8]:
    """Thirty faces of 27 pixels in 4000 x 3000."""
    picture, one = Image.new("RGB", (4000, 3000), WALL), person.resize((90, 90), Image.Resampling.LANCZOS)
    for number in range(30):
        picture.paste(one, (90 * (number % 6), 90 * (number // 6)))
    return np.asarray(picture)


def strip(_person: Image.Image) -> NDArray[np.uint8]:
    """Noise, 64 x 9000."""
    return np.random.default_rng(1).integers(0, 255, (9000, 64, 3), dtype=np.uint8)


def panorama(person: Image.Image) -> NDArray[np.uint8]:
    """One face of 200 pixels in 20,000 x 3,000."""
    picture = Image.new("RGB", (20000, 3000), WALL)
    picture.paste(person.resize((600, 600)), (13000, 1400))
    return np.asarray(picture)


#: By name how many faces there are, and the picture.
PICTURES: dict[str, tuple[int, Callable[[Image.Image], NDArray[np.uint8]]]] = {
    "crowd": (30, crowd),
    "strip of noise": (0, strip),
    "panorama": (1, panorama),
}


if __name__ == "__main__":
    sys.exit(main())
