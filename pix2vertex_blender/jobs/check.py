"""What the worker has to work with: libraries, weights, devices."""

import platform
from dataclasses import asdict
from typing import Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request


def check_libraries(_request: Request, progress: Progress) -> dict[str, Any]:
    """Load the libraries; the reply has their `versions`."""
    progress("start", 0.0)
    import cv2
    import numpy as np
    import PIL
    import pillow_heif
    import safetensors
    import scipy
    import torch

    versions = {"Python": platform.python_version(), "NumPy": np.__version__, "SciPy": scipy.__version__}
    versions |= {"torch": torch.__version__, "OpenCV": cv2.__version__, "Pillow": PIL.__version__}
    versions |= {"pillow-heif": pillow_heif.__version__, "safetensors": safetensors.__version__}
    return {"versions": versions}


def check_weights(_request: Request, progress: Progress) -> dict[str, Any]:
    """Read template and network; the reply has the numbers of `vertices` and `parameters`."""
    progress("start", 0.0)
    from ..reconstruction.network.network import load_network
    from ..template import load_template

    network = load_network()
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return {"vertices": len(load_template().vertices), "parameters": parameters}


def list_devices(_request: Request, progress: Progress) -> dict[str, Any]:
    """Ask torch; the reply has a list of `devices` with the fields of `DeviceDescription`."""
    progress("start", 0.0)
    from ..reconstruction.network import device_list

    return {"devices": [asdict(device) for device in device_list.list_devices()]}


JOBS = {"check_libraries": check_libraries, "check_weights": check_weights, "list_devices": list_devices}
