"""What is in a photo, before anything is reconstructed."""

from pathlib import Path
from typing import Any

from ..exchange.progress import SEARCHING, Progress
from ..exchange.protocol import Request


def find_faces(request: Request, progress: Progress) -> dict[str, Any]:
    """Save `request["photo"]`, upright and reduced, as `request["preview"]`, and find its faces.

    The reply has the photo's `size`, and of each face, the largest first, its `box` in photo pixels and `confidence`.
    """
    progress("start", 0.0)
    import numpy as np

    from ..reconstruction.photo.face_search import reduced, search_faces
    from ..reconstruction.photo.reading import load_photo

    photo = load_photo(Path(request["photo"]))
    np.save(Path(request["preview"]), reduced(photo, int(request["preview_side"])))
    progress(SEARCHING, 0.0)
    faces = [
        {"box": [face.box.x, face.box.y, face.box.width, face.box.height], "confidence": face.confidence}
        for face in search_faces(photo, request["device"])
    ]
    return {"size": list(photo.size), "faces": faces}


JOBS = {"find_faces": find_faces}
