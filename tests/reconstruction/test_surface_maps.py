import cv2
import numpy as np
import pytest

from pix2vertex_blender.geometry.mesh import normalise, vertex_normals
from pix2vertex_blender.geometry.subdivision import split_corners
from pix2vertex_blender.geometry.tangents import tangent_frames
from pix2vertex_blender.geometry.texels import triangles_at_texels
from pix2vertex_blender.reconstruction.detail.baking import bake_detail_maps, bake_onto, spread_beyond_borders
from pix2vertex_blender.reconstruction.detail.finer import FineHead, refined
from pix2vertex_blender.template import load_template

LEVEL = 2


@pytest.fixture(scope="module")
def level():
    return load_template(LEVEL)


def bake(level, detail, size=512):
    return bake_detail_maps(level.vertices, detail, level.faces, level.uvs, level.level, size)


def corner_uvs(level):
    """A UV (n, 2) for each vertex."""
    uvs = np.zeros((len(level.vertices), 2))
    uvs[level.faces] = level.uvs
    return uvs


def waves(level, wavelength=8.0):
    normals = vertex_normals(level.vertices, level.faces)
    return (0.3 * np.sin(2 * np.pi / wavelength * level.vertices[:, :2].sum(axis=1)))[:, None] * normals


def sample(image, uvs):
    """The map at UVs (n, 2), bilinearly."""
    x, y = (uvs * [1, -1] + [0, 1]).T.astype(np.float32) * len(image) - np.float32(0.5)
    parts = np.array_split(np.arange(len(x)), 1 + len(x) // 30_000)
    return np.concatenate([cv2.remap(image, x[part, None], y[part, None], cv2.INTER_LINEAR)[:, 0] for part in parts])


def test_no_detail_gives_flat_maps(level):
    maps = bake(level, np.zeros_like(level.vertices))
    np.testing.assert_allclose(maps.normals, np.broadcast_to([0.0, 0.0, 1.0], maps.normals.shape), atol=1e-6)
    assert (maps.displacement == 0).all()
    assert 0.5 < maps.filled.mean() < 0.8


@pytest.mark.parametrize("side", [1, -1])
def test_a_bump_has_its_height_and_leans_outwards_on_both_sides(level, side):
    peak = level.vertices[level.landmarks_68[30]] + [side * 40, -5, -30]
    middle = np.argmin(np.linalg.norm(level.vertices - peak, axis=1))
    distance = np.linalg.norm(level.vertices - level.vertices[middle], axis=1)
    normals = vertex_normals(level.vertices, level.faces)
    maps = bake(level, 1.5 * np.exp(-((distance / 4) ** 2))[:, None] * normals)
    assert maps.displacement.max() == pytest.approx(1.5, abs=0.05)
    row, column = np.unravel_index(np.argmax(maps.displacement), maps.displacement.shape)
    u, v = corner_uvs(level)[middle]
    assert abs(column + 0.5 - 512 * u) < 1.5
    assert abs(row + 0.5 - 512 * (1 - v)) < 1.5
    lean = maps.normals[row - 5 : row + 6, column - 5 : column + 6]
    assert lean[5, 9, 0] > 0.05
    assert lean[5, 1, 0] < -0.05
    assert lean[1, 5, 1] > 0.05
    assert lean[9, 5, 1] < -0.05


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_normals_of_a_wave_are_those_of_its_slope(mirrored):
    count, length = 97, 60.0
    x, y = (axis.ravel() for axis in np.meshgrid(*2 * [np.linspace(0, length, count)]))
    corner = (np.arange(count - 1)[:, None] * count + np.arange(count - 1)).ravel()
    faces = np.column_stack([corner, corner + 1, corner + count + 1, corner + count])
    u = 1 - x / length if mirrored else x / length
    uvs = np.column_stack([u, y / length])[faces]
    flat = np.column_stack([x, y, np.zeros_like(x)])
    height = 0.8 * np.sin(2 * np.pi * x / 15) + 0.5 * np.sin(2 * np.pi * y / 20)
    maps = bake_detail_maps(flat, height[:, None] * [0, 0, 1], faces, uvs, 0, 128)
    centre = (np.arange(128) + 0.5) / 128 * length
    along_x = 0.8 * 2 * np.pi / 15 * np.cos(2 * np.pi * (length - centre if mirrored else centre) / 15)
    along_y = 0.5 * 2 * np.pi / 20 * np.cos(2 * np.pi * (length - centre) / 20)
    slope = np.stack(np.broadcast_arrays(-along_x * (-1 if mirrored else 1), -along_y[:, None], 1.0), axis=-1)
    expected = slope / np.linalg.norm(slope, axis=-1, keepdims=True)
    inner = slice(4, -4)
    np.testing.assert_allclose(maps.normals[inner, inner], expected[inner, inner], atol=0.01)
    assert maps.filled.all()


@pytest.fixture(scope="module")
def wavy(level):
    detail = waves(level)
    return detail, bake(level, detail, 2048)


@pytest.mark.slow
def test_the_displacement_gives_the_detailed_head_back(level, wavy):
    detail, maps = wavy
    height = sample(maps.displacement, corner_uvs(level))
    again = height[:, None] * vertex_normals(level.vertices, level.faces)
    errors = np.linalg.norm(again - detail, axis=1)[level.groups["face"] > 0.5]
    assert errors.mean() < 0.005
    assert errors.max() < 0.1


def test_the_normals_give_the_detailed_heads_shading_back(level, wavy):
    detail, maps = wavy
    local = sample(maps.normals, corner_uvs(level))
    smooth, bumpy = (vertex_normals(points, level.faces) for points in (level.vertices, level.vertices + detail))
    face = level.groups["face"] > 0.99
    errors = np.abs(local[:, 2] - np.einsum("ij,ij->i", smooth, bumpy))[face]
    assert errors.mean() < 0.002
    assert np.percentile(errors, 99.9) < 0.02


def shaded(normals, base, steps):
    """Normals (m, 4, 3) that a renderer sees at the fine corners of a coarse mesh with a normal map, and without.

    Quads are triangles to it; normals and tangents are mixed over these.
    """
    coarse, fine = load_template(LEVEL - steps), load_template(LEVEL)
    frames = tangent_frames(base, coarse.faces, coarse.uvs)
    place = np.tile(np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=float), (len(coarse.faces), 1, 1))
    for _ in range(steps):
        place = split_corners(place)
    s, t = np.moveaxis(place, -1, 0)
    first, second = (np.stack(each, axis=-1) for each in ((1 - s, s - t, t, 0 * s), (1 - t, 0 * s, s, t - s)))
    weights = np.where((s >= t)[..., None], first, second)
    face = np.arange(len(fine.faces)) // 4**steps
    normal, tangent = (np.einsum("mcj,mjk->mck", weights, each[face]) for each in (frames.normals, frames.tangents))
    bitangent = frames.handedness[face][:, None, None] * np.cross(normal, tangent)
    local = sample(normals, fine.uvs.reshape(-1, 2)).reshape(*s.shape, 3)
    mixed = local[..., :1] * tangent + local[..., 1:2] * bitangent + local[..., 2:] * normal
    return normalise(mixed), normalise(normal)


