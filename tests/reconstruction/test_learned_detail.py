import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.intersections import intersecting_triangles
from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.detail.codes import EXPRESSION, IDENTITY, head_codes
from pix2vertex_blender.reconstruction.detail.learned import LearnedParameters, learned_detail
from pix2vertex_blender.reconstruction.detail.shown_face import ShownFace
from pix2vertex_blender.reconstruction.detail.unrolled import (
    CHANNELS,
    CONTRAST,
    UnrolledSkin,
    describe,
    face_grid,
    map_places,
    sample_map,
)
from pix2vertex_blender.reconstruction.network.detail_network import (
    DetailConfiguration,
    DetailNetwork,
    load_detail_network,
    predict_displacement,
)
from pix2vertex_blender.template import load_template
from training.paths import shared_folder

CAMERA = Camera(2.0, (256.0, 256.0))
NARROW = DetailConfiguration(CHANNELS, IDENTITY, EXPRESSION, widths=(8, 8, 8), tokens=2, depth=8)


@pytest.fixture
def network():
    """An untrained network that says something of every texel and listens to the codes."""
    torch.manual_seed(1)
    made = DetailNetwork(NARROW)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name.startswith("head.") or ".answer." in name:
                parameter.normal_(0, 0.2)
    return made.eval()


@pytest.fixture
def photo():
    return (np.random.default_rng(0).random((512, 512, 3)) * 255).astype(np.uint8)


def test_what_the_map_shows_of_a_vertex_is_what_the_vertex_gets_back():
    level = load_template(1)
    values = np.column_stack([level.vertices, np.ones(len(level.vertices))])
    drawn = face_grid(1).interpolate(values)
    inside = (level.groups["face"] > 0.6) & (level.groups["mouth_interior"] == 0) & (level.groups["eyelids"] == 0)
    inside &= (level.groups["nostril_interior"] == 0) & (level.groups["nose"] == 0) & (level.groups["eye_socket"] == 0)
    places = map_places(level.canonical)
    inside &= ((places > 0.02) & (places < 0.98)).all(axis=1)
    back = np.stack([sample_map(drawn[..., axis], level) for axis in range(3)], axis=1)
    off = np.linalg.norm(back - level.vertices, axis=1)[inside]
    assert np.quantile(off, 0.95) < 0.6
    # A texel is no more than a millimetre and a half anywhere in the middle of the face.
    middle = drawn[64:192, 64:192, :3]
    assert np.quantile(np.linalg.norm(np.diff(middle, axis=0), axis=-1), 0.9) < 1.5


def test_brightness_is_told_as_what_a_rise_makes_of_the_light():
    """A lambertian bump under light from the right is brighter on its right side, by the slopes that are told."""
    size = 64
    columns, rows = np.meshgrid(np.arange(size, dtype=np.float32), np.arange(size, dtype=np.float32))
    positions = np.stack([columns, -rows, np.zeros_like(columns)], axis=-1)
    # A bowed sheet, so that the light can be told from its normals.
    bow = np.stack([(columns - 32) / 60, -(rows - 32) / 60, np.ones_like(columns)], axis=-1)
    normals = bow / np.linalg.norm(bow, axis=-1, keepdims=True)
    height = 0.3 * np.exp(-((columns - 32) ** 2 + (rows - 32) ** 2) / 18)
    leaning = normals.copy()
    leaning[..., 0] -= np.gradient(height, axis=1)
    leaning[..., 1] += np.gradient(height, axis=0)
    leaning /= np.linalg.norm(leaning, axis=-1, keepdims=True)
    light = np.array([0.6, 0.2, 0.8])
    colours = np.repeat((0.4 * leaning @ light)[..., None], 3, axis=-1) ** (1 / 2.2)
    skin = UnrolledSkin(*(each.astype(np.float32) for each in (positions, normals, colours, np.ones((size, size)))))
    maps = describe(skin)
    along, across = np.gradient(height)
    expected = maps[3] * across + maps[4] * along
    near = (slice(22, 42),) * 2
    assert np.corrcoef(expected[near].ravel(), maps[0][near].ravel())[0, 1] > 0.9
    assert 0.5 < CONTRAST * np.std(expected[near]) / np.std(maps[0][near]) < 2.0
    # Shape alone explains this brightness, and from the side that the light comes from it adds up to the bump.
    assert np.corrcoef(maps[9][near].ravel(), height[near].ravel())[0, 1] > 0.6
    # Half the size on a map twice as fine says the same.
    twice = describe(replace(skin, positions=2 * skin.positions), scale=2.0)
    assert np.abs(twice - maps).max() < 1e-3


