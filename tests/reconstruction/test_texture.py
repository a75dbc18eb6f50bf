import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.uv_layouts import LAYOUTS
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.geometry.texels import texel_grid
from pix2vertex_blender.reconstruction.texture import projection as texture
from pix2vertex_blender.reconstruction.texture.eyeballs import IRIS, eye_colours, paint_eyeballs
from pix2vertex_blender.reconstruction.texture.irises import look_of
from pix2vertex_blender.reconstruction.texture.own_light import own_light
from pix2vertex_blender.reconstruction.texture.projection import FaceTexture, project_photo
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_balls

pytestmark = pytest.mark.slow

SIZE, RESOLUTION = 256, 400
SKIN = np.array([196.0, 150.0, 126.0])


@pytest.fixture(scope="module")
def head():
    return load_template(texture.LEVEL)


@pytest.fixture(scope="module")
def texels(head):
    """Rest positions (SIZE, SIZE, 3), those of the mirror twins, and whether the texel lies on the head."""
    grid = texel_grid(head.faces, head.uvs, SIZE, 4.0)
    return grid.interpolate(head.vertices), grid.interpolate(head.vertices[head.mirror]), grid.covered


def pattern(points):
    """A skin tone with fine checks that differ between left and right, from rest positions (..., 3)."""
    x, y = points[..., 0], points[..., 1]
    return SKIN + 9.0 * (np.sin(x / 2.5 + 0.7) * np.cos(y / 3.0))[..., None] * (1.0, 0.8, 0.6)


def photograph(head, colour, yaw=0.0):
    """Coarse vertices seen by the camera, photo, camera and mask of a head coloured by `colour(rest positions)`."""
    template = load_template()
    coarse = (template.vertices - (0, 0, 40)) @ Rotation.from_euler("y", yaw, degrees=True).as_matrix().T
    vertices = template.subdivide(coarse, head.level)
    camera = Camera(RESOLUTION / 260, (RESOLUTION / 2, RESOLUTION / 2), 1 / 1000)
    triangles = triangulate(head.faces)
    seen = rasterise(camera.project(vertices), vertices[:, 2], triangles, (RESOLUTION, RESOLUTION))
    rest = interpolate(np.column_stack([head.vertices, head.groups["face"]]), triangles, *seen)
    background = np.array([40.0, 60.0, 160.0])
    picture = np.where(np.isfinite(rest[..., :1]), colour(np.nan_to_num(rest[..., :3])), background)
    mask = (np.nan_to_num(rest[..., 3]) > 0.5).reshape(100, 4, 100, 4).mean(axis=(1, 3)) > 0.5
    return coarse, np.clip(np.rint(picture), 0, 255).astype(np.uint8), camera, mask


def project(head, colour, yaw=0.0, size=SIZE):
    vertices, pixels, camera, mask = photograph(head, colour, yaw)
    result = project_photo(vertices, pixels, camera, mask, size, keep_light=True)
    return result.colour.astype(float), result.origin


def colours_at_vertices(result, layout):
    """Colours (n, 3) and shares of the photo (n,) that a texture has at the vertices of its layout."""
    level = load_template(texture.LEVEL, layout)
    size = len(result.colour)
    columns, rows = np.clip((level.uvs.reshape(-1, 2) * (1, -1) + (0, 1)) * size, 0, size - 1).astype(int).T
    colours, shares = np.zeros((len(level.vertices), 3)), np.zeros(len(level.vertices))
    colours[level.faces.ravel()] = result.colour[rows, columns]
    shares[level.faces.ravel()] = result.origin[rows, columns, 0] / 255
    return colours, shares


@pytest.mark.parametrize("keep_light", [True, False])
def test_another_layout_has_the_same_colours_at_the_same_places_of_the_head(head, keep_light):
    vertices, pixels, camera, mask = photograph(head, lambda points: SKIN + 0.1 * points[..., 1:2])
    (first, seen), (second, seen_too) = (
        colours_at_vertices(
            project_photo(vertices, pixels, camera, mask, 512, keep_light=keep_light, layout=layout), layout
        )
        for layout in LAYOUTS
    )
    face = head.groups["face"] > 0.9
    assert np.median(np.abs(first - second)[face].max(axis=1)) < 2.5
    assert np.quantile(np.abs(first - second).max(axis=1), 0.95) < 12, "scalp and neck, too, but for their pattern"
    assert (np.abs(seen - seen_too) < 0.2).mean() > 0.98


