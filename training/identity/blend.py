"""How far the network is to be followed: `python -m training.identity.blend FOLDER=SEED [--output FILE]`.

People whom neither the maps' regression nor the identity network has met (samples made with `--held-out`) are looked at
with both; each coefficient of the likeliest head becomes the blend of the two that was nearest to the truth, drawn a
little to the blend that is best for all coefficients alike.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, IDENTITY_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.likeness import (
    LikenessModel,
    blend,
    estimate_coefficients,
    face_vertices,
    read_likeness,
    view_deviations,
)
from pix2vertex_blender.reconstruction.network.identity import load_identity_network, read_identity
from pix2vertex_blender.reconstruction.network.network import load_network, predict_views
from pix2vertex_blender.template import load_template

from ..data.backgrounds import background_bank
from ..data.dataset import is_portrait
from ..data.samples import read_sample
from ..generate import HELD_OUT_STREAM
from .heads import People, mirrored, people
from .likeness import save_likeness
from .looks import take_look

#: How strongly each coefficient's share is drawn to that of all, as a part of the differences that it is learnt from.
DRAWN = 0.3


@dataclass(frozen=True)
class Opinions:
    """What is said of people, and what is true.

    Attributes
    ----------
    shown : (m, k)
        Coefficients that the maps tell.
    read : (m, 2, k)
        What the network reads from pictures and their mirror images.
    true : (m, k)
    sizes : (m,)
        Squared deviations from the rest shape over the face, in square millimetres.
    """

    shown: NDArray[np.float64]
    read: NDArray[np.float64]
    true: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def explained(self, estimate: NDArray[np.float64]) -> float:
        """How much of the deviations an estimate (m, k) explains (R2)."""
        wrong = ((estimate - self.true) ** 2).sum() + (self.sizes - (self.true**2).sum(1)).sum()
        return float(1 - wrong / self.sizes.sum())


def ask(unmet: People, model: LikenessModel, networks: tuple[Path, Path], backgrounds: Path | None) -> Opinions:
    """Look at all portraits of a folder with the map network and the identity network of two weights files."""
    maps_network, identity_network = load_network(networks[0]), load_identity_network(networks[1])
    bank, face = background_bank(backgrounds), face_vertices(load_template())
    rows = []
    for path in unmet.paths():
        sample = read_sample(path)
        difference = unmet.deviation(sample, path) if is_portrait(sample) else None
        if difference is None:
            continue
        generator = np.random.default_rng([7, int(path.stem)])
        image, flipped = take_look(sample, maps_network.configuration.resolution, generator, bank)
        found = view_deviations(predict_views(maps_network, image), load_template(), model.points)
        if found is None:
            continue
        own = (mirrored(difference) if flipped else difference)[face]
        true = np.einsum("knc,nc->k", model.basis[:, face], own)
        read = read_identity(identity_network, image)
        rows.append((estimate_coefficients(model, *found), read, true, (own**2).sum()))
    return Opinions(*(np.array(column) for column in zip(*rows, strict=True)))


def learn_shares(opinions: Opinions, model: LikenessModel, drawn: float = DRAWN) -> NDArray[np.float64]:
    """How much of each coefficient (k,) is to be the network's."""
    everything = dataclasses.replace(model, network_share=np.ones(len(model.basis)))
    towards = blend(everything, opinions.shown, opinions.read) - opinions.shown
    products, squares = (towards * (opinions.true - opinions.shown)).sum(0), (towards**2).sum(0)
    alike = products.sum() / squares.sum()
    shares: NDArray[np.float64] = np.clip((products + drawn * alike * squares) / ((1 + drawn) * squares), 0, 1)
    return shares


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.identity.blend", description="Blend two estimates.")
    unmet = partial(people, stream=HELD_OUT_STREAM)
    parser.add_argument("people", type=unmet, metavar="FOLDER=SEED", help="samples made with --held-out")
    parser.add_argument("--likeness", type=Path, default=LIKENESS_FILE, help="file to take the rest from")
    parser.add_argument("--map-network", type=Path, default=CLOSE_NETWORK_WEIGHTS)
    parser.add_argument("--identity-network", type=Path, default=IDENTITY_NETWORK_WEIGHTS)
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--output", type=Path, default=LIKENESS_FILE)
    options = parser.parse_args(arguments)
    try:
        model = read_likeness(options.likeness)
        networks = options.map_network, options.identity_network
        opinions = ask(options.people, model, networks, options.backgrounds)
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    blended = dataclasses.replace(model, network_share=learn_shares(opinions, model))
    save_likeness(blended, options.output)
    for name, share in (("maps", 0.0), ("network", 1.0), ("both", blended.network_share)):
        asked = dataclasses.replace(model, network_share=np.broadcast_to(share, len(model.basis)))
        explained = opinions.explained(blend(asked, opinions.shown, opinions.read))
        print(f"{name}: R2 {explained:.3f} of {len(opinions.true)} people")
    return 0


if __name__ == "__main__":
    sys.exit(main())
