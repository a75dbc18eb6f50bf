"""Makes the extension's zips. Run by `build.py package` in the development environment; not part of any zip."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pix2vertex_blender"
MANIFEST = ROOT / "blender_manifest.toml"
WHEELS = ROOT / "wheels"
DISTRIBUTION = ROOT / "dist"


class PackagingError(Exception):
    """The zip cannot be made; the text says why and what to do."""
