"""Turn a training's checkpoint into weights: `python -m training.export RUN [--output FILE]`."""

import argparse
import datetime
import platform
from collections.abc import Sequence
from pathlib import Path

import torch

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import MapNetwork, build_network, save_network

#: Terms under which weights can be used that were trained on nothing but this project's synthetic portraits.
LICENCE = "GPL-3.0-or-later"
DATA = "synthetic portraits from training.generate, drawn from the ICT FaceKit Light model (MIT licence); no photos"


def export(checkpoint: Path, output: Path, card: dict[str, str]) -> MapNetwork:
    """Write the averaged weights of a checkpoint in half precision with a model card, and their checksum beside them.

    Returns the network.

    Raises
    ------
    DataFileError
        If the checkpoint is missing or damaged.
    """
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)
        network = build_network(NetworkConfiguration.from_json(state["configuration"]))
        network.load_state_dict(state["averaged"])
        position = state["position"]
    except FileNotFoundError as error:
        raise DataFileError(f"There is no checkpoint {checkpoint}: train one with python -m training.train.") from error
    except Exception as error:
        raise DataFileError(f"The checkpoint {checkpoint} is damaged: train again.") from error
    facts = {
        "data": DATA,
        "licence": LICENCE,
        "steps": str(position["step"]),
        "samples": str(position["samples"]),
        "hours": f"{position['minutes'] / 60:.2f}",
        "machine": platform.processor() or platform.machine(),
        "date": datetime.date.today().isoformat(),
    }
    save_network(network, output, facts | card)
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
        export(options.run / "checkpoint.pt", options.output, card)
    except Pix2VertexError as error:
        parser.exit(2, f"{error}\n")
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
