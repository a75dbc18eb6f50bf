"""Translation on tiny data: it learns a look, keeps the geometry, notices a collapse, and says what is wrong."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import build_network, save_network
from tests.training.made_up import made_up_sample
from training.data.samples import list_samples, read_sample, sample_path, write_sample
from training.translation.__main__ import main
from training.translation.domains import picture_batches, read_domain, to_pictures, to_tensor, write_look
from training.translation.losses import (
    GeometricConstraint,
    Health,
    adversarial_loss,
    discriminator_loss,
    diversity,
)
from training.translation.measure import load_generator, look_distance, translated
from training.translation.networks import TranslationConfiguration
from training.translation.samples import translated_sample
from training.translation.train import CHECKPOINT, CollapsedError, Translation, TranslationSettings, train

SIZE = 32
TINY = TranslationConfiguration(width=6, blocks=1, discriminator_width=8)
TINY_NETWORK = NetworkConfiguration("residual", SIZE, (8, 16), (8,), (), 0, (0, 1), (1,), context_channels=8)


def pictures(count: int = 12, bright: bool = False) -> np.ndarray:
    """Discs at random places, on blue or, much brighter, on yellow."""
    generator = np.random.default_rng(int(bright))
    made = np.empty((count, SIZE, SIZE, 3), np.uint8)
    for each in made:
        each[:] = (200, 190, 60) if bright else (30, 40, 110)
        x, y = (int(value) for value in generator.integers(8, 24, 2))
        cv2.circle(each, (x, y), 6, (255, 240, 200) if bright else (160, 120, 90), -1)
    return made


@pytest.fixture
def domains(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "source", tmp_path / "target"
    for folder, bright in zip(folders, (False, True), strict=True):
        folder.mkdir()
        for index, picture in enumerate(pictures(bright=bright)):
            cv2.imwrite(str(folder / f"{index}.png"), picture[..., ::-1])
    return folders


@pytest.fixture
def constraint() -> GeometricConstraint:
    torch.manual_seed(2)
    return GeometricConstraint(build_network(TINY_NETWORK))


def translation(**settings: object) -> Translation:
    torch.manual_seed(0)
    values = {"batch_size": 4, "steps": 10, "log_every": 5, "learning_rate": 2e-3, "geometric_weight": 1.0} | settings
    return Translation(TINY, TranslationSettings(**values))


def streams(size: int = 4):
    return tuple(
        picture_batches(pictures(bright=bright), size, np.random.default_rng(int(bright))) for bright in (False, True)
    )


def test_an_untrained_generator_changes_nothing() -> None:
    images = torch.from_numpy(pictures().transpose(0, 3, 1, 2).copy())
    assert torch.equal(translated(translation().generator.eval(), images), images)
    assert np.array_equal(to_pictures(to_tensor(pictures())), pictures())


def test_a_translated_sample_has_another_look_and_the_same_labels() -> None:
    """A generator that adds one colour everywhere adds it to the whole picture, and changes nothing finer."""
    sample, walls = made_up_sample(64), np.full((2, 64, 64, 3), 90, np.uint8)
    generator = translation().generator.eval()
    same = translated_sample(sample, np.random.default_rng(5), generator, SIZE, walls)
    generator.last.bias.data[:] = torch.tensor([0.0, 0.2, 0.0])
    greener = translated_sample(sample, np.random.default_rng(5), generator, SIZE, walls)
    head = sample.image[..., 3] == 255
    assert np.abs(same.image[head].astype(int) - sample.image[head]).max() <= 1
    assert (same.image[..., 3] == 255).all() and len(np.unique(same.image[~head], axis=0)) > 1, "there is a background"
    added = greener.image.astype(int) - same.image
    unclipped = same.image[..., 1] < 180
    assert np.abs(added[..., [0, 2]]).max() <= 1 and np.abs(added[unclipped][:, 1] - 25.5).max() < 2.5
    for field in ("mask", "correspondence", "geometry", "landmarks"):
        assert np.array_equal(getattr(greener, field), getattr(sample, field))


def test_the_losses_are_those_of_a_game() -> None:
    sure, unsure = torch.full((2, 1, 4, 4), 9.0), torch.zeros(2, 1, 4, 4)
    assert discriminator_loss(sure, -sure) < 0.01
    assert discriminator_loss(unsure, unsure) == pytest.approx(2 * np.log(2))
    assert adversarial_loss(sure) < 0.01 < adversarial_loss(-sure)


def test_the_constraint_is_zero_for_the_same_picture_and_reaches_the_generator_only(
    constraint: GeometricConstraint,
) -> None:
    source = to_tensor(pictures(4))
    before = constraint.read(source)
    assert constraint(before, constraint.read(source)) == 0
    changed = (source + 0.3).requires_grad_()
    loss = constraint(before, constraint.read(changed))
    loss.backward()
    assert loss > 0 and changed.grad is not None and changed.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in constraint.network.parameters())


def test_training_comes_nearer_to_the_target_and_goes_on_where_it_was(tmp_path: Path) -> None:
    one = translation(steps=60, geometric_weight=0.0, learning_rate=5e-4)
    train(tmp_path, one, streams(), None)
    source, target = pictures(), pictures(bright=True)
    images = torch.from_numpy(source.transpose(0, 3, 1, 2).copy())
    generator = load_generator(tmp_path / CHECKPOINT)
    made = translated(generator, images).permute(0, 2, 3, 1).numpy()
    assert look_distance(made, target) < 0.8 * look_distance(source, target)
    two = translation(steps=65, geometric_weight=0.0, learning_rate=5e-4)
    two.resume(tmp_path / CHECKPOINT)
    assert two.step == 60
    train(tmp_path, two, streams(), None)
    with (tmp_path / "log.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert steps == list(range(5, 70, 5))


def test_the_term_keeps_what_the_network_reads(tmp_path: Path, constraint: GeometricConstraint) -> None:
    source = to_tensor(pictures())
    before = constraint.read(source)
    drift = {}
    for weight in (0.0, 100.0):
        one = translation(steps=50, geometric_weight=weight)
        train(tmp_path / str(weight), one, streams(), constraint if weight else None)
        drift[weight] = float(constraint(before, constraint.read(one.generator(source).detach())))
    assert drift[100.0] < 0.6 * drift[0.0]


def test_a_collapse_is_noticed_and_the_last_good_state_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = translation(steps=100, log_every=2, learning_rate=1e-4)
    learn, good = one.learn, []

    def collapse(*batch: object) -> dict[str, torch.Tensor]:
        terms = learn(*batch)
        if one.step == 4:
            good.append(one.generator.last.weight.detach().clone())
        return terms | ({"diversity": torch.tensor(0.01)} if one.step > 4 else {})

    monkeypatch.setattr(one, "learn", collapse)
    with pytest.raises(CollapsedError, match=r"step 12, all pictures look alike: .* holds the last good state"):
        train(tmp_path, one, streams(), None)
    kept = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    assert kept["step"] == 4 and torch.equal(kept["generator"]["last.weight"], good[0])
    with (tmp_path / "log.csv").open() as file:
        assert [row["trouble"] for row in csv.DictReader(file)][1:3] == ["", "all pictures look alike"]


def test_a_training_that_goes_wrong_is_stopped_by_itself(tmp_path: Path) -> None:
    """Nothing is put on here: the rate is far too high."""
    with pytest.raises(CollapsedError, match=r"has collapsed at step .* holds the last good state"):
        train(tmp_path, translation(steps=60, log_every=2, learning_rate=3.0, geometric_weight=0.0), streams(), None)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) < 15 and rows[-1]["trouble"]
    images = torch.from_numpy(pictures().transpose(0, 3, 1, 2).copy())
    assert torch.equal(translated(load_generator(tmp_path / CHECKPOINT), images), images), "as before any step"


def test_health_knows_its_troubles() -> None:
    assert Health(0.6, 0.4, 0.9).trouble == ""
    assert "alike" in Health(0.6, 0.4, 0.05).trouble
    assert "never wrong" in Health(0.99, 0.01, 0.9).trouble
    assert "run away" in Health(0.6, 0.4, 0.9, adversarial=300.0).trouble
    assert "finite" in Health(float("nan"), 0.4, 0.9).trouble
    same = to_tensor(np.repeat(pictures(1), 4, axis=0))
    assert diversity(same) == 0 and diversity(to_tensor(pictures(4))) > 0.01


def test_bad_folders_and_checkpoints_are_one_sentence(
    tmp_path: Path, domains: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.translation.__main__.background_bank", lambda _path: np.zeros((2, 8, 8, 3), np.uint8))
    empty, alone = tmp_path / "empty", tmp_path / "alone"
    empty.mkdir(), alone.mkdir()
    cv2.imwrite(str(alone / "one.png"), pictures(1)[0])
    with pytest.raises(DataFileError, match=r"no pictures in .*empty"):
        read_domain(empty, SIZE)
    with pytest.raises(DataFileError, match=r"only one picture in .*alone"):
        read_domain(alone, SIZE)
    (alone / "two.png").write_bytes(b"no picture")
    with pytest.raises(DataFileError, match=r"two.png cannot be read"):
        read_domain(alone, SIZE)
    source, target = map(str, domains)
    words = ["train", str(tmp_path / "run"), "--source", source, "--target", target, "--resolution", "32"]
    small = ["--steps", "2", "--geometric-weight", "0", "--blocks", "1"]
    main([*words, *small, "--width", "6"])
    for more, sentence in (
        ([*small, "--width", "8"], "is of another network"),
        (["--weights", str(tmp_path / "run" / CHECKPOINT)], "no weights file"),
    ):
        with pytest.raises(SystemExit) as end:
            main([*words, *more])
        assert sentence in str(end.value) and "\n" not in str(end.value)
    run = str(tmp_path / "run")
    for command in (["apply", run, source, target], ["samples", run, source, target]):
        with pytest.raises(SystemExit, match="a multiple of 4, not 50"):
            main([*command, "--resolution", "50"])
    with pytest.raises(SystemExit, match=r"There are no samples in .*empty"):
        main(["samples", run, str(empty), str(tmp_path / "made")])
    (tmp_path / "run" / CHECKPOINT).write_bytes(b"nothing")
    with pytest.raises(SystemExit, match="is damaged"):
        main([*words, *small, "--width", "6"])
    torch.save({"other": 1}, tmp_path / "run" / CHECKPOINT)
    with pytest.raises(SystemExit, match="is of another network"):
        main(["apply", str(tmp_path / "run"), source, str(tmp_path / "made")])


@pytest.mark.slow
def test_from_samples_to_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    walls = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    monkeypatch.setattr("training.translation.__main__.background_bank", lambda _path: walls)
    samples, weights = tmp_path / "samples", tmp_path / "weights.safetensors"
    samples.mkdir()
    for index in range(4):
        write_sample(sample_path(samples, index), made_up_sample(64, yaw=10.0 * index))
    torch.manual_seed(2)
    save_network(build_network(TINY_NETWORK), weights)
    common = ["--resolution", "32"]
    main(["looks", str(samples), str(tmp_path / "plain"), "--look", "plain", "--count", "3", *common])
    backgrounds = np.zeros((2, 64, 64, 3), np.uint8)
    write_look(samples, tmp_path / "film", "film", 3, 32, backgrounds, start=1)
    run, folders = str(tmp_path / "run"), ["--source", str(tmp_path / "plain"), "--target", str(tmp_path / "film")]
    main(["train", run, *folders, "--weights", str(weights), "--steps", "3", "--width", "6", *common])
    main(["apply", run, str(tmp_path / "plain"), str(tmp_path / "made"), *common])
    assert len(list((tmp_path / "made").glob("*.png"))) == 3
    shown = ["samples", run, str(samples), str(tmp_path / "shown"), "--count", "2", *common]
    main(shown), main(shown)
    printed = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split(" in ")[0] for line in printed] == ["2 new samples", "0 new samples"]
    assert all(
        np.array_equal(read_sample(path).mask, read_sample(samples / path.name).mask)
        for path in list_samples(tmp_path / "shown")
    )
    options = ["--held-out", str(samples), "--target", str(tmp_path / "film"), "--weights", str(weights)]
    main(["measure", run, *options, "--picture", str(tmp_path / "sheet.png"), *common])
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert table[2].startswith("| as they are") and table[3].startswith("| run") and "| 1.00 |" in table[2]
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None
