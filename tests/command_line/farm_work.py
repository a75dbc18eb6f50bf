"""What workers of Dask do in tests: they import nothing of Blender's."""

import os
import time
from pathlib import Path


def written(number: int, folder: Path) -> int:
    """Write in a tenth of a second a file that says who has written it."""
    time.sleep(0.1)
    (folder / f"{number}.txt").write_text(str(os.getpid()))
    return number
