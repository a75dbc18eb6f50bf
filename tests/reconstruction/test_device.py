"""The choice of the compute device."""

import logging
import subprocess
import sys

import pytest
import torch

from pix2vertex_blender.errors import DeviceError
from pix2vertex_blender.reconstruction.network import device
from pix2vertex_blender.reconstruction.network.device import choose_device, is_available, probe, quick_precision


def test_the_processor_can_always_be_chosen():
    assert choose_device("cpu") == torch.device("cpu")


def test_automatic_choice_computes_correctly():
    assert probe(choose_device("auto")) is None


def test_an_unknown_device_is_named_with_those_there_are():
    with pytest.raises(DeviceError, match=r"'abacus'.*auto, cpu, cuda, mps, xpu"):
        choose_device("abacus")


def test_a_device_that_is_not_there_is_refused():
    absent = [name for name in ("cuda", "mps", "xpu") if not is_available(name)]
    assert absent
    for name in absent:
        with pytest.raises(DeviceError, match=r"This computer has no .* choose the device 'cpu'"):
            choose_device(name)


def test_a_device_without_results_fails_the_probe():
    assert probe(torch.device("meta"))


def test_a_broken_accelerator_falls_back_to_the_processor_with_a_message(monkeypatch, caplog):
    absent = next(name for name in ("xpu", "mps", "cuda") if not is_available(name))
    monkeypatch.setattr(device, "is_available", lambda name: name == absent)
    with caplog.at_level(logging.WARNING):
        assert choose_device("auto") == torch.device("cpu")
    assert "failed its test" in caplog.text
    with pytest.raises(DeviceError, match="failed its test"):
        choose_device(absent)


def test_the_fallback_of_apples_backend_is_set_before_torch_is_imported():
    program = (
        "import os, sys, pix2vertex_blender.reconstruction as package;"
        "sys.exit(0 if os.environ['PYTORCH_ENABLE_MPS_FALLBACK'] == '1' and 'torch' not in sys.modules else 1)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_processor_without_bfloat16_never_takes_it(monkeypatch):
    def capable(**capabilities):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
        return quick_precision(torch.device("cpu"))

    assert capable(avx512_bf16=False, amx_bf16=False, avx512_f=True) == torch.float32
    assert capable() == torch.float32
    assert capable(avx512_bf16=True) == capable(amx_bf16=True) == torch.bfloat16
    assert quick_precision(torch.device("meta")) == torch.float32
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert quick_precision(torch.device("cpu")) == torch.float32, "an older torch cannot say"
