"""The sections of `RESULTS.md`: each measures one thing and returns tables, sentences and pictures."""

from collections.abc import Callable

from .faces import scanned_head, synthetic_faces
from .identity import identity_of_people
from .landmarks import landmarks_on_photos
from .network import network_speed
from .playback import playback
from .registration import registration_pairs
from .section import Context, Section, SectionAbsentError
from .skin import skin_and_detail
from .speed import speed_and_memory

__all__ = ["SECTIONS", "Context", "Section", "SectionAbsentError"]

SECTIONS: dict[str, Callable[[Context], Section]] = {
    "landmarks": landmarks_on_photos,
    "scans": scanned_head,
    "synthetic": synthetic_faces,
    "identity": identity_of_people,
    "skin": skin_and_detail,
    "registration": registration_pairs,
    "network": network_speed,
    "speed": speed_and_memory,
    "playback": playback,
}
