"""The texture without the photo's light: of one head under several lights, with light and dark skin."""

import cv2
import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.mesh import normalise, triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.reconstruction.corrections.mouth import lip_lines
from pix2vertex_blender.reconstruction.texture.albedo import RED_BORDER
from pix2vertex_blender.reconstruction.texture.light import fit_light, harmonics
from pix2vertex_blender.reconstruction.texture.projection import LEVEL, head_grid, project_photo
from pix2vertex_blender.reconstruction.texture.skin_tone import TONES, likeliest_tone
from pix2vertex_blender.reconstruction.texture.skin_tone import WHITE as WHITE_OF_EYES
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.slow

SIZE, RESOLUTION, GAMMA = 256, 400, 2.2
LEFT, RIGHT = np.array([-0.8, 0.3, 0.5]), np.array([0.8, 0.3, 0.5])
WHITE = np.ones(3)


def lit_photo(tone, direction, colour=WHITE, gloss=0.0, lips=None):
    """Vertices, photo, camera and mask of a head of one linear tone with red lips, lit by a lamp and the sky.

    Where lips are red, `lips` says, if not the groups of the template.
    """
    template, level = load_template(), load_template(LEVEL)
    coarse = template.vertices - (0, 0, 40)
    vertices = template.subdivide(coarse, LEVEL)
    camera = Camera(RESOLUTION / 260, (RESOLUTION / 2, RESOLUTION / 2), 1 / 1000)
    triangles = triangulate(level.faces)
    seen = rasterise(camera.project(vertices), vertices[:, 2], triangles, (RESOLUTION, RESOLUTION))
    if lips is None:
        lips = np.maximum(level.groups["upper_lip"], level.groups["lower_lip"])
    normals = vertex_normals(vertices, level.faces)
    drawn = np.nan_to_num(interpolate(np.column_stack([normals, lips, level.groups["face"]]), triangles, *seen))
    normals, lips, face = normalise(drawn[..., :3] + 1e-9), drawn[..., 3:4], drawn[..., 4]
    lamp = normalise(direction)
    half = normalise(lamp + np.array([0, 0, 1]))
    light = 0.35 + 0.9 * np.clip(normals @ lamp, 0, None)
    shine = gloss * np.clip(normals @ half, 0, None)[..., None] ** 60
    albedo = tone * (1 - lips * (0.1, 0.5, 0.4))
    linear = (albedo * light[..., None] + shine) * colour
    picture = np.where((seen[0] >= 0)[..., None], 255 * np.clip(linear, 0, 1) ** (1 / GAMMA), (40, 60, 160))
    mask = (face > 0.5).reshape(100, 4, 100, 4).mean(axis=(1, 3)) > 0.5
    return coarse, np.rint(picture).astype(np.uint8), camera, mask


def skin_of(texture):
    """Linear colours of what the photo shows."""
    return (texture.colour[texture.origin[..., 0] > 230] / 255.0) ** GAMMA


def tone_of(texture):
    return np.median(skin_of(texture), axis=0)


def differ(one, other):
    both = (one.origin[..., 0] > 230) & (other.origin[..., 0] > 230)
    assert both.mean() > 0.05
    return np.abs(one.colour[both].astype(float) - other.colour[both]).mean()


@pytest.mark.parametrize("tone", [TONES[1], TONES[4]], ids=["light", "dark"])
def test_two_lights_give_nearly_the_same_texture_and_the_photo_as_it_is_on_request(tone):
    photos = [lit_photo(tone, direction) for direction in (LEFT, RIGHT)]
    kept = differ(*(project_photo(*photo, SIZE, keep_light=True) for photo in photos))
    out = differ(*(project_photo(*photo, SIZE) for photo in photos))
    assert kept > 10
    assert out < 0.25 * kept


def test_dark_skin_stays_dark_and_light_skin_light():
    tones = [tone_of(project_photo(*lit_photo(TONES[k], LEFT), SIZE)) for k in (1, 3, 5)]
    brightness = np.array([tone.mean() for tone in tones])
    assert brightness[0] > 1.5 * brightness[1] > 2.2 * brightness[2]
    for found, index in zip(tones, (1, 3, 5), strict=True):
        assert np.abs(np.log(found / TONES[index])).max() < 0.45


