"""What the tests of faults share with those of the add-on, and workers that misbehave."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import pix2vertex_blender
from pix2vertex_blender.addon.process.worker_client import Job, JobStatus, Patience, WorkerClient
from tests.addon.conftest import LONG, addon, empty_file, practice, reconstruction, saved  # noqa: F401

ROGUE = Path(__file__).with_name("rogue_worker.py")
PRACTICE = Path(__file__).parents[1] / "addon" / "practice_worker.py"
WORKER = Path(pix2vertex_blender.__file__).with_name("worker.py")

#: For a worker that is stopped or deaf for certain: a living one on a busy computer may be silent for as long.
SHORT = Patience(start=1.0, work=1.0, idle=0.5, cancel=0.5)

#: What a test waits for takes a moment; a busy computer may take very much longer.
A_MINUTE = 60.0

MakeClient = Callable[[str], WorkerClient]


@pytest.fixture
def make_client(tmp_path: Path) -> Iterator[MakeClient]:
    """Make the patient client of a worker that misbehaves once as its name says; `practice` never does."""
    clients = []

    def make(how: str) -> WorkerClient:
        rogue = [] if how == "practice" else [str(ROGUE), how, str(tmp_path / "marker")]
        command = [sys.executable, "-I", *rogue, str(PRACTICE), str(WORKER)]
        clients.append(WorkerClient(command, {}, tmp_path / "worker.log", LONG))
        return clients[-1]

    yield make
    for client in clients:
        client.stop()


def watch(client: WorkerClient, job: Job, seconds: float = A_MINUTE) -> None:
    """Poll as an operator does until a job ends."""
    deadline = time.monotonic() + seconds
    while job.status is JobStatus.RUNNING:
        assert time.monotonic() < deadline, f"still running in {job.stages}"
        client.poll()
        time.sleep(0.02)


def wait_for_stage(client: WorkerClient, job: Job, stage: str, seconds: float = A_MINUTE) -> None:
    deadline = time.monotonic() + seconds
    while job.stage != stage:
        assert job.status is JobStatus.RUNNING and time.monotonic() < deadline, job.error
        client.poll()
        time.sleep(0.02)


def returns(call: Callable[[], object]) -> None:
    """Call something that would wait for ever if it waited for the worker."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(A_MINUTE)
    assert not thread.is_alive(), "it waits for the worker"


def works(client: WorkerClient) -> None:
    """The next click does, for which there is all the time there is."""
    client._patience = LONG
    job = client.submit("modules")
    watch(client, job)
    assert job.status is JobStatus.DONE, job.error


needs_signals = pytest.mark.skipif(os.name == "nt", reason="Windows cannot stop a process by a signal")
