"""How the worker process computes and how much of the computer it may take: set in its environment, when it starts."""

import errno
import os
import sys
from collections.abc import Mapping

#: Gigabytes (1024^3 bytes) of main memory.
MEMORY_LIMIT_VARIABLE = "PIX2VERTEX_MEMORY_LIMIT"

#: What the libraries read when they are loaded: OpenMP (torch), OpenBLAS (NumPy, SciPy), MKL (torch) and OpenCV.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")

#: Gigabytes without which not even the libraries can be loaded: some then wait for ever for what they do not get.
LEAST_MEMORY = 0.6

#: Rows and columns of matrices large enough for OpenBLAS to need its buffers for their product.
_BUFFERED = 128

#: Only Linux counts, and refuses, what a process asks for; elsewhere the limit cannot be set.
CAN_LIMIT_MEMORY = sys.platform == "linux"


#: What libraries read once, when they are loaded: threads that wait by spinning make a busy computer many times slower,
#: and the registration's small dense steps gain nothing from threads, which cost as much processor time again.
LIBRARY_SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}


def environment(threads: int, memory_limit: float) -> dict[str, str]:
    """The variables for a worker with these limits; zero stands for no limit."""
    variables = {name: os.environ.get(name, value) for name, value in LIBRARY_SETTINGS.items()}
    variables |= dict.fromkeys(_THREAD_VARIABLES, str(threads)) if threads else {}
    return variables | ({MEMORY_LIMIT_VARIABLE: str(memory_limit)} if memory_limit else {})


def memory_limit(variables: Mapping[str, str] = os.environ) -> float:
    """The limit of this process in gigabytes; zero if it has none, as Blender's own process."""
    return float(variables.get(MEMORY_LIMIT_VARIABLE, 0.0)) if CAN_LIMIT_MEMORY else 0.0


def limit_memory(variables: Mapping[str, str] = os.environ) -> None:
    """Have the system refuse this process more main memory than its environment allows, where the system can.

    What is refused becomes a MemoryError, or an error of torch's or the loader's, and not the end of the process.
    """
    if (limit := memory_limit(variables)) and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (int(limit * 2**30), resource.RLIM_INFINITY))


def hold_buffers(variables: Mapping[str, str] = os.environ) -> None:
    """Have the OpenBLAS of NumPy and that of SciPy take their buffers at once, if the memory is limited.

    They take them at the first product of matrices and keep them; where one is refused then, they try for ever.
    """
    if memory_limit(variables):
        import numpy as np
        from scipy.linalg import blas

        square = np.ones((_BUFFERED, _BUFFERED))
        blas.dgemm(1.0, square @ square, square)


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error of Python, torch, OpenCV or the system's loader says that memory was refused."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    words = (
        "out of memory",
        "can't allocate memory",
        "cannot allocate memory",
        "not enough memory",
        "insufficient memory",
        "failed to map segment",
        "cannot map zero-fill pages",
        "can't start new thread",
        "bad_alloc",
        "could not create a primitive",  # oneDNN, in torch, gives every refusal of memory as one of these two
        "could not execute a primitive",
    )
    return any(each in str(error).lower() for each in words)
