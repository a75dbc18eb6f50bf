"""Where the shipped template lies: on the mean face, in texture space, and in its groups."""

import shutil

import numpy as np
import pytest
from scipy.spatial import cKDTree

from pix2vertex_blender.data_files import check
from pix2vertex_blender.geometry.mesh import boundary_edges, unique_edges
from pix2vertex_blender.paths import TEMPLATE_FILE
from pix2vertex_blender.template import load_template
from tests.template.quality import quad_areas, uv_coverage
from training.template import place_landmarks
from training.template.annotation_fit import IDENTITIES, annotation_offsets, symmetric_model
from training.template.landmarks import MIRRORED
from training.template.surface import Surface

ANATOMY = (
    *("forehead", "brow", "eyelids", "nose", "cheeks", "upper_lip", "lower_lip", "chin", "jaw"),
    *("ears", "scalp", "neck"),
    *("mouth_interior", "eye_socket", "nostril_interior"),
)


def points_on_faces(points: np.ndarray, faces: np.ndarray, steps: int) -> np.ndarray:
    """A grid of points on each quad, bilinearly."""
    s, t = (grid.ravel()[:, None] for grid in np.meshgrid(*[(np.arange(steps) + 0.5) / steps] * 2))
    weights = np.hstack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t])
    return np.einsum("wk,fkc->fwc", weights, points[faces]).reshape(-1, 3)


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_face_lies_on_the_mean_face(template, mean_head):
    inside = template.groups["face"][template.faces].min(axis=1) > 0.5
    samples = points_on_faces(template.vertices, template.faces[inside], 2)
    distance = np.linalg.norm(mean_head.skin.closest(samples)[0] - samples, axis=1)
    assert distance.mean() <= 0.5
    assert distance.max() <= 2


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_mean_face_is_covered_by_the_face(template, mean_head):
    ours = Surface(template.vertices, np.concatenate([template.faces[:, [0, 1, 2]], template.faces[:, [0, 2, 3]]]))
    model = mean_head.skin.vertices
    z_front, above_chin = model[:, 2] > 40, model[:, 1] > -60
    outside_mouth = np.linalg.norm((model - (0, -34, 98)) / (26, 6, 12), axis=1) > 1
    outside_nostrils = np.linalg.norm((np.abs(model) * (1, 0, 1) - (8, 0, 110)) / (9, 1, 14), axis=1) > 1
    samples = model[z_front & above_chin & outside_mouth & outside_nostrils & (model[:, 1] < 100)]
    distance = np.linalg.norm(ours.closest(samples)[0] - samples, axis=1)
    assert distance.mean() <= 0.5
    assert np.percentile(distance, 99) <= 2


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_landmarks_are_the_models(template, mean_head):
    places = template.vertices[template.landmarks_68]
    assert np.linalg.norm(places - mean_head.landmarks, axis=1).max() <= 2
    assert len(np.unique(template.landmarks_68)) == 68


@pytest.mark.development_data("face_models/ict_facekit.npz")
@pytest.mark.parametrize("level", [0, 2])
def test_annotated_landmarks_lie_on_the_skin_near_the_models(mean_head, level):
    template = load_template(level)
    places = template.landmark_points(template.vertices)
    assert places.shape == (68, 3)
    np.testing.assert_allclose(template.landmark_weights.sum(axis=1), 1, atol=1e-6)
    # The mouth's landmarks 60 to 67 lie where the lips touch, where the mean face's own surface turns inwards.
    assert np.linalg.norm(mean_head.skin.closest(places[:60])[0] - places[:60], axis=1).max() < 1.5
    offsets = places - mean_head.landmarks
    assert np.linalg.norm(offsets[17:], axis=1).max() < 8
    assert np.linalg.norm(offsets[:17, :2], axis=1).max() < 8  # along the jaw it is the look from the front that counts
    np.testing.assert_allclose(places[np.array([MIRRORED[i] for i in range(68)])], places * (-1, 1, 1), atol=0.3)


def test_annotated_brows_lie_on_the_brow_ridge(template):
    model, annotated = template.vertices[template.landmarks_68], template.landmark_points(template.vertices)
    assert (model[17:27, 1] - annotated[17:27, 1] > 2).all()


