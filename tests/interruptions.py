"""Something happens while Blender waits for the worker, and what is in the file before and after."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import bpy

from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.worker_client import WorkerClient


def everything() -> list[str]:
    """All that an interrupted operator could leave behind in the file."""
    kinds = ("objects", "meshes", "materials", "collections", "images")
    return sorted(f"{kind}/{item.name}" for kind in kinds for item in getattr(bpy.data, kind))


def reconstruct_while(interruption: Callable[[WorkerClient], None], photo: Path) -> str:
    """Reconstruct a photo and, as soon as its job tells progress, do something to the worker; the result or error."""

    def interrupt() -> None:
        while not (session.SESSION.job and session.SESSION.job.stage):
            time.sleep(0.01)
        interruption(session.SESSION.worker)

    thread = threading.Thread(target=interrupt, daemon=True)
    thread.start()
    try:
        return str(bpy.ops.pix2vertex.reconstruct(filepath=str(photo)))
    except RuntimeError as error:
        return str(error)
    finally:
        thread.join()