def test_lips_stay_red_and_highlights_go():
    level = load_template(LEVEL)
    photos = [lit_photo(TONES[2], (0.2, 0.5, 0.8), gloss=gloss) for gloss in (0.0, 0.35)]
    dull, glossy = (project_photo(*photo, SIZE) for photo in photos)
    shining, plain = (project_photo(*photo, SIZE, keep_light=True) for photo in photos[::-1])
    spots = (shining.colour.astype(float) - plain.colour).mean(axis=-1) > 25
    assert spots.sum() > 30
    assert np.abs(glossy.colour[spots].astype(float) - dull.colour[spots]).mean() < 0.5 * np.mean(
        np.abs(shining.colour[spots].astype(float) - plain.colour[spots])
    )
    lips = level.groups["lower_lip"][level.faces].mean(axis=1) > 0.9
    u, v = level.uvs[lips].mean(axis=1).T
    colour = dull.colour[(SIZE * (1 - v)).astype(int), (SIZE * u).astype(int)].astype(float)
    redness = colour[:, 0] / colour[:, 1]
    skin = skin_of(dull) ** (1 / GAMMA)
    assert np.median(redness) > 1.15 * np.median(skin[:, 0] / skin[:, 1])


def test_skin_around_red_lips_stays_skin():
    """The groups of the lips have two rings of skin around the red, which is brighter and no gloss of them."""
    template, level = load_template(), load_template(LEVEL)
    group = np.maximum(template.groups["upper_lip"], template.groups["lower_lip"])
    border = template.vertices[template.landmarks_68[RED_BORDER]]
    line = template.vertices[lip_lines()].reshape(-1, 3)
    places = level.vertices
    red = cKDTree(line).query(places)[0] < 0.8 * cKDTree(border).query(line)[0].mean()
    texture = project_photo(*lit_photo(TONES[1], (0.2, 0.5, 0.8), lips=1.6 * red), 2 * SIZE)
    around = (template.subdivide(group[:, None], LEVEL)[:, 0] > 0.9) & (cKDTree(line).query(places)[0] > 10)
    corners = level.faces[around[level.faces].all(axis=1)]
    assert len(corners) > 20
    u, v = level.uvs[around[level.faces].all(axis=1)].mean(axis=1).T
    colour = texture.colour[(2 * SIZE * (1 - v)).astype(int), (2 * SIZE * u).astype(int)].astype(float)
    skin = skin_of(texture) ** (1 / GAMMA)
    usual = np.median(skin[:, 0] / skin[:, 1])
    assert np.percentile(colour[:, 0] / colour[:, 1], 90) < 1.15 * usual


def test_a_photo_without_colours_and_one_under_coloured_light_give_skin():
    vertices, pixels, camera, mask = lit_photo(TONES[2], LEFT)
    grey = np.repeat(np.rint(pixels.mean(axis=-1, keepdims=True)), 3, axis=-1).astype(np.uint8)
    stage = lit_photo(TONES[2], LEFT, colour=np.array([0.35, 0.4, 1.5]))
    for photo in ((vertices, grey, camera, mask), stage):
        red, green, blue = tone_of(project_photo(*photo, SIZE))
        assert red > 1.15 * green and green > 1.05 * blue, "skin is red rather than blue"
        assert 0.05 < green < 0.7


def test_light_is_found_from_shading_alone():
    generator = np.random.default_rng(0)
    normals = normalise(generator.standard_normal((2000, 3)) + np.array([0, 0, 1.5]))
    coefficients = np.zeros((9, 3))
    coefficients[0], coefficients[1], coefficients[3] = (0.5, 0.4, 0.3), (0.2, 0.1, 0.05), (0.1, 0.1, 0.1)
    colours = harmonics(normals) @ coefficients
    colours[:100] *= 3.0  # highlights
    light = fit_light(normals, colours, np.ones(len(normals)))
    assert np.abs(light.coefficients - coefficients).max() < 0.03


def test_the_likeliest_tone_is_a_skins_whatever_the_light():
    for tone in TONES:
        assert np.abs(np.log(likeliest_tone(tone) / tone)).max() < 0.35
    grey, blue = likeliest_tone(np.full(3, 0.3)), likeliest_tone(np.array([0.05, 0.1, 0.6]))
    for found in (grey, blue):
        assert found[0] > found[1] > found[2]
    # The light of a lamp does not become the skin's.
    warm = likeliest_tone(TONES[1] * (1.12, 1.0, 0.88))
    assert np.abs(np.log(warm / TONES[1])).max() < 0.45


def test_a_turned_head_is_lit_in_the_cameras_axes():
    vertices, pixels, camera, mask = lit_photo(TONES[2], LEFT)
    turned = Rotation.from_euler("z", 180, degrees=True).as_matrix()
    upside_down = project_photo(vertices @ turned.T, pixels[::-1, ::-1].copy(), camera, mask[::-1, ::-1], SIZE)
    assert differ(upside_down, project_photo(vertices, pixels, camera, mask, SIZE)) < 4


