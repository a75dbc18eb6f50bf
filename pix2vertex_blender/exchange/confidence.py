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


#: Where something hides more of the face, the head is a guess there: half of a face behind a wall is 0.39 and more, and
#: of annotated photos without such things it is 0.23 at most, 0.08 in the median.
MOST_HIDDEN = 0.3

HIDDEN = (
    "Something hides much of this face ({share:.0%} of what it turns to the camera): that part is guessed, so use a"
    " photo with the whole face if there is one."
)

#: A head of which less than this share of what the networks say about its person counts is said to be one.
LITTLE_LIKENESS = 0.5

UNLIKELY = (
    "The networks know little of whose head this is, so {share:.0%} of what would make it likelier was added: use a"
    " photo that shows more of the face if there is one."
)


def share_outside(landmarks: ArrayLike, photo_size: tuple[float, float]) -> float:
    """The share of landmarks (n, 2) in photo pixels that lie outside the photo; none if no landmarks are known."""
    points = np.asarray(landmarks, dtype=np.float64).reshape(-1, 2)
    outside = ((points < 0) | (points > np.asarray(photo_size))).any(axis=1)
    return float(outside.mean()) if len(outside) else 0.0


def doubts(confidence: float, outside: float, likeness: float = 1.0, hidden: float = 0.0) -> list[str]:
    """Sentences about what speaks against a face; empty if nothing does.

    Parameters
    ----------
    confidence : float
        The network's.
    outside : float
        The share of the landmarks that lie outside the photo.
    likeness : float
        How far the person's likeliest head was followed, once there is a head.
    hidden : float
        How much of the face something hides, once there is a head.
    """
    sentences = [UNSURE.format(confidence=confidence)] if confidence < LOW_CONFIDENCE else []
    sentences += [CUT_OFF.format(share=outside)] if outside > MOST_OUTSIDE else []
    sentences += [HIDDEN.format(share=hidden)] if hidden > MOST_HIDDEN else []
    return sentences + ([UNLIKELY.format(share=likeness)] if likeness < LITTLE_LIKENESS else [])