def inside_of(head):
    """How far each vertex lies inside of mouth, nose or lids."""
    return np.max([head.groups[name] for name in ("mouth_interior", "nostril_interior", "eye_socket")], axis=0)


def error(one, other, where):
    return np.abs(one - other)[where].max(axis=-1)


def test_what_is_seen_comes_back_and_the_back_of_the_head_is_skin(head, texels):
    rest, _, covered = texels
    colour, origin = project(head, pattern)
    photo = covered & (origin[..., 0] > 250)
    assert photo.mean() > 0.09
    assert np.quantile(error(colour, pattern(rest), photo), 0.95) < 6
    assert (np.abs(origin.astype(int).sum(axis=-1) - 255) <= 1).all()
    back = covered & (rest[..., 2] < 0)
    assert (origin[back] == (0, 0, 255)).all()
    assert np.abs(np.median(colour[back], axis=0) - SKIN).max() < 6
    assert np.quantile(error(colour, SKIN, back), 0.98) < 40, "its ears, neck and pattern differ, but it is skin"
    outside = texel_grid(head.faces, head.uvs, SIZE, 4.0).interpolate(inside_of(head)[:, None])[..., 0] < 0.01
    outside = ndimage.binary_erosion(outside, iterations=2)
    elsewhere = error(colour, SKIN, ~photo & outside)
    assert np.quantile(elsewhere, 0.999) < 45 and elsewhere.max() < 80, "neither background nor black anywhere"


def test_seen_by_the_same_camera_the_texture_looks_like_the_photo(head):
    coarse, pixels, camera, mask = photograph(head, pattern, yaw=20.0)
    size = 512
    result = project_photo(coarse, pixels, camera, mask, size, keep_light=True)
    corners = load_template().subdivide(coarse, head.level)[head.faces.ravel()]
    triangles = triangulate(np.arange(head.faces.size).reshape(-1, 4))
    seen = rasterise(camera.project(corners), corners[:, 2], triangles, pixels.shape[:2])
    u, v = np.moveaxis(interpolate(head.uvs.reshape(-1, 2), triangles, *seen), -1, 0)
    drawn = np.isfinite(u)
    row, column = (size - v[drawn] * size).astype(int), (u[drawn] * size).astype(int)
    photo = result.origin[row, column, 0] > 250
    assert photo.sum() > 8000
    difference = np.abs(result.colour[row, column].astype(float) - pixels[drawn])[photo]
    assert np.median(difference) < 3 and np.quantile(difference, 0.98) < 12


def test_the_hidden_half_is_the_mirrored_other(head, texels):
    rest, twin, covered = texels
    colour, origin = project(head, pattern, yaw=40.0)
    mirrored = covered & (origin[..., 1] > 250)
    assert mirrored.mean() > 0.05
    assert np.median(error(colour, pattern(twin), mirrored)) < 2.5
    assert np.median(error(colour, pattern(rest), mirrored)) > 4
    assert np.sign(rest[mirrored, 0]).mean() < -0.9 or np.sign(rest[mirrored, 0]).mean() > 0.9


def test_brightness_of_the_mirrored_half_fits_at_its_seam(head, texels):
    rest, twin, covered = texels

    def lit(points):
        return SKIN * (1 + 0.004 * points[..., :1])

    colour, origin = project(head, lit, yaw=40.0)
    photo_distance = ndimage.distance_transform_edt(origin[..., 0] < 128)
    seam = covered & (origin[..., 1] > 250) & (photo_distance < 6)
    assert seam.sum() > 50
    without = error(lit(twin), lit(rest), seam)
    assert np.median(error(colour, lit(rest), seam)) < 0.4 * np.median(without)


