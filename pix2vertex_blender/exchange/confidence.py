"""What a confidence means to an artist."""

#: Below this head and photo may not agree: `training.calibrate` finds nine of ten bad results there, and few good ones.
LOW_CONFIDENCE = 0.75

UNSURE = (
    "The network is unsure about this face (confidence {confidence:.2f}): hair, hands, strong shadows or a profile may"
    " hide too much of it."
)
