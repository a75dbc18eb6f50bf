import subprocess
import sys

import numpy as np
import pytest

from pix2vertex_blender.template import load_template, subdivision_matrix


def test_importing_and_loading_needs_neither_blender_nor_torch_nor_scipy():
    code = (
        "import sys; from pix2vertex_blender.template import load_template; load_template();"
        "print([name for name in ('bpy', 'torch', 'scipy') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("level", [1, 2])
def test_levels_come_from_level_0_through_the_matrix(level):
    base, fine = load_template(), load_template(level)
    np.testing.assert_allclose(subdivision_matrix(level) @ base.vertices, fine.vertices, atol=1e-9)
    np.testing.assert_allclose(base.subdivide(base.vertices, level), fine.vertices, atol=1e-9)
    assert len(fine.faces) == len(base.faces) * 4**level
    assert fine.uvs.shape == (len(fine.faces), 4, 2)
    assert all(weights.shape == (len(fine.vertices),) for weights in fine.groups.values())


@pytest.mark.parametrize("level", [0, 1, 2])
def test_every_level_is_mirror_symmetric(level):
    template = load_template(level)
    mirrored = template.vertices[template.mirror] * (-1, 1, 1)
    assert np.abs(mirrored - template.vertices).max() < 1e-2
    np.testing.assert_array_equal(template.mirror[template.mirror], np.arange(len(template.mirror)))


def test_values_of_the_wrong_length_are_refused():
    with pytest.raises(ValueError, match=r"\(5, 3\)"):
        load_template().subdivide(np.zeros((5, 3)), 1)


def test_unknown_levels_are_refused():
    with pytest.raises(ValueError, match="0 to 3"):
        load_template(4)


def test_eyeballs_follow_the_lids_and_keep_their_size():
    template = load_template()
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    own = template.eyeballs.groups["left"] > 0.5
    moved = template.vertices @ turn.T + (3, -4, 5)
    expected = template.place_eyeballs(template.vertices) @ turn.T + (3, -4, 5)
    np.testing.assert_allclose(template.place_eyeballs(moved), expected, atol=1e-6)
    for size in (0.9, 1.1):
        placed = template.place_eyeballs(size * template.vertices)[own]
        np.testing.assert_allclose(np.ptp(placed[:, :2], axis=0), 24.0, atol=0.2)
        at_lids = (size * template.vertices)[template.eyeballs.lids[0]].mean(axis=0)
        assert np.linalg.norm(placed.mean(axis=0)[:2] - at_lids[:2]) < 3


def test_the_shared_arrays_cannot_be_changed_by_accident():
    with pytest.raises(ValueError, match="read-only"):
        load_template().vertices[0] = 0
