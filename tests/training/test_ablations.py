"""The table of augmentations is made from new views that are made on the way; the papers' tables are as printed."""

import argparse
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import published
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from tests.training.made_up import made_up_sample
from training.ablations import ABLATIONS, ALONE, augmentations, data_table, main, translations
from training.compare import VARIANTS
from training.data.samples import list_samples, sample_path, write_sample
from training.losses import SHIPPED_WEIGHTS
from training.schedule import Settings
from training.train import Recipe
from training.translation.networks import TranslationConfiguration
from training.translation.train import CHECKPOINT, Translation, TranslationSettings, save

TINY = NetworkConfiguration("residual", 32, (8, 16), (8,), (), 0, (0, 1), (1,), context_channels=8)
BACKGROUNDS = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), dtype=np.uint8)


@pytest.mark.slow
def test_each_kind_of_data_is_trained_on_and_measured(tmp_path: Path) -> None:
    data, held_out = tmp_path / "data", tmp_path / "held_out"
    for folder, yaws in ((data, (0.0, 15.0)), (held_out, (5.0,))):
        folder.mkdir()
        for index, yaw in enumerate(yaws):
            write_sample(sample_path(folder, index), made_up_sample(yaw=yaw, pitch=0.0))
    options = argparse.Namespace(folder=tmp_path, data=[data], held_out=held_out, held_out_count=1)
    settings = Settings(batch_size=2, minutes=1e9, steps=2, warm_up_steps=1, log_every=100)
    recipe = Recipe(TINY, SHIPPED_WEIGHTS, "adamw")
    look = Translation(TranslationConfiguration(width=6, blocks=1), TranslationSettings())
    save(tmp_path / CHECKPOINT, look)
    for study in (augmentations(2, 1), translations(tmp_path, 32, 2, 1, BACKGROUNDS)):
        table = data_table(study, options, recipe, settings, BACKGROUNDS, torch.device("cpu"))
        assert [row[0] for row in table.rows] == [kind + look for kind in (ALONE, *study.kinds) for look in study.looks]
        assert all(row[1] == 4 and np.isfinite(row[2:]).all() for row in table.rows)
        made = [tmp_path / f"{study.name}_samples_{number + 1}" for number in range(len(study.kinds))]
        assert [len(list_samples(folder)) for folder in made] == [2] * len(study.kinds)
        assert "Ours, measured now" in table.markdown()
    as_they_are, in_the_look = (row[2:] for row in table.rows[:2])
    assert as_they_are == in_the_look, "this generator has learnt nothing yet"


def test_variants_exist_and_printed_means_are_those_of_their_rows() -> None:
    assert all(name in VARIANTS for ablation in ABLATIONS.values() for name in ablation.variants)
    for table in (published.NETWORKS, published.AUGMENTATION):
        for row in table.rows:
            assert np.mean(row[-4:-1]) == pytest.approx(row[-1], abs=0.03)
    markdown = ABLATIONS["losses"].tables[0].markdown()
    assert markdown.startswith("**Published: errors by loss") and "| visual guide | 2.66 | 1.43 |" in markdown


def test_missing_data_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.ablations.background_bank", lambda _path: BACKGROUNDS)
    words = ["losses", str(tmp_path / "runs"), "--data", str(tmp_path), "--held-out", str(tmp_path)]
    with pytest.raises(SystemExit, match="There are no samples in"):
        main(words)
    with pytest.raises(SystemExit, match="Say with --translation which run"):
        main(["translation", *words[1:]])
