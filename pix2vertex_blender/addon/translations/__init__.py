"""The artist's language: catalogues beside this file, given to Blender, and finished sentences in that language.

A catalogue is a `.po` file as translators' programs edit them, named after Blender's locale. Blender itself translates
labels, descriptions and reports that are exactly a message of a catalogue. Sentences with names and numbers in them
arrive finished, many from the worker process, which does not know Blender's language: `translate` recognises them by
their template.
"""

import re
from functools import cache, lru_cache
from pathlib import Path

import bpy

from ..process.preference_values import ADDON_PACKAGE
from .catalogue import read_catalogue

#: Blender's names of the locale that a catalogue is for; Chinese had another name before Blender 4.
LOCALES = {"zh_HANS": ("zh_HANS", "zh_CN")}

#: Contexts that Blender looks a message up in: most texts, and operators' labels.
_CONTEXTS = ("*", "Operator")

#: Sentences without words of their own, in every language the same: a stage and how far it is.
_WORDLESS = ("{0} {1:.0%}",)

_FIELD = re.compile(r"{(\w+)(?::([^}]*))?}")


def register() -> None:
    """Give the catalogues to Blender."""
    messages = {}
    for name, locales in LOCALES.items():
        entries = {(context, text): said for text, said in catalogue(name).items() for context in _CONTEXTS}
        messages.update(dict.fromkeys(locales, entries))
    bpy.app.translations.register(ADDON_PACKAGE, messages)


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(ADDON_PACKAGE)


def translate(sentence: str) -> str:
    """Say a finished sentence in the artist's language; as it is where nothing is known of it."""
    said = bpy.app.translations.pgettext_iface(sentence)
    if said != sentence:
        return said
    locale = bpy.app.translations.locale
    if not bpy.context.preferences.view.use_translate_interface:
        return sentence
    for name, locales in LOCALES.items():
        if locale in locales:
            return translate_with(name, sentence)
    return sentence


@lru_cache(maxsize=256)
def translate_with(name: str, sentence: str) -> str:
    """Say a finished sentence in the language of a catalogue."""
    said = catalogue(name).get(sentence)
    if said is not None:
        return said
    for pattern, template, fields in _templates(name):
        if (match := pattern.fullmatch(sentence)) is not None:
            values = {field: translate_with(name, value) for field, value in zip(fields, match.groups(), strict=True)}
            return _FIELD.sub(lambda field, values=values: values[field[1]], template)
    return sentence


@cache
def catalogue(name: str) -> dict[str, str]:
    """The messages of a catalogue and their translations."""
    return read_catalogue(Path(__file__).with_name(f"{name}.po"))


@cache
def _templates(name: str) -> list[tuple[re.Pattern[str], str, list[str]]]:
    """Patterns of the messages with fields, those with most words of their own first."""
    templates = [(text, said) for text, said in catalogue(name).items() if _FIELD.search(text)]
    templates += [(text, text) for text in _WORDLESS]
    templates.sort(key=lambda item: -len(_FIELD.sub("", item[0])))
    return [(_pattern(text), said, [field[1] for field in _FIELD.finditer(text)]) for text, said in templates]


def _pattern(template: str) -> re.Pattern[str]:
    """What a sentence made from a template looks like."""
    parts, end = [], 0
    for field in _FIELD.finditer(template):
        number = r"(-?[\d.,]+%?)" if field[2] else "(.+?)"
        parts += [re.escape(template[end : field.start()]), number]
        end = field.end()
    return re.compile("".join(parts) + re.escape(template[end:]), re.DOTALL)