def test_what_is_filled_has_the_pattern_of_the_seen_skin():
    generator = np.random.default_rng(3)
    vertices, pixels, camera, mask = lit_photo(TONES[2], (0, 0, 1))
    pores = cv2.GaussianBlur(generator.standard_normal((RESOLUTION, RESOLUTION)), (0, 0), 0.9)
    speckled = np.clip(pixels * (1 + 0.06 * pores / pores.std())[..., None], 0, 255).astype(np.uint8)
    textures = [project_photo(vertices, photo, camera, mask, 512) for photo in (pixels, speckled)]
    spreads = []
    for texture in textures:
        grey = np.log(texture.colour.mean(axis=-1) + 10)
        fine = grey - cv2.GaussianBlur(grey, (0, 0), 4)
        filled = ndimage.binary_erosion(texture.origin[..., 2] == 255, iterations=8)
        seen = ndimage.binary_erosion(texture.origin[..., 0] > 250, iterations=8)
        spreads.append((np.median(np.abs(fine[filled])), np.median(np.abs(fine[seen]))))
    (smooth, _), (patterned, pattern) = spreads
    assert patterned > 3 * smooth
    assert 0.5 < patterned / pattern < 2.0


def test_mouth_and_nostrils_are_dark_and_red_inside():
    level = load_template(LEVEL)
    texture = project_photo(*lit_photo(TONES[1], (0, 0, 1)), 512)
    skin = np.median(texture.colour[texture.origin[..., 0] > 230], axis=0)
    for name in ("mouth_interior", "nostril_interior"):
        u, v = level.uvs[level.groups[name][level.faces].min(axis=1) > 0.95].mean(axis=1).T
        inside = np.median(texture.colour[(512 * (1 - v)).astype(int), (512 * u).astype(int)], axis=0)
        assert inside.mean() < 0.6 * skin.mean()
        assert inside[0] / inside[1] > 1.3 * skin[0] / skin[1]


def test_a_frame_over_the_nose_is_taken_out_and_a_mole_stays():
    vertices, pixels, camera, mask = lit_photo(TONES[2], (0, 0.2, 1))
    centre = camera.project(np.array([[0.0, 18.0, 40.0], [-33.0, -22.0, 30.0]]))
    frame, mole = centre.astype(int)
    photo = pixels.copy()
    cv2.line(photo, (int(frame[0]) - 60, int(frame[1])), (int(frame[0]) + 60, int(frame[1])), (25, 22, 20), 5)
    cv2.circle(photo, (int(mole[0]), int(mole[1])), 4, (70, 42, 30), -1)
    clear, worn = (project_photo(vertices, each, camera, mask, 512) for each in (pixels, photo))
    shown = (worn.origin[..., 0] > 128) & (clear.origin[..., 0] > 128)
    darker = shown & (clear.colour.mean(axis=-1) - worn.colour.mean(axis=-1) > 40)
    places = head_grid(512).interpolate(load_template(LEVEL).vertices)[darker]
    cheek = places[np.abs(places[:, 0]) > 20]
    assert len(cheek), "the mole"
    assert np.ptp(cheek, axis=0).max() < 9, "and nothing of the frame on cheeks and nose"


def drawn_on(photo, points, width, factor, soft=1.0):
    """A photo whose pixels around a line of points (k, 2) in mm are darker, or brighter, by a factor, softly (mm)."""
    vertices, pixels, camera, mask = photo
    template = load_template()
    nearest = [
        np.argmin(np.linalg.norm(template.vertices[:, :2] - point, axis=1) - 1e-3 * template.vertices[:, 2])
        for point in points
    ]
    line = np.rint(camera.project(vertices[nearest])).astype(np.int32)
    cover = np.zeros(pixels.shape[:2], np.float32)
    cv2.polylines(cover, [line[:, None]], False, (1.0,), max(1, round(width * camera.scale)))
    cover = cv2.GaussianBlur(cover, (0, 0), soft * camera.scale)[..., None]
    drawn = np.clip(pixels * (1 + (np.array(factor) - 1) * cover), 0, 255)
    return vertices, np.rint(drawn).astype(np.uint8), camera, mask


def change(photo, drawn, keep_light):
    """Largest smooth change of brightness that a drawing makes in the texture, as logarithm of display values."""
    before, after = (project_photo(*each, 512, keep_light=keep_light) for each in (photo, drawn))
    ratio = np.log((after.colour.mean(axis=-1) + 10) / (before.colour.mean(axis=-1) + 10))
    return cv2.GaussianBlur(ratio * (before.origin[..., 0] > 128), (0, 0), 1.5)


