"""Learn what both estimates of a head say together: `python -m training.live.blend --minutes 30`.

As `training.identity.blend`, without folders of samples: all cores draw people whom neither estimate has met, if the
seed is new, and look at each a few times.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import cache, partial
from itertools import chain
from pathlib import Path

import numpy as np

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, IDENTITY_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.likeness.model import face_vertices, read_likeness
from pix2vertex_blender.reconstruction.network.identity import load_identity_network
from pix2vertex_blender.reconstruction.network.network import load_network
from pix2vertex_blender.template import load_template

from ..arrays import Floats
from ..data.backgrounds import background_bank
from ..generate import TRAINING_STREAM
from ..identity.blend import Opinions, learn_and_save, what_is_said
from ..identity.looks import says_enough
from .looks import DrawingParameters, draw_person, looks_at
from .meanwhile import add_options, drawn_meanwhile

#: `Opinions` of one look each.
Row = tuple[Floats, Floats, Floats, Floats]


def opinions_of_person(
    index: int, parameters: DrawingParameters, files: tuple[Path, Path, Path], backgrounds: Path
) -> list[Row] | None:
    """What is said of the person of an index, and what is true; None for no portrait.

    Parameters
    ----------
    files : tuple of Path
        Of the map network, the identity network and the estimate from the maps.
    """
    person = draw_person(index, TRAINING_STREAM, parameters)
    if person is None or not says_enough(person.sample):
        return None
    generator = np.random.default_rng([parameters.seed, 10, index])
    maps_network, identity_network, model = load_network(files[0]), load_identity_network(files[1]), _model(files[2])
    face_basis, bank = model.basis[:, face_vertices(load_template())], background_bank(backgrounds)
    rows = []
    for look in looks_at(person, parameters.looks, face_basis, parameters, generator, bank, []):
        image = np.ascontiguousarray(look.image.transpose(1, 2, 0))
        said = what_is_said(image, maps_network, identity_network, model)
        if said is not None:
            rows.append((*said, look.coefficients, look.size))
    return rows


_model = cache(read_likeness)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.live.blend", description="Join two estimates.")
    parser.add_argument("--map-network", type=Path, default=CLOSE_NETWORK_WEIGHTS)
    parser.add_argument("--identity-network", type=Path, default=IDENTITY_NETWORK_WEIGHTS)
    parser.add_argument("--likeness", type=Path, default=LIKENESS_FILE, help="file to take the rest from")
    parser.add_argument("--looks", type=int, default=2, help="at each person")
    add_options(parser, minutes=30.0, seed=81)
    options = parser.parse_args(arguments)
    try:
        background_bank(options.backgrounds)
        resolution = load_network(options.map_network).configuration.resolution
        drawing = DrawingParameters(options.seed, resolution, options.sample_size, options.looks)
        files = options.map_network, options.identity_network, options.likeness
        job = partial(opinions_of_person, parameters=drawing, files=files, backgrounds=options.backgrounds)
        made = list(chain.from_iterable(drawn_meanwhile(job, options)))
        opinions = Opinions(*(np.array(column, dtype=np.float64) for column in zip(*made, strict=True)))
        learn_and_save(opinions, read_likeness(options.likeness), options.output)
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
