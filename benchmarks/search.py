"""Which faces the product finds by itself, by how far they are turned, and how long it takes.

python benchmarks/search.py FOLDER [--layout photos|aflw2000|300w|rendered] [--turned]

FOLDER holds annotated photos as in `landmarks.py`, or faces that `synthetic.py` has rendered. A face counts as found if
the square of a found face overlaps that of its annotated landmarks by more than half, and as first if that is the
largest face found. With --turned, the photos lie on their side and stand on their head instead.
"""

import json
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.arguments import benchmark_parser, read_or_exit
from benchmarks.measures.landmarks import YAW_BINS
from benchmarks.readers.faces import LandmarkFace, box_of, require
from benchmarks.readers.photos import LAYOUTS
from benchmarks.tables import Table
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import load_network
from pix2vertex_blender.reconstruction.photo.boxes import overlap
from pix2vertex_blender.reconstruction.photo.face_search import find_faces, localiser_of
from pix2vertex_blender.reconstruction.photo.localisation import LocalisationParameters, Localiser
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square
from pix2vertex_blender.reconstruction.photo.reading import load_photo

FOUND_OVERLAP = 0.5


@dataclass(frozen=True)
class Result:
    """What became of one face.

    Attributes
    ----------
    yaw : float
        Degrees.
    found, first : bool
    count : int
        How many faces the product found in the picture.
    cpu_seconds, seconds : float
        Of the search, without reading the file.
    """

    yaw: float
    found: bool
    first: bool
    count: int
    cpu_seconds: float
    seconds: float


def main() -> int:
    """Run the benchmark and print its table."""
    layouts = {**LAYOUTS, "rendered": read_rendered}
    parser = benchmark_parser(__doc__, layouts)
    parser.add_argument("--turned", action="store_true", help="turn the photos by 90, 180 and 270 degrees")
    options = parser.parse_args()
    localiser = localiser_of(load_network(device=choose_device(options.device)))
    results = []
    for number, face in enumerate(read_or_exit(partial(layouts[options.layout], options.folder))):
        result = measure(localiser, face, number % 3 + 1 if options.turned else 0)
        results.append(result)
        missed = "" if result.first else "  not the largest" if result.found else "  NOT FOUND"
        print(
            f"{face.name:32s} yaw {result.yaw:6.1f}  {result.count} found, {result.seconds:5.1f} s{missed}", flush=True
        )
    print(summary(results).markdown())
    return 0


def read_rendered(folder: Path) -> list[LandmarkFace]:
    """The faces that `synthetic.py` has written."""
    index = json.loads(require(folder / "index.json", "make it with synthetic.py").read_text(encoding="utf-8"))
    faces = []
    for name, entry in index.items():
        landmarks = np.array(entry["landmarks"])[:, :2]
        faces.append(LandmarkFace(name, folder / entry["image"], landmarks, box_of(landmarks), entry["yaw"]))
    return faces


def measure(localiser: Localiser, face: LandmarkFace, quarters: int = 0) -> Result:
    """Search one photo, turned anticlockwise by so many quarters."""
    photo = load_photo(face.photo)
    width, height = photo.size
    landmarks = face.landmarks[:, :2]
    for _ in range(quarters):
        landmarks = np.column_stack([landmarks[:, 1], width - landmarks[:, 0]])
        width, height = height, width
    photo = Photo(photo.name, np.ascontiguousarray(np.rot90(photo.pixels, quarters)))
    started, cpu_started = time.perf_counter(), time.process_time()
    faces = find_faces(localiser, photo)
    cpu_seconds, seconds = time.process_time() - cpu_started, time.perf_counter() - started
    wanted = wanted_square(landmarks, localiser.parameters)
    hits = [overlap(_as_box(each.square), _as_box(wanted)) > FOUND_OVERLAP for each in faces]
    return Result(face.yaw, any(hits), bool(hits) and hits[0], len(faces), cpu_seconds, seconds)


def wanted_square(landmarks: NDArray[np.floating], parameters: LocalisationParameters) -> Square:
    """The square that landmarks (68, 2) ask for; which way up makes little difference."""
    lower, upper = landmarks.min(axis=0), landmarks.max(axis=0)
    x, y = (lower + upper) / 2
    return Square(float(x), float(y), parameters.enlargement * float((upper - lower).max()))


def _as_box(square: Square) -> NDArray[np.float64]:
    return np.array([square.x - square.side / 2, square.y - square.side / 2, square.side, square.side])


def summary(results: list[Result]) -> Table:
    """How many are found in each interval of yaw."""
    labels = ("|yaw| < 30", "30 <= |yaw| < 60", "60 <= |yaw|", "all")
    rows = []
    for label, (lower, upper) in zip(labels, (*YAW_BINS, (0.0, np.inf)), strict=True):
        chosen = [result for result in results if lower <= abs(result.yaw) < upper]
        if chosen:
            found, first = (sum(getattr(each, name) for each in chosen) for name in ("found", "first"))
            seconds = [
                float(np.median([getattr(each, name) for each in chosen])) for name in ("cpu_seconds", "seconds")
            ]
            rows.append((label, len(chosen), found, first, f"{found / len(chosen):.0%}", *seconds))
    columns = ("", "faces", "found", "the largest", "share", "CPU s", "wall s")
    return Table("search", "Faces found by themselves", columns, rows, 2)


if __name__ == "__main__":
    sys.exit(main())
