"""The differentiable renderer: what is drawn, and the slopes of what is drawn."""

import numpy as np
import pytest
import torch
from torch import Tensor

from pix2vertex_blender.reconstruction.texture import light as product
from training.coarse.face import load_face
from training.coarse.renderer import harmonics, project, render

SIZE = 24


@pytest.fixture
def scene() -> dict[str, Tensor]:
    shape = torch.from_numpy(load_face().mean)[None]
    light = torch.zeros(1, 9, 3, dtype=torch.float64)
    light[:, 0], light[:, 1], light[:, 3] = 0.5, 0.2, 0.3
    return {
        "shape": shape,
        "rotation": torch.eye(3, dtype=torch.float64)[None],
        "camera": torch.tensor([[0.0045, 0.01, 0.02]], dtype=torch.float64),
        "albedo": torch.full_like(shape, 0.7) * torch.tensor([1.0, 0.8, 0.6]),
        "light": light,
    }


def test_the_harmonics_are_those_of_the_products_light_fit() -> None:
    normals = np.random.default_rng(0).standard_normal((20, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    np.testing.assert_allclose(harmonics(torch.from_numpy(normals)).numpy(), product.harmonics(normals))


def test_under_an_even_light_of_one_a_face_shows_its_albedo(scene: dict[str, Tensor]) -> None:
    even = torch.zeros_like(scene["light"])
    even[:, 0] = 1
    drawn = render(**{**scene, "light": even}, size=SIZE)
    assert 0.2 < drawn.covered.float().mean() < 0.9
    shown = drawn.images.permute(0, 2, 3, 1)[drawn.covered]
    torch.testing.assert_close(shown, scene["albedo"][0, :1].expand_as(shown))
    assert drawn.images.permute(0, 2, 3, 1)[~drawn.covered].abs().max() == 0


def test_half_the_light_is_half_the_linear_colour(scene: dict[str, Tensor]) -> None:
    bright = render(**scene, size=SIZE)
    dim = render(**{**scene, "light": scene["light"] / 2}, size=SIZE)
    shown = bright.covered[:, None] & (dim.images > 0.1)
    torch.testing.assert_close((dim.images**2.2)[shown], (bright.images**2.2)[shown] / 2)


def test_a_light_from_the_right_brightens_the_side_of_the_face_that_is_turned_there(scene: dict[str, Tensor]) -> None:
    image = render(**scene, size=SIZE).images[0, 0]
    covered = image > 0
    columns = torch.arange(SIZE).expand_as(image)[covered].double()
    assert np.corrcoef(columns.numpy(), image[covered].numpy())[0, 1] > 0.3


@pytest.mark.parametrize("name", ["shape", "camera", "albedo", "light"])
def test_slopes_are_those_of_small_steps(scene: dict[str, Tensor], name: str) -> None:
    generator = torch.Generator().manual_seed(2)
    wanted = torch.rand(1, 3, SIZE, SIZE, dtype=torch.float64, generator=generator)
    paint = torch.rand(scene["albedo"].shape, dtype=torch.float64, generator=generator)
    scene = {**scene, "albedo": 0.4 + 0.3 * paint}

    def error(moved: Tensor) -> Tensor:
        return ((render(**{**scene, name: moved}, size=SIZE).images - wanted) ** 2).sum()

    value = scene[name].clone().requires_grad_()
    (slope,) = torch.autograd.grad(error(value), value)
    step = torch.randn(value.shape, dtype=torch.float64, generator=generator) * 1e-6
    with torch.no_grad():
        measured = (error(scene[name] + step) - error(scene[name] - step)) / 2
    assert float((slope * step).sum()) == pytest.approx(float(measured), rel=1e-3)


def test_a_larger_face_further_to_the_right_and_down_is_projected_there() -> None:
    points = torch.tensor([[[10.0, 20.0, 5.0]]])
    placed = project(points, torch.tensor([[0.01, 0.1, 0.2]]))
    torch.testing.assert_close(placed, torch.tensor([[[0.2, 0.0]]]))
