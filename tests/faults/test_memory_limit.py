"""A memory limit that is too low is one sentence that names it, whatever the libraries make of what they do not get."""

import sys
from pathlib import Path

import pytest

from pix2vertex_blender.addon.process.worker_client import JobStatus, WorkerClient
from pix2vertex_blender.limits import CAN_LIMIT_MEMORY, environment
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from tests.faults.conftest import WORKER, watch

pytestmark = pytest.mark.skipif(not CAN_LIMIT_MEMORY, reason="only Linux limits memory")


def reconstruct(limit: float, folder: Path) -> str:
    """The sentence that a reconstruction with this limit in gigabytes ends with."""
    client = WorkerClient([sys.executable, str(WORKER)], environment(0, limit), folder / "worker.log")
    options = {"device": "cpu", "detail_level": 3}
    job = client.submit("reconstruct", photo=str(SAMPLE_PORTRAIT), options=options, result=str(folder / "face.npz"))
    watch(client, job, 300.0)
    client.stop()
    assert job.status is JobStatus.FAILED
    return job.error


@pytest.mark.parametrize("limit", [0.01, 0.1, 0.2, 0.4])
def test_a_limit_in_which_nothing_runs_is_told_before_anything_is_started(limit: float, tmp_path: Path) -> None:
    assert f"The memory limit of {limit} GB in the preferences is too low" in reconstruct(limit, tmp_path)
    assert not (tmp_path / "worker.log").exists()


@pytest.mark.slow
def test_a_limit_that_is_reached_is_named(tmp_path: Path) -> None:
    assert "memory limit" in reconstruct(0.7, tmp_path)
