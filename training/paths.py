"""Where development data lies; none of it is part of the repository or of a package."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def shared_folder() -> Path:
    """Folder of the shared development data: ``$PIX2VERTEX_SHARED``, or ``shared`` beside the repository."""
    return Path(os.environ.get("PIX2VERTEX_SHARED", REPOSITORY.parent / "shared"))
