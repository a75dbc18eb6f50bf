import pytest

from pix2vertex_blender.template import Template, load_template
from training.template.surface import MeanHead, load_mean_head


@pytest.fixture(scope="session")
def template() -> Template:
    return load_template()


@pytest.fixture(scope="session")
def mean_head() -> MeanHead:
    return load_mean_head()
