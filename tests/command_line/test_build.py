"""What `build.py` hands on to the tools, and when it makes the environment anew."""

from pathlib import Path

import pytest

import build


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that were run, none of which is."""
    seen: list[list[str]] = []

    def remember(command: list[str], **_options: object) -> int:
        seen.append([str(word) for word in command])
        return 0

    monkeypatch.setattr(build, "call", remember)
    return seen


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up environment and lock file."""
    monkeypatch.setattr(build, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(build, "PYTHON", tmp_path / ".venv" / "python")
    monkeypatch.setattr(build, "LOCK_FILE", tmp_path / "requirements.lock")
    (tmp_path / ".venv").mkdir()
    build.PYTHON.touch()
    build.LOCK_FILE.write_text("# what it is for\nnumpy==1.26.4\n", encoding="utf-8")
    return tmp_path / ".venv"


def test_the_fast_tests_are_those_that_are_not_slow(commands: list[list[str]]) -> None:
    assert build.test(["--fast", "tests/addon"]) == 0
    assert [command[2] for command in commands] == ["ruff", "ruff", "mypy", "pytest"]
    assert commands[-1][3:] == ["--durations=15", *build.SIDE_BY_SIDE, "-m", "not slow", "tests/addon"]
    build.test(["-n", "0"])
    assert commands[-1][3:] == ["--durations=15", *build.SIDE_BY_SIDE, "-n", "0"], "the last word counts"


def test_the_environment_follows_the_locked_packages_and_not_the_words_around_them(
    environment: Path, commands: list[list[str]]
) -> None:
    build.make_environment()
    assert len(commands) == 1 and commands[0][-2:] == ["-r", str(build.LOCK_FILE)]
    build.LOCK_FILE.write_bytes(b"# other words\r\nnumpy==1.26.4\r\n")
    build.make_environment()
    assert len(commands) == 1
    build.LOCK_FILE.write_text("# other words\nnumpy==1.26.5\n", encoding="utf-8")
    build.make_environment()
    assert len(commands) == 2


def test_the_lock_file_holds_versions_and_no_addresses() -> None:
    packages = build._locked_packages().splitlines()
    assert packages == sorted(packages, key=str.casefold)
    assert all(package.count("==") == 1 and "://" not in package for package in packages)
    assert "://" not in build.LOCK_FILE.read_text(encoding="utf-8")
