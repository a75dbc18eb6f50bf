"""Time and memory of the product by stage, cold and warm, and their growth with size.

python benchmarks/speed.py [--photo PHOTO] [--json OUT] [--write-baseline] [--release FOLDER] [--growth]

Each device is measured in a process of its own, whose libraries compute as those of Blender's worker do: the first
reconstruction is cold, the second warm. In the second the faces of the photo are known already, as they are when the
artist has chosen a photo in the panel. CPU seconds are those of all threads, and stand for the work when other programs
run beside it. With --write-baseline the figures become `baseline.json`, the release that later ones are compared with;
--release FOLDER measures the unpacked source of one instead of this repository.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.tables import Table
from pix2vertex_blender import limits

REPOSITORY = Path(__file__).resolve().parent.parent
BASELINE = Path(__file__).resolve().parent / "baseline.json"
DETAIL_LEVELS = (0, 1, 2, 3)
PHOTO_SIDES = (512, 1024, 2048, 4096)
RUNS = ("cold", "warm")
#: In the order in which they are measured, since the most memory so far only grows.
GROWTH = {"photo_side": "photo's longer side, px (detail level 0)", "detail_level": "detail level (512 px)"}


@dataclass
class Meter:
    """Takes the progress of a reconstruction and measures its stages."""

    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    _started: dict[str, tuple[float, float]] = field(default_factory=dict)

    def __call__(self, stage: str, fraction: float) -> None:
        """Begin a stage at fraction 0, and end it at 1."""
        now = (time.process_time(), time.perf_counter())
        if fraction == 0.0:
            self._started.setdefault(stage, now)
        elif fraction == 1.0 and stage in self._started:
            cpu, wall = self._started[stage]
            self.stages[stage] = {"cpu": now[0] - cpu, "wall": now[1] - wall, "megabytes": peak_megabytes()}

    def total(self, key: str) -> float:
        """Sum over the stages."""
        return sum(stage[key] for stage in self.stages.values())


def main() -> int:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, help="default: the portrait of an astronaut")
    parser.add_argument("--json", type=Path, help="write the figures")
    parser.add_argument("--write-baseline", action="store_true")
    parser.add_argument("--release", type=Path, default=REPOSITORY, help="source to measure")
    parser.add_argument("--growth", action="store_true", help="measure larger photos and finer meshes too")
    parser.add_argument("--in-this-process", metavar="DEVICE", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sys.path.insert(0, str(options.release.resolve()))
    with tempfile.TemporaryDirectory() as temporary:
        photo = options.photo or write_default_photo(Path(temporary))
        if options.in_this_process:
            print(json.dumps(measure_here(photo, options.in_this_process, options.growth, Path(temporary))))
            return 0
        figures = measure(photo, options.growth, options.release)
    if options.json or options.write_baseline:
        text = json.dumps(figures, indent=1) + "\n"
        (options.json or BASELINE).write_text(text)
        if options.write_baseline:
            BASELINE.write_text(text)
    for table in tables(figures, read_baseline()):
        print(table.markdown())
    return 0


def measure(photo: Path, growth: bool, release: Path = REPOSITORY) -> dict[str, Any]:
    """The figures of each device there is, with the version and the machine."""
    devices = {}
    for device in available_devices():
        command = [sys.executable, str(Path(__file__).resolve()), "--photo", str(photo), "--in-this-process", device]
        command += ["--release", str(release)]
        command += ["--growth"] if growth else []
        environment = {**os.environ, **limits.environment(threads=0, memory_limit=0.0)}
        result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        devices[device] = json.loads(result.stdout.splitlines()[-1])
    return {"version": product_version(release), "machine": machine(), "devices": devices}


def available_devices() -> list[str]:
    """The processor, and a graphics card where there is one that works."""
    from pix2vertex_blender.reconstruction.network.device import choose_device

    automatic = choose_device("auto").type
    return ["cpu"] if automatic == "cpu" else ["cpu", automatic]


def measure_here(photo: Path, device: str, growth: bool, work: Path) -> dict[str, Any]:
    """Measure in this process, whose first reconstruction is cold."""
    started = (time.process_time(), time.perf_counter())
    from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct

    imports = {"cpu": time.process_time() - started[0], "wall": time.perf_counter() - started[1]}
    imports["megabytes"] = peak_megabytes()

    def run(path: Path, level: int) -> Meter:
        meter = Meter()
        reconstruct(path, Options(device=device, detail_level=level), meter)
        return meter

    figures: dict[str, Any] = {"imports": imports, **{name: run(photo, 2).stages for name in RUNS}}
    if growth:
        sizes = {str(side): resized(photo, side, work) for side in PHOTO_SIDES}
        figures["photo_side"] = {side: _summary(run(path, 0)) for side, path in sizes.items()}
        figures["detail_level"] = {str(level): _summary(run(photo, level)) for level in DETAIL_LEVELS}
    return figures


def _summary(meter: Meter) -> dict[str, float]:
    return {"cpu": meter.total("cpu"), "wall": meter.total("wall"), "megabytes": peak_megabytes()}


def resized(photo: Path, side: int, work: Path) -> Path:
    """The photo with another longer side, as a file."""
    from PIL import Image

    path = work / f"{side}.png"
    with Image.open(photo) as picture:
        factor = side / max(picture.size)
        picture.resize((round(picture.width * factor), round(picture.height * factor))).save(path)
    return path


def write_default_photo(folder: Path) -> Path:
    """The portrait of an astronaut (NASA, public domain) as a file."""
    import skimage.data
    from PIL import Image

    path = folder / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


def peak_megabytes() -> float:
    """The most memory that this process ever held; NaN where the system does not say."""
    status = Path("/proc/self/status")  # getrusage's figure begins with that of the parent process
    text = status.read_text(encoding="utf-8") if status.exists() else ""
    if found := re.search(r"^VmHWM:\s*(\d+) kB", text, re.MULTILINE):
        return int(found.group(1)) / 1024
    if sys.platform == "win32":
        return float("nan")
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def product_version(release: Path = REPOSITORY) -> str:
    """The version in the manifest."""
    text = (release / "blender_manifest.toml").read_text(encoding="utf-8")
    return re.findall(r'^version = "(.+)"', text, re.MULTILINE)[0]


def machine() -> str:
    """The processor and how many of its cores this process may use."""
    name = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"^model name\s*:\s*(.+)$", information.read_text(encoding="utf-8"), re.MULTILINE)
        name = found.group(1).strip() if found else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} core{'' if cores == 1 else 's'}, {platform.system()}"


def read_baseline() -> dict[str, Any] | None:
    """The previous release's figures, if they are stored."""
    return json.loads(BASELINE.read_text()) if BASELINE.exists() else None


