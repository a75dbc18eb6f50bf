"""Sentences in the sidebar, whatever their script."""

import pytest

from pix2vertex_blender.addon.panels.sidebar import wrap

PATH = "/home/somebody/pictures/portraits/astronaut.jpg"


def test_english_breaks_between_words() -> None:
    assert wrap("No face was found: choose another photo.", 16) == ["No face was", "found: choose", "another photo."]


def test_chinese_breaks_between_characters_of_double_width() -> None:
    lines = wrap("未找到面部: 请另选照片, 或在面部周围画一个框.", 16)
    assert "".join(lines).replace(" ", "") == "未找到面部:请另选照片,或在面部周围画一个框."
    assert all(2 * len(line) <= 34 for line in lines)
    assert len(lines) == 3
    assert not any(line[0] in ",.:;" for line in lines), "a line does not begin with punctuation"


@pytest.mark.parametrize("sentence", [f"{PATH} is empty: choose another photo.", f"请重新选择 {PATH} 之外的照片."])
def test_long_words_are_broken_and_nothing_is_lost(sentence: str) -> None:
    lines = wrap(sentence, 20)
    assert max(len(line) for line in lines) <= 20
    assert "".join(lines).replace(" ", "") == sentence.replace(" ", "")


def test_an_empty_sentence_has_no_lines() -> None:
    assert wrap("", 20) == []
