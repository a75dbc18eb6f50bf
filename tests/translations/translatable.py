"""Collects what the artist may read, from the registered classes and from the source, for the test of the translations.

    .venv/bin/python -m tests.translations.translatable

prints what the catalogues lack, ready to be filled in.
"""

import ast
import inspect
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pix2vertex_blender"

#: Calls whose literal texts are shown, and the keywords that hold them; without keywords, all positional texts.
_SHOWN_BY_CALL = {
    "report": (),
    "poll_message_set": (),
    "draw_sentence": (),
    "_fail": (),
    "status_text_set": (),
    "label": ("text",),
    "operator": ("text",),
    "prop": ("text",),
    "progress": ("text",),
    "menu": ("text",),
    "operator_menu_enum": ("text",),
    "draw_operator": ("text",),
}

#: Modules whose texts go to a terminal or a log, where English is enough.
_NOT_SHOWN = {
    "__main__.py",
    "farm.py",
    "addon/headless/preview.py",
    "addon/headless/command_line.py",
    "addon/headless/arguments.py",
    "addon/headless/farm_job.py",
    "addon/headless/video_job.py",
    "addon/headless/wrap_job.py",
    "addon/headless/turn_job.py",
}

#: Constants that name things in a Blender file or on a picture, which stay as they are whatever the language.
_NAMES = re.compile(r".*NAMES?|_PARTS")

#: Constants with single words that are shown.
_SHOWN_CONSTANTS = {
    "addon/process/self_test.py": ("PARTS",),
    "addon/panels/expression.py": ("_REGION_LABELS",),
    "shaping/names.py": ("REGIONS",),
}

#: What only a programmer can read, who calls a function with arrays of wrong shapes.
_FOR_PROGRAMMERS = re.compile(
    r"must (both )?have shape|that is not a number|vertex that does not exist|is not manifold|has no area|same place"
)

#: Exceptions whose texts only a log or a programmer sees.
_FOR_LOGS = ("ValueError", "TypeError", "ImportError", "NotUnderstoodError", "DamagedArraysError")

#: Text that nobody can translate: names, also of ARKit's expressions and of visemes, and units.
_UNTRANSLATABLE = re.compile(
    r"[a-z]+[A-Z][A-Za-z]*|sil|kk|nn|aa|ih|oh|ou|VRM|"
    r"[^A-Za-z]*|pix2vertex|[A-Z]{1,3}|PNG|INFO|ERROR|WARNING|OpenEXR|FBX|glTF|Unreal|Unity|NVIDIA|Apple|Intel|CUDA"
)


def registered_texts() -> dict[str, str]:
    """Labels, descriptions, names and items of everything that is registered, with where each was found."""
    from pix2vertex_blender import addon

    found: dict[str, str] = {}
    for item in addon._CLASSES:
        where = item.__name__
        rna = item.bl_rna
        if issubclass(item, bpy.types.Operator):
            rna = getattr(bpy.ops.pix2vertex, item.bl_idname.partition(".")[2]).get_rna_type()
        if label := getattr(item, "bl_label", ""):
            found.setdefault(label, where)
        if issubclass(item, bpy.types.Operator | bpy.types.Panel):
            found.setdefault(rna.description, where)
        for name in (name for base in item.__mro__ for name in inspect.get_annotations(base)):
            prop = rna.properties.get(name)
            if prop is None or prop.is_hidden or prop.type in ("POINTER", "COLLECTION"):
                continue
            texts = [prop.name, prop.description]
            for choice in prop.enum_items_static if prop.type == "ENUM" else ():
                texts += [choice.name, choice.description]
            for text in texts:
                found.setdefault(text, f"{where}.{name}")
    return _translatable(found)


def source_texts() -> dict[str, str]:
    """Sentences in the source: what is raised, reported and drawn, and constants that read like sentences."""
    found: dict[str, str] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name in _NOT_SHOWN:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for text in _texts_of(node, name):
                found.setdefault(text, f"{name}:{node.lineno}")  # type: ignore[attr-defined]
    return _translatable(found)


def _texts_of(node: ast.AST, name: str) -> Iterator[str]:
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        if _called(node.exc).endswith("Error") and _called(node.exc) not in _FOR_LOGS:
            for argument in node.exc.args[:1]:
                yield from literals(argument)
    elif isinstance(node, ast.Call) and _called(node) in _SHOWN_BY_CALL and name.startswith("addon/"):
        keywords = _SHOWN_BY_CALL[_called(node)]
        for keyword in node.keywords:
            if keyword.arg in keywords:
                yield from literals(keyword.value)
        if not keywords:
            for argument in node.args:
                yield from literals(argument)
    elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [item.id for item in targets if isinstance(item, ast.Name) and item.id.lstrip("_").isupper()]
        if any(constant in _SHOWN_CONSTANTS.get(name, ()) for constant in names):
            yield from literals(node.value)
        elif any(not _NAMES.fullmatch(constant) for constant in names):
            yield from (text for text in literals(node.value) if re.match(r"[A-Z{].*[a-z}]", text) and " " in text)
    elif isinstance(node, ast.Return) and node.value is not None and name.startswith("addon/"):
        yield from (text for text in literals(node.value) if re.match(r"[A-Z{].*[a-z}].* ", text))


def literals(node: ast.expr) -> Iterator[str]:
    """The texts in an expression; an f-string as a template with numbered fields."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts, number = [], 0
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            elif isinstance(part, ast.FormattedValue):
                specification = "".join(literals(part.format_spec)) if part.format_spec else ""
                parts.append(f"{{{number}{':' + specification if specification else ''}}}")
                number += 1
        yield "".join(parts)
    elif isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"):
            yield from literals(node.func.value)
        for argument in node.args if _called(node) not in ("format", "join", "Path", "get") else ():
            yield from literals(argument)
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)
    elif isinstance(node, ast.BoolOp | ast.Dict):
        for value in node.values:
            yield from literals(value)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for value in node.elts:
            yield from literals(value)


def _called(node: ast.Call) -> str:
    function = node.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _translatable(found: dict[str, str]) -> dict[str, str]:
    words = re.compile(r"[A-Za-z]{2}")
    return {
        text: where
        for text, where in found.items()
        if words.search(re.sub(r"{[^}]*}", "", text))
        and not _UNTRANSLATABLE.fullmatch(text)
        and not _FOR_PROGRAMMERS.search(text)
    }


def all_texts() -> dict[str, str]:
    """Everything, with where it was found."""
    return source_texts() | registered_texts()


def main() -> None:
    """Print what each catalogue lacks and what nothing uses any more."""
    import pix2vertex_blender
    from pix2vertex_blender.addon import translations

    pix2vertex_blender.register()
    texts = all_texts()
    for name in translations.LOCALES:
        known = translations.catalogue(name)
        for text, where in texts.items():
            if text not in known:
                escaped = text.replace("\\", "\\\\").replace('"', '\\"')
                print(f'#: {where}\nmsgid "{escaped}"\nmsgstr ""\n')
        for text in known:
            if text not in texts:
                print(f"# not used in {name}: {text}")
    sys.stdout.flush()
    os._exit(0)  # the static destructors of the `bpy` package can wait forever for a thread of its own


if __name__ == "__main__":
    main()
