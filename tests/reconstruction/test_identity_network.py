"""The identity network's files, and what it says of a picture and its mirror image."""

from pathlib import Path

import numpy as np
import pytest
import torch

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.identity import (
    IdentityNetwork,
    load_identity_network,
    read_identity,
    save_identity_network,
)
from pix2vertex_blender.reconstruction.network.network import build_network, save_network

TINY = NetworkConfiguration("residual", 32, (8, 16), (8,), (), 0, (0, 1), (1,), context_channels=8)


@pytest.fixture
def network() -> IdentityNetwork:
    torch.manual_seed(0)
    made = IdentityNetwork(TINY, 5)
    torch.nn.init.normal_(made.output.weight)
    made.spread.copy_(torch.arange(1.0, 6.0))
    return made.eval()


@pytest.fixture
def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def test_weights_come_back_as_they_were_written(network, picture, tmp_path: Path) -> None:
    save_identity_network(network, tmp_path / "identity.safetensors")
    loaded = load_identity_network(tmp_path / "identity.safetensors")
    np.testing.assert_allclose(read_identity(loaded, picture), read_identity(network, picture), rtol=0.02, atol=0.02)


def test_the_mirror_image_is_read_beside_the_picture(network, picture) -> None:
    one, other = read_identity(network, picture), read_identity(network, picture[:, ::-1])
    np.testing.assert_allclose(one, other[::-1], rtol=1e-4, atol=1e-4)
    assert np.abs(one[0] - one[1]).max() > 1e-3


def test_what_is_no_identity_network_is_refused(tmp_path: Path) -> None:
    save_network(build_network(TINY), tmp_path / "maps.safetensors")
    (tmp_path / "text.safetensors").write_text("nothing")
    for name in ("maps", "text", "nowhere"):
        with pytest.raises(DataFileError, match=f"{name}.safetensors are missing, damaged or of another network"):
            load_identity_network(tmp_path / f"{name}.safetensors")
