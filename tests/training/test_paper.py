"""The published configuration: what it costs, its first steps, and the command that trains it."""

from pathlib import Path

import numpy as np
import pytest

from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from tests.training.made_up import made_up_sample
from training.data.samples import sample_path, write_sample
from training.paper import configuration_of, main, parse, training_command, training_flops, training_hours


def test_the_published_pair_is_meant_and_its_cost_is_that_of_its_layers() -> None:
    assert configuration_of(512, 1) == NetworkConfiguration()
    flops = training_flops(NetworkConfiguration())
    # The first convolution of both networks: 3 to 64 channels, 4x4, at 256 px; forwards once and backwards twice.
    first = 3 * 2 * 2 * (3 * 64 * 16) * 256**2
    assert 100 * first < flops < 1000 * first
    half = training_flops(configuration_of(256, 1))
    assert flops == pytest.approx(4 * half, rel=0.01)
    assert training_hours(1e12, 3600, peak=1.0, share=0.5) == pytest.approx(2.0)


@pytest.mark.slow
def test_a_dry_run_makes_the_first_steps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    walls = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)
    monkeypatch.setattr("training.paper.background_bank", lambda _path: walls)
    for index in range(4):
        write_sample(sample_path(tmp_path, index), made_up_sample(yaw=8.0 * index))
    options = ["--dry-run", "--dry-steps", "2", "--batch-size", "2", "--resolution", "256", "--narrow", "16"]
    main([str(tmp_path / "run"), "--data", str(tmp_path), *options])
    printed = capsys.readouterr().out.splitlines()
    assert "teraflops a sample" in printed[0]
    rows = [
        [float(cell) for cell in line.split("|")[2:6]] for line in printed if line.startswith(("| exp", "| 1", "| 2"))
    ]
    assert np.isfinite(rows).all() and np.shape(rows) == (3, 4)
    seconds, hours = (float(printed[-2].split(f"{word} ")[1].split()[0]) for word in ("takes", "400000 samples"))
    assert seconds > 0 and hours == pytest.approx(400_000 * seconds / 3600, rel=0.01), "the hours are those measured"
    assert printed[-1] == "The first losses are as expected."
    assert not (tmp_path / "run").exists()


def test_the_command_trains_the_published_pair_on_as_many_samples() -> None:
    options = parse(["run", "--data", "a", "b", "--samples", "1001", "--batch-size", "10", "--held-out", "c"])
    words = " ".join(training_command(options))
    assert words.startswith("run --network paper --data a b --batch-size 10 --steps 101 --resolution 512")
    assert words.endswith("--held-out c")


def test_a_resolution_that_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="a multiple of 256, not 320"):
        main([str(tmp_path), "--data", str(tmp_path), "--resolution", "320"])
