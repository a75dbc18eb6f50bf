"""Place the annotated landmarks anew on a template: ``python -m training.template.place_landmarks [FILE]``.

Authored anew on another machine, vertices come to lie up to a tenth of a millimetre elsewhere, and the networks know
them where they are. So what only points at vertices is changed by itself.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.paths import TEMPLATE_FILE

from .annotation import annotated_points
from .layout import build_half
from .nose_edge import nose_edge


def main(arguments: Sequence[str] | None = None) -> None:
    """Rewrite the template's file with its landmarks where `annotation.py` has them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=TEMPLATE_FILE)
    path = parser.parse_args(arguments).file
    with np.load(path) as stored:
        arrays = dict(stored)
    vertices, groups = arrays["vertices"].astype(np.float64), list(arrays["group_names"])
    corners, weights = annotated_points(
        vertices,
        arrays["faces"].astype(np.int64),
        arrays["group_weights"][groups.index("face")] / 255,
        arrays["landmarks_68"].astype(np.int64),
        arrays["mirror"].astype(np.int64),
        nose_edge(build_half(), vertices),
    )
    arrays |= {"landmark_corners": corners.astype(np.int32), "landmark_weights": weights.astype(np.float32)}
    np.savez_compressed(path, **arrays)
    write_checksum(path)
    print(f"{path}: {len(corners)} landmarks placed")


if __name__ == "__main__":
    main()
