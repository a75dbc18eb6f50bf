"""Training learns, resumes exactly, stops at NaN and runs in two processes; its result is measured and exported."""

import dataclasses
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import build_network, load_network
from training.compare import VARIANTS, Variant, compare
from training.computation import Computation
from training.data.dataset import PortraitStream, held_out_batches, is_portrait, read_in_background
from training.data.samples import Sample, sample_path, write_sample
from training.evaluate import evaluate, format_table, sample_figures
from training.export import export
from training.losses import SHIPPED_WEIGHTS
from training.processes import core_count, reader_count, stream_seed
from training.schedule import Settings, TrainingDivergedError, learning_rate
from training.train import NETWORKS, Recipe, main, train

pytestmark = pytest.mark.slow

TINY = NetworkConfiguration("residual", 32, (8, 16), (8,), (), 0, (0, 1), (1,), context_channels=8)
SHIPPED_RECIPE = NETWORKS["shipped"]
SETTINGS = Settings(batch_size=2, steps=8, learning_rate=3e-3, warm_up_steps=2, log_every=100, save_every_minutes=0)
BACKGROUNDS = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)
CPU = torch.device("cpu")


def ball_sample(index, size=48):
    """A lit ball as a portrait: its own surface is its map."""
    generator = np.random.default_rng(index)
    centre, radius = generator.uniform(-0.15, 0.15, 2), generator.uniform(0.45, 0.7)
    grid = (np.arange(size) + 0.5) / (size / 2) - 1
    x, y = np.meshgrid(grid - centre[0], -grid - centre[1])
    depth = np.sqrt(np.maximum(radius**2 - x**2 - y**2, 0))
    face = depth > 0
    geometry = (np.stack([x, y, depth]) * face).astype(np.float32)
    shade = (255 * (0.3 + 0.7 * depth / radius) * face).astype(np.uint8)
    image = np.dstack([shade, shade, shade, 255 * face.astype(np.uint8)])
    around = np.linspace(0, 2 * np.pi, 68)
    ring = centre + 0.8 * radius * np.stack([np.cos(around), np.sin(around)], 1)
    landmarks = (size / 2 * (1 + ring)).astype(np.float32)
    return Sample(image, face.astype(np.uint8), geometry / 2, geometry, landmarks, 0.0, 0.0, 0.0, 1000.0, 0.005)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("samples")
    for index in range(6):
        write_sample(sample_path(path, index), ball_sample(index))
    return path


@pytest.fixture(scope="module")
def batches(folder):
    return list(islice(PortraitStream([folder], 32, 2, BACKGROUNDS, seed=3), 8))


def tiny_network():
    torch.manual_seed(0)
    return build_network(TINY)


def run_training(run, batches, settings=SETTINGS, held_out=()):
    network = tiny_network()
    train(run, network, SHIPPED_RECIPE, settings, iter(batches), held_out, CPU)
    return network


def equal(first, second):
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_the_stream_depends_on_its_seed_only(folder):
    first, again, other = (next(iter(PortraitStream([folder], 32, 2, BACKGROUNDS, seed))) for seed in (1, 1, 2))
    assert first.images.shape == (2, 3, 32, 32)
    assert first.geometry.dtype == torch.float32
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first.images, other.images)


@pytest.mark.slow
def test_each_reader_draws_its_own_samples(folder):
    batches = read_in_background(PortraitStream([folder], 32, 2, BACKGROUNDS, seed=1), 2, CPU)
    first, second = next(batches), next(batches)
    assert first.images.shape == second.images.shape
    assert not torch.equal(first.images, second.images)


def test_a_graphics_card_gets_the_cores_that_training_leaves(monkeypatch):
    assert reader_count(CPU) == 1
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    alone = reader_count(torch.device("cuda"))
    assert alone == max(1, core_count() - 1)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    assert 1 <= reader_count(torch.device("cuda")) <= alone


def test_hidden_and_turned_away_faces_are_no_portraits():
    sample = ball_sample(0)
    assert is_portrait(sample)
    assert not is_portrait(dataclasses.replace(sample, yaw=-60.0))
    assert not is_portrait(dataclasses.replace(sample, pitch=30.0))
    covered = sample.mask.copy()
    covered[:, :32] = 0
    assert not is_portrait(dataclasses.replace(sample, mask=covered))


def test_a_folder_without_samples_is_named(tmp_path):
    with pytest.raises(DataFileError, match=r"no samples in .*python -m training\.generate"):
        PortraitStream([tmp_path], 32, 2, BACKGROUNDS, 1)


def test_the_learning_rate_rises_and_then_falls_to_the_end():
    settings = dataclasses.replace(SETTINGS, warm_up_steps=10, learning_rate=1.0)
    assert learning_rate(0, 0.0, settings) == pytest.approx(0.1)
    rates = [learning_rate(100, fraction, settings) for fraction in np.linspace(0, 1, 20)]
    assert rates[0] == 1
    assert all(np.diff(rates) < 0)
    assert rates[-1] == pytest.approx(settings.final_fraction)