def degrees(one, other):
    return np.degrees(np.arccos(np.clip((one * other).sum(axis=-1), -1, 1)))


@pytest.mark.slow
@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_the_coarsest_mesh_is_shaded_like_the_fine_head_to_a_tenth(level, strength):
    coarse, detail = load_template(), strength * waves(level)
    maps = bake_onto(coarse.vertices, level.vertices, detail, level.faces, level.uvs, LEVEL, 2048)
    wanted = vertex_normals(level.vertices + detail, level.faces)[level.faces]
    shown, plain = shaded(maps.normals, coarse.vertices, LEVEL)
    face = (level.groups["face"][level.faces] > 0.5).all(axis=1)
    assert degrees(shown, wanted)[face].mean() < 0.1 * degrees(plain, wanted)[face].mean()
    alone, _plain = shaded(bake(level, detail, 2048).normals, coarse.vertices, LEVEL)
    assert degrees(alone, wanted)[face].mean() > 2 * degrees(shown, wanted)[face].mean(), "the detail alone is less"


def test_a_mesh_that_is_fine_enough_gets_its_own_detail(level):
    maps = FineHead(level.vertices, 0 * level.vertices, level).baked(level.vertices, LEVEL, "WHOLE", 256)
    np.testing.assert_allclose(maps.normals[..., 2], 1.0, atol=0.02)


