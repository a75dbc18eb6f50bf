"""What several photos of one person bring over one, the whole product at work.

python -m benchmarks.together [--scans FOLDER] [--count M] [--seed N] [--expressions NAME ...] [--json OUT]
python -m benchmarks.together --picture FILE [--seed N] [--person NUMBER]

Held-out rendered people, photographed from the front and from both sides, are reconstructed from each picture alone
and from the three together: how much of what makes a face differ from the mean face the heads have (`r2`, `cosine`,
`size` of `measures/identity.py`). With a folder of scans (see `depth.py`), the pictures of one scan in one light are
taken together, too: depth error and angle of the normals in each picture, of the head from it alone and of that from
all. A picture shows a person's head in clay, from one, two and four pictures, and the true one.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.clay_rows import clay_rows
from benchmarks.identity import compare
from benchmarks.measures.depth import DepthErrors, mean_errors, measure_depth
from benchmarks.measures.identity import Likeness, mean_likeness
from benchmarks.people import photograph_person
from benchmarks.product import depth_in_photo, millimetres_per_pixel
from benchmarks.readers.depths import read_index
from benchmarks.readers.faces import DepthFace
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.reconstruction.several.together import reconstruct_together
from pix2vertex_blender.template import load_template

#: Not the people that anything was chosen with.
SEED = 40418
COUNT = 12
YAWS = (0.0, -28.0, 28.0)
#: Those of the heads that are drawn, and from how many of them.
DRAWN_YAWS, DRAWN = (0.0, -28.0, 28.0, 45.0), (1, 2, 4)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.together",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scans", type=Path, help="folder with pictures of scans")
    parser.add_argument("--count", type=int, default=COUNT, help="people (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the people")
    parser.add_argument("--expressions", nargs="+", default=["neutral"], help="of the three pictures, in turn")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--picture", type=Path, help="only draw one of the people")
    parser.add_argument("--person", type=int, default=0, help="who is drawn (default: %(default)s)")
    options = parser.parse_args(arguments)
    figures: dict[str, object] = {}
    try:
        if options.picture:
            cv2.imwrite(str(options.picture), picture_of(options.seed, options.person, options.device)[..., ::-1])
            return 0
        if options.count:
            alone, together = meet(options.seed, options.count, tuple(options.expressions), options.device)
            figures |= {"people": {"alone": asdict(alone), "together": asdict(together)}}
            print(f"{options.count} people            r2  cosine  size")
            for name, likeness in (("one picture", alone), ("three together", together)):
                print(f"{name:20s}{likeness.r2:7.3f}{likeness.cosine:8.3f}{likeness.size:7.3f}")
        if options.scans:
            figures |= {"scans": scans(options.scans, options.device)}
    except Pix2VertexError as error:
        sys.exit(str(error))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")
    return 0


def meet(seed: int, count: int, expressions: tuple[str, ...], device: str) -> tuple[Likeness, Likeness]:
    """Mean figures of the heads from single pictures, and of those from all pictures of a person."""
    face = load_template().groups["face"] > 0.5
    settings = Options(device=device, detail_level=0)
    alone, together = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            paths, truth = photograph_person(seed, number, YAWS, Path(folder), expressions)
            singles = [reconstruct(path, settings).coarse_vertices for path in paths]
            head = reconstruct_together(paths, settings).coarse_vertices
            each = [compare(single[face], truth, face) for single in singles]
            alone.append(mean_likeness(each))
            together.append(compare(head[face], truth, face))
            print(f"person {number}: {alone[-1].r2:.3f}, {together[-1].r2:.3f}", file=sys.stderr, flush=True)
    return mean_likeness(alone), mean_likeness(together)


def picture_of(seed: int, number: int, device: str) -> NDArray[np.uint8]:
    """A person's heads from one, two and four pictures, and the true one, in clay from three sides."""
    settings = Options(device=device, detail_level=0)
    with tempfile.TemporaryDirectory() as folder:
        paths, truth = photograph_person(seed, number, DRAWN_YAWS, Path(folder))
        heads = [reconstruct_together(paths[:count], settings).coarse_vertices for count in DRAWN]
    return clay_rows([*heads, truth], (0.0, 45.0, 90.0))


def scans(folder: Path, device: str) -> dict[str, dict[str, float]]:
    """Figures by scan and light: mean depth errors in percent and angles of the normals, alone and together."""
    groups: dict[str, list[DepthFace]] = {}
    for face in read_index(folder):
        groups.setdefault(f"{face.index.get('scan', '')}, light {face.index.get('light', 0)}", []).append(face)
    figures = {}
    print(f"{'':24s}{'alone':>17s}{'together':>17s}")
    for name, faces in groups.items():
        settings = Options(device=device, detail_level=1)
        alone = mean_errors([errors_of(reconstruct(face.photo, settings), face) for face in faces])
        head = reconstruct_together([face.photo for face in faces], settings)
        by_photo = {view.photo: view for view in head.views}
        seen = [face for face in faces if str(face.photo) in by_photo]
        together = mean_errors([errors_of(replace(head, views=(by_photo[str(face.photo)],)), face) for face in seen])
        print(
            f"{name:24s}{alone.mean:8.2f} %{alone.normals_degrees:6.1f}°"
            f"{together.mean:8.2f} %{together.normals_degrees:6.1f}°   {len(seen)} of {len(faces)} pictures",
            flush=True,
        )
        figures[name] = {
            "alone_depth": alone.mean,
            "alone_normals": alone.normals_degrees,
            "together_depth": together.mean,
            "together_normals": together.normals_degrees,
        }
    return figures


def errors_of(head: Reconstruction, face: DepthFace) -> DepthErrors:
    """Errors of a head in the picture that is its first view."""
    truth = face.read()
    depth, mask = depth_in_photo(head, (truth.depth.shape[0], truth.depth.shape[1]))
    pixel = millimetres_per_pixel(head)
    return measure_depth(depth, mask, truth.depth, truth.mask, pixel, truth.pixel)


if __name__ == "__main__":
    sys.exit(main())
