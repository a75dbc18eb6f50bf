"""Photos and training samples on the workers of a Dask scheduler: the same files, whatever becomes of a worker."""

import functools
import importlib.util
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.addon.headless.command_line import main
from pix2vertex_blender.errors import OptionError
from pix2vertex_blender.farm import NOT_INSTALLED, connected, done_on
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from tests.command_line.farm_work import written
from training.generate import main as generate

has_dask = importlib.util.find_spec("distributed") is not None
needs_dask = pytest.mark.skipif(not has_dask, reason="Dask distributed is not installed: pip install distributed")


@pytest.mark.skipif(has_dask, reason="Dask distributed is installed")
def test_without_dask_one_sentence_says_how_to_get_it(tmp_path: Path, capsys) -> None:
    Image.open(SAMPLE_PORTRAIT).save(tmp_path / "photo.png")
    assert (
        main(
            [str(tmp_path / "photo.png"), "--scheduler", "tcp://nowhere:1", "--output", str(tmp_path / "out")], tmp_path
        )
        == 2
    )
    assert capsys.readouterr().err.strip() == NOT_INSTALLED
    assert not (tmp_path / "out").exists()


@needs_dask
def test_no_scheduler_is_one_sentence(monkeypatch) -> None:
    monkeypatch.setattr("pix2vertex_blender.farm.PATIENCE_SECONDS", 1)
    for address in ("tcp://127.0.0.1:9", "nonsense://there"):
        with pytest.raises(OptionError, match=r"no Dask scheduler at .*`dask scheduler`"), connected(address):
            pass


@contextmanager
def two_workers() -> Iterator[Any]:
    """A scheduler and two worker processes, which begin again when they end."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_workers() as running:
        yield running


@needs_dask
@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(cluster, tmp_path: Path) -> None:
    doomed = next(iter(cluster.workers.values())).pid
    killed = False
    with connected(cluster.scheduler_address) as client:
        done = []
        for index, result, error in done_on(client, functools.partial(written, folder=tmp_path), range(30)):
            assert error is None and index == result
            done.append(index)
            if not killed:
                os.kill(doomed, signal.SIGKILL)
                killed = True
    assert sorted(done) == list(range(30))
    writers = {path.read_text() for path in tmp_path.iterdir()}
    assert len(list(tmp_path.iterdir())) == 30 and len(writers - {str(doomed)}) >= 1


@needs_dask
@pytest.mark.slow
@pytest.mark.development_data("face_models")
def test_training_samples_are_those_of_one_process(tmp_path: Path) -> None:
    """The workers begin here, where the development data are found."""
    options = ["--count", "10", "--size", "64"]
    generate([str(tmp_path / "alone"), *options])

    with two_workers() as cluster:
        doomed = next(iter(cluster.workers.values())).pid

        def kill_in_the_middle() -> None:
            while not (tmp_path / "farm").is_dir() or not any((tmp_path / "farm").iterdir()):
                time.sleep(0.05)
            os.kill(doomed, signal.SIGKILL)

        thread = threading.Thread(target=kill_in_the_middle, daemon=True)
        thread.start()
        generate([str(tmp_path / "farm"), *options, "--scheduler", cluster.scheduler_address])
        thread.join()
    names = sorted(path.name for path in (tmp_path / "alone").iterdir())
    for name in names:
        assert (tmp_path / "alone" / name).read_bytes() == (tmp_path / "farm" / name).read_bytes()


@needs_dask
@pytest.mark.slow
def test_photos_become_what_they_become_in_one_process(cluster, tmp_path: Path, capsys) -> None:
    """Two photos and one that is none."""
    photos = tmp_path / "photos"
    photos.mkdir()
    with Image.open(SAMPLE_PORTRAIT) as portrait:
        portrait.convert("RGB").save(photos / "one.png")
        portrait.convert("RGB").rotate(8, Image.Resampling.BICUBIC).save(photos / "two.png")
    Image.new("RGB", (200, 200), "grey").save(photos / "nothing.png")
    options = [str(photos), "--device", "cpu", "--detail-level", "0", "--no-preview"]
    assert main([*options, "--output", str(tmp_path / "alone")], tmp_path) == 2
    farm = [*options, "--output", str(tmp_path / "farm"), "--scheduler", cluster.scheduler_address]
    assert main(farm, tmp_path) == 2
    said = capsys.readouterr().out
    assert "2 of 3 photos done, 1 failed" in said and "nothing.png: No face was found" in said
    for name in ("one", "two"):
        alone, other = tmp_path / "alone" / name, tmp_path / "farm" / name
        assert sorted(path.name for path in alone.iterdir()) == sorted(path.name for path in other.iterdir())
        np.testing.assert_allclose(np.load(alone / "vertices.npy"), np.load(other / "vertices.npy"), atol=1e-3)
        reports = [json.loads((folder / "report.json").read_text()) for folder in (alone, other)]
        assert reports[0]["face_box"] == pytest.approx(reports[1]["face_box"], abs=0.01)
    assert main(farm, tmp_path) == 2
    assert "2 photos were finished before" in capsys.readouterr().out
    assert not list((tmp_path / "farm").glob(".*"))
