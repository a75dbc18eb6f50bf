"""By what the photo's fine detail is read, as both sides of the wall name it."""

from typing import Literal

#: The network that was trained on relief and paint, or the paper's equations, which take all that is dark for deep.
Reading = Literal["NETWORK", "SHADING"]
READINGS: tuple[Reading, ...] = ("NETWORK", "SHADING")
#: How a face is read that says nothing of it.
DEFAULT_READING: Reading = "NETWORK"