def test_what_was_sculpted_on_a_coarse_detail_is_carried_to_the_finer_one():
    coarse, fine = load_template(), load_template(1)
    bump = np.zeros_like(coarse.vertices)
    bump[coarse.landmarks_68[30], 2] = 2.0
    computed = lambda points, level: np.broadcast_to([0.0, 0.1 * (1 + level.level), 0.0], points.shape)  # noqa: E731
    head = FineHead(coarse.vertices, computed(coarse.vertices, coarse) + bump, coarse)
    found = refined(head, coarse.vertices, 1, computed)
    np.testing.assert_allclose(found.vertices, fine.vertices)
    np.testing.assert_allclose(found.detail, coarse.subdivide(bump, 1) + np.array([0.0, 0.2, 0.0]), atol=1e-12)


def test_islands_are_padded_with_their_borders(level):
    normals = vertex_normals(level.vertices, level.faces)
    maps = bake(level, (0.5 + 0.002 * level.vertices[:, :1]) * normals, 1024)
    distance, _ = cv2.distanceTransformWithLabels(np.uint8(~maps.filled), cv2.DIST_L2, 5)
    near, far = (distance > 0) & (distance <= 6), distance > 12
    assert np.abs(maps.displacement[near]).min() > 0.1
    assert (maps.displacement[far] == 0).all()
    assert (maps.normals[far] == [0, 0, 1]).all()


def test_the_nearest_border_is_repeated():
    image, filled = np.zeros((1, 9), dtype=np.float32), np.zeros((1, 9), dtype=bool)
    image[0, [3, 5]], filled[0, [3, 5]] = [1, 2], True
    image, filled = np.repeat(image, 3, axis=0), np.repeat(filled, 3, axis=0)
    spread_beyond_borders((image,), filled, 2)
    np.testing.assert_array_equal(image[1, [0, 1, 2, 3, 5, 6, 7, 8]], [0, 1, 1, 1, 2, 2, 2, 0])


def test_neighbouring_triangles_leave_no_gap_and_each_texel_lies_in_its_triangle():
    generator = np.random.default_rng(0)
    count, size = 14, 200
    grid = np.stack(np.meshgrid(*2 * [np.linspace(0, size, count)]), axis=-1)
    grid[1:-1, 1:-1] += generator.uniform(-5, 5, (count - 2, count - 2, 2))
    a, b, c, d = grid[:-1, :-1], grid[:-1, 1:], grid[1:, 1:], grid[1:, :-1]
    corners = np.concatenate([np.stack([a, b, c], axis=2), np.stack([c, a, d], axis=2)]).reshape(-1, 3, 2)
    triangle = triangles_at_texels(corners, size)
    assert (triangle >= 0).all()
    centres = np.stack(np.meshgrid(*2 * [np.arange(size) + 0.5]), axis=-1)
    found = corners[triangle]
    sides = [np.cross(found[..., (k + 1) % 3, :] - found[..., k, :], centres - found[..., k, :]) for k in range(3)]
    assert ((np.min(sides, axis=0) > -1e-9) | (np.max(sides, axis=0) < 1e-9)).all()


def test_bad_input_is_named(level):
    with pytest.raises(ValueError, match=r"vertices and detail must both have shape"):
        bake(level, np.zeros((4, 3)))
    with pytest.raises(ValueError, match="subdivided 5 times"):
        bake_detail_maps(level.vertices, 0 * level.vertices, level.faces, level.uvs, 5, 64)
    with pytest.raises(ValueError, match=r"uvs \(m, 4, 2\)"):
        bake_detail_maps(level.vertices, 0 * level.vertices, level.faces, level.uvs[:3], 2, 64)
