"""What the tests of faults share with those of the add-on, and workers that misbehave."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pix2vertex_blender
from pix2vertex_blender.addon.process.worker_client import Job, JobStatus, Patience, WorkerClient
from tests.addon.conftest import addon, empty_file, practice, reconstruction, saved  # noqa: F401

ROGUE = Path(__file__).with_name("rogue_worker.py")
PRACTICE = Path(__file__).parents[1] / "addon" / "practice_worker.py"
WORKER = Path(pix2vertex_blender.__file__).with_name("worker.py")

#: Times that a test can wait for, still longer than a loaded computer keeps a heartbeat waiting.
SHORT = Patience(start=30.0, work=4.0, idle=3.0, cancel=0.5)

MakeClient = Callable[[str], WorkerClient]


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[MakeClient]:
    """Make the client of a worker that misbehaves once as its name says; `practice` never does."""
    clients = []

    def make(how: str) -> WorkerClient:
        rogue = [] if how == "practice" else [str(ROGUE), how, str(tmp_path / "marker")]
        command = [sys.executable, "-I", *rogue, str(PRACTICE), str(WORKER)]
        clients.append(WorkerClient(command, {}, tmp_path / "worker.log", SHORT))
        return clients[-1]

    yield make
    for client in clients:
        client.stop()


def watch(client: WorkerClient, job: Job, seconds: float = 60.0) -> float:
    """Poll as an operator does until a job ends; returns the longest that a poll has kept Blender waiting."""
    deadline, longest = time.monotonic() + seconds, 0.0
    while job.status is JobStatus.RUNNING:
        assert time.monotonic() < deadline, f"still running in {job.stages}"
        started = time.perf_counter()
        client.poll()
        longest = max(longest, time.perf_counter() - started)
        time.sleep(0.02)
    return longest


def wait_for_stage(client: WorkerClient, job: Job, stage: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while job.stage != stage:
        assert job.status is JobStatus.RUNNING and time.monotonic() < deadline, job.error
        client.poll()
        time.sleep(0.02)


def works(client: WorkerClient) -> None:
    """The next click does."""
    job = client.submit("modules")
    watch(client, job)
    assert job.status is JobStatus.DONE, job.error


needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process by a signal")
