"""The worker believes Blender as little: no request ends it, and the end of requests always does."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from pix2vertex_blender.exchange.protocol import ALIVE, LONGEST_LINE, Preparation
from pix2vertex_blender.jobs.reconstruct import PREPARATIONS
from tests.faults.conftest import A_MINUTE, PRACTICE, WORKER, MakeClient, watch, works

BAD_REQUESTS = (
    b"garbage\n",
    b"\n",
    b"[]\n",
    b"{}\n",
    b'{"type": "modules"}\n',
    b'{"type": 1, "job": 1}\n',
    b'{"type": "modules", "job": "one"}\n',
    b'{"type": "cancel", "job": null}\n',
    b"\xff\xfe\n",
    b"[" * 100_000 + b"\n",
    b"x" * (3 * LONGEST_LINE) + b"\n",
)


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-I", str(PRACTICE), str(WORKER)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


def say(process: "subprocess.Popen[bytes]", line: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()


def answer(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    """The next reply that is no heartbeat."""
    assert process.stdout is not None
    return next(json.loads(line) for line in process.stdout if line.strip() != ALIVE)


@pytest.mark.parametrize("request_line", BAD_REQUESTS, ids=lambda line: repr(line[:30]))
def test_a_bad_line_is_answered_and_the_next_job_runs(process: "subprocess.Popen[bytes]", request_line: bytes) -> None:
    say(process, request_line)
    assert answer(process)["type"] == "error"
    say(process, b'{"type": "modules", "job": 5}\n')
    reply = answer(process)
    assert (reply["type"], reply["job"]) == ("done", 5)


def test_after_bad_lines_the_worker_still_ends_with_its_requests(process: "subprocess.Popen[bytes]") -> None:
    for line in BAD_REQUESTS:
        say(process, line)
    say(process, b'{"type": "endless", "job": 1, "deaf": true}\n')
    while answer(process).get("stage") != "network":
        pass
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(A_MINUTE) == 0, "although its job never ends"


def test_an_unknown_job_is_a_sentence_and_the_worker_goes_on(make_client: MakeClient) -> None:
    client = make_client("practice")
    job = client.submit("dance")
    watch(client, job)
    assert job.error == "The reconstruction process knows no work called dance: restart Blender."
    worker = client.process_id
    works(client)
    assert client.process_id == worker


@pytest.mark.parametrize("preparation", Preparation)
def test_what_is_to_be_prepared_can_be_loaded(preparation: Preparation) -> None:
    PREPARATIONS[preparation]()
