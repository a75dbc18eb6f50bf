"""What both estimates of a head say together: `python -m training.identity.blend FOLDER=SEED [--output FILE]`.

People whom neither the maps' regression nor the identity network has met (samples made with `--held-out`) are looked at
with both. Each coefficient of the likeliest head begins as the blend of the two that was nearest to the truth; what
that leaves is a linear function of all coefficients that either says, as far as it holds for people who are left out.
`training.live.blend` draws such people meanwhile, as many as it takes.
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

from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, IDENTITY_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.likeness.estimate import blend, estimate_coefficients, readings_together
from pix2vertex_blender.reconstruction.likeness.model import LikenessModel, face_vertices, read_likeness
from pix2vertex_blender.reconstruction.likeness.shown import view_deviations
from pix2vertex_blender.reconstruction.network.identity import IdentityNetwork, load_identity_network, read_identity
from pix2vertex_blender.reconstruction.network.network import MapNetwork, load_network, predict_views
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
#: Ridges to choose from, as a share of the coefficients' mean square; by the last one nothing but the shares is left.
RIDGES = (0.03, 0.1, 0.3, 1.0, 3.0, 1e6)
FOLDS = 5


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
    """Look at all portraits of a folder with the map network and the identity network of two weights files.

    Raises
    ------
    DataFileError
        If there is none.
    """
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
        said = what_is_said(image, maps_network, identity_network, model)
        if said is None:
            continue
        own = (mirrored(difference) if flipped else difference)[face]
        rows.append((*said, np.einsum("knc,nc->k", model.basis[:, face], own), (own**2).sum()))
    if not rows:
        raise DataFileError(f"No sample in {unmet.folder} is a portrait: make more with training.generate --held-out.")
    return Opinions(*(np.array(column) for column in zip(*rows, strict=True)))


def what_is_said(
    image: NDArray[np.uint8], maps_network: MapNetwork, identity_network: IdentityNetwork, model: LikenessModel
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """`shown` (k,) and `read` (2, k) of a look (R, R, 3); None if the maps show too little."""
    found = view_deviations(predict_views(maps_network, image), load_template(), model.points)
    return None if found is None else (estimate_coefficients(model, *found), read_identity(identity_network, image))


def learn_shares(opinions: Opinions, model: LikenessModel, drawn: float = DRAWN) -> NDArray[np.float64]:
    """How much of each coefficient (k,) is to be the network's, if each is looked at by itself."""
    towards = readings_together(model, opinions.read) - opinions.shown
    products, squares = (towards * (opinions.true - opinions.shown)).sum(0), (towards**2).sum(0)
    alike = products.sum() / squares.sum()
    shares: NDArray[np.float64] = np.clip((products + drawn * alike * squares) / ((1 + drawn) * squares), 0, 1)
    return shares


def shared(model: LikenessModel, shares: NDArray[np.float64]) -> LikenessModel:
    """A model in which so much of each coefficient (k,) is the network's."""
    joint = np.concatenate([np.diag(1 - shares), np.diag(shares)])
    return dataclasses.replace(model, joint=joint, joint_offset=np.zeros(len(shares)))


def learn_joint(opinions: Opinions, model: LikenessModel) -> LikenessModel:
    """A model that says what was nearest to the truth, with the ridge that is best for people who are left out."""
    fold = np.arange(len(opinions.true)) * FOLDS // len(opinions.true)  # looks at one person follow each other
    scores = {}
    for ridge in RIDGES:
        estimate = np.zeros_like(opinions.true)
        for left in range(FOLDS):
            learnt, others = _regress(_part(opinions, fold != left), model, ridge), _part(opinions, fold == left)
            estimate[fold == left] = blend(learnt, others.shown, others.read)
        scores[ridge] = opinions.explained(estimate)
        print(f"ridge {ridge:g}: R2 {scores[ridge]:.4f} of people left out", flush=True)
    return _regress(opinions, model, max(scores, key=lambda ridge: scores[ridge]))


def _regress(opinions: Opinions, model: LikenessModel, ridge: float) -> LikenessModel:
    """The shares, and a ridge regression of what they leave; a mirrored head is as likely as the head."""
    begun = shared(model, learn_shares(opinions, model))
    said, left = _said(opinions, model), opinions.true - blend(begun, opinions.shown, opinions.read)
    twice, wanted = (np.concatenate([values, _mirrored(values, model)]) for values in (said, left))
    middle, wanted_middle = twice.mean(axis=0), wanted.mean(axis=0)
    products = (twice - middle).T @ (twice - middle)
    products[np.diag_indices_from(products)] += ridge * np.trace(products) / len(products)
    change = np.linalg.solve(products, (twice - middle).T @ (wanted - wanted_middle))
    return dataclasses.replace(
        begun, joint=begun.joint + change, joint_offset=begun.joint_offset + wanted_middle - middle @ change
    )


def _said(opinions: Opinions, model: LikenessModel) -> NDArray[np.float64]:
    return np.concatenate([opinions.shown, readings_together(model, opinions.read)], axis=1)


def _mirrored(values: NDArray[np.float64], model: LikenessModel) -> NDArray[np.float64]:
    """Coefficients of mirrored heads, (m, k) or several estimates of them side by side."""
    each = values.reshape(len(values), -1, len(model.mirror))
    mirrored_values: NDArray[np.float64] = (each @ model.mirror).reshape(values.shape)
    return mirrored_values


def _part(opinions: Opinions, which: NDArray[np.bool_]) -> Opinions:
    return Opinions(opinions.shown[which], opinions.read[which], opinions.true[which], opinions.sizes[which])


def learn_and_save(opinions: Opinions, model: LikenessModel, output: Path) -> None:
    """Learn what both say together, write it, and print how much maps, network and both explain."""
    save_likeness(learn_joint(opinions, model), output)
    count = len(model.basis)
    for name, share in (("maps", 0.0), ("network", 1.0)):
        alone = blend(shared(model, np.full(count, share)), opinions.shown, opinions.read)
        print(f"{name}: R2 {opinions.explained(alone):.3f} of {len(opinions.true)} looks")


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
    learn_and_save(opinions, model, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
