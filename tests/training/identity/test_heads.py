"""True heads drawn again, what lays them over the rest shape, and looks at them."""

import argparse

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template
from training.data.samples import read_sample
from training.generate import main as generate
from training.identity.heads import deviation, mirrored, people
from training.identity.looks import LookStream, take_look

SEED, SIZE = 5, 96
BACKGROUNDS = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def everybody(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    generate([str(folder), "--count", "6", "--seed", str(SEED), "--size", str(SIZE)])
    return people(f"{folder}={SEED}")


def test_what_lays_heads_over_each_other_takes_place_pose_and_size_off() -> None:
    template = load_template()
    head = template.vertices * (1.1, 1.0, 0.9)
    moved = 0.3 * head @ Rotation.from_euler("y", 40, degrees=True).as_matrix().T + (10, -200, 50)
    np.testing.assert_allclose(deviation(moved), deviation(head), atol=1e-8)
    np.testing.assert_allclose(deviation(template.vertices), 0, atol=1e-9)


def test_mirroring_twice_changes_nothing() -> None:
    template = load_template()
    difference = np.random.default_rng(0).normal(size=template.vertices.shape)
    np.testing.assert_allclose(mirrored(mirrored(difference)), difference)
    symmetric = template.vertices * (0.1, 0.0, 0.0)
    np.testing.assert_allclose(
        mirrored(symmetric)[face_vertices(template)], symmetric[face_vertices(template)], atol=0.05
    )


@pytest.mark.slow
@pytest.mark.development_data
def test_the_head_drawn_again_is_the_one_that_was_rendered(everybody) -> None:
    """Its landmarks, laid over those of the picture by an affine map, are where the sample has them."""
    template = load_template()
    fits = []
    for path in everybody.paths():
        sample = read_sample(path)
        difference = everybody.deviation(sample, path)
        if difference is None or abs(sample.yaw) > 40:
            continue
        places = template.landmark_points(template.vertices + difference)[17:]
        known = np.column_stack([places, np.ones(len(places))])
        seen = sample.landmarks[17:]
        for_other = np.roll(seen, 7, axis=0)
        left = [np.abs(known @ np.linalg.lstsq(known, each, rcond=None)[0] - each).mean() for each in (seen, for_other)]
        fits.append(left[0] / left[1])
    assert len(fits) >= 2 and max(fits) < 0.2


@pytest.mark.slow
@pytest.mark.development_data
def test_another_seed_gives_no_heads(everybody) -> None:
    wrong = people(f"{everybody.folder}={SEED + 1}")
    path = everybody.paths()[0]
    assert wrong.deviation(read_sample(path), path) is None


@pytest.mark.slow
@pytest.mark.development_data
def test_looks_are_batches_of_pictures_and_coefficients(everybody) -> None:
    face = face_vertices(load_template())
    directions = np.random.default_rng(0).normal(size=(4, int(face.sum()) * 3))
    basis = np.zeros((4, len(face), 3))
    basis[:, face] = np.linalg.qr(directions.T)[0].T.reshape(4, -1, 3)
    stream = LookStream([everybody], basis, 64, 3, BACKGROUNDS, (1,))
    one, again = (next(iter(stream)) for _ in range(2))
    assert one.images.shape == (3, 3, 64, 64) and one.coefficients.shape == (3, 4)
    assert (one.sizes > (one.coefficients**2).sum(1)).all()
    assert (one.images == again.images).all() and (one.coefficients == again.coefficients).all()


@pytest.mark.slow
@pytest.mark.development_data
def test_a_look_says_whether_it_is_the_mirror_image(everybody) -> None:
    """The side on which the head is darker changes with it: pictures of both kinds are nearer to their own."""
    sample = read_sample(everybody.paths()[0])
    looks = [take_look(sample, 64, np.random.default_rng(seed), BACKGROUNDS) for seed in range(12)]
    flags = [flag for _, flag in looks]
    assert any(flags) and not all(flags)


def test_a_folder_is_named_with_its_seed(tmp_path) -> None:
    assert people(f"{tmp_path}=12").seed == 12
    with pytest.raises(argparse.ArgumentTypeError, match="FOLDER=SEED"):
        people(str(tmp_path))
    with pytest.raises(DataFileError, match=r"training\.generate"):
        people(f"{tmp_path}=1").paths()
