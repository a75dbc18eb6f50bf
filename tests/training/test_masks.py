"""What the mask takes for face, by what is there."""

import numpy as np
import pytest

from training.data.augmentation import Augmented
from training.masks import KINDS, THRESHOLDS, counts_of, format_report, kinds_of, main

SKIN, HAIR, WALL = (220, 170, 150), (60, 40, 30), (90, 110, 160)


@pytest.fixture
def portrait() -> Augmented:
    """A square face with a beard below the nose, a hand over its left edge and a strand over its right one."""
    picture = np.full((64, 64, 3), WALL, np.uint8)
    picture[16:48, 16:48] = SKIN
    picture[40:48, 24:40] = HAIR
    picture[18:22, 26:38] = HAIR
    mask = np.zeros((64, 64), np.uint8)
    mask[16:48, 16:48] = 1
    mask[16:48, 16:22] = 0
    mask[16:48, 42:48] = 0
    picture[16:48, 42:48] = HAIR
    corners = np.array([[16, 16], [47, 16], [47, 47], [16, 47]], np.float32)
    landmarks = np.resize(corners, (68, 2))
    landmarks[30] = (32, 32)
    maps = np.zeros((3, 64, 64), np.float32)
    return Augmented(picture, mask, maps, maps, np.zeros(3, np.float32), landmarks)


def test_each_pixel_is_of_its_kind(portrait):
    kinds = kinds_of(portrait)
    places = ((30, 30), (20, 30), (44, 30), (30, 20), (30, 17), (30, 43), (30, 46), (5, 5))
    assert [kinds[place] for place in places] == list(range(len(KINDS)))


def test_a_mask_that_takes_the_hand_for_face_is_found_out(portrait):
    logits = np.where(portrait.mask > 0, 8.0, -8.0)
    right = format_report([counts_of(logits, portrait)]).splitlines()
    assert right[-1].split()[-len(THRESHOLDS) :] == ["1.000"] * len(THRESHOLDS)
    logits[16:48, 16:19] = 0.5
    logits[40:48, 24:40] = -8.0
    wrong = format_report([counts_of(logits, portrait)]).splitlines()
    assert "100.0%  100.0%  100.0%    0.0%    0.0%" in wrong[5], "the hand, at thresholds below 0.5"
    assert "0.0%    0.0%    0.0%    0.0%    0.0%" in wrong[3], "the beard"
    assert wrong[1:3] == right[1:3] and wrong[4] == right[4] and wrong[6:9] == right[6:9]
    assert float(wrong[-1].split()[-1]) == pytest.approx(1 - 128 / 640, abs=1e-3)


def test_a_folder_without_samples_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("training.masks.background_bank", lambda _: np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert "has no samples" in capsys.readouterr().err
