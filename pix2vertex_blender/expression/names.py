"""ARKit's names of the 52 expressions, exactly as programs for motion capture write them. Needs no library."""

#: By region of the face, in the order of ARKit's documentation. Left and right are the person's.
REGIONS: dict[str, tuple[str, ...]] = {
    "eyes": tuple(
        f"eye{part}{side}"
        for side in ("Left", "Right")
        for part in ("Blink", "LookDown", "LookIn", "LookOut", "LookUp", "Squint", "Wide")
    ),
    "jaw": ("jawForward", "jawLeft", "jawRight", "jawOpen"),
    "mouth": (
        *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight"),
        *("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
        *("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight"),
        *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
        *("mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
        *("mouthUpperUpLeft", "mouthUpperUpRight"),
    ),
    "brows": ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    "cheeks": ("cheekPuff", "cheekSquintLeft", "cheekSquintRight"),
    "nose": ("noseSneerLeft", "noseSneerRight"),
    "tongue": ("tongueOut",),
}

ARKIT_NAMES: tuple[str, ...] = tuple(name for names in REGIONS.values() for name in names)

#: The shape key beside them that gives back the face of the photo, where the basis is neutral.
PHOTO_EXPRESSION = "Photo Expression"
