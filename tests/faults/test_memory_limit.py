"""A memory limit that is too low is one sentence that names it, whatever the libraries make of what they do not get."""

import os
import signal
import sys
from pathlib import Path

import pytest

from pix2vertex_blender.addon.process.worker_client import JobStatus, WorkerClient
from pix2vertex_blender.limits import CAN_LIMIT_MEMORY, environment
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from tests.faults.conftest import LONG, PRACTICE, SHORT, WORKER, needs_signals, wait_for_stage, watch

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
@pytest.mark.parametrize("limit", [0.65, 0.7, 0.76])
def test_a_limit_that_is_reached_is_named_whichever_library_reaches_it(limit: float, tmp_path: Path) -> None:
    assert "memory limit" in reconstruct(limit, tmp_path)


@needs_signals
def test_a_worker_with_a_limit_that_falls_silent_is_told_with_its_limit(tmp_path: Path) -> None:
    client = WorkerClient(
        [sys.executable, "-I", str(PRACTICE), str(WORKER)], environment(0, 8.0), tmp_path / "worker.log", LONG
    )
    job = client.submit("endless")
    wait_for_stage(client, job, "network")
    assert client.process_id is not None
    os.kill(client.process_id, signal.SIGSTOP)
    client._patience = SHORT
    watch(client, job)
    client.stop()
    assert "no longer answers" in job.error and "memory limit of 8 GB" in job.error
