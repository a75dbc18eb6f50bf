"""The computing devices of this computer, as a user knows them: by name and memory."""

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import torch

from .device import DEVICE_NAMES, is_available, probe


@dataclass(frozen=True)
class DeviceDescription:
    """One device.

    Attributes
    ----------
    device : str
        A name of `device.DEVICE_NAMES` other than `auto`.
    name : str
        What the maker calls it.
    memory : float
        Its memory in gigabytes (1024^3 bytes); 0 if nobody tells.
    fault : str
        What is wrong with it; empty if it computes correctly.
    """

    device: str
    name: str
    memory: float
    fault: str


def list_devices() -> list[DeviceDescription]:
    """The processor and all accelerators that torch sees, each after a small test computation."""
    found = [DeviceDescription("cpu", _processor_name(), _main_memory(), "")]
    for device in DEVICE_NAMES[2:]:
        if is_available(device):
            name, memory = _accelerator(device)
            found.append(DeviceDescription(device, name, memory, probe(torch.device(device)) or ""))
    return found


def _accelerator(device: str) -> tuple[str, float]:
    """Name and memory of the first accelerator of a kind."""
    if device == "mps":
        memory = getattr(torch.mps, "recommended_max_memory", lambda: 0)  # not in the last torch for Intel processors
        return f"{_processor_name()} graphics", memory() / 2**30
    properties = getattr(torch, device).get_device_properties(0)
    return properties.name, properties.total_memory / 2**30


def _processor_name() -> str:
    """What the system calls the processor, with the number of its logical cores."""
    name = platform.processor() or platform.machine()
    if sys.platform == "linux":
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} threads"


def _main_memory() -> float:
    """The computer's main memory in gigabytes; 0 where Python cannot ask for it."""
    if not hasattr(os, "sysconf"):  # Windows
        return 0.0
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (ValueError, OSError):
        return 0.0
