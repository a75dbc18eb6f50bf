"""From a bank to the table and the pictures, and what is said when something is wrong."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from training.coarse.__main__ import main
from training.coarse.bank import Bank, read_bank
from training.coarse.lessons import Lessons
from training.coarse.losses import coarse_loss
from training.coarse.measure import COLUMNS, figures, mean_figures, network_figures
from training.coarse.model import CoarseModel, LinearFace
from training.coarse.network import CoarseConfiguration, CoarseNetwork
from training.coarse.table import ROWS
from training.coarse.train import CoarseSettings, trained


@pytest.fixture
def file(bank: Bank, tmp_path: Path) -> Path:
    path = tmp_path / "bank.npz"
    np.savez(path, **{field.name: getattr(bank, field.name) for field in dataclasses.fields(Bank)})
    return path


def test_the_truth_measures_as_true_and_the_mean_as_nothing_known(bank: Bank) -> None:
    model = CoarseModel.of(bank)
    lessons, face = Lessons(bank, model), LinearFace(model)
    lesson = lessons.unmet()
    exact = figures(lesson.truth, lesson, bank, face)
    assert exact.nme < 1 and exact.identity > 0.99 and exact.expression > 0.99 and exact.photo < 5
    assert exact.pose < 0.1 and exact.albedo < 2 and exact.light == pytest.approx(0, abs=1e-3)
    mean = mean_figures(lessons, face)
    assert mean.identity == pytest.approx(0, abs=1e-6) and mean.albedo > 10 * exact.albedo
    assert mean.nme > 5 * exact.nme and mean.pose > 3 and len(mean.row) == len(COLUMNS)


@pytest.mark.slow
@pytest.mark.parametrize("truth", [0.0, 1.0])
def test_training_lowers_the_loss_and_its_network_is_kept(bank: Bank, tmp_path: Path, truth: float) -> None:
    model = CoarseModel.of(bank)
    lessons, face = Lessons(bank, model), LinearFace(model)
    settings = CoarseSettings(steps=60, batch_size=8, learning_rate=3e-3)
    settings = dataclasses.replace(settings, weights=dataclasses.replace(settings.weights, truth=truth))
    configuration = CoarseConfiguration(size=16, widths=(8, 16, 16))
    lesson = next(lessons.batches(16, 0))

    def loss(network: CoarseNetwork) -> float:
        with torch.no_grad():
            return float(coarse_loss(network(lesson.images), lesson, face, network.spread, settings.weights))

    network = trained(tmp_path, lessons, face, configuration, settings)
    assert loss(network) < 0.85 * loss(CoarseNetwork(configuration, *lessons.spread()))
    unmet, nothing = network_figures(network, lessons, face), mean_figures(lessons, face)
    assert unmet.nme < 0.95 * nothing.nme and unmet.pose < nothing.pose
    again = trained(tmp_path, lessons, face, configuration, settings)
    images = lessons.unmet().images
    torch.testing.assert_close(again(images), network(images))


@pytest.mark.slow
def test_the_table_has_both_networks_in_both_trainings_and_the_sheet_shows_them(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "runs"), "--bank", str(file), "--steps", "2", "--batch-size", "4"]
    main(["table", *words])
    printed = capsys.readouterr().out
    for title, _, _ in ROWS:
        assert f"| {title} |" in printed
    assert "| 4.63 |" in printed and "the product's light fit" in printed
    main(["sheet", *words, "--output", str(tmp_path / "pictures")])
    pictures = sorted((tmp_path / "pictures").glob("*.png"))
    assert len(pictures) == len(ROWS) and cv2.imread(str(pictures[0])).std() > 10
    with pytest.raises(SystemExit, match="of another network or training"):
        main(["table", *words[:-1], "6"])


def test_what_is_wrong_is_said_in_one_sentence(file: Path, bank: Bank, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is not a bank of looks"):
        main(["table", str(tmp_path), "--bank", str(tmp_path / "none.npz")])
    damaged = tmp_path / "damaged.npz"
    damaged.write_bytes(file.read_bytes()[:200])
    with pytest.raises(SystemExit, match="is not a bank of looks"):
        main(["table", str(tmp_path), "--bank", str(damaged)])
    with pytest.raises(SystemExit, match="a batch takes 16: draw more"):
        main(["table", str(tmp_path), "--bank", str(file), "--batch-size", "32"])
    with pytest.raises(SystemExit, match="print the table"):
        main(["sheet", str(tmp_path), "--bank", str(file), "--output", str(tmp_path)])
    few = dataclasses.replace(bank, identity=bank.identity[:, 1:])
    np.savez(damaged, **{field.name: getattr(few, field.name) for field in dataclasses.fields(Bank)})
    with pytest.raises(SystemExit, match="of another template"):
        main(["table", str(tmp_path), "--bank", str(damaged)])
    assert read_bank(file).images.shape == bank.images.shape
