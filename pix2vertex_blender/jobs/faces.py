"""What is in a photo, before anything is reconstructed."""

from pathlib import Path
from typing import Any

from ..exchange.progress import SEARCHING, Progress
from ..exchange.protocol import Request


def find_faces(request: Request, progress: Progress) -> dict[str, Any]:
    """Find the faces of `request["photo"]`.

    Before the search `request["preview"]`, an .npz, gets the upright reduced photo as `pixels` and its full `size`, so
    that the artist sees it and can draw a box meanwhile. The reply has the photo's `size`, and of each face, the
    largest first, its `box` in photo pixels, its `confidence` and the share `outside` of its landmarks that lie outside
    the photo.
    """
    progress("start", 0.0)
    import numpy as np

    from ..exchange.arrays import write_arrays
    from ..reconstruction.photo.face_search import search_faces
    from ..reconstruction.photo.photo import fitting
    from ..reconstruction.photo.reading import load_photo

    photo = load_photo(Path(request["photo"]), lambda fraction: progress("start", fraction))
    pixels = fitting(photo, int(request["preview_side"]))
    write_arrays(Path(request["preview"]), pixels=pixels, size=np.array(photo.size))
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
