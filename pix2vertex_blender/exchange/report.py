"""What a reconstruction tells about itself: `report.json`."""

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RegistrationReport:
    """How the registration went.

    Attributes
    ----------
    iterations, matches : int
    median_distance_mm : float
        Of the matched vertices from the target, in millimetres.
    converged : bool
    """

    iterations: int = 0
    matches: int = 0
    median_distance_mm: float = 0.0
    converged: bool = False


@dataclass(frozen=True)
class TemplateReport:
    """Which template the head is."""

    version: str = ""
    vertices: int = 0
    faces: int = 0


@dataclass(frozen=True)
class ViewReport:
    """What became of one photo among several.

    Attributes
    ----------
    photo : str
        The file's name.
    confidence : float
        The network's, in [0, 1].
    used : bool
        Whether the head was made from it.
    weight : float
        How much it counts against a photo that agrees with the others, 0 to 1.
    disagreement_mm : float
        How far its own head lies from that of all photos, across its line of sight.
    sentence : str
        Why it was left out or counts little; empty if there is nothing to tell.
    """

    photo: str = ""
    confidence: float = 0.0
    used: bool = True
    weight: float = 1.0
    disagreement_mm: float = 0.0
    sentence: str = ""


@dataclass(frozen=True)
class Report:
    """What is known of a reconstruction besides its shape.

    Attributes
    ----------
    photo : str
        The photo's file name.
    photo_size : tuple of int
        Width and height of the upright photo in pixels.
    faces_found : int
        How many faces the photo shows.
    confidence : float
        The network's, in [0, 1].
    second_pass : bool
        Whether the maps are those of the second look at the face.
    likeness : float
        How far the person's likeliest head was followed, 0 to 1; 1 for heads of earlier versions.
    hidden : float
        The share of the face, of what it turns to the camera within the photo, that something hides.
    device : str
        Where the network was computed.
    registration : RegistrationReport
    template : TemplateReport
    versions : dict of str to str
        Of the libraries, by name.
    landmarks_68, automatic_landmarks_68 : list of [x, y]
        In photo pixels, with the artist's pins and without.
    face_box : list of float
        Left, top, width and height in photo pixels.
    seconds : dict of str to float
        How long each stage took.
    views : list of ViewReport
        The photos, where the head was made from several.
    """

    photo: str = ""
    photo_size: tuple[int, int] = (0, 0)
    faces_found: int = 1
    confidence: float = 0.0
    second_pass: bool = False
    likeness: float = 1.0
    hidden: float = 0.0
    device: str = "cpu"
    registration: RegistrationReport = RegistrationReport()
    template: TemplateReport = TemplateReport()
    versions: dict[str, str] = field(default_factory=dict)
    landmarks_68: list[list[float]] = field(default_factory=list)
    automatic_landmarks_68: list[list[float]] = field(default_factory=list)
    face_box: list[float] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    views: list[ViewReport] = field(default_factory=list)

    def to_json(self, indent: int | None = None) -> str:
        """The report as text."""
        return json.dumps(dataclasses.asdict(self), indent=indent)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` wrote; what it does not know is left out, what is missing has its default.

        Raises
        ------
        ValueError
            If the text is something else.
        """
        stored = json.loads(text)
        if not isinstance(stored, dict):
            raise ValueError("a report is a JSON object")
        try:
            return cls(**{name: _READ[name](value) for name, value in stored.items() if name in _READ})
        except (AttributeError, TypeError, OverflowError) as error:
            raise ValueError(f"a value of the report has the wrong type: {error}") from error


def _size(value: Any) -> tuple[int, int]:
    width, height = value
    return int(width), int(height)


def _points(value: Any) -> list[list[float]]:
    points: NDArray[np.float64] = np.array(value, dtype=np.float64).reshape(-1, 2)
    if len(points) not in (0, 68) or not np.isfinite(points).all():
        raise ValueError("there are 68 landmarks with two coordinates each")
    as_list: list[list[float]] = points.tolist()
    return as_list


def _numbers(value: Any) -> list[float]:
    return [float(each) for each in value]


def _fields(kind: Any) -> Any:
    """Reads a nested report of a kind from a dict, taking only what it knows."""
    names: dict[str, Any] = {each.name: type(each.default) for each in dataclasses.fields(kind)}
    return lambda value: kind(**{name: names[name](each) for name, each in value.items() if name in names})


_READ: dict[str, Any] = {
    "photo": str,
    "photo_size": _size,
    "faces_found": int,
    "confidence": float,
    "second_pass": bool,
    "likeness": float,
    "hidden": float,
    "device": str,
    "registration": _fields(RegistrationReport),
    "template": _fields(TemplateReport),
    "versions": lambda value: {str(name): str(version) for name, version in value.items()},
    "landmarks_68": _points,
    "automatic_landmarks_68": _points,
    "face_box": _numbers,
    "seconds": lambda value: {str(name): float(seconds) for name, seconds in value.items()},
    "views": lambda value: [_fields(ViewReport)(each) for each in value],
}