@pytest.mark.slow
def test_training_learns_and_keeps_a_log(folder, tmp_path):
    held_out = held_out_batches(folder, 32, 4, 2, BACKGROUNDS)
    endless = iter(PortraitStream([folder], 32, 4, BACKGROUNDS, seed=3))
    before = evaluate(tiny_network(), held_out, CPU)
    settings = dataclasses.replace(SETTINGS, steps=40, average_horizon=5, log_every=4)
    network = run_training(tmp_path, endless, settings, held_out)
    after = evaluate(network, held_out, CPU)
    assert after["correspondence_mm"] < 0.8 * before["correspondence_mm"]
    rows = (tmp_path / "log.csv").read_text().splitlines()
    assert len(rows) == 1 + 40 // 4 + 1
    assert (tmp_path / "log.png").stat().st_size > 0
    assert "mask, intersection over union" in format_table(after)


def test_the_papers_pair_is_trained_by_its_own_weights(batches, tmp_path):
    configuration = NetworkConfiguration(
        resolution=32, encoder_channels=(8, 16, 16), decoder_channels=(16, 8, 8), head_channels=(8,), dropout_levels=1
    )
    torch.manual_seed(0)
    pair = build_network(configuration)
    before = [parameter.detach().clone() for parameter in pair.parameters()]
    train(tmp_path, pair, NETWORKS["paper"], SETTINGS, iter(batches), (), CPU)
    assert all(not torch.equal(a, b) for a, b in zip(before, pair.parameters(), strict=True))
    exported = export(tmp_path / "checkpoint.pt", tmp_path / "weights.safetensors", {})
    assert torch.equal(exported.geometry.encoder[1][1].running_mean, pair.geometry.encoder[1][1].running_mean)


def test_an_interrupted_training_goes_on_as_if_nothing_had_happened(batches, tmp_path):
    whole = run_training(tmp_path / "whole", batches)
    with pytest.raises(StopIteration):
        run_training(tmp_path / "halves", batches[:5])
    halves = run_training(tmp_path / "halves", batches[5:])
    assert equal(whole, halves)


@pytest.fixture
def run_main(folder, tmp_path, monkeypatch):
    """Runs the command line with a tiny network on made-up samples; the weights of the checkpoint."""
    monkeypatch.setitem(NETWORKS, "shipped", SHIPPED_RECIPE._replace(configuration=TINY))
    monkeypatch.setattr("training.train.background_bank", lambda _: BACKGROUNDS)
    monkeypatch.setattr("training.train.read_in_background", lambda stream, *_: iter(stream))

    def run(name, steps, seed, precision="float32"):
        fixed = ["--batch-size", "2", "--precision", precision, "--device", "cpu"]
        arguments = [str(tmp_path / name), "--data", str(folder), "--steps", str(steps), "--seed", str(seed), *fixed]
        main(arguments)
        return torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["network"]

    return run


def test_a_seed_repeats_a_training_however_often_it_is_interrupted_in_the_same_place(run_main):
    first, again, other = run_main("first", 4, 7), run_main("again", 4, 7), run_main("other", 4, 8)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
    resumed, once_more = run_main("first", 6, 7), run_main("again", 6, 7)
    assert all(torch.equal(resumed[name], once_more[name]) for name in first)
    assert any(not torch.equal(resumed[name], first[name]) for name in first)


def test_a_checkpoint_of_another_precision_goes_on(run_main):
    single = run_main("run", 2, 1)
    mixed = run_main("run", 4, 1, "bfloat16")
    assert all(value.dtype == torch.float32 for value in mixed.values())
    assert all(torch.isfinite(value).all() for value in mixed.values())
    assert any(not torch.equal(single[name], mixed[name]) for name in single)


@pytest.mark.parametrize(("first", "then"), [("channels_last", "contiguous"), ("contiguous", "channels_last")])
def test_a_checkpoint_of_another_layout_goes_on_as_if_nothing_had_happened(batches, tmp_path, first, then):
    whole = run_training(tmp_path / "whole", batches)
    halves = tiny_network()
    with pytest.raises(StopIteration):
        train(
            tmp_path, halves, SHIPPED_RECIPE, SETTINGS, iter(batches[:5]), (), CPU, Computation("float32", layout=first)
        )
    halves = tiny_network()
    train(tmp_path, halves, SHIPPED_RECIPE, SETTINGS, iter(batches[5:]), (), CPU, Computation("float32", layout=then))
    start, one, other = (
        torch.cat([parameter.detach().reshape(-1) for parameter in network.parameters()])
        for network in (tiny_network(), whole, halves)
    )
    assert (one - other).norm() < 0.2 * (one - start).norm(), "sums in another order, and nothing else"


def test_every_start_draws_samples_of_its_own():
    assert len({stream_seed(1, 0), stream_seed(1, 50), stream_seed(2, 0)}) == 3
    assert stream_seed(1, 50) == stream_seed(1, 50)


def test_a_nan_stops_training_and_keeps_the_last_good_checkpoint(batches, tmp_path):
    poisoned = list(batches)
    poisoned[5] = batches[5]._replace(geometry=torch.full_like(batches[5].geometry, float("nan")))
    with pytest.raises(TrainingDivergedError, match="step 5"):
        run_training(tmp_path, poisoned)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert state["position"]["step"] == 5
    assert all(torch.isfinite(value).all() for value in state["network"].values())
    assert all(torch.isfinite(value).all() for value in state["averaged"].values())


