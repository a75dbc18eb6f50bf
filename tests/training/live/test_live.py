"""People who are drawn while both networks learn: looks, painters, the pool of looks, and the training."""

from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, IDENTITY_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.likeness.estimate import blend
from pix2vertex_blender.reconstruction.likeness.model import face_vertices, load_likeness
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.identity import load_identity_network
from pix2vertex_blender.reconstruction.network.network import build_network, load_network, save_network
from pix2vertex_blender.template import load_template
from training.data.backgrounds import background_bank
from training.identity.basis import read_basis
from training.identity.blend import Opinions
from training.identity.likeness import choose_points
from training.live.blend import opinions_of_person
from training.live.likeness import draw_pair
from training.live.looks import DrawingParameters, Look, draw_person, looks_at
from training.live.painters import Task, painting
from training.live.pool import Pool, developed_anew
from training.live.train import main
from training.losses import landmark_places, visible_landmarks

pytestmark = pytest.mark.development_data

SIZE = 64
PARAMETERS = DrawingParameters(seed=3, resolution=SIZE, sample_size=96, looks=2)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def backgrounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("backgrounds") / "backgrounds.npy"
    background_bank(path)
    return path


@pytest.fixture(scope="module")
def looks(backgrounds: Path) -> list[Look]:
    face_basis = read_basis(LIKENESS_FILE)[:, face_vertices(load_template())]
    people = [person for index in range(12) if (person := draw_person(index, 0, PARAMETERS)) is not None]
    assert len(people) >= 4
    made = []
    for person in people:
        generator = np.random.default_rng(1)
        made += looks_at(person, 2, face_basis, PARAMETERS, generator, background_bank(backgrounds), [])
    return made


def filled(looks: list[Look], capacity: int) -> Pool:
    pool = Pool(capacity, SIZE, load_likeness().mirror, CPU)
    for look in looks:
        pool.add({name: torch.from_numpy(np.ascontiguousarray(getattr(look, name)))[None] for name in look._fields})
    return pool


def test_a_person_is_its_index_and_two_looks_show_the_same_head(looks) -> None:
    drawn = [draw_person(index, 0, PARAMETERS) for index in (0, 0)]
    assert (drawn[0] is None) == (drawn[1] is None)
    if drawn[0] is not None and drawn[1] is not None:
        np.testing.assert_array_equal(drawn[0].deviation, drawn[1].deviation)
    np.testing.assert_array_equal(looks[0].coefficients, looks[1].coefficients)
    assert (looks[0].image != looks[1].image).mean() > 0.5, "each look has a camera and surroundings of its own"
    assert 0.5 < (looks[0].coefficients ** 2).sum() / looks[0].size <= 1.001, "the basis says most of a head"


def test_a_mirrored_look_is_right_and_mirrored_again_the_same(looks) -> None:
    pool = filled(looks, len(looks))
    everyone = torch.arange(len(looks))
    plain, mirrored = (pool.batch(everyone, torch.full((len(looks),), flag)) for flag in (False, True))
    places = landmark_places()
    seen = [visible_landmarks(batch.maps, places).sum().item() for batch in (plain, mirrored)]
    assert seen[0] > 20 * len(looks)
    assert abs(seen[0] - seen[1]) < 0.05 * seen[0], "maps and landmarks of the mirror image belong together"
    again = Pool(len(looks), SIZE, load_likeness().mirror, CPU)
    again.add({**pool.fields, "image": mirrored.maps.images, "coefficients": mirrored.looks.coefficients})
    back = again.batch(everyone, torch.ones(len(looks), dtype=torch.bool))
    torch.testing.assert_close(back.maps.images, plain.maps.images)
    away = torch.linalg.vector_norm(back.looks.coefficients - plain.looks.coefficients, dim=1)
    assert (away < 0.03 * torch.linalg.vector_norm(plain.looks.coefficients, dim=1)).all(), (
        "the basis mirrors heads well"
    )


def test_the_newest_looks_take_the_place_of_the_oldest(looks) -> None:
    pool = filled(looks, 3)
    assert len(pool) == 3
    kept = {float(size) for size in pool.fields["size"]}
    assert kept == {float(look.size) for look in looks[-3:]}


def test_a_look_is_developed_anew_each_time_and_stays_a_picture(looks) -> None:
    images = torch.from_numpy(np.stack([look.image for look in looks]))
    one, other = developed_anew(images), developed_anew(images)
    assert one.min() >= 0 and one.max() <= 255
    assert not torch.equal(one, other)
    assert (one - images).abs().mean() < 25


