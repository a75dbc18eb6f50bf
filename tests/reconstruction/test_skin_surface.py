import numpy as np
import pytest

from pix2vertex_blender.exchange.uv_layouts import LAYOUTS
from pix2vertex_blender.reconstruction.detail.surface import REGIONS, SKIN, surface_maps, surface_values
from pix2vertex_blender.template import load_template


@pytest.fixture(scope="module")
def template():
    return load_template()


def middle_of(values, weights):
    return np.median(values[weights > 0.9], axis=0)


@pytest.mark.parametrize("name", ["lower_lip", "nose", "mouth_interior", "ears"])
def test_each_region_has_its_own_surface(template, name):
    values = surface_values(template)
    np.testing.assert_allclose(middle_of(values, template.groups[name]), REGIONS[name].values(), atol=0.02)
    assert ((values >= 0) & (values <= 1)).all()


def test_the_oily_middle_is_glossier_than_cheeks_and_temples(template):
    roughness = surface_values(template)[:, 0]
    forehead = template.groups["forehead"] > 0.9
    side = np.abs(template.vertices[:, 0])
    middle, temples = (roughness[forehead & where].mean() for where in (side < 12, side > 60))
    cheeks = middle_of(roughness, template.groups["cheeks"])
    assert middle < 0.45 < cheeks < temples + 0.05
    assert abs(temples - SKIN.roughness) < 0.05


@pytest.mark.parametrize("layout", LAYOUTS)
def test_maps_show_the_values_where_the_uvs_are_and_blend_without_an_edge(layout):
    size, template = 256, load_template(0, layout)
    maps = surface_maps(size, layout)
    assert [each.shape for each in maps] == 3 * [(size, size)]
    lip = template.landmarks_68[57]
    face, corner = np.argwhere(template.faces == lip)[0]
    u, v = template.uvs[face, corner]
    row, column = int((1 - v) * size), int(u * size)
    assert maps[0][row, column] == pytest.approx(surface_values(template)[lip, 0], abs=0.06)
    assert maps[0].min() < 0.25 and maps[0].max() > 0.55