def tables(figures: dict[str, Any], baseline: dict[str, Any] | None) -> list[Table]:
    """The tables of stages and of growth."""
    made = []
    for device, measured in figures["devices"].items():
        earlier = (baseline or {}).get("devices", {}).get(device, {})
        made.append(_stage_table(device, measured, earlier, (baseline or {}).get("version", "")))
        for key, title in (
            ("detail_level", "detail level"),
            ("photo_side", "photo's longer side, px (detail level 0)"),
        ):
            if key in measured:
                rows = [(size, row["cpu"], row["wall"], row["megabytes"]) for size, row in measured[key].items()]
                columns = (title, "CPU s", "wall s", "peak MB so far")
                made.append(Table(f"growth_{key}_{device}", f"Growth with size, warm, {device}", columns, rows, 1))
    return made


def _stage_table(device: str, measured: dict[str, Any], earlier: dict[str, Any], version: str) -> Table:
    columns = ("stage", *(f"{name} {unit}" for name in RUNS for unit in ("CPU s", "wall s")), "peak MB so far")
    columns += tuple(f"{name}: CPU against {version}" for name in RUNS) if version else ()
    rows: list[list[Any]] = []
    for stage in [*measured["warm"], "total"]:
        runs = [_stage(measured[name], stage) for name in RUNS]
        row = [stage, *(run[key] for run in runs for key in ("cpu", "wall")), runs[0]["megabytes"]]
        if version:
            row += [_ratio(runs[k]["cpu"], earlier.get(name, {}), stage) for k, name in enumerate(RUNS)]
        rows.append(row)
    imports = measured["imports"]
    first = ["imports", imports["cpu"], imports["wall"], None, None, imports["megabytes"]]
    if version:
        before = earlier.get("imports", {}).get("cpu")
        first += [imports["cpu"] / before if before else None, None]
    return Table(f"speed_{device}", f"Seconds and memory by stage, {device}, detail level 2", columns, [first, *rows])


def _stage(stages: dict[str, dict[str, float]], stage: str) -> dict[str, float]:
    if stage != "total":
        return stages[stage]
    summed = {key: sum(values[key] for values in stages.values()) for key in ("cpu", "wall")}
    return summed | {"megabytes": max(values["megabytes"] for values in stages.values())}


def _ratio(seconds: float, earlier: dict[str, dict[str, float]], stage: str) -> float | None:
    if not earlier or (stage != "total" and stage not in earlier):
        return None
    before = _stage(earlier, stage)["cpu"]
    return seconds / before if before > 0 else None


if __name__ == "__main__":
    sys.exit(main())
