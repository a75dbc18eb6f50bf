"""What a movie says about itself: `report.json` of `build.py video`."""

import dataclasses
import json
from dataclasses import dataclass, field


@dataclass(frozen=True)
class VideoReport:
    """How a face was followed.

    Attributes
    ----------
    movie : str
        The file's or folder's name.
    frames, seen : int
        How many frames were read, and how many show the face.
    seconds_of_movie : float
        From the first to the last of them.
    gaps : list of [float, float]
        Seconds from which and to which the face is not seen.
    cuts : list of float
        Seconds at which the movie shows something else.
    frame_rates : list of float
        The lowest, the highest and the usual number of frames a second.
    person : list of str
        The frames that the head was made from; empty where it was there already.
    confidence : float
        The network's, in [0, 1], in the median.
    error_mm : float
        How far what is seen lies from the face that was found, across the line of sight, in the median.
    frames_per_second : float
        How many frames were followed in a second of work.
    notes : list of str
        What the artist should know, one sentence each.
    device : str
    seconds : dict of str to float
    versions : dict of str to str
    """

    movie: str = ""
    frames: int = 0
    seen: int = 0
    seconds_of_movie: float = 0.0
    gaps: list[list[float]] = field(default_factory=list)
    cuts: list[float] = field(default_factory=list)
    frame_rates: list[float] = field(default_factory=list)
    person: list[str] = field(default_factory=list)
    confidence: float = 0.0
    error_mm: float = 0.0
    frames_per_second: float = 0.0
    notes: list[str] = field(default_factory=list)
    device: str = "cpu"
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def usual_rate(self) -> float:
        """Frames a second, those of most frames."""
        return self.frame_rates[2] if len(self.frame_rates) == 3 else 25.0

    def to_json(self, indent: int | None = None) -> str:
        """The report as text."""
        return json.dumps(dataclasses.asdict(self), indent=indent)