@pytest.mark.slow
def test_painters_bring_the_held_out_people_first_and_go_on(tmp_path, backgrounds) -> None:
    task = Task(PARAMETERS, LIKENESS_FILE, backgrounds, tmp_path / "ring", held_out=6)
    with painting(task, len(load_likeness().basis), count=1) as painters:
        fetched = [painters.fetch(CPU) for _ in range(14)]
    held_out = [flag for _, flag in fetched]
    assert 1 <= sum(held_out) <= 6 and held_out == sorted(held_out, reverse=True)
    assert all(look["mask"].max() > 0 for look, _ in fetched)


def test_a_resumed_training_meets_new_people_and_is_measured_on_the_same(tmp_path, backgrounds) -> None:
    first, then, later = (
        Task(PARAMETERS, LIKENESS_FILE, backgrounds, tmp_path, held_out=6, steps=steps) for steps in (0, 20, 21)
    )
    assert [first.person(number) for number in range(6)] == [then.person(number) for number in range(6)]
    met, new, newer = ({task.person(number) for number in range(6, 5000)} for task in (first, then, later))
    assert not met & new and not new & newer
    assert len({stream for stream, _ in met | new}) == 1
    indices = [task.person(number)[1] for task in (first, then) for number in range(6, 16)]
    drawn = [draw_person(index, 0, PARAMETERS) for index in indices]
    before, after = ([person.deviation for person in half if person is not None] for half in (drawn[:10], drawn[10:]))
    assert before and after
    assert all(np.abs(one - other).max() > 0.1 for one in before for other in after)


@pytest.mark.slow
def test_training_writes_both_networks_and_goes_on(tmp_path, backgrounds, monkeypatch) -> None:
    tasks: list[Task] = []

    def noted(task: Task, coefficients: int, count: int):
        tasks.append(task)
        return painting(task, coefficients, count)

    monkeypatch.setattr("training.live.train.painting", noted)
    configuration = NetworkConfiguration(
        "residual", SIZE, (8, 16, 16), (16, 8), (), 0, (0, 1, 1), (1, 1), context_channels=8
    )
    torch.manual_seed(0)
    save_network(build_network(configuration), tmp_path / "initial.safetensors")
    common = [str(tmp_path / "run"), "--initial", str(tmp_path / "initial.safetensors"), "--device", "cpu"]
    common += ["--backgrounds", str(backgrounds), "--painters", "1", "--pool", "64", "--held-out", "8"]
    common += ["--before-start", "8", "--batch-size", "4", "--resolution", str(SIZE), "--sample-size", "96"]
    assert main([*common, "--steps", "20", "--precision", "float32"]) == 0
    first = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert '"step": 20' in first[-1] and "held_out_r2" in first[-1]
    assert (tmp_path / "run" / "log.png").stat().st_size > 1000
    assert main([*common, "--steps", "22", "--precision", "float32"]) == 0
    rest = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert rest[: len(first)] == first and '"step": 22' in rest[-1], "it goes on from the checkpoints"
    assert [task.steps for task in tasks] == [0, 20], "with people whom it has not met"
    assert load_network(tmp_path / "run" / "close_network.safetensors").configuration == configuration
    identity = load_identity_network(tmp_path / "run" / "identity_network.safetensors")
    assert len(identity.middle) == len(load_likeness().basis)


@pytest.mark.slow
def test_what_maps_show_of_a_drawn_person_is_near_the_true_head(backgrounds) -> None:
    parameters = DrawingParameters(seed=5, resolution=224, sample_size=288, looks=1)
    made = [draw_pair(index, parameters, CLOSE_NETWORK_WEIGHTS, backgrounds) for index in range(14)]
    pairs = [pair for pair in made if pair is not None]
    assert len(pairs) >= 3
    points = choose_points()
    wrong, away = [], []
    for shown, seen, head in pairs:
        whole = seen == 1
        assert whole.mean() > 0.4
        wrong.append(np.linalg.norm(shown - head[points], axis=1)[whole].mean())
        away.append(np.linalg.norm(head[points].astype(float), axis=1)[whole].mean())
    assert np.mean(wrong) < 0.9 * np.mean(away), "nearer than the rest shape is"


@pytest.mark.slow
def test_what_both_say_of_a_drawn_person_is_near_the_truth(backgrounds) -> None:
    parameters = DrawingParameters(seed=5, resolution=224, sample_size=288, looks=2)
    files = CLOSE_NETWORK_WEIGHTS, IDENTITY_NETWORK_WEIGHTS, LIKENESS_FILE
    made = [opinions_of_person(index, parameters, files, backgrounds) for index in range(8)]
    people = [rows for rows in made if rows]
    assert len(people) >= 2
    opinions = Opinions(*(np.array(column) for column in zip(*chain.from_iterable(people), strict=True)))
    model = load_likeness()
    assert opinions.explained(blend(model, opinions.shown, opinions.read)) > 0.3
    assert opinions.explained(0 * opinions.true) < 0.1, "the rest shape explains nothing"