def test_no_seam_of_the_uvs_shows(head):
    colour, _ = project(head, pattern, yaw=20.0)
    corners = np.stack([head.faces, np.roll(head.faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    middles = ((head.uvs + np.roll(head.uvs, -1, axis=1)) / 2).reshape(-1, 2)
    order = np.lexsort(np.sort(corners, axis=1).T)
    corners, middles = np.sort(corners, axis=1)[order], middles[order]
    pair = np.flatnonzero((corners[1:] == corners[:-1]).all(axis=1))
    seam = pair[np.abs(middles[pair] - middles[pair + 1]).max(axis=1) > 1e-3]
    # Inside of mouth and nose it becomes dark within a texel or two.
    seam = seam[(inside_of(head)[corners[seam]] < 0.01).all(axis=1)]
    assert len(seam) > 200
    sampled = [
        np.stack(
            [
                ndimage.map_coordinates(colour[..., k], [SIZE - v * SIZE - 0.5, u * SIZE - 0.5], order=1)
                for k in range(3)
            ],
            axis=-1,
        )
        for u, v in (middles[seam].T, middles[seam + 1].T)
    ]
    assert np.abs(sampled[0] - sampled[1]).max() < 12


def test_hair_that_reaches_in_is_left_out_and_a_mole_stays(head, texels):
    rest, _, covered = texels
    mole = np.array([30.0, -10.0])

    def hairy(points):
        colour = pattern(points)
        colour[points[..., 1] > 75 + 10 * np.sin(points[..., 0] / 10)] = (60, 40, 30)
        colour[np.linalg.norm(points[..., :2] - mole, axis=-1) < 3] = (90, 50, 40)
        return colour

    colour, origin = project(head, hairy)
    forehead = covered & (np.abs(rest[..., 0]) < 50) & (rest[..., 1] > 70) & (rest[..., 2] > 40)
    assert origin[forehead, 0].mean() < 30
    assert error(colour, SKIN, forehead).max() < 40
    on_mole = covered & (np.linalg.norm(rest[..., :2] - mole, axis=-1) < 1.5) & (rest[..., 2] > 0)
    assert on_mole.any() and colour[on_mole, 0].max() < 130


def test_large_textures_show_the_same(head, monkeypatch):
    vertices, pixels, camera, mask = photograph(head, pattern)
    exact = project_photo(vertices, pixels, camera, mask, 512)
    monkeypatch.setattr(texture, "LARGEST_GRID", 256)
    interpolated = project_photo(vertices, pixels, camera, mask, 512)
    assert interpolated.colour.shape == (512, 512, 3)
    photo = exact.origin[..., 0] > 250
    assert np.quantile(error(exact.colour.astype(float), interpolated.colour.astype(float), photo), 0.99) < 4


def test_bad_input_is_named(head):
    vertices, pixels, camera, mask = photograph(head, pattern)
    with pytest.raises(ValueError, match="1000"):
        project_photo(vertices, pixels, camera, mask, 1000)
    with pytest.raises(ValueError, match=r"not \(7, 3\)"):
        project_photo(vertices[:7], pixels, camera, mask, SIZE)


def test_a_photo_beside_the_face_still_gives_a_texture(head):
    vertices, pixels, _, mask = photograph(head, pattern)
    result = project_photo(vertices, pixels, Camera(1.0, (9000.0, 0.0)), mask, SIZE)
    assert (result.origin == (0, 0, 255)).all()


def photograph_with_eyes(head, iris_colour, turned_by=(0.0, 0.0)):
    """`photograph`, and in it eyes that are turned by angles in degrees, to the right and upwards."""
    vertices, pixels, camera, _ = photograph(head, pattern)
    placed = load_template().place_eyeballs(vertices)
    triangles = np.concatenate([triangulate(load_template().faces), triangulate(head.eyeballs.faces) + len(vertices)])
    points = np.concatenate([vertices, placed])
    seen, _ = rasterise(camera.project(points), points[:, 2], triangles, pixels.shape[:2])
    count = len(triangulate(load_template().faces))
    eye = seen >= count
    pixels[eye] = (225, 215, 210)
    yaw, pitch = np.radians(turned_by)
    for ball in place_balls(load_template(), vertices):
        ahead = ball.rotation @ (np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch))
        centre = camera.project((ball.centre + 10.4 * ahead)[None])[0]
        rows, columns = np.mgrid[: len(pixels), : len(pixels)]
        distance = np.hypot(columns + 0.5 - centre[0], rows + 0.5 - centre[1]) / camera.scale
        pixels[eye & (distance < 5.9)] = iris_colour
        pixels[eye & (distance < 2.0)] = (14, 12, 12)
    return vertices, pixels, camera


@pytest.mark.parametrize(("iris", "blue"), [((60, 95, 150), 1.3), ((108, 120, 136), 1.1), ((92, 66, 48), 0.0)])
def test_eyeballs_take_the_colours_of_the_eyes(head, iris, blue):
    vertices, pixels, camera = photograph_with_eyes(head, iris)
    placed = load_template().place_eyeballs(vertices)
    painted = paint_eyeballs(head.eyeballs, placed, (vertices, load_template().faces), pixels, camera, 128)
    assert painted[64, 64].max() < 30, "the pupil"
    ring = painted[58:71, 64 + 8].reshape(-1, 3).mean(axis=0)
    assert np.abs(ring / ring.mean() - np.array(iris) / np.mean(iris)).max() < 0.12, "the photo's hue"
    assert ring[2] > blue * ring[0]
    white = painted[64, 64 + 18].astype(int)
    assert white.min() > 170 and np.ptp(white) < 40


@pytest.mark.parametrize("angles", [(0.0, 0.0), (14.0, 0.0), (-12.0, 5.0)])
def test_gaze_is_read_from_the_irises(head, angles):
    vertices, pixels, camera = photograph_with_eyes(head, (108, 120, 136), angles)
    look = look_of(vertices, pixels, camera)
    assert np.abs(np.degrees(look.gaze) - angles).max() < 4
    assert look.iris is not None and np.abs(look.iris - (108, 120, 136)).max() < 12


@pytest.mark.parametrize("iris", [(92, 66, 48), (108, 120, 136)])
def test_a_dark_photo_has_irises_of_the_same_colour_that_stand_out_from_the_white(head, iris):
    vertices, pixels, camera = photograph_with_eyes(head, iris)
    dark = (0.35 * pixels).astype(np.uint8)
    seen = look_of(vertices, dark, camera).iris
    assert seen is not None
    assert np.abs(seen / seen.mean() - np.array(iris) / np.mean(iris)).max() < 0.1, "the hue"
    assert seen.mean() > 0.55 * np.mean(iris)
    texture_of_skin = FaceTexture(np.full((64, 64, 3), SKIN, np.uint8), np.full((64, 64, 3), (255, 0, 0), np.uint8))
    light = own_light(texture_of_skin, vertices, dark, camera)
    assert np.abs(light.factors * 0.35 - 1).max() < 0.1
    eyes = head.eyeballs, load_template().place_eyeballs(vertices), (vertices, load_template().faces)
    expected = paint_eyeballs(*eyes, pixels, camera, 128)
    painted = paint_eyeballs(*eyes, dark, camera, 128, light=light)
    assert np.abs(painted.astype(float) - expected).mean() < 8


def test_the_white_of_eyes_in_the_shade_is_no_darker_than_the_skin(head):
    vertices, pixels, camera = photograph_with_eyes(head, (92, 66, 48))
    shaded = np.where(np.abs(pixels.astype(float) - SKIN).max(axis=2, keepdims=True) < 20, pixels, 0.4 * pixels)
    texture_of_skin = FaceTexture(np.full((64, 64, 3), SKIN, np.uint8), np.full((64, 64, 3), (255, 0, 0), np.uint8))
    eyes = head.eyeballs, load_template().place_eyeballs(vertices), (vertices, load_template().faces)
    shaded = shaded.astype(np.uint8)
    light = own_light(texture_of_skin, vertices, shaded, camera)
    white, iris = paint_eyeballs(*eyes, shaded, camera, 128, light=light)[64, [64 + 18, 64 + 8]].mean(axis=1)
    assert white > SKIN.mean()
    assert iris < 0.6 * white


def test_closed_eyes_have_the_usual_colours():
    iris, _ = eye_colours(np.zeros((3, 3), dtype=np.uint8))
    assert (iris == IRIS).all()


def test_eyes_in_a_dark_photo_do_not_glow():
    seen = np.tile(np.array([[30, 22, 18], [70, 60, 55]], dtype=np.uint8), (50, 1))
    iris, white = eye_colours(seen)
    assert (iris <= 40).all() and (white > iris).all() and white.max() < 90
