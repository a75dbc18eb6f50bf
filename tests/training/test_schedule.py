"""What all trainings share: the schedule, checkpoints that are whole or told in one sentence, and rows of the log."""

import csv
from pathlib import Path

import pytest
import torch
from torch import nn

from pix2vertex_blender.errors import DataFileError
from training.checkpoints import opened_checkpoint, require_same, write_checkpoint
from training.log import append_row
from training.optimiser import descend, set_rate
from training.schedule import Interval, TrainingDivergedError, cosine, require_finite
from training.state import CHECKPOINT, completed_steps, read_averaged, update_average


def test_the_cosine_falls_from_one_to_nothing_and_is_half_in_the_middle() -> None:
    assert [cosine(fraction) for fraction in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.5, 0.0])


def test_an_interval_is_over_once_and_begins_anew() -> None:
    interval = Interval(2.0, minutes=10.0)
    assert [interval.is_over(minutes) for minutes in (11.0, 12.5, 13.0, 14.6)] == [False, True, False, True]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), torch.tensor(float("-inf"))])
def test_a_step_that_is_not_finite_is_named(wrong: float) -> None:
    require_finite(6, 0.5, torch.tensor(3.0))
    with pytest.raises(TrainingDivergedError, match="step 7: use a smaller learning rate"):
        require_finite(7, 0.5, wrong)


def test_a_step_moves_by_rate_and_clipped_gradient() -> None:
    network = nn.Linear(1, 1, bias=False)
    before = network.weight.detach().clone()
    optimiser = torch.optim.SGD(network.parameters(), lr=1.0)
    set_rate(optimiser, 0.25)
    descend(1000 * network.weight.sum(), network, optimiser, clip=2.0)
    assert (before - network.weight).item() == pytest.approx(0.25 * 2.0, rel=1e-4)


def test_the_average_is_near_the_first_steps_and_lags_behind_later_ones() -> None:
    network, averaged = nn.Linear(1, 1), nn.Linear(1, 1)
    with torch.no_grad():
        network.weight.fill_(1.0), averaged.weight.fill_(0.0)
    update_average(averaged, network, step=1, horizon=100)
    assert averaged.weight.item() == pytest.approx(0.5)
    update_average(averaged, network, step=1000, horizon=100)
    assert averaged.weight.item() == pytest.approx(0.505)


def test_a_checkpoint_is_read_as_it_was_written_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    network = nn.Linear(2, 1)
    state = {"configuration": "2", "averaged": network.state_dict(), "position": {"step": 3, "samples": 12}}
    write_checkpoint(tmp_path / CHECKPOINT, state)
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT]
    read, position = read_averaged(tmp_path / CHECKPOINT, lambda text: nn.Linear(int(text), 1))
    assert torch.equal(read.weight, network.weight) and position.samples == 12
    assert completed_steps(tmp_path / CHECKPOINT) == 3


def test_a_checkpoint_that_cannot_be_used_is_one_sentence_each(tmp_path: Path) -> None:
    path = tmp_path / CHECKPOINT
    with pytest.raises(DataFileError, match="There is no checkpoint"), opened_checkpoint(path):
        pass
    path.write_bytes(b"half of a checkpoint")  # whose first letter means something to pickle
    assert completed_steps(path) == 0
    with pytest.raises(DataFileError, match="is damaged"), opened_checkpoint(path):
        pass
    write_checkpoint(path, {"configuration": "2", "network": nn.Linear(2, 1).state_dict()})
    with pytest.raises(DataFileError, match="of another network"), opened_checkpoint(path) as state:
        require_same(path, state, configuration="3")
    with pytest.raises(DataFileError, match="of another network"), opened_checkpoint(path) as state:
        nn.Linear(2, 1).load_state_dict(state["averaged"])
    with pytest.raises(DataFileError, match="is damaged"), opened_checkpoint(path) as state:
        nn.Linear(5, 1).load_state_dict(state["network"])


def test_rows_have_one_heading_and_keep_their_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, columns = tmp_path / "log.csv", ("step", "held_out", "loss", "trouble")
    append_row(path, {"step": 1, "loss": 0.25, "trouble": ""}, columns)
    append_row(path, {"step": 2, "loss": 0.125, "held_out": 0.5, "trouble": "none"}, columns)
    with path.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["loss"], first["held_out"], second["held_out"]) == ("0.25", "", "0.5")
    assert "trouble" not in capsys.readouterr().out.splitlines()[0]
