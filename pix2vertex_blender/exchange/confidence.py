"""What a confidence means to an artist, and what else speaks against a face."""

import numpy as np
from numpy.typing import ArrayLike

#: Below this head and photo may not agree: `training.calibrate` finds nine of ten bad results there, and few good ones.
LOW_CONFIDENCE = 0.75

UNSURE = (
    "The network is unsure about this face (confidence {confidence:.2f}): hair, hands, strong shadows or a profile may"
    " hide too much of it."
)

#: Where more of the landmarks lie outside the photo, much of the head is a guess.
MOST_OUTSIDE = 0.25

CUT_OFF = (
    "The photo's edge cuts off much of this face ({share:.0%} of its landmarks): what it does not show is guessed, so"
    " use a photo with the whole face if there is one."
)


def share_outside(landmarks: ArrayLike, photo_size: tuple[float, float]) -> float:
    """The share of landmarks (n, 2) in photo pixels that lie outside the photo; none if no landmarks are known."""
    points = np.asarray(landmarks, dtype=np.float64).reshape(-1, 2)
    outside = ((points < 0) | (points > np.asarray(photo_size))).any(axis=1)
    return float(outside.mean()) if len(outside) else 0.0


def doubts(confidence: float, outside: float) -> list[str]:
    """Sentences about what speaks against a face; empty if nothing does."""
    sentences = [UNSURE.format(confidence=confidence)] if confidence < LOW_CONFIDENCE else []
    return sentences + ([CUT_OFF.format(share=outside)] if outside > MOST_OUTSIDE else [])
