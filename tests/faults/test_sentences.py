"""Any exception becomes one sentence, and what lies behind it counts more than what it became on its way."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from pix2vertex_blender.errors import (
    DISK_FULL,
    LIMIT_TOO_LOW,
    NO_MEMORY,
    DataFileError,
    PhotoError,
    is_fault,
    sentence_for,
)
from pix2vertex_blender.exchange.arrays import write_arrays
from pix2vertex_blender.limits import CAN_LIMIT_MEMORY, MEMORY_LIMIT_VARIABLE


def raised_from(outer: Exception, inner: BaseException) -> Exception:
    try:
        try:
            raise inner
        except BaseException as cause:
            raise outer from cause
    except Exception as error:
        return error


def test_our_own_errors_keep_their_words() -> None:
    error = raised_from(PhotoError("The photo is empty; choose another."), ValueError("x"))
    assert sentence_for(error) == "The photo is empty; choose another."
    assert not is_fault(error)


def test_a_full_disk_is_said_whatever_it_became() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    error = raised_from(DataFileError("someone.npz is not a saved reconstruction; run it again."), full)
    assert sentence_for(error) == DISK_FULL
    assert sentence_for(raised_from(ValueError("Can't close the ZIP file"), full)) == DISK_FULL
    assert not is_fault(error)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_under_arrays_is_said() -> None:
    with pytest.raises(OSError) as raised:
        write_arrays(Path("/dev/full"), vertices=np.zeros((10000, 3)))
    assert sentence_for(raised.value) == DISK_FULL


def test_lack_of_memory_names_the_limit_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = ImportError("libtorch_cpu.so: failed to map segment from shared object")
    monkeypatch.delenv(MEMORY_LIMIT_VARIABLE, raising=False)
    assert sentence_for(MemoryError()) == sentence_for(loader) == NO_MEMORY
    monkeypatch.setenv(MEMORY_LIMIT_VARIABLE, "0.5")
    assert sentence_for(loader) == (LIMIT_TOO_LOW if CAN_LIMIT_MEMORY else NO_MEMORY)


def test_a_missing_file_is_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(OSError) as raised:
        (tmp_path / "gone.npz").read_bytes()
    sentence = sentence_for(raised.value)
    assert "gone.npz" in sentence and os.strerror(errno.ENOENT) in sentence
    assert not is_fault(raised.value)


def test_a_fault_of_ours_is_one_short_line() -> None:
    error = KeyError("lost\n" + 1000 * "and gone ")
    assert is_fault(error)
    sentence = sentence_for(error)
    assert "KeyError" in sentence and "\n" not in sentence and len(sentence) < 300
