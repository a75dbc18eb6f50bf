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


def path(text: str) -> Path:
    """A path that is not empty."""
    if not text:
        raise argparse.ArgumentTypeError("a path is empty")
    return Path(text)


def number(text: str) -> float:
    """A finite number of pixels."""
    if not _is_number(text) or not math.isfinite(float(text)):
        raise argparse.ArgumentTypeError(f"{text.strip()} is not a number of pixels")
    return float(text)


def part(text: str) -> Part:
    """One of several parts, such as 2/8."""
    number, _, count = text.strip().partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise argparse.ArgumentTypeError(f"{text.strip()} is not a part such as 2/8")
    return Part(int(number), int(count))


def angle(text: str) -> float:
    """A finite number of degrees."""
    if not _is_number(text) or not math.isfinite(float(text)):
        raise argparse.ArgumentTypeError(f"{text.strip()} is not a number of degrees")
    return float(text)


def factor(text: str) -> float:
    """A finite number."""
    if not _is_number(text) or not math.isfinite(float(text)):
        raise argparse.ArgumentTypeError(f"{text.strip()} is not a number")
    return float(text)


def seed(text: str) -> int:
    """A whole number from 0 on."""
    if not text.strip().isdecimal():
        raise argparse.ArgumentTypeError(f"{text.strip()} is not a whole number from 0 on")
    return int(text)


def shielded(arguments: Sequence[str]) -> list[str]:
    """Negative numbers such as -1e3, which argparse takes for options, with a space in front, which it does not."""
    return [f" {text}" if text.startswith("-") and _is_number(text) else text for text in arguments]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
