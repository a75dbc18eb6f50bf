"""New views and shapes of samples agree with the same sample made from there."""

from pathlib import Path

import numpy as np
import pytest

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.template import load_template
from tests.training.made_up import made_up_sample
from training.data.new_views import ViewChanges, reshaped, turned, varied, write_new_views
from training.data.sample_surface import camera_of
from training.data.samples import list_samples, read_sample, sample_path, write_sample
from training.renderer.camera import rotation_matrix


def test_the_camera_is_that_of_the_sample() -> None:
    sample = made_up_sample()
    rows, columns = np.nonzero(sample.mask)
    places = camera_of(sample).project(sample.geometry[:, rows, columns].T)
    assert np.abs(places - np.column_stack([columns, rows]) - 0.5).max() < 0.01


def test_turned_by_nothing_a_sample_stays() -> None:
    sample = made_up_sample()
    same, stretched = turned(sample, np.eye(3))
    assert np.array_equal(same.mask, sample.mask) and np.array_equal(same.image, sample.image)
    assert np.allclose(same.correspondence, sample.correspondence)
    assert np.abs(same.geometry - sample.geometry).max() < 2e-3
    assert (same.yaw, same.pitch, same.roll) == pytest.approx((sample.yaw, sample.pitch, sample.roll), abs=1e-4)
    assert np.abs(same.landmarks - sample.landmarks).max() < 1e-3 and stretched < 0.02


def test_a_turned_sample_is_the_one_rendered_from_there() -> None:
    sample, truth = made_up_sample(yaw=0.0, pitch=0.0, roll=0.0), made_up_sample(yaw=15.0, pitch=6.0, roll=0.0)
    result, stretched = turned(sample, rotation_matrix(15.0, 6.0, 0.0))
    both = (result.mask > 0) & (truth.mask > 0)
    assert both.sum() > 0.85 * (truth.mask > 0).sum() and stretched < 0.2
    assert np.median(np.abs(result.geometry - truth.geometry)[:, both]) < 0.01
    assert np.median(np.abs(120 * (result.correspondence - truth.correspondence))[:, both]) < 2.5, "mm"
    difference = np.abs(result.image[both].astype(int) - truth.image[both])
    assert np.median(difference) < 10
    assert (result.yaw, result.pitch, result.roll) == pytest.approx((15.0, 6.0, 0.0), abs=1e-3)


def test_a_wider_face_is_wider_in_picture_maps_and_landmarks() -> None:
    sample = made_up_sample(yaw=0.0, pitch=0.0, roll=0.0)
    head = load_template().vertices
    change = np.column_stack([0.08 * head[:, 0], np.zeros((len(head), 2))])
    result, _stretched = reshaped(sample, change)
    widths = [np.ptp(np.nonzero((each.mask > 0).any(axis=0))[0]) for each in (sample, result)]
    assert widths[1] > widths[0]
    eyes = [np.ptp(each.landmarks[[36, 45], 0]) for each in (sample, result)]
    assert eyes[1] == pytest.approx(1.07 * eyes[0], rel=0.02), "of the face that is as wide as the template"
    still, _none = reshaped(sample, np.zeros_like(head))
    assert np.abs(still.image.astype(int) - sample.image).max() <= 1


def test_a_folder_of_new_views_can_be_trained_on_and_goes_on_where_it_was(tmp_path: Path) -> None:
    samples, folder = tmp_path / "samples", tmp_path / "new"
    samples.mkdir()
    for index in range(2):
        write_sample(sample_path(samples, index), made_up_sample(yaw=10.0 * index))
    assert write_new_views(samples, folder, 2, ViewChanges(), seed=3) == 2
    assert write_new_views(samples, folder, 2, ViewChanges(), seed=3) == 0
    new = [read_sample(path) for path in list_samples(folder)]
    assert len(new) == 2 and all((each.mask > 0).mean() > 0.05 for each in new)
    again = varied(read_sample(sample_path(samples, 0)), ViewChanges(), np.random.default_rng([3, 0]))
    assert np.array_equal(again.mask, new[0].mask)
    with pytest.raises(DataFileError, match="no samples"):
        write_new_views(tmp_path / "nowhere", folder, 2, ViewChanges(), seed=3)
