"""Run what is possible on this machine and write `RESULTS.md`.

python benchmarks/results.py [--only SECTION ...] [--output DIR] [--device DEVICE]

DIR (out/benchmark if not given) gets every table as CSV and the pictures. `RESULTS.md` and the pictures, which show no
real person, lie in benchmarks/ too. With --only, nothing but DIR is written.
"""

import argparse
import datetime
import platform
import shutil
import sys
import time
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.readers.faces import LayoutError
from benchmarks.sections import SECTIONS, Context, Section, SectionAbsentError
from benchmarks.speed import machine, product_version
from pix2vertex_blender.errors import Pix2VertexError

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "RESULTS.md"
PICTURES = FOLDER / "figures"
LIBRARIES = ("torch", "numpy", "scipy", "opencv-python-headless")
INTRODUCTION = """# Results

Written by `python3 build.py benchmark`; every figure is from this run, except in tables that are marked *published*,
whose authors measured them on data sets that are not here. The readers for those data sets are in `readers/`: with the
data, the commands in docs/accuracy.md print the same tables. Not here: BU-3DFE, AFLW2000-3D as a whole, 300W, Florence,
NoW and Stirling/ESRC.

The depth error measures mostly the pose, and the distance to the nearest point of a scan flatters a wrong shape. Where
the true correspondence is known, NME is the figure to trust; against scans, the errors by region.
"""


def main() -> int:
    """Run the sections and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--output", type=Path, default=FOLDER.parent / "out" / "benchmark")
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    context = Context(options.output, options.device)
    started = time.perf_counter()
    sections = [run_section(name, context) for name in options.only or SECTIONS]
    text = render(sections, options.device, time.perf_counter() - started)
    (options.output / RESULTS.name).write_text(text, encoding="utf-8")
    if not options.only:
        RESULTS.write_text(text, encoding="utf-8")
        PICTURES.mkdir(exist_ok=True)
        for section in sections:
            for picture in section.pictures.values():
                shutil.copyfile(picture, PICTURES / picture.name)
    print(text)
    return 0


def run_section(name: str, context: Context) -> Section:
    """Run one section; what cannot run here says so in its place."""
    print(f"{name} ...", file=sys.stderr, flush=True)
    started = time.perf_counter()
    try:
        section = SECTIONS[name](context)
    except (SectionAbsentError, LayoutError, Pix2VertexError) as error:
        return Section(name.capitalize(), notes=[f"Not measured: {str(error).rstrip('.')}."])
    section.notes.append(f"Measured in {time.perf_counter() - started:.0f} s.")
    for table in section.tables:
        table.write_csv(context.output)
    return section


def render(sections: list[Section], device: str, seconds: float) -> str:
    """The results as Markdown."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    lines = [
        INTRODUCTION,
        f"- date: {datetime.date.today().isoformat()}",
        f"- product: {product_version()}",
        f"- machine: {machine()}; device {device}",
        f"- Python {platform.python_version()}, {libraries}",
        f"- whole run: {seconds / 60:.0f} minutes",
    ]
    for section in sections:
        lines += ["", f"## {section.title}", ""]
        lines += ["\n\n".join(section.notes), ""]
        lines += [table.markdown() for table in section.tables]
        lines += [f"![{title}]({PICTURES.name}/{path.name})\n" for title, path in section.pictures.items()]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    sys.exit(main())