def test_nothing_is_told_of_what_is_not_seen():
    nothing = np.zeros((32, 32), np.float32)
    vectors = np.zeros((32, 32, 3), np.float32)
    vectors[..., 2] = 1
    maps = describe(UnrolledSkin(vectors, vectors, vectors, nothing))
    assert np.isfinite(maps).all() and not maps[: CHANNELS - 2].any()


def test_codes_steer_and_any_side_can_be_read(network):
    maps = np.random.default_rng(1).standard_normal((CHANNELS, 30, 30)).astype(np.float32)
    codes = np.zeros(IDENTITY + EXPRESSION, np.float32)
    plain = predict_displacement(network, maps, codes)
    assert plain.shape == (30, 30) and np.abs(plain).max() < 2
    for place in (0, IDENTITY):
        other = codes.copy()
        other[place] = 3.0
        assert np.abs(predict_displacement(network, maps, other) - plain).max() > 1e-3


def test_the_codes_of_the_mean_face_are_small_and_those_of_a_smile_are_not():
    template = load_template()
    from pix2vertex_blender.expression.names import ARKIT_NAMES
    from pix2vertex_blender.expression.shapes import load_expressions

    still = head_codes(template.vertices)
    assert np.abs(still).max() < 0.2
    smile = ARKIT_NAMES.index("mouthSmileLeft")
    smiling = head_codes(template.vertices + 0.9 * load_expressions().offsets[smile])
    assert smiling[IDENTITY + smile] > 0.3
    # Turned and moved, a head is still the same.
    turn = np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]])
    assert np.abs(head_codes(template.vertices @ turn.T + 30) - still).max() < 1e-3


def test_detail_stays_on_the_seen_face_and_follows_the_sliders(network, photo):
    level = load_template(1)
    detail = learned_detail(level.vertices, level, ShownFace(photo, CAMERA), network=network)
    size = np.linalg.norm(detail, axis=1)
    assert size.max() > 0.01 and size[level.groups["face"] < 0.01].max() < 0.01
    assert size[level.groups["mouth_interior"] > 0].max() == 0
    twice = learned_detail(
        level.vertices, level, ShownFace(photo, CAMERA), parameters=LearnedParameters(2.0), network=network
    )
    assert np.allclose(twice, 2 * detail)
    coarser = learned_detail(
        level.vertices, level, ShownFace(photo, CAMERA), parameters=LearnedParameters(scale=2.0), network=network
    )
    assert np.abs(coarser - detail).max() > 0.01
    lost = learned_detail(
        level.vertices, level, ShownFace(photo, replace(CAMERA, centre=(5000.0, 0.0))), network=network
    )
    assert (lost == 0).all()


def test_damaged_weights_are_said_in_one_sentence(tmp_path):
    path = tmp_path / "weights.safetensors"
    with pytest.raises(DataFileError, match="install the extension again"):
        load_detail_network(path)
    path.write_bytes(b"nothing at all")
    with pytest.raises(DataFileError, match="install the extension again"):
        load_detail_network(path)


@pytest.mark.development_data("photos")
@pytest.mark.parametrize("name", ["aflw_image00516", "lfpw_image_0102"])
def test_the_shipped_networks_detail_of_a_real_face_is_there_and_makes_nothing_cross(name):
    folder = shared_folder() / "photos"
    face = json.loads((folder / "faces.json").read_text(encoding="utf-8"))[name]
    with Image.open(folder / face["image"]) as image:
        pixels = np.asarray(image.convert("RGB"))
    template, level = load_template(), load_template(1)
    landmarks = np.array(face["landmarks"], dtype=np.float64) * [1, -1]
    pose = fit_similarity(
        template.vertices[template.landmarks_68] * [1, 1, 0], np.column_stack([landmarks, np.zeros(68)])
    )
    turned = level.vertices @ pose.rotation.T
    camera = Camera(pose.scale, (pose.translation[0], -pose.translation[1]))
    detail = learned_detail(turned, level, ShownFace(pixels, camera), parameters=LearnedParameters(strength=1.5))
    assert 0.05 < np.linalg.norm(detail, axis=1).max() < 3.0
    assert len(intersecting_triangles(turned + detail, triangulate(level.faces))) == 0