@pytest.mark.parametrize("side", [-1, 1], ids=["right", "left"])
def test_the_shadow_of_a_fold_beside_the_mouth_is_taken_out(side):
    photo = lit_photo(TONES[1], (0, 0.3, 1))
    corner = load_template().vertices[load_template().landmarks_68[48 if side < 0 else 54], :2]
    fold = drawn_on(photo, corner + np.array([(5, -6), (9, -20)]) * (side, 1), 4.0, (0.72, 0.68, 0.62))
    kept, out = (change(photo, fold, keep_light) for keep_light in (True, False))
    assert kept.min() < -0.2
    assert out.min() > 0.5 * kept.min()


def test_a_birthmark_on_the_cheek_is_no_shadow():
    photo = lit_photo(TONES[1], (0, 0.3, 1))
    mark = drawn_on(photo, np.array([(44.0, -2.0), (46.0, -3.0)]), 7.0, (0.8, 0.68, 0.6))
    kept, out = (change(photo, mark, keep_light) for keep_light in (True, False))
    assert kept.min() < -0.2
    assert out.min() < 0.5 * kept.min()


def test_a_green_cast_on_the_cheek_goes():
    photo = lit_photo(TONES[3], (0, 0.3, 1))
    cast = drawn_on(photo, np.array([(44.0, 0.0), (46.0, -8.0)]), 9.0, (0.9, 1.04, 0.8), soft=2.0)
    hues = []
    for keep_light in (True, False):
        before, after = (project_photo(*each, 512, keep_light=keep_light) for each in (photo, cast))
        ratio = np.log((after.colour + 10.0) / (before.colour + 10.0)) * (before.origin[..., :1] > 128)
        yellow = cv2.GaussianBlur(ratio[..., 1] - ratio[..., 2], (0, 0), 1.5)
        hues.append(yellow.max())
    kept, out = hues
    assert kept > 0.15
    assert out < 0.4 * kept


def test_gloss_on_the_lower_lip_goes():
    photo = lit_photo(TONES[1], (0, 0.3, 1))
    lip = load_template().vertices[load_template().landmarks_68[57], :2]
    glossy = drawn_on(photo, lip + np.array([(-5, 4), (4, 4)]), 1.5, (1.5, 1.6, 1.6))
    kept, out = (change(photo, glossy, keep_light) for keep_light in (True, False))
    assert kept.max() > 0.1
    assert out.max() < 0.6 * kept.max()


def test_the_pattern_is_as_fine_across_as_along_where_the_texture_is_stretched():
    generator = np.random.default_rng(3)
    vertices, pixels, camera, mask = lit_photo(TONES[2], (0, 0, 1))
    pores = cv2.GaussianBlur(generator.standard_normal((RESOLUTION, RESOLUTION)), (0, 0), 0.9)
    speckled = np.clip(pixels * (1 + 0.06 * pores / pores.std())[..., None], 0, 255).astype(np.uint8)
    texture = project_photo(vertices, speckled, camera, mask, 512)
    level = load_template(LEVEL)
    grid = head_grid(512)
    neck = (grid.interpolate(level.groups["neck"][:, None])[..., 0] > 0.9) & (texture.origin[..., 2] == 255)
    places = grid.interpolate(level.vertices)
    grey = np.log(texture.colour.mean(axis=-1) + 10)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 4)
    inner = ndimage.binary_erosion(neck & grid.covered, iterations=3)
    assert inner.sum() > 500
    roughness = []
    for axis in (0, 1):
        step = np.linalg.norm(np.diff(places, axis=axis, append=0), axis=-1)
        change = np.abs(np.diff(fine, axis=axis, append=0))
        roughness.append(np.median(change[inner]) / np.median(step[inner]))
    assert 0.6 < roughness[0] / roughness[1] < 1.7


def test_the_whites_of_the_eyes_tell_of_the_exposure():
    alone, told = [], []
    for tone in (TONES[1], TONES[3], TONES[4]):
        for exposure in (2.2, 1 / 2.2):
            for white, errors in ((None, alone), (exposure * WHITE_OF_EYES, told)):
                errors.append(np.abs(np.log(likeliest_tone(exposure * tone, white) / tone)).mean())
    assert np.mean(told) < 0.85 * np.mean(alone)


