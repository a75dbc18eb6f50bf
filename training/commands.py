"""Command lines that begin with a word: what each word does and takes; an error is one sentence."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pix2vertex_blender.errors import Pix2VertexError


class Command(NamedTuple):
    """What a word of a command line means.

    Attributes
    ----------
    run : callable
        Does it.
    add_arguments : callable
        Tells a parser what may follow the word.
    text : str
        The word's help.
    """

    run: Callable[[argparse.Namespace], None]
    add_arguments: Callable[[argparse.ArgumentParser], None]
    text: str


def run_command(
    program: str, description: str | None, commands: Mapping[str, Command], arguments: Sequence[str] | None
) -> None:
    """Do what a command line says; what a user can do wrong ends the process with one sentence."""
    parser = argparse.ArgumentParser(
        prog=program, description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    words = parser.add_subparsers(required=True)
    for word, command in commands.items():
        each = words.add_parser(word, help=command.text)
        command.add_arguments(each)
        each.set_defaults(run_command=command.run)
    options = parser.parse_args(arguments)
    try:
        options.run_command(options)
    except Pix2VertexError as error:
        sys.exit(f"{error}")
