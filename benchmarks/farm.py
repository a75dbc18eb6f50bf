"""What workers of Dask bring on this computer against one process: ``python -m benchmarks.farm [--count N]``.

The same training samples are rendered by one process and, when the workers have started and rendered some, through a
scheduler. Prints samples a second, and the seconds of computing that all processes together spend on a sample: on a
computer with other work, or with fewer cores than workers, these say what the scheduler costs.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from training.generate import main as generate

#: Samples that each worker renders before the clock starts, so that it has loaded what they need.
WARM = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=40, help="samples (default: %(default)s)")
    parser.add_argument("--size", type=int, default=128, help="pixels of a sample's side (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (default: %(default)s)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), options.count, options.size, options.workers), indent=1))
    return 0


def measure(folder: Path, count: int, size: int, workers: int) -> dict[str, dict[str, float]]:
    """Figures of one process and of the workers; both have rendered before, so that nothing is loaded any more."""
    from distributed import Client, LocalCluster

    generate([str(folder / "first"), "--count", str(WARM), "--size", str(size)])
    todo = ["--count", str(count), "--size", str(size)]
    alone = timed(lambda: generate([str(folder / "alone"), *todo]), time.process_time, count)
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        farm = ["--scheduler", cluster.scheduler_address]
        generate([str(folder / "warm"), "--count", str(WARM * workers), "--size", str(size), *farm])

        def computing() -> float:
            return time.process_time() + sum(client.run(time.process_time).values())

        together = timed(lambda: generate([str(folder / "farm"), *todo, *farm]), computing, count)
    return {"one process": alone, f"{workers} workers": together}


def timed(work: Callable[[], object], computing: Callable[[], float], count: int) -> dict[str, float]:
    """Samples a second of the clock, and seconds of computing for a sample."""
    spent, started = computing(), time.perf_counter()
    work()
    seconds = time.perf_counter() - started
    return {
        "samples_a_second": round(count / seconds, 3),
        "cpu_seconds_a_sample": round((computing() - spent) / count, 3),
    }


if __name__ == "__main__":
    sys.exit(main())
