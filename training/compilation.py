"""How the compiled kernels of the renderer are built and where their machine code is kept between runs."""

import hashlib
import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from .paths import REPOSITORY

Function = TypeVar("Function", bound=Callable[..., object])


def _layout() -> str:
    """A name for how the modules lie: numba reads kept code by file names, and fails where a class has moved since."""
    paths = sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "training").rglob("*.py"))
    return hashlib.sha256("\n".join(paths).encode()).hexdigest()[:12]


CACHE = os.environ.get("NUMBA_CACHE_DIR", str(REPOSITORY / ".cache" / "numba" / _layout()))
setattr(numba.config, "CACHE_DIR", CACHE)  # noqa: B010 - numba defines its settings at run time


OPTIONS: dict[str, Any] = {"cache": True, "fastmath": True, "nogil": True, "error_model": "numpy"}


def kernel(function: Function) -> Function:
    """Compile a function over arrays with numba, without holding Python's lock, and keep the result on disk."""
    return cast(Function, numba.njit(function, **OPTIONS))


def inlined(function: Function) -> Function:
    """Compile a small function into the kernels that call it, which spares them the cost of passing arrays."""
    return cast(Function, numba.njit(function, inline="always", **OPTIONS))
