"""Whatever the worker does or says, Blender never waits for it, each job ends, and the next click works."""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.speed import peak_megabytes
from pix2vertex_blender.addon.process.worker_client import DIED, NOT_UNDERSTOOD, SILENT, JobStatus, WorkerClient
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from tests.faults.conftest import (
    A_MINUTE,
    LONG,
    SHORT,
    WORKER,
    MakeClient,
    needs_signals,
    returns,
    wait_for_stage,
    watch,
    works,
)
from tests.processes import kill, process_exists

NONSENSE = (
    "not_json",
    "empty",
    "binary",
    "list",
    "null",
    "no_type",
    "no_job",
    "job_is_text",
    "another_job",
    "unknown_type",
    "stage_is_a_number",
    "no_fraction",
    "fraction_is_nan",
    "message_is_a_list",
    "no_message",
    "nested",
    "endless_number",
    "too_long",
    "many_stages",
)


def wait_for_another(client: WorkerClient, process: int | None) -> None:
    """Poll until a process is given up for another one, for which there is all the time there is."""
    deadline = time.monotonic() + A_MINUTE
    while client.process_id in (process, None):
        assert time.monotonic() < deadline
        client.poll()
        time.sleep(0.02)
    client._patience = LONG


@pytest.mark.parametrize("how", NONSENSE)
def test_an_answer_that_is_not_understood_ends_the_worker_with_a_sentence(make_client: MakeClient, how: str) -> None:
    client = make_client(how)
    job = client.submit("modules")
    rogue = client.process_id
    assert rogue is not None
    watch(client, job)
    assert job.error == NOT_UNDERSTOOD
    assert not process_exists(rogue)
    works(client)


def test_a_line_without_end_costs_no_memory(make_client: MakeClient) -> None:
    client = make_client("huge_line")
    before = peak_megabytes()
    job = client.submit("modules")
    watch(client, job)
    assert job.error == NOT_UNDERSTOOD
    assert not peak_megabytes() - before > 50  # NaN on Windows
    works(client)


@pytest.mark.slow
def test_progress_that_comes_faster_than_it_is_read_keeps_nobody_waiting(make_client: MakeClient) -> None:
    client = make_client("flood")
    job = client.submit("modules")
    rogue = client.process_id
    wait_for_stage(client, job, "network")
    for _tick in range(40):
        returns(client.poll)  # the flood never ends
        time.sleep(0.02)
    returns(lambda: client.cancel(job))
    client._patience = SHORT
    following = client.submit("modules")
    wait_for_another(client, rogue)
    watch(client, following)
    assert following.status is JobStatus.DONE


@pytest.mark.slow
def test_the_end_is_found_behind_a_flood(make_client: MakeClient) -> None:
    client = make_client("flood_and_end")
    job = client.submit("modules")
    watch(client, job)
    assert job.status is JobStatus.DONE


def test_a_worker_that_closes_its_output_is_dead(make_client: MakeClient) -> None:
    client = make_client("closed")
    job = client.submit("modules")
    rogue = client.process_id
    watch(client, job)
    assert job.status is JobStatus.FAILED and rogue is not None and not process_exists(rogue)
    works(client)


@needs_signals
def test_requests_to_a_stopped_worker_never_wait(make_client: MakeClient) -> None:
    client = make_client("practice")
    works(client)
    worker = client.process_id
    assert worker is not None
    os.kill(worker, signal.SIGSTOP)

    def click_and_cancel() -> None:
        for _request in range(100):
            client.cancel(client.submit("modules", padding="x" * 10_000))

    returns(click_and_cancel)
    returns(client.stop)
    assert not process_exists(worker)
    works(client)


@pytest.mark.slow
@needs_signals
def test_a_worker_that_stops_answering_is_a_sentence_and_the_next_click_goes_to_another(
    make_client: MakeClient,
) -> None:
    client = make_client("practice")
    job = client.submit("endless")
    wait_for_stage(client, job, "network")
    stopped = client.process_id
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    client._patience = SHORT
    watch(client, job)
    assert job.error == SILENT
    assert not process_exists(stopped)
    works(client)


