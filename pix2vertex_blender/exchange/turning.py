"""How far a photo can be turned, and which parts of its face can have another shape."""

from ..errors import OptionError

#: Degrees beyond which too little of what would be seen is in the photo.
MOST_YAW, MOST_PITCH = 60.0, 40.0

#: The parts of a face, with the groups of the template that are each.
PARTS: dict[str, tuple[str, ...]] = {
    "eyes": ("eyelids", "brow"),
    "nose": ("nose",),
    "mouth": ("upper_lip", "lower_lip"),
    "cheeks": ("cheeks", "jaw", "chin"),
}

TOO_FAR = "A photo can be turned by up to {yaw} degrees to each side and {pitch} up and down: give smaller angles."
UNKNOWN_PART = "There is no part {part} of a face: choose among {parts}."


def check_angles(yaw: float, pitch: float) -> None:
    """Say so if a photo cannot be turned that far.

    Raises
    ------
    OptionError
        If an angle is larger than what can be shown, or no number.
    """
    if not (abs(yaw) <= MOST_YAW and abs(pitch) <= MOST_PITCH):
        raise OptionError(TOO_FAR.format(yaw=f"{MOST_YAW:.0f}", pitch=f"{MOST_PITCH:.0f}"))


def check_part(part: str) -> None:
    """Say so if a face has no such part.

    Raises
    ------
    OptionError
    """
    if part not in PARTS:
        raise OptionError(UNKNOWN_PART.format(part=part, parts=", ".join(PARTS)))