def test_annotated_nose_edge_is_the_nostrils_lower_rim(template):
    """Not on the lip below the nose, where an artist who drags a nostril would drag the lip."""
    places, dark = template.landmark_points(template.vertices), template.groups["nostril_interior"] > 0.5
    nostrils = template.vertices[dark & (template.groups["face"] < 0.5)]
    below, side = places[[31, 32, 34, 35]], np.sign(places[[31, 32, 34, 35], 0])
    for place, own_side in zip(below, side, strict=True):
        own = nostrils[own_side * nostrils[:, 0] > 0]
        assert np.linalg.norm(own[:, :2] - place[:2], axis=1).min() < 2
        assert own[:, 0].min() < place[0] < own[:, 0].max()
        assert place[1] < own[:, 1].mean()
    assert abs(places[33, 1] - below[:, 1].min()) < 1


def test_landmarks_that_ship_are_those_of_the_code(tmp_path, template):
    """Placed anew on the template that ships, whose vertices stay."""
    path = tmp_path / "template.npz"
    shutil.copy(TEMPLATE_FILE, path)
    place_landmarks.main([str(path)])
    check(path)
    with np.load(path) as placed:
        np.testing.assert_array_equal(placed["vertices"], np.load(TEMPLATE_FILE)["vertices"])
        places = np.einsum("kc,kcd->kd", placed["landmark_weights"], template.vertices[placed["landmark_corners"]])
    np.testing.assert_allclose(places, template.landmark_points(template.vertices), atol=1e-3)


def test_annotated_mouth_ends_are_where_the_lips_end(template):
    ends = [template.corners["right_mouth"], template.corners["left_mouth"]]
    places = template.landmark_points(template.vertices)[[48, 54]]
    assert np.linalg.norm(places - template.vertices[ends], axis=1).max() < 1


@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_the_definition_of_landmarks_is_measured():
    """Landmarks of an unknown, smiling head seen from below, some of them moved: the moves are found."""
    model = symmetric_model()
    generator = np.random.default_rng(4)
    coefficients = np.zeros(len(model.components))
    coefficients[:IDENTITIES] = 0.15 * generator.standard_normal(IDENTITIES)
    coefficients[IDENTITIES : IDENTITIES + 2] = 0.15, 0.3
    moved = np.zeros((68, 2))
    moved[17:27, 1] = -5
    moved[[0, 16], 1] = -6
    seen = model.place(coefficients, np.radians(5), -0.3, 0) + np.exp(-0.3) * moved
    tilt = np.radians(3)
    photo = 4 * seen @ [[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]] * (1, -1) + (300, 200)
    found = annotation_offsets(photo, model)
    assert np.abs(found[17:27] - moved[17:27]).max() < 1.5
    assert np.abs(found[[0, 16]] - moved[[0, 16]]).max() < 2.5
    assert np.linalg.norm(found[27:] - moved[27:], axis=1).mean() < 0.7


def test_corners_are_named_and_mirrored(template):
    assert set(template.corners) == {
        f"{side}_{name}" for side in ("left", "right") for name in ("eye_inner", "eye_outer", "mouth")
    }
    for name in ("eye_inner", "eye_outer", "mouth"):
        assert template.mirror[template.corners[f"left_{name}"]] == template.corners[f"right_{name}"]
        assert template.vertices[template.corners[f"left_{name}"]][0] > 0
    assert template.corners["left_eye_outer"] == template.landmarks_68[45]


def test_landmarks_mirror_each_other(template):
    pairs = [(0, 16), (17, 26), (31, 35), (36, 45), (39, 42), (48, 54), (60, 64), (59, 55)]
    for one, other in pairs:
        assert template.mirror[template.landmarks_68[one]] == template.landmarks_68[other]
    middle = template.landmarks_68[[8, 27, 28, 29, 30, 33, 51, 57, 62, 66]]
    np.testing.assert_array_equal(template.mirror[middle], middle)


