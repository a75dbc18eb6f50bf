"""Find the 68 landmarks with MediaPipe's face mesh. Runs in an environment of its own.

python mediapipe_face_mesh.py REQUEST ANSWER

REQUEST is a JSON list of {"name", "photo", "box" [x, y, w, h]}; ANSWER becomes {name: {"own", "given", "seconds"}}: 68
pairs or null, in the whole photo and in a square twice as wide as the box, and the time of the former.

MediaPipe's mesh has 468 points. `CORRESPONDING` names those that lie where annotators put each of the 68; where two are
named, their mean does.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import mediapipe  # type: ignore[import-not-found]
import numpy as np

# fmt: off
CORRESPONDING = [
    [127], [234], [93], [132, 58], [58, 172], [136], [150], [176], [152],
    [400], [379], [365], [397, 288], [361, 288], [323], [454], [356],
    [70], [63], [105], [66], [107], [336], [296], [334], [293], [300],
    [168, 6], [197, 195], [5], [4], [75], [97], [2], [326], [305],
    [33], [160], [158], [133], [153], [144], [362], [385], [387], [263], [373], [380],
    [61], [39], [37], [0], [267], [269], [291], [321], [314], [17], [84], [91],
    [78], [82], [13], [312], [308], [317], [14], [87],
]
# fmt: on
CROP = 2.0
MOST_FACES = 5


def main(request: Path, answer: Path) -> None:
    """Answer a request."""
    entries = json.loads(request.read_text(encoding="utf-8"))
    options = {"static_image_mode": True, "max_num_faces": MOST_FACES, "refine_landmarks": False}
    answers = {}
    with mediapipe.solutions.face_mesh.FaceMesh(**options) as mesh:
        for entry in entries:
            answers[entry["name"]] = answer_entry(mesh, cv2.imread(entry["photo"]), entry["box"])
    answer.write_text(json.dumps(answers), encoding="utf-8")


def answer_entry(mesh: Any, picture: np.ndarray | None, box: list[float]) -> dict[str, Any]:
    """What is found in one picture; nothing if it could not be read."""
    if picture is None:
        return {"own": None, "given": None, "seconds": 0.0}
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    started = time.perf_counter()
    own = largest(find(mesh, picture))
    seconds = time.perf_counter() - started
    return {"own": own, "given": in_box(mesh, picture, box), "seconds": seconds}


def find(mesh: Any, picture: np.ndarray) -> list[np.ndarray]:
    """Landmarks (68, 2) in pixels of each face in a picture."""
    height, width = picture.shape[:2]
    faces = mesh.process(picture).multi_face_landmarks or []
    points = [np.array([(p.x * width, p.y * height) for p in face.landmark]) for face in faces]
    return [np.array([face[numbers].mean(axis=0) for numbers in CORRESPONDING]) for face in points]


def largest(faces: list[np.ndarray]) -> Any:
    """The largest face as a list, or None."""
    return max(faces, key=lambda face: np.ptp(face, axis=0).prod()).tolist() if faces else None


def in_box(mesh: Any, picture: np.ndarray, box: list[float]) -> Any:
    """The largest face in a square around a box, beyond the picture filled with its border."""
    x, y, width, height = box
    side = int(CROP * max(width, height))
    left, top = int(x + width / 2 - side / 2), int(y + height / 2 - side / 2)
    padded = cv2.copyMakeBorder(picture, side, side, side, side, cv2.BORDER_REPLICATE)
    crop = padded[top + side : top + 2 * side, left + side : left + 2 * side]
    face = largest(find(mesh, np.ascontiguousarray(crop)))
    return None if face is None else (np.array(face) + np.array([left, top])).tolist()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
