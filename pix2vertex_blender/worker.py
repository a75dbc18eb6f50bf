"""The child process of Blender in which the reconstruction runs: its start. It never imports Blender's modules.

Blender starts this file as a script with its own Python; `__main__` at the end loads the package under a fixed name,
because the name of the installed package depends on the user's repositories. Then `serving` takes over.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path

PACKAGE = "pix2vertex_blender"

#: Folders with the modules that Blender's wheels provide, joined by `os.pathsep`.
MODULE_PATH_VARIABLE = "PIX2VERTEX_MODULE_PATH"

#: Wheels' modules that are a file of their own. With a wheel Blender deletes its folders, but not what Python has
#: compiled of such a module beside them.
SINGLE_MODULES = ("typing_extensions",)


def extend_module_path() -> None:
    """Make the modules of Blender's wheels importable in this process."""
    folders = os.environ.get(MODULE_PATH_VARIABLE, "").split(os.pathsep)
    sys.path.extend(folder for folder in folders if folder and folder not in sys.path)


def load_single_modules() -> None:
    """Import the single modules of Blender's wheels without keeping what is compiled of them, if they are there."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    for name in SINGLE_MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    sys.dont_write_bytecode = before


def load_package() -> None:
    """Import the package that this file is part of under its fixed name, wherever it is installed.

    Raises
    ------
    ImportError
        If it is no package.
    """
    root = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(PACKAGE, root / "__init__.py", submodule_search_locations=[str(root)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{root} is not a Python package")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    extend_module_path()
    load_single_modules()
    load_package()
    importlib.import_module(f"{PACKAGE}.serving").main(importlib.import_module(f"{PACKAGE}.jobs").JOBS)