@pytest.mark.development_data("face_models/ict_facekit.npz")
@pytest.mark.parametrize("level", [0, 1, 2])
def test_canonical_coordinates_lie_on_the_mean_face(mean_head, level):
    template = load_template(level)
    visible = template.groups["face"] > 0.5
    points = template.canonical[visible][:: 4**level] * 120 + (0, 15, 45)
    distance = np.linalg.norm(mean_head.skin.closest(points)[0] - points, axis=1)
    assert distance.mean() < 0.05
    assert distance.max() < 1.5


def test_canonical_coordinates_differ_everywhere_on_the_visible_head(template):
    hidden = sum(template.groups[name] for name in ("mouth_interior", "eye_socket", "nostril_interior"))
    visible = np.flatnonzero(hidden < 0.5)
    tree = cKDTree(template.canonical[visible])
    near = visible[tree.query_pairs(0.1 / 120, output_type="ndarray")]
    edges = {tuple(edge) for edge in unique_edges(template.faces).tolist()}
    assert all(tuple(sorted(pair)) in edges for pair in near.tolist())
    upper = template.groups["upper_lip"] > 0.5
    lower = template.groups["lower_lip"] > 0.5
    gap = cKDTree(template.canonical[upper]).query(template.canonical[lower])[0]
    assert gap.min() > 0.1 / 120


def test_uvs_do_not_overlap_and_face_is_large_and_even(template):
    uvs = template.uvs
    assert uvs.min() >= 0
    assert uvs.max() <= 1
    first, second = uvs[:, 2] - uvs[:, 0], uvs[:, 3] - uvs[:, 1]
    areas = (first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]) / 2
    assert areas.min() > 0
    assert uv_coverage(uvs, 1024).max() == 1
    face = template.groups["face"][template.faces].min(axis=1) > 0.5
    stretch = areas[face] / quad_areas(template.vertices, template.faces[face])
    stretch /= np.median(stretch)
    assert stretch.min() >= 0.5
    assert stretch.max() <= 2
    assert areas[face].sum() > 0.2


def test_face_uvs_mirror_each_other(template):
    half = len(template.faces) // 2
    np.testing.assert_array_equal(template.mirror[template.faces[:half]], template.faces[half:][:, [0, 3, 2, 1]])
    face = template.groups["face"][template.faces[:half]].min(axis=1) > 0.5
    left, right = template.uvs[:half][face], template.uvs[half:][:, [0, 3, 2, 1]][face]
    np.testing.assert_allclose(left, (1, 0) + right * (-1, 1), atol=1e-6)


def test_eyeball_uvs_do_not_overlap(template):
    uvs = template.eyeballs.uvs
    for half in np.array_split(uvs, 2):
        assert uv_coverage(half, 512).max() == 1


def test_groups_are_those_of_the_field_and_share_the_head(template):
    groups = template.groups
    assert set(groups) == {*ANATOMY, "face", "left", "right"}
    for weights in groups.values():
        assert weights.min() >= 0
        assert weights.max() == 1
    np.testing.assert_allclose(sum(groups[name] for name in ANATOMY), 1, atol=0.02)
    np.testing.assert_allclose(groups["left"] + groups["right"], 1, atol=0.01)
    for name in ANATOMY:
        np.testing.assert_array_equal(groups[name][template.mirror], groups[name])


def test_landmarks_lie_in_their_groups(template):
    where = {27: "nose", 30: "nose", 8: "chin", 51: "upper_lip", 57: "lower_lip", 37: "eyelids", 46: "eyelids"}
    for number, name in (where | {19: "brow", 24: "brow"}).items():
        assert template.groups[name][template.landmarks_68[number]] > 0.5, (number, name)


@pytest.mark.parametrize("side", ["left", "right"])
def test_nostrils_are_cavities(template, side):
    inside = (template.groups["nostril_interior"] > 0.5) & (template.groups[side] > 0.5)
    edges = unique_edges(template.faces)
    across = edges[inside[edges].sum(axis=1) == 1]
    rim = template.vertices[np.unique(across[~inside[across]])]
    upwards = np.linalg.svd(rim - rim.mean(axis=0))[2][2]
    upwards *= np.sign(upwards[1])
    depths = (template.vertices[inside] - rim.mean(axis=0)) @ upwards
    assert depths.max() > 5.0
    assert (depths > 2.5).sum() > 10, "a room, not a point"
    assert not inside[boundary_edges(template.faces)].any(), "closed"
