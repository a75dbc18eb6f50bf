"""What the worker does when it is asked for a face's expressions."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from pix2vertex_blender.exchange.expressions import ExpressionSet
from pix2vertex_blender.exchange.progress import silent
from pix2vertex_blender.expression import levels
from pix2vertex_blender.jobs.expressions import make_expressions


@pytest.fixture
def made(monkeypatch) -> list[np.ndarray]:
    """The heads that expressions were really made for."""
    heads, really = [], levels.expression_set

    def counting(face, basis, progress):
        heads.append(face.coarse_vertices)
        return really(face, basis, progress)

    monkeypatch.setattr(levels, "expression_set", counting)
    return heads


def ask(face, basis: str, folder: Path) -> ExpressionSet:
    face.save(folder / "source.npz")
    make_expressions({"source": str(folder / "source.npz"), "basis": basis, "result": str(folder / "set.npz")}, silent)
    return ExpressionSet.load(folder / "set.npz")


def test_the_same_face_is_not_done_twice_and_another_one_is(reconstruction, made, tmp_path):
    first = ask(reconstruction, "PHOTO", tmp_path)
    again = ask(reconstruction, "PHOTO", tmp_path)
    assert len(made) == 1 and np.array_equal(first.offset("jawOpen"), again.offset("jawOpen"))
    moved = reconstruction.coarse_vertices + np.array([0.0, 5.0, 0.0])
    other = ask(dataclasses.replace(reconstruction, coarse_vertices=moved), "PHOTO", tmp_path)
    assert len(made) == 2 and other.basis[:, 1].mean() - first.basis[:, 1].mean() == pytest.approx(5.0, abs=1e-3)
    ask(reconstruction, "NEUTRAL", tmp_path)
    assert len(made) == 3
