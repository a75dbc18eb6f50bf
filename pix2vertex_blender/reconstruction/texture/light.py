"""The light of a photo as spherical harmonics on the normals of the registered head (coarse-to-fine 3.1, eq. 3).

The order is the published one, B = 3, so each colour has nine coefficients: a Lambertian surface shows hardly more of
any light that is far away (Basri and Jacobs 2003; Ramamoorthi and Hanrahan 2001).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Standard deviations of the harmonics of degrees 0, 1 and 2 in shares of the constant one, as lights in rooms and
#: outside have them; a photo that shows half of the normals leaves the rest to these.
SPREAD = np.array([10.0, 0.7, 0.7, 0.7, 0.25, 0.25, 0.25, 0.25, 0.25])
#: Relative deviations of skin from what light and tone explain, and how many independent places of skin a face has.
DEVIATION, PLACES = 0.15, 150.0
#: Passes of reweighting, and the deviation in units of `DEVIATION` from where on a place counts less and less. What is
#: brighter is a highlight more often than what is darker is anything but shade.
PASSES, BRIGHTER, DARKER = 6, 1.0, 2.5
#: The least light of any direction, in shares of that on the average of the skin.
LEAST = 0.12


@dataclass(frozen=True)
class Light:
    """What reaches the skin, as what skin of one tone would look like.

    Attributes
    ----------
    coefficients : (9, 3) float64
        Of the harmonics, for each linear colour.
    least : (3,) float64
        Below this the harmonics, which can become negative, are not followed.
    """

    coefficients: Array
    least: Array

    def on(self, normals: Array) -> Array:
        """Linear colours (n, 3) that an even skin has at unit normals (n, 3)."""
        shaded = harmonics(normals) @ self.coefficients
        # Like max(shaded, least), but smooth.
        lit: Array = self.least + np.logaddexp(0.0, 4 * (shaded / self.least - 1)) / 4 * self.least
        return lit


def harmonics(normals: Array) -> Array:
    """The nine real spherical harmonics (n, 9) up to degree 2 of unit normals (n, 3), each scaled to 1 at most."""
    x, y, z = normals.T
    return np.column_stack([np.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 1.5 * z * z - 0.5])


def fit_light(normals: Array, colours: Array, weights: Array) -> Light:
    """Fit the light to skin whose tone is the same everywhere, but for what deviates.

    Parameters
    ----------
    normals : (n, 3)
        In the camera's axes.
    colours : (n, 3)
        Linear.
    weights : (n,)
        How surely each place is plain skin that is seen, times its area; not all 0.
    """
    basis = harmonics(normals)
    mean = np.maximum(np.average(colours, axis=0, weights=weights), 1e-4)
    relative = colours / mean
    share = weights / weights.sum() * PLACES / DEVIATION**2
    prior = np.diag(1 / SPREAD**2)
    coefficients = np.zeros((9, 3))
    coefficients[0] = 1.0
    robust = np.ones(len(colours))
    for _ in range(PASSES):
        weighted = (share * robust)[:, None] * basis
        system = weighted.T @ basis + prior
        coefficients = np.linalg.solve(system, weighted.T @ relative)
        explained = np.maximum(basis @ coefficients, LEAST)
        off = ((relative - explained) / explained).mean(axis=1) / DEVIATION
        robust = 1 / (1 + (off / np.where(off > 0, BRIGHTER, DARKER)) ** 2)
    return Light(coefficients * mean, LEAST * mean)
