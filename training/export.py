"""Turn a training's checkpoint into weights: `python -m training.export RUN [--output FILE]`."""

import argparse
import datetime
import platform
from collections.abc import Sequence
from pathlib import Path

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import MapNetwork, build_network, save_network

from .log import Position
from .state import CHECKPOINT, read_averaged

#: Terms under which weights can be used that were trained on nothing but this project's synthetic portraits.
LICENCE = "GPL-3.0-or-later"
DATA = "synthetic portraits from training.generate, drawn from the ICT FaceKit Light model (MIT licence); no photos"


def card_of(position: Position) -> dict[str, str]:
    """What the model card of every network of ours says."""
    return {"data": DATA, "licence": LICENCE, "steps": str(position.step), "samples": str(position.samples)}


def network_from_json(configuration: str) -> MapNetwork:
    """A map network with fresh weights from its configuration as JSON."""
    return build_network(NetworkConfiguration.from_json(configuration))


def export(checkpoint: Path, output: Path, card: dict[str, str]) -> MapNetwork:
    """Write the averaged weights of a checkpoint in half precision with a model card, and their checksum beside them.

    Returns the network.

    Raises
    ------
    DataFileError
        If the checkpoint is missing or damaged.
    """
    network, position = read_averaged(checkpoint, network_from_json)
    made = {
        "hours": f"{position.minutes / 60:.2f}",
        "machine": platform.processor() or platform.machine(),
        "date": datetime.date.today().isoformat(),
    }
    save_network(network, output, card_of(position) | made | card)
    write_checksum(output)
    return network


def parse_card(items: Sequence[str]) -> dict[str, str]:
    """Entries of the model card from `name=text` arguments; ValueError if one has no equals sign."""
    card = {}
    for item in items:
        name, separator, text = item.partition("=")
        if not separator:
            raise ValueError(f"'{item}' is not name=text")
        card[name] = text
    return card


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description="Make weights of a checkpoint.")
    parser.add_argument("run", type=Path, help="the training's folder")
    parser.add_argument("--output", type=Path, default=NETWORK_WEIGHTS)
    parser.add_argument("--card", nargs="*", default=[], metavar="NAME=TEXT", help="more entries of the model card")
    options = parser.parse_args(arguments)
    try:
        card = parse_card(options.card)
    except ValueError as error:
        parser.error(str(error))
    try:
        export(options.run / CHECKPOINT, options.output, card)
    except Pix2VertexError as error:
        parser.exit(2, f"{error}\n")
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
