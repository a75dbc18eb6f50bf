"""What is in a photo, before anything is reconstructed."""

from pathlib import Path
from typing import Any

from ..exchange.progress import SEARCHING, Progress
from ..exchange.protocol import Request


def find_faces(request: Request, progress: Progress) -> dict[str, Any]:
    """Save `request["photo"]`, upright and reduced, as `request["preview"]`, and find its faces.

    The reply has the photo's `size`, and of each face, the largest first, its `box` in photo pixels, its `confidence`
    and the share `outside` of its landmarks that lie outside the photo.
    """
    progress("start", 0.0)
    import numpy as np

    from ..reconstruction.photo.face_search import search_faces
    from ..reconstruction.photo.photo import fitting
    from ..reconstruction.photo.reading import load_photo

    photo = load_photo(Path(request["photo"]), lambda fraction: progress("start", fraction))
    np.save(Path(request["preview"]), fitting(photo, int(request["preview_side"])))
    progress(SEARCHING, 0.0)
    faces = [
        {
            "box": [face.box.x, face.box.y, face.box.width, face.box.height],
            "confidence": face.confidence,
            "outside": face.outside,
        }
        for face in search_faces(photo, request["device"], lambda fraction: progress(SEARCHING, fraction))
    ]
    return {"size": list(photo.size), "faces": faces}


JOBS = {"find_faces": find_faces}
