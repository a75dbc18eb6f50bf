"""From pairs to a trained network and its table, on tiny data, and what is said when something is wrong."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from pix2vertex_blender.template import load_template
from training.data.samples import list_samples, sample_path, write_sample
from training.fine_shape.__main__ import main
from training.fine_shape.measure import COLUMNS
from training.fine_shape.networks import FineShapeConfiguration
from training.fine_shape.pairs import SUFFIX, Pair, list_pairs, read_pair, write_pair
from training.fine_shape.tables import STUDIES, study
from training.fine_shape.train import FineShapeSettings, load_fine_shape, train

TINY = ["--size", "32", "--narrow", "32", "--views", "3", "--batch-size", "2"]


@pytest.fixture
def bank(tmp_path: Path, pair: Pair) -> Path:
    """Two people who differ in nothing but the sizes of their noses."""
    folder = tmp_path / "bank"
    folder.mkdir()
    nose = load_template().groups["nose"][:, None] * np.array([0, 0, 6], np.float32)
    for index, amount in enumerate((0.0, 1.0)):
        truth = (pair.truth + amount * nose).astype(np.float32)
        write_pair(folder / f"{index}{SUFFIX}", dataclasses.replace(pair, truth=truth))
    return folder


def test_a_pair_is_read_as_it_was_written(bank: Path, pair: Pair) -> None:
    read = read_pair(list_pairs([bank])[0])
    for field in ("coarse", "truth", "pixels", "facing", "yaw"):
        np.testing.assert_array_equal(getattr(read, field), getattr(pair, field))
    assert read.views.shape == pair.views.shape
    assert np.abs(read.views.astype(float) - pair.views).mean() < 6, "but for what JPEG loses"
    assert np.abs(read.photo.astype(float) - pair.photo).mean() < 6


@pytest.mark.slow
def test_training_brings_registered_heads_nearer_and_is_measured(
    bank: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, words = tmp_path / "run", ["--bank", str(bank), *TINY, "--learning-rate", "1e-2"]
    main(["train", str(run), *words, "--steps", "100", "--loss", "squared"])
    losses = [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines()]
    assert len(losses) == 4 and losses[-1] < 0.7 * losses[0]
    main(["train", str(tmp_path / "twin"), *words, "--steps", "2", "--no-photo"])
    main(["measure", str(run), str(tmp_path / "twin"), "--held-out", str(bank)])
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ") and "---" not in line]
    assert [line.split(" |")[0] for line in table] == [
        "| heads",
        "| mean head",
        "| registered head",
        "| run",
        "| twin, which sees no photo",
    ]
    nme = [float(line.split("|")[5]) for line in table[1:]]
    assert nme[2] < 0.8 * nme[1]


@pytest.mark.slow
def test_training_goes_on_where_it_was(bank: Path, tmp_path: Path) -> None:
    settings = FineShapeSettings(steps=3, batch_size=2, loss="squared")
    configuration = FineShapeConfiguration(size=32, widths=(4, 8), views=1)
    assert train(tmp_path, [bank], configuration, settings) == 3
    assert train(tmp_path, [bank], configuration, dataclasses.replace(settings, steps=5)) == 5
    network, trained = load_fine_shape(tmp_path)
    assert network.configuration == configuration and trained.steps == 5


@pytest.mark.slow
def test_a_study_has_the_rows_of_the_paper(bank: Path, tmp_path: Path) -> None:
    configuration = FineShapeConfiguration(size=32, widths=(4, 8), views=3)
    settings = FineShapeSettings(steps=1, batch_size=2)
    for name in ("networks", "losses"):
        table = study(name, tmp_path / "runs", [bank], [bank], 2, configuration, settings)
        assert [row[0] for row in table.rows] == ["mean head", "registered head", *STUDIES[name].rows]
        assert table.columns[2:] == COLUMNS and "Ours" in table.markdown()
        assert all(np.isfinite(row[5:]).all() for row in table.rows)
        printed = [row[0] for row in STUDIES[name].published.rows]
        assert set(STUDIES[name].rows) - {"virtual multiview, no photo"} <= set(printed)


def test_what_is_wrong_is_one_sentence(bank: Path, tmp_path: Path) -> None:
    empty, run = tmp_path / "empty", tmp_path / "run"
    empty.mkdir()
    words = ["train", str(run), *TINY, "--steps", "1", "--loss", "squared"]
    main([*words, "--bank", str(bank)])
    for more, sentence in (
        ([*words, "--bank", str(empty)], "There are no pairs in"),
        ([*words, "--bank", str(bank), "--look", "model"], "is of another network or training"),
        ([*words, "--bank", str(bank), "--size", "50"], "a multiple of 16, not 50"),
        ([*words, "--bank", str(bank), "--no-photo"], "is of another network or training"),
        (["measure", str(empty), "--held-out", str(bank)], "There is no checkpoint"),
        (["bank", str(empty), str(tmp_path / "new"), "--seed", "1"], "There are no samples in"),
    ):
        with pytest.raises(SystemExit) as end:
            main(more)
        assert sentence in str(end.value) and "\n" not in str(end.value)
    (bank / f"0{SUFFIX}").write_bytes(b"nothing")
    with pytest.raises(SystemExit, match="is no pair of a registered and a true head"):
        main(["measure", str(run), "--held-out", str(bank)])


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_rendered_people_become_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from training.generate import TRAINING_STREAM, generate_sample
    from training.renderer.synthesis import SynthesisParameters

    walls = np.full((2, 64, 64, 3), 120, np.uint8)
    monkeypatch.setattr("training.fine_shape.bank.background_bank", lambda _path: walls)
    samples, folder = tmp_path / "samples", tmp_path / "bank"
    samples.mkdir()
    for index in range(3):
        sample = generate_sample(index, 5, TRAINING_STREAM, SynthesisParameters(size=256))
        write_sample(sample_path(samples, index), sample)
    main(["bank", str(samples), str(folder), "--seed", "5", "--size", "32"])
    made = list_pairs([folder])
    assert 1 <= len(made) <= len(list_samples(samples))
    face = load_template().groups["face"] > 0.5
    for each in map(read_pair, made):
        assert each.yaw > -8, "turned to the right, up to what the registration errs"
        apart = np.linalg.norm(each.coarse - each.truth, axis=1)[face].mean()
        assert apart < 8, "millimetres"
