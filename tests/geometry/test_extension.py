"""Values that are continued over a surface."""

import numpy as np

from pix2vertex_blender.geometry.extension import SmoothExtension
from pix2vertex_blender.template import load_template


def test_brief_and_long_ways_to_extend_agree() -> None:
    """Conjugate gradients find what the factors do, and away from what is known the prior is left."""
    template = load_template()
    known = (template.groups["nose"] > 0.5).astype(np.float64)
    values = np.column_stack([np.sin(template.vertices[:, 0] / 5.0), template.vertices[:, 1] / 50.0])
    extension, prior = SmoothExtension(template.vertices, template.faces), np.array([0.3, -0.2])
    brief = extension.extend_briefly(values, known, prior, 0.5, 8.0)
    np.testing.assert_allclose(brief, extension.extend(values, known, prior, 0.5, 8.0), atol=2e-3)
    far = template.vertices[:, 2] < -20.0
    np.testing.assert_allclose(brief[far], np.tile(prior, (far.sum(), 1)), atol=2e-3)
    inner = template.groups["nose"] == 1
    assert np.abs(brief - values)[inner].max() < 0.3
