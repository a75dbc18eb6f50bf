"""What the command lines of the product share."""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ...errors import OptionError
from ..batch.table import Part

SEE_HELP = "{complaint} (--help shows all options)."


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise the sentence.

        Raises
        ------
        OptionError
        """
        raise OptionError(SEE_HELP.format(complaint=message[0].upper() + message[1:]))

    def add_choices(self, detail_level: int) -> None:
        """The options of every command that makes a head, which is subdivided so often if nothing is said."""
        self.add_device()
        self.add_argument(
            "--detail-level",
            type=int,
            default=detail_level,
            choices=range(4),
            help="subdivisions (default: %(default)s)",
        )
        self.add_argument("--seed", type=seed, default=0, help="seed of the random choices (default: %(default)s)")

    def add_device(self) -> None:
        """The options of every command."""
        self.add_argument("--device", default="auto", help="auto, cpu, cuda, mps or xpu (default: %(default)s)")
        self.add_argument("--debug", action="store_true", help="show where in the program an error arose")


def path(text: str) -> Path:
    """A path that is not empty."""
    if not text:
        raise argparse.ArgumentTypeError("a path is empty")
    return Path(text)


def number(text: str) -> float:
    """A finite number of pixels."""
    return _finite(text, "a number of pixels")


def part(text: str) -> Part:
    """One of several parts, such as 2/8."""
    number, _, count = text.strip().partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text.strip()} is not a part such as 2/8")
    return Part(int(number), int(count))


def angle(text: str) -> float:
    """A finite number of degrees."""
    return _finite(text, "a number of degrees")


def factor(text: str) -> float:
    """A finite number."""
    return _finite(text, "a number")


def seed(text: str) -> int:
    """A whole number from 0 on."""
    if not text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"{text.strip()} is not a whole number from 0 on")
    return int(text)


def shielded(arguments: Sequence[str]) -> list[str]:
    """Negative numbers such as -1e3, which argparse takes for options, with a space in front, which it does not."""
    return [f" {text}" if text.startswith("-") and _is_number(text) else text for text in arguments]


def _finite(text: str, wanted: str) -> float:
    if not _is_number(text) or not math.isfinite(float(text)):
        raise argparse.ArgumentTypeError(f"{text.strip()} is not {wanted}")
    return float(text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
