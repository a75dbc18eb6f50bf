"""The head template, whose topology never changes, and its loader.

Canonical coordinates, the network's embedding, are points of the mean neutral face, normalised once:
``canonical = (millimetres - (0, 15, 45)) / 120``. The template's vertices lie on that surface and carry their own, so
weights do not depend on the template's topology.
"""

from .template import Eyeballs, Template, load_template, mirror_map, subdivision_matrix

__all__ = ["Eyeballs", "Template", "load_template", "mirror_map", "subdivision_matrix"]