def test_a_checkpoint_of_another_network_or_a_damaged_one_is_named(batches, tmp_path):
    run_training(tmp_path, batches[:8])
    other = build_network(dataclasses.replace(TINY, encoder_channels=(8, 24)))
    with pytest.raises(DataFileError, match="of another network"):
        train(tmp_path, other, SHIPPED_RECIPE, SETTINGS, iter(batches), (), CPU)
    (tmp_path / "checkpoint.pt").write_bytes(b"half of a checkpoint")
    with pytest.raises(DataFileError, match=r"checkpoint\.pt is damaged"):
        run_training(tmp_path, batches)


def test_the_truth_has_no_error(batches):
    batch = batches[0]
    maps = torch.cat([10 * (batch.masks[0:1] > 0).float() - 5, batch.correspondence[0], batch.geometry[0] + 0.3])
    figures = sample_figures(maps, batch, 0)
    assert figures["correspondence_mm"] == pytest.approx(0, abs=1e-4)
    assert figures["depth_percent"] == pytest.approx(0, abs=1e-3)
    assert figures["normals_degrees"] < 0.1
    assert figures["mask_iou"] == 1


def test_a_shift_of_the_correspondence_is_measured_in_millimetres(batches):
    batch = batches[0]
    maps = torch.cat([10 * (batch.masks[0:1] > 0).float() - 5, batch.correspondence[0], batch.geometry[0]])
    maps[1] += 3 / 120
    assert sample_figures(maps, batch, 0)["correspondence_mm"] == pytest.approx(3, rel=1e-4)


def test_the_exported_weights_are_the_averaged_ones_with_a_card(batches, tmp_path):
    run_training(tmp_path, batches)
    exported = export(tmp_path / "checkpoint.pt", tmp_path / "weights.safetensors", {"results": "none"})
    loaded = load_network(tmp_path / "weights.safetensors")
    for first, second in zip(exported.parameters(), loaded.parameters(), strict=True):
        torch.testing.assert_close(first, second, atol=1e-3, rtol=1e-3)
    averaged = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["averaged"]
    assert torch.equal(averaged["head.weight"], exported.head.weight)
    text = (tmp_path / "weights.safetensors").read_bytes()[:5000]
    assert b'"samples":"16"' in text.replace(b" ", b"")


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(DataFileError, match="There is no checkpoint"):
        export(tmp_path / "checkpoint.pt", tmp_path / "weights.safetensors", {})


TWO_PROCESSES = """
import sys, itertools, pathlib, torch
import torch.distributed as distributed
sys.path.insert(0, {tests!r})
from test_train import BACKGROUNDS, CPU, SETTINGS, SHIPPED_RECIPE, tiny_network
from training.data.dataset import PortraitStream
from training.processes import start_processes
from training.train import train
torch.set_num_threads(1)
start_processes(CPU)
rank = distributed.get_rank()
network = tiny_network()
stream = iter(PortraitStream([pathlib.Path({samples!r})], 32, 2, BACKGROUNDS, seed=3 + rank))
position = train(pathlib.Path({run!r}), network, SHIPPED_RECIPE, SETTINGS, stream, (), CPU)
torch.save([position.samples, list(network.parameters())], {run!r} + f"/rank{{rank}}.pt")
distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_train_one_network(folder, batches, tmp_path):
    script = tmp_path / "two_processes.py"
    script.write_text(
        TWO_PROCESSES.format(tests=str(Path(__file__).parent), samples=str(folder), run=str(tmp_path / "run"))
    )
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "PYTHONPATH": root}
    finished = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    (samples, first), (_, second) = (torch.load(tmp_path / "run" / f"rank{rank}.pt") for rank in (0, 1))
    assert samples == 2 * 2 * SETTINGS.steps
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    alone = run_training(tmp_path / "alone", batches)
    assert not all(torch.equal(a, b) for a, b in zip(first, alone.parameters(), strict=True))


@pytest.mark.slow
def test_variants_are_trained_alike_and_measured(folder, tmp_path, monkeypatch):
    for name, weights in (
        ("plain", SHIPPED_WEIGHTS),
        ("geometry", dataclasses.replace(SHIPPED_WEIGHTS, correspondence=0)),
    ):
        monkeypatch.setitem(VARIANTS, name, Variant(name, Recipe(TINY, weights, "muon")))
    settings = dataclasses.replace(SETTINGS, steps=25, average_horizon=5, batch_size=2)
    rows = compare(tmp_path, ["plain", "geometry"], [folder], folder, 4, settings, BACKGROUNDS, CPU)
    plain, geometry = ([float(cell) for cell in row.split("|")[2:5]] for row in rows[2:])
    assert plain[0] == geometry[0] == 50
    assert plain[1] < 0.9 * geometry[1]  # correspondence, which the other was not trained for
    again = compare(tmp_path, ["plain"], [folder], folder, 4, settings, BACKGROUNDS, CPU)
    assert again[-1] == rows[2]
