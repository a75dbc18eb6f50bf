import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pix2vertex_blender.addon.process.worker_client import CANNOT_START, DIED, JobStatus, WorkerClient
from pix2vertex_blender.serving import IDLE_SECONDS_VARIABLE
from pix2vertex_blender.worker import MODULE_PATH_VARIABLE
from tests.addon.conftest import LONG
from tests.processes import kill, process_exists

PRACTICE = Path(__file__).with_name("practice_worker.py")
WORKER = Path(__file__).parents[2] / "pix2vertex_blender" / "worker.py"
COMMAND = [sys.executable, "-I", str(PRACTICE), str(WORKER)]
PATIENCE = 60.0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[WorkerClient]:
    client = WorkerClient(COMMAND, {MODULE_PATH_VARIABLE: "/somewhere/site-packages"}, tmp_path / "worker.log", LONG)
    yield client
    client.stop()


def finish(client: WorkerClient, job) -> None:
    def ended() -> bool:
        client.poll()
        return job.status is not JobStatus.RUNNING

    wait_until(ended)


def start_long_job(client: WorkerClient, **fields):
    job = client.submit("endless", **fields)

    def started() -> bool:
        client.poll()
        return job.stage == "network"

    wait_until(started)
    return job


def test_job_reports_progress_while_it_runs(client: WorkerClient) -> None:
    job = start_long_job(client)
    wait_until(lambda: client.poll() or job.fraction == 0.5)
    assert job.status is JobStatus.RUNNING
    assert "chatter of a compiled library" in client.log.read_text(), "kept apart from the replies"


def test_worker_serves_many_jobs_without_blender(client: WorkerClient) -> None:
    first = client.submit("modules")
    finish(client, first)
    worker_process = client.process_id
    second = client.submit("modules")
    finish(client, second)
    assert client.process_id == worker_process
    assert second.result["blender"] == []
    assert second.result["package"] == "pix2vertex_blender.serving"
    assert "/somewhere/site-packages" in second.result["path"]


def test_errors_of_the_user_are_one_sentence(client: WorkerClient) -> None:
    job = client.submit("user_error")
    finish(client, job)
    assert job.status is JobStatus.FAILED
    assert job.error == "The photo is empty; choose another."


def test_errors_of_ours_point_to_the_log(client: WorkerClient) -> None:
    job = client.submit("fault")
    finish(client, job)
    assert job.status is JobStatus.FAILED
    assert "KeyError" in job.error and str(client.log) in job.error
    assert "\n" not in job.error
    assert "Traceback" in client.log.read_text()


def test_cancelled_job_stops_and_the_next_one_runs(client: WorkerClient) -> None:
    job = start_long_job(client)
    worker_process = client.process_id
    client.cancel(job)
    assert job.status is JobStatus.CANCELLED
    following = client.submit("modules")
    finish(client, following)
    assert following.status is JobStatus.DONE, "although the cancelled job never came to its end by itself"
    assert client.process_id == worker_process
    assert job.status is JobStatus.CANCELLED


def test_killed_worker_is_a_sentence_and_the_next_job_works(client: WorkerClient) -> None:
    job = start_long_job(client)
    assert client.process_id is not None
    kill(client.process_id)
    finish(client, job)
    assert job.status is JobStatus.FAILED
    assert job.error == DIED
    following = client.submit("modules")
    finish(client, following)
    assert following.status is JobStatus.DONE


def test_stop_ends_a_worker_that_does_not_listen(client: WorkerClient) -> None:
    job = start_long_job(client, deaf=True)
    worker_process = client.process_id
    assert worker_process is not None
    client.stop()
    assert client.process_id is None
    assert not process_exists(worker_process)
    assert job.status is JobStatus.CANCELLED


def test_idle_worker_ends_and_comes_back(tmp_path: Path) -> None:
    client = WorkerClient(COMMAND, {IDLE_SECONDS_VARIABLE: "0.2"}, tmp_path / "worker.log")
    finish(client, client.submit("modules"))
    wait_until(lambda: client.process_id is None)
    job = client.submit("modules")
    finish(client, job)
    assert job.status is JobStatus.DONE
    client.stop()


def test_worker_that_cannot_start_is_a_sentence(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    missing = WorkerClient([str(tmp_path / "no_python")], {}, log).submit("modules")
    assert missing.status is JobStatus.FAILED
    assert missing.error == CANNOT_START.format(log=log)
    broken = WorkerClient([sys.executable, "-c", "raise SystemExit(3)"], {}, log)
    job = broken.submit("modules")
    finish(broken, job)
    assert job.error == CANNOT_START.format(log=log)


OWNER = """
import sys, time
from pathlib import Path
sys.path.insert(0, {repository!r})
from pix2vertex_blender.addon.process.worker_client import WorkerClient
client = WorkerClient({command!r}, {{}}, Path({log!r}))
job = client.submit("endless", deaf=True)
while job.stage != "network":
    client.poll()
    time.sleep(0.02)
print(client.process_id, flush=True)
time.sleep(600)
"""


def test_worker_does_not_outlive_a_killed_owner(tmp_path: Path) -> None:
    script = OWNER.format(repository=str(WORKER.parents[1]), command=COMMAND, log=str(tmp_path / "log"))
    owner = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    worker_process = next(int(line) for line in owner.stdout if line.strip().isdigit())  # Blender may talk before
    assert process_exists(worker_process)
    owner.kill()
    owner.wait()
    owner.stdout.close()
    wait_until(lambda: not process_exists(worker_process))