@pytest.mark.parametrize("tone", TONES[1:5], ids=["light", "brown", "browner", "dark"])
def test_shaded_whites_say_less_than_bright_ones(tone):
    as_usual, shaded, bright = (likeliest_tone(tone, factor * WHITE_OF_EYES).mean() for factor in (1.0, 0.4, 2.5))
    assert bright < as_usual < shaded, "the stronger the light, the darker the skin"
    assert np.log(shaded / as_usual) < 0.8 * np.log(as_usual / bright), "lids shade whites, nothing brightens them"


def test_the_whites_of_the_eyes_count_in_the_texture():
    vertices, pixels, camera, mask = lit_photo(TONES[3], (0, 0.2, 1))
    tones = []
    for white in (60, 250):
        photo = pixels.copy()
        balls = load_template().place_eyeballs(vertices)
        for ball in np.array_split(balls, 2):
            place = np.rint(camera.project(ball).mean(axis=0)).astype(int)
            cv2.circle(photo, (int(place[0]), int(place[1])), round(13 * camera.scale), (white,) * 3, -1)
            cv2.circle(photo, (int(place[0]), int(place[1])), round(3 * camera.scale), (20, 15, 10), -1)
        tones.append(tone_of(project_photo(vertices, photo, camera, mask, SIZE)).mean())
    assert tones[0] > 1.15 * tones[1], "bright whites beside the same skin: the light is strong, the skin is dark"


def with_strand(photo, beard):
    """A photo with a dark beard, or with a lock of blond hair before cheek and jaw."""
    vertices, pixels, camera, mask = photo
    template = load_template()
    drawn = pixels.astype(np.float64)
    if beard:
        level = load_template(LEVEL)
        grown = np.max([level.groups[name] for name in ("chin", "jaw")], axis=0) > 0.5
        points = np.rint(camera.project(template.subdivide(vertices, LEVEL)[grown])).astype(np.int32)
        cover = np.zeros(pixels.shape[:2], np.float32)
        cover[points[:, 1], points[:, 0]] = 1.0
        drawn *= 1 - 0.6 * cv2.dilate(cover, np.ones((5, 5)))[..., None]
    else:
        corner = vertices[template.landmarks_68[54]]
        column, row = camera.project(corner[None])[0]
        left, right = (round(column + step * camera.scale) for step in (6, 60))
        drawn[round(row) - 20 : round(row) + 80, left:right] = (252, 226, 120)
    return vertices, np.rint(drawn).astype(np.uint8), camera, mask


def test_hair_before_the_jaw_is_left_out_and_a_beard_stays():
    photo = lit_photo(TONES[1], (0, 0.3, 1))
    clear, hung, bearded = (
        project_photo(*each, 512) for each in (photo, with_strand(photo, False), with_strand(photo, True))
    )
    shown = clear.origin[..., 0] > 200
    assert (hung.origin[shown][:, 0] < 60).sum() > 50, "some of what it covers is left out"
    changed = np.abs(hung.colour[shown].astype(float) - clear.colour[shown]).max(axis=-1)
    assert (changed > 40).sum() < 0.2 * (hung.origin[shown][:, 0] < 60).sum(), "and leaves no trace"
    chin = head_grid(512).interpolate(load_template(LEVEL).groups["chin"][:, None])[..., 0] > 0.9
    assert (bearded.origin[shown & chin][:, 0] > 128).mean() > 0.7


def hair_over(photo, points):
    """A photo in which a hair hangs along points (k, 2) in mm of the head at rest, half a millimetre wide."""
    return drawn_on(photo, np.array(points), 0.5, (0.55, 0.45, 0.4), soft=0.3)


def traces(photo, drawn):
    """How many texels of what the photo shows a drawing makes darker, with the light kept and without it."""
    counts = []
    for keep_light in (True, False):
        before, after = (
            project_photo(*each, 512, keep_light=keep_light).colour.astype(float).mean(axis=-1)
            for each in (photo, drawn)
        )
        counts.append(((before - after) > 8).sum())
    return counts


def test_a_single_hair_before_the_cheek_is_taken_out():
    photo = lit_photo(TONES[1], (0, 0.3, 1))
    kept, out = traces(photo, hair_over(photo, [(40, 22), (43, 5), (42, -10), (40, -28)]))
    assert kept > 100
    assert out < 0.25 * kept


def test_wrinkles_across_the_forehead_are_no_hairs():
    photo = lit_photo(TONES[1], (0, 0.3, 1))
    kept, out = traces(photo, hair_over(photo, [(-25, 62), (-8, 64), (8, 64), (25, 62)]))
    assert kept > 100
    assert out > 0.5 * kept
