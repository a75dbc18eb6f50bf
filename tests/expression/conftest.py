import numpy as np
import pytest

from pix2vertex_blender.template import Template, load_template


@pytest.fixture(scope="session")
def template() -> Template:
    return load_template()


def bumpy_head(template: Template, seed: int) -> np.ndarray:
    """A made-up head: other proportions and smooth bumps of several millimetres on the template."""
    generator = np.random.default_rng(seed)
    face = np.flatnonzero(template.groups["face"] > 0.5)
    vertices = template.vertices * (1 + 0.04 * generator.standard_normal(3))
    for _ in range(8):
        centre = template.vertices[generator.choice(face)]
        squared = ((template.vertices - centre) ** 2).sum(axis=1)
        bump = np.exp(-squared / (2 * generator.uniform(18, 60) ** 2))
        vertices = vertices + bump[:, None] * generator.normal(0, 2.2, 3)
    return vertices
