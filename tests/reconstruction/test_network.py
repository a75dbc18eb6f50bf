"""The networks: the paper's layers, the shapes of their maps, mirroring, and weights files."""

import json

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.reconstruction.network.configuration import SHIPPED, NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import (
    build_network,
    load_network,
    predict,
    predict_views,
    predict_views_together,
    save_network,
)

TINY = NetworkConfiguration(
    architecture="residual",
    resolution=32,
    encoder_channels=(8, 16, 16),
    decoder_channels=(16, 8),
    encoder_blocks=(0, 1, 1),
    decoder_blocks=(2, 1),
    context_channels=8,
)
TINY_PAPER = NetworkConfiguration(
    resolution=32, encoder_channels=(8, 16, 16), decoder_channels=(16, 8, 8), head_channels=(8,), dropout_levels=1
)


@pytest.fixture(params=[TINY, TINY_PAPER], ids=["residual", "paper"])
def network(request):
    torch.manual_seed(0)
    fresh = build_network(request.param)
    with torch.no_grad():  # fresh residual blocks are the identity; let every weight matter
        for parameter in fresh.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return fresh.eval()


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def test_the_default_configuration_is_the_papers():
    with torch.device("meta"):
        pair = build_network(NetworkConfiguration())
        maps = pair.eval()(torch.empty(1, 3, 512, 512))
    for network in (pair.correspondence, pair.geometry):
        convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
        down = [m.out_channels for m in convolutions if m.stride == (2, 2) and isinstance(m, nn.Conv2d)]
        up = [m.out_channels for m in convolutions if isinstance(m, nn.ConvTranspose2d)]
        pointwise = [m.out_channels for m in convolutions if m.kernel_size == (1, 1)]
        assert down == [64, 128, 256, 512, 512, 512, 512, 512]
        assert up == [512, 512, 512, 512, 512, 256, 128, 64]
        assert pointwise == [64, 32, 4]
        assert sum(isinstance(m, nn.Dropout) for m in network.modules()) == 3
    assert maps.shape == (1, 8, 512, 512)


def test_the_shipped_weights_fit_the_size_allowed():
    with torch.device("meta"):
        shipped = build_network(SHIPPED)
    assert 2 * sum(parameter.numel() for parameter in shipped.parameters()) < 40e6


def test_maps_have_the_size_of_the_image(network):
    side = 3 * network.stride
    assert network(torch.randn(2, 3, side, side)).shape == (2, 8, side, side)


def test_the_papers_mask_is_the_mean_of_both_networks():
    torch.manual_seed(0)
    pair = build_network(TINY_PAPER).eval()
    images = torch.randn(1, 3, 16, 16)
    correspondence, geometry = pair.correspondence(images), pair.geometry(images)
    maps = pair(images)
    torch.testing.assert_close(maps[:, 0], (correspondence[:, 3] + geometry[:, 3]) / 2)
    torch.testing.assert_close(maps[:, 1:4], correspondence[:, :3])
    torch.testing.assert_close(maps[:, 4:7], geometry[:, :3])
    assert (maps[:, 7] < -5).all(), "the pair knows nothing of parted lips"


def test_pose_comes_from_the_whole_image():
    torch.manual_seed(0)
    residual = build_network(TINY).eval()
    images = torch.randn(1, 3, 32, 32, requires_grad=True)
    residual.forward_with_pose(images)[1].sum().backward()
    assert (images.grad.abs().sum(1)[0] > 0).float().mean() > 0.5


def test_prediction_is_deterministic_and_depends_on_the_image(network, image):
    first = predict(network, image)
    assert first.dtype == np.float32
    assert first.shape == (8, 32, 32)
    np.testing.assert_array_equal(first, predict(network, image))
    assert np.abs(first - predict(network, 255 - image)).max() > 1e-3


def test_the_mirrored_image_gives_the_mirrored_maps(network, image):
    maps = predict(network, image)
    mirrored = predict(network, image[:, ::-1])[:, :, ::-1].copy()
    mirrored[[1, 4]] *= -1
    np.testing.assert_allclose(maps, mirrored, atol=1e-5)


def test_the_views_are_of_the_image_and_of_its_mirror_image(network, image):
    seen, mirrored = predict_views(network, image)
    np.testing.assert_allclose(predict(network, image), (seen + mirrored) / 2, atol=1e-6)
    assert np.abs(seen - mirrored).max() > 1e-3
    other_mirrored, other_seen = predict_views(network, image[:, ::-1])[:, :, :, ::-1].copy()
    for maps, other in ((seen, other_seen), (mirrored, other_mirrored)):
        other[[1, 4]] *= -1
        np.testing.assert_allclose(maps, other, atol=1e-5)


def test_several_crops_at_once_give_what_each_gives(network, image):
    images = np.stack([image, image[::-1], image[:, ::-1]])
    together = predict_views_together(network, images)
    for views, one in zip(together, images, strict=True):
        np.testing.assert_allclose(views, predict_views(network, np.ascontiguousarray(one)), atol=1e-4)


def test_half_precision_gives_nearly_the_same_maps(network, image):
    maps = predict(network, image)
    rounded = predict(network, image, precision=torch.bfloat16)
    assert np.abs(rounded - maps).mean() < 0.05 * np.abs(maps).mean()


@pytest.mark.parametrize("shape", [(32, 24, 3), (33, 33, 3), (32, 32, 4), (0, 0, 3), (32, 32)])
def test_an_image_of_another_shape_is_named(network, shape):
    with pytest.raises(ValueError, match=r"image must be .* not \("):
        predict(network, np.zeros(shape, np.uint8))


def test_an_unknown_architecture_is_named():
    with pytest.raises(ValueError, match="'vgg'"):
        build_network(NetworkConfiguration(architecture="vgg"))


def test_weights_survive_being_written(network, image, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_network(network, path, {"licence": "GPL-3.0-or-later"})
    loaded = load_network(path)
    assert loaded.configuration == network.configuration
    assert not loaded.training
    assert load_network(path) is loaded
    maps = predict(network, image)
    assert np.abs(predict(loaded, image) - maps).max() < 0.01 * np.abs(maps).max()
    assert path.stat().st_size < 2.2 * sum(p.numel() for p in network.parameters()) + 20000
    with safetensors.safe_open(path, framework="pt") as file:
        assert file.metadata()["licence"] == "GPL-3.0-or-later"


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(DataFileError, match=r"nowhere\.safetensors are missing"):
        load_network(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"PK" + data])
def test_damaged_weights_are_named(network, damage, tmp_path):
    path = tmp_path / "weights.safetensors"
    save_network(network, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(DataFileError, match=r"weights\.safetensors are damaged .* install the extension again"):
        load_network(path)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"configuration": TINY_PAPER.to_json()},
        {"configuration": json.dumps({"architecture": "residual", "tokens": 7})},
        {"configuration": "not a configuration"},
    ],
)
def test_weights_of_another_configuration_are_named(metadata, tmp_path):
    path = tmp_path / "other.safetensors"
    safetensors.torch.save_file(dict(build_network(TINY).state_dict()), path, metadata=metadata)
    with pytest.raises(DataFileError, match=r"other\.safetensors were made for another version"):
        load_network(path)
