"""A worker that misbehaves as its first argument says, once: `rogue_worker.py HOW MARKER PRACTICE WORKER`.

When the file MARKER is there, it has done so already, and the practice worker runs in its place.
"""

import json
import os
import runpy
import sys
import time
from pathlib import Path

how, marker, practice, worker = sys.argv[1], Path(sys.argv[2]), sys.argv[3], sys.argv[4]
if marker.exists():
    sys.argv = [practice, worker]
    runpy.run_path(practice, run_name="__main__")

marker.touch()
job = json.loads(sys.stdin.readline())["job"]
out = sys.stdout.buffer


def say(**message: object) -> None:
    out.write(json.dumps({"job": job, **message}).encode() + b"\n")
    out.flush()


LINES = {
    "not_json": b"Segmentation fault\n",
    "empty": b"\n",
    "binary": bytes(range(256)) + b"\n",
    "list": b"[1, 2, 3]\n",
    "null": b"null\n",
    "no_type": b'{"job": %d}\n' % job,
    "no_job": b'{"type": "done"}\n',
    "job_is_text": b'{"type": "done", "job": "%d"}\n' % job,
    "another_job": b'{"type": "done", "job": 77}\n',
    "unknown_type": b'{"type": "finished", "job": %d}\n' % job,
    "stage_is_a_number": b'{"type": "progress", "job": %d, "stage": 3, "fraction": 0}\n' % job,
    "no_fraction": b'{"type": "progress", "job": %d, "stage": "start"}\n' % job,
    "fraction_is_nan": b'{"type": "progress", "job": %d, "stage": "start", "fraction": NaN}\n' % job,
    "message_is_a_list": b'{"type": "error", "job": %d, "message": [], "fault": true}\n' % job,
    "no_message": b'{"type": "error", "job": %d}\n' % job,
    "nested": b"[" * 100_000 + b"\n",
    "endless_number": b"1" * 100_000 + b"\n",
    "too_long": b'{"type": "done", "job": %d, "x": "%s"}\n' % (job, b"x" * 400_000),
}
if how == "huge_line":
    for _megabyte in range(300):
        out.write(b"x" * (1 << 20))
    out.flush()
elif how in ("flood", "flood_and_end"):
    until = time.monotonic() + 3.0
    while how == "flood" or time.monotonic() < until:
        out.write(b'{"type": "progress", "job": %d, "stage": "network", "fraction": 0.5}\n' % job * 1000)
    say(type="done")
elif how == "many_stages":
    for number in range(1_000_000):
        say(type="progress", stage=f"stage {number}", fraction=0.0)
elif how == "closed":
    os.close(1)
else:
    out.write(LINES[how])
    out.flush()
time.sleep(600)
