"""What tone a skin has that a photo shows in some colour: skin is not any colour, light and exposure nearly are."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Linear RGB from light to dark skin, the tones of the heads that the networks were trained with.
TONES = np.array(
    [
        [0.82, 0.58, 0.47],
        [0.70, 0.45, 0.34],
        [0.55, 0.34, 0.24],
        [0.40, 0.23, 0.15],
        [0.24, 0.13, 0.085],
        [0.11, 0.06, 0.04],
    ]
)
#: How far a person's colour lies beside these, as a logarithm.
PERSONAL = 0.09
#: How much the light on faces varies: the logarithm of its strength after the camera's exposure, and of its colour.
EXPOSURE, TINT = 0.35, 0.10
#: What the surface of skin sends back without colouring it, beside highlights that the fit of the light leaves out: it
#: makes dark skin look lighter, and hardly changes light skin.
SHINE = 0.005
#: What the whites of the eyes send back of the light on the face, and the deviations of its logarithm where they are
#: brighter and darker than that: nothing brightens them, but lids and lashes shade them, and eyes half shut hardly show
#: any.
WHITE, BRIGHTER, DARKER = 0.3, 0.45, 0.7
#: Of Student's distribution of the colour: coloured lamps are rare but not excluded.
FREEDOM = 3.0
#: Tones that are compared: between the listed ones, and as many steps between them beyond the lightest and the darkest
#: as skin has: the likeliest tone is a mean, which would else never come near either.
STEPS, BEYOND = 101, (0.6, 0.4)


def likeliest_tone(shown: Array, white: float | None = None) -> Array:
    """The linear albedo (3,) that is expected behind the mean linear colour (3,) of a face's skin in a photo.

    The tone is the mean over all tones of how well each explains the colour, with a light whose strength and colour are
    as likely as in photos. So skin has the usual colours under a coloured lamp, too, or without any colours. The whites
    of the eyes are much the same in everybody, and so tell of the light's strength.

    Parameters
    ----------
    shown : (3,)
    white : float, optional
        How bright, linear, the whites of the eyes are in the photo, if they are seen.
    """
    steps = np.linspace(-BEYOND[0], len(TONES) - 1 + BEYOND[1], STEPS)
    below = np.clip(steps.astype(int), 0, len(TONES) - 2)
    listed = np.log(TONES)
    logarithms = listed[below] + (steps - below)[:, None] * (listed[below + 1] - listed[below])
    off = np.log(np.maximum(shown, 1e-4)) - np.log(np.exp(logarithms) + SHINE)
    strength = off.mean(axis=1)
    colour = off - strength[:, None]
    spread = PERSONAL**2 + TINT**2
    cost = strength**2 / EXPOSURE**2
    if white is not None:
        beside = np.log(max(white, 1e-3) / WHITE) - strength
        cost += (beside / np.where(beside > 0, BRIGHTER, DARKER)) ** 2
    cost += (FREEDOM + 2) * np.log1p((colour**2).sum(axis=1) / (FREEDOM * spread))
    likelihood = np.exp(-0.5 * (cost - cost.min()))
    likelihood /= likelihood.sum()
    tone = likelihood @ logarithms
    own = np.clip(PERSONAL**2 / spread * (likelihood @ colour), -PERSONAL, PERSONAL)
    albedo: Array = np.exp(tone + own)
    return albedo
