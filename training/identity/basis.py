"""The basis that heads are said in: `python -m training.identity.basis FOLDER=SEED --output FILE [--count 3500]`.

Its directions are those in which the true heads of rendered people, expressions and all, differ most from the rest
shape. The identity network and the likeliest head speak in it, so it is made once, before both.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template

from ..data.dataset import is_portrait
from ..data.samples import read_sample
from .heads import People, people

#: How many coefficients a head has.
COEFFICIENTS = 100


def head_basis(heads: NDArray[np.float32], face: NDArray[np.bool_], count: int = COEFFICIENTS) -> NDArray[np.float64]:
    """Directions (k, n, 3) in which heads (m, n, 3) differ most from the rest shape, orthonormal over the face."""
    flat = heads[:, face].reshape(len(heads), -1)
    values, vectors = np.linalg.eigh((flat @ flat.T).astype(np.float64))
    order = np.argsort(values)[::-1][: min(count, int((values > 1e-6 * values.max()).sum()))]
    # The same mixture of heads that makes a direction on the face makes it everywhere.
    mixtures = vectors[:, order] / np.sqrt(values[order])
    basis: NDArray[np.float64] = np.einsum("mk,mnc->knc", mixtures, heads)
    return basis


def read_basis(path: Path) -> NDArray[np.float64]:
    """The basis (k, n, 3) of a file of this command, or of `training.identity.likeness`."""
    with np.load(path, allow_pickle=False) as file:
        basis: NDArray[np.float64] = file["basis"].astype(np.float64)
    return basis


def portrait_heads(everybody: Sequence[People]) -> Iterator[NDArray[np.float64]]:
    """Deviations (n, 3) of all heads that are seen as portraits show them."""
    for each in everybody:
        for path in each.paths():
            sample = read_sample(path)
            difference = each.deviation(sample, path) if is_portrait(sample) else None
            if difference is not None:
                yield difference


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.identity.basis", description="Make the basis of heads.")
    parser.add_argument("people", type=people, nargs="+", metavar="FOLDER=SEED", help="samples of training.generate")
    parser.add_argument("--count", type=int, default=3500, help="heads")
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        heads = np.array(list(islice(portrait_heads(options.people), options.count)), dtype=np.float32)
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    basis = head_basis(heads, face_vertices(load_template()))
    np.savez_compressed(options.output, basis=basis.astype(np.float16))
    print(f"{len(basis)} directions of {len(heads)} heads")
    return 0


if __name__ == "__main__":
    sys.exit(main())
