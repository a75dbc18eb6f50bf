"""Reads `.po` files: messages and their translations, as gettext defines them, as far as a catalogue needs."""

import json
from collections.abc import Iterator
from pathlib import Path


def read_catalogue(path: Path) -> dict[str, str]:
    """Read the translated messages of a file.

    Raises
    ------
    ValueError
        If a line is none of a `.po` file, or a message is there twice.
    """
    messages: dict[str, str] = {}
    for number, text, said in _entries(path):
        if text in messages:
            raise ValueError(f"{path.name}, line {number}: {text!r} is there twice")
        if text and said:
            messages[text] = said
    return messages


def _unquoted(line: str) -> str:
    """What stands between the quotes; most lines hold nothing that JSON would have to be asked about."""
    inside = line[1:-1]
    plain = "\\" not in inside and '"' not in inside and line.startswith('"') and line.endswith('"') and len(line) > 1
    text: str = inside if plain else json.loads(line)
    return text


def _entries(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line numbers, messages and translations."""
    parts = {"msgid": "", "msgstr": ""}
    keyword = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if not line.startswith('"'):
            new, _, line = line.partition(" ")
            if new not in parts:
                raise ValueError(f"{path.name}, line {number}: {new!r} is not known")
            if new == "msgid" and keyword:
                yield number, parts["msgid"], parts["msgstr"]
            keyword = new
            parts[keyword] = ""
        parts[keyword] += _unquoted(line)
    if keyword:
        yield number, parts["msgid"], parts["msgstr"]
