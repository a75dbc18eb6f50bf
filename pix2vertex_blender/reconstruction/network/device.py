"""The choice of the device that the network computes on."""

import logging

import torch

from ...errors import DeviceError

#: The names a user can give, `auto` for the first accelerator that works.
DEVICE_NAMES = ("auto", "cpu", "cuda", "mps", "xpu")

_ACCELERATORS = {"cuda": "NVIDIA or AMD graphics card", "xpu": "Intel graphics card", "mps": "Apple graphics processor"}
#: Largest difference of the probe's result, whose values are about 1, from the processor's; TF32 stays below it.
_PROBE_TOLERANCE = 0.02

_log = logging.getLogger(__name__)


def choose_device(name: str = "auto") -> torch.device:
    """The device with this name, after a small computation on it has given the processor's result.

    `auto` takes the first accelerator that is there and computes correctly, and otherwise the processor; it logs a
    warning about an accelerator that is there and does not.

    Raises
    ------
    DeviceError
        If the name is unknown, or the device is not there or fails the computation.
    """
    if name not in DEVICE_NAMES:
        raise DeviceError(f"There is no device called '{name}': choose one of {', '.join(DEVICE_NAMES)}.")
    if name == "cpu":
        return torch.device("cpu")
    if name == "auto":
        for accelerator in _ACCELERATORS:
            if is_available(accelerator):
                fault = probe(torch.device(accelerator))
                if fault is None:
                    return torch.device(accelerator)
                _log.warning("The %s failed its test (%s); using the processor.", _ACCELERATORS[accelerator], fault)
        return torch.device("cpu")
    if not is_available(name):
        raise DeviceError(f"This computer has no {_ACCELERATORS[name]} that can be used: choose the device 'cpu'.")
    fault = probe(torch.device(name))
    if fault is not None:
        raise DeviceError(f"The {_ACCELERATORS[name]} failed its test ({fault}): choose the device 'cpu'.")
    return torch.device(name)


def quick_precision(device: torch.device) -> torch.dtype:
    """bfloat16 on a processor that says that it computes with it itself, and float32 on everything else.

    A processor without it computes with it too, but many times more slowly than with float32.
    """
    if device.type != "cpu":
        return torch.float32
    # Older versions of torch, which some computers need, cannot say.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    able = capabilities.get("avx512_bf16", False) or capabilities.get("amx_bf16", False)
    return torch.bfloat16 if able else torch.float32


def is_available(name: str) -> bool:
    """Whether torch sees an accelerator of this name."""
    if name == "mps":
        return torch.backends.mps.is_available()
    return bool(getattr(torch, name).is_available())


def probe(device: torch.device) -> str | None:
    """Compare a convolution on `device` with the processor's result; None if they agree, else what is wrong."""
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 8, 16, 16, generator=generator)
    kernel = torch.randn(8, 8, 3, 3, generator=generator) / 72**0.5
    expected = torch.nn.functional.conv2d(image, kernel, padding=1)
    try:
        result = torch.nn.functional.conv2d(image.to(device), kernel.to(device), padding=1).cpu()
    except (RuntimeError, NotImplementedError, AssertionError) as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    difference = (result - expected).abs().max().item()
    return None if difference <= _PROBE_TOLERANCE else f"its result differs by {difference:.2g}"