@pytest.mark.slow
@needs_signals
def test_a_worker_that_was_stopped_while_idle_is_replaced_unnoticed(make_client: MakeClient) -> None:
    client = make_client("practice")
    works(client)
    stopped = client.process_id
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    client._patience = replace(SHORT, idle=LONG.idle)
    job = client.submit("modules")
    wait_for_another(client, stopped)
    watch(client, job)
    assert job.status is JobStatus.DONE
    assert not process_exists(stopped)


@pytest.mark.slow
@needs_signals
def test_an_idle_worker_without_a_heartbeat_is_replaced_at_once(make_client: MakeClient) -> None:
    client = make_client("practice")
    works(client)
    stopped = client.process_id
    assert stopped is not None
    os.kill(stopped, signal.SIGSTOP)
    time.sleep(2 * SHORT.idle)
    client._patience = SHORT
    job = client.submit("modules")
    client._patience = LONG
    assert client.process_id != stopped, "the job is with another process already"
    watch(client, job)
    assert job.status is JobStatus.DONE


def test_the_click_after_esc_does_not_wait_for_a_worker_that_is_deaf(make_client: MakeClient) -> None:
    client = make_client("practice")
    job = client.submit("endless", deaf=True)
    wait_for_stage(client, job, "network")
    deaf = client.process_id
    client._patience = replace(LONG, cancel=SHORT.cancel)
    client.cancel(job)
    following = client.submit("modules")
    watch(client, following)
    assert following.status is JobStatus.DONE
    assert client.process_id != deaf


@pytest.mark.slow
def test_a_long_computation_is_not_taken_for_silence(make_client: MakeClient) -> None:
    client = make_client("practice")
    job = client.submit("endless", deaf=True)
    wait_for_stage(client, job, "network")
    deadline = time.monotonic() + A_MINUTE
    for _heartbeat in range(3):
        client._silence = 2 * LONG.work  # as if it had said nothing for so long
        assert client._pipe is not None
        while client._pipe.heard == client._heard:
            assert time.monotonic() < deadline, "no heartbeat"
            time.sleep(0.02)
        client.poll()
        assert job.status is JobStatus.RUNNING


def test_what_blender_sleeps_is_not_the_workers_silence(make_client: MakeClient) -> None:
    client = make_client("practice")
    job = client.submit("endless", deaf=True)
    wait_for_stage(client, job, "network")
    client._looked -= 3600.0  # as if nobody had looked for an hour
    client.poll()
    assert job.status is JobStatus.RUNNING


def test_a_killed_worker_is_a_sentence_although_there_is_patience(make_client: MakeClient) -> None:
    client = make_client("practice")
    job = client.submit("endless")
    wait_for_stage(client, job, "network")
    assert client.process_id is not None
    kill(client.process_id)
    watch(client, job)  # much shorter than its patience
    assert job.error == DIED
    works(client)


@needs_signals
@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV] if os.name != "nt" else [])
@pytest.mark.parametrize("stage", ["start", "detect", "network", "registration", "detail"])
def test_the_real_worker_may_be_killed_in_any_stage(stage: str, how: signal.Signals, tmp_path: Path) -> None:
    client = WorkerClient([sys.executable, str(WORKER)], {}, tmp_path / "worker.log", LONG)
    options = {"device": "cpu", "detail_level": 1}
    job = client.submit("reconstruct", photo=str(SAMPLE_PORTRAIT), options=options, result=str(tmp_path / "face.npz"))
    wait_for_stage(client, job, stage, 300.0)
    assert client.process_id is not None
    os.kill(client.process_id, how)
    watch(client, job)
    assert job.error == DIED
    client.stop()


def test_a_job_that_the_worker_has_not_begun_goes_to_the_next_process(make_client: MakeClient) -> None:
    client: WorkerClient = make_client("practice")
    works(client)
    waiting = client.submit("endless", deaf=True)
    wait_for_stage(client, waiting, "network")
    behind = client.submit("modules")
    assert client.process_id is not None
    os.kill(client.process_id, signal.SIGTERM)
    watch(client, behind)
    assert waiting.error == DIED
    assert behind.status is JobStatus.DONE
