"""Makes zips: `python -m packager`, which `build.py package` runs."""

import argparse
import os
import sys
from collections.abc import Sequence

from . import DISTRIBUTION, ROOT, PackagingError
from .archive import digest_of, package_contents, sizes_by_part, validate, write_zip, zip_path
from .targets import all_targets, read_target, this_platform
from .wheels import collect_wheels, torch_variant


def main(arguments: Sequence[str]) -> int:
    """Make the zips that are asked for; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        chosen = all_targets() if options.all else [(options.platform, options.blender)]
        for platform_name, blender in chosen:
            make_zip(platform_name, blender, options.torch_index)
    except PackagingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def make_zip(platform_name: str, blender: str, torch_index: str | None = None) -> None:
    """Make one zip, unless it is there and nothing has changed, and tell where it is and how large its parts are."""
    target = read_target(platform_name, blender)
    wheels = collect_wheels(target, torch_index)
    contents = package_contents(target, wheels)
    path = zip_path(target, torch_variant(wheels))
    stamp = path.with_suffix(".sha256")
    digest = digest_of(contents)
    if not (path.exists() and stamp.exists() and stamp.read_text() == digest):
        DISTRIBUTION.mkdir(exist_ok=True)
        stamp.unlink(missing_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")  # somebody else may be making the same
        write_zip(contents, part)
        part.replace(path)
        validate(path)
        stamp.write_text(digest)
    for name, packed, unpacked in sizes_by_part(path):
        if packed >= 1e6:
            print(f"  {name:<28}{packed / 1e6:7.1f} MB in the zip {unpacked / 1e6:7.1f} MB installed")
    total = sum(unpacked for _name, _packed, unpacked in sizes_by_part(path))
    print(
        f"{path.relative_to(ROOT).as_posix()}: {path.stat().st_size / 1e6:.0f} MB, {total / 1e6:.0f} MB installed",
        flush=True,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py package", description="Make the extension's zip in dist/.")
    parser.add_argument("--platform", default=this_platform(), help="for which platform (default: %(default)s)")
    parser.add_argument(
        "--blender", default="4.2", help="the first Blender it is for: 4.2, or 5.1 (default: %(default)s)"
    )
    parser.add_argument("--all", action="store_true", help="for all platforms and Blenders")
    parser.add_argument(
        "--torch-index", metavar="URL", help="package index to take torch from, for CUDA (default: the usual one)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
