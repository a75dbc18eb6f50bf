from dataclasses import replace

import numpy as np
import pytest
import torch

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.reconstruction.detail.unrolled import CHANNELS, CONTRAST
from pix2vertex_blender.reconstruction.network.detail_network import (
    DetailNetwork,
    load_detail_network,
    predict_displacement,
)
from training.detail_network.losses import DetailBatch, DetailWeights, detail_loss
from training.schedule import Settings

VISIBLE = 5


def batch_of_waves():
    """Maps of which the brightness is what light from the right makes of a wavy relief."""
    columns = np.arange(32, dtype=np.float32)
    relief = np.tile(0.2 * np.sin(columns / 3), (32, 1)).astype(np.float32)
    maps = np.zeros((1, CHANNELS, 32, 32), np.float32)
    maps[:, 3], maps[:, VISIBLE] = 0.5, 1.0
    maps[:, 0] = CONTRAST * 0.5 * np.gradient(relief, axis=1)
    displacement = torch.from_numpy(relief)[None, None]
    return DetailBatch(
        torch.from_numpy(maps),
        torch.zeros(1, 4),
        displacement,
        torch.zeros_like(displacement),
        torch.ones_like(displacement),
    )


def test_the_truth_costs_nothing_and_errors_on_paint_cost_more():
    batch = batch_of_waves()
    assert detail_loss(batch.displacement, batch, DetailWeights())["total"] == 0
    wrong = batch.displacement.clone()
    wrong[..., 8:12, 8:12] += 0.3
    plain = detail_loss(wrong, batch, DetailWeights())["height"]
    painted = torch.zeros_like(wrong)
    painted[..., 8:12, 8:12] = 1.0
    marked = replace(batch, painted=painted)
    assert detail_loss(wrong, marked, DetailWeights())["height"] > 2 * plain


def test_the_papers_losses_want_the_relief_that_the_light_shows():
    batch = batch_of_waves()
    weights = DetailWeights(photometric=1.0, smoothness=1.0, size=1.0)
    found, flat, upside_down = (
        detail_loss(relief, batch, weights)
        for relief in (batch.displacement, torch.zeros_like(batch.displacement), -batch.displacement)
    )
    assert found["photometric"] < 0.2 * flat["photometric"] < 0.2 * upside_down["photometric"]
    assert found["smoothness"] > flat["smoothness"] == 0 and found["size"] > flat["size"] == 0


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_a_sample_shows_its_relief_by_its_light_and_gives_its_paint_no_height():
    from training.detail_network.data import sample_detail

    shown = []
    for number in range(6):
        sample = sample_detail(np.random.default_rng([5, number]))
        seen = (sample.counted > 0.8) & (sample.painted < 0.02)
        along, across = np.gradient(sample.displacement)
        expected = sample.maps[3] * across + sample.maps[4] * along
        shown.append(np.corrcoef(expected[seen], sample.maps[0][seen])[0, 1])
        assert np.isfinite(sample.maps).all() and np.abs(sample.displacement).max() < 2.5
    # Paint, highlights and noise are there too; with a wrong sign or axis the mean would be about 0 or below.
    assert np.mean(shown) > 0.1 and min(shown) > -0.05
    again = sample_detail(np.random.default_rng([5, 0]))
    first = sample_detail(np.random.default_rng([5, 0]))
    assert (again.maps == first.maps).all() and (again.codes == first.codes).all()


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_marks_change_the_colour_alone():
    from training.detail_network.marks import paint_marks
    from training.renderer.skin.skin import sample_skin
    from training.renderer.surface import head_surface

    landmarks = head_surface().landmarks
    skin, _beard = sample_skin(head_surface(), {}, np.full(3, 0.1, np.float32), np.random.default_rng(3))
    for seed in range(4):
        marked, covered = paint_marks(skin, landmarks, np.random.default_rng(seed))
        assert (marked.height == skin.height).all()
        assert covered.min() >= 0 and covered.max() <= 1
        changed = np.abs(marked.albedo - skin.albedo).max(axis=-1)
        assert changed[covered == 0].max() == 0


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_training_goes_on_from_its_checkpoint_and_exports_what_it_has_learnt(tmp_path):
    from training.detail_network.train import CONFIGURATION, export, initial_network, train

    run, weights = tmp_path / "run", DetailWeights()
    settings = Settings(batch_size=2, minutes=60, steps=1, warm_up_steps=1, average_horizon=1)
    train(run, DetailNetwork(CONFIGURATION), settings, weights)
    longer = Settings(batch_size=2, minutes=60, steps=2, warm_up_steps=1, average_horizon=1)
    averaged = train(run, DetailNetwork(CONFIGURATION), longer, weights)
    state = torch.load(run / "checkpoint.pt", weights_only=True)
    assert state["position"]["step"] == 2 and state["position"]["samples"] == 4
    path = tmp_path / "detail.safetensors"
    export(run, path)
    assert path.with_name("detail.safetensors.sha256").is_file()
    maps = np.random.default_rng(0).standard_normal((CHANNELS, 48, 48)).astype(np.float32)
    codes = np.zeros(CONFIGURATION.identity + CONFIGURATION.expression, np.float32)
    expected = predict_displacement(averaged, maps, codes)
    assert np.abs(expected).max() > 0
    assert np.abs(predict_displacement(load_detail_network(path), maps, codes) - expected).max() < 0.02
    export(run, path, gain=2.0)
    load_detail_network.cache_clear()
    stronger = predict_displacement(load_detail_network(path), maps, codes)
    assert np.allclose(stronger, 2 * expected, atol=0.02)
    without_gain = initial_network(path)
    assert np.allclose(predict_displacement(without_gain, maps, codes), expected, atol=0.02)
    (run / "checkpoint.pt").write_bytes(b"nothing")
    with pytest.raises(DataFileError, match="remove it"):
        train(run, DetailNetwork(CONFIGURATION), settings, weights)
