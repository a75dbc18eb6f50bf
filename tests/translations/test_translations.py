"""Every text that the artist may read is in every catalogue, and is recognised with names and numbers in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import pix2vertex_blender
from pix2vertex_blender.addon import translations
from pix2vertex_blender.addon.translations.catalogue import read_catalogue
from tests.translations import translatable

CATALOGUES = sorted(translations.LOCALES)
FIELD = re.compile(r"{(\w+)(?::[^}]*)?}")


@pytest.fixture(scope="module")
def texts() -> Iterator[dict[str, str]]:
    """All texts with where they are, while the add-on is registered."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    pix2vertex_blender.register()
    yield translatable.all_texts()
    pix2vertex_blender.unregister()


def test_texts_are_found_in_classes_properties_reports_and_errors(texts: dict[str, str]) -> None:
    known = {
        "Reconstruct Face",  # an operator
        "Build a face mesh from a portrait photo, or from several photos of the same person",  # its description
        "Detail Level",  # a property
        "Works everywhere",  # an item's description
        "Inspect",  # a panel
        "{label}: cancelled",  # a report
        "Finding the face",  # a stage
        "{0} is empty: choose another photo.",  # an error of the algorithm
        "There is not enough memory; close other programs or choose a lower detail level.",  # one of the worker
    }
    assert known <= set(texts)


@pytest.mark.parametrize("name", CATALOGUES)
def test_every_text_is_translated(name: str, texts: dict[str, str]) -> None:
    missing = {text: where for text, where in texts.items() if text not in translations.catalogue(name)}
    assert missing == {}, "python -m tests.translations.translatable prints them for the catalogue"


@pytest.mark.parametrize("name", CATALOGUES)
def test_no_translation_is_stale(name: str, texts: dict[str, str]) -> None:
    assert set(translations.catalogue(name)) - set(texts) == set()


@pytest.mark.parametrize("name", CATALOGUES)
def test_translations_have_the_fields_of_their_messages(name: str) -> None:
    for text, said in translations.catalogue(name).items():
        assert sorted(FIELD.findall(text)) == sorted(FIELD.findall(said)), text


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("Reconstruct Face", "重建面部"),
        ("portrait.jpg is empty: choose another photo.", "portrait.jpg 是空的: 请另选照片."),
        ("Reconstruct Face: cancelled", "重建面部: 已取消"),
        ("Reconstruct Face is running; press Esc to cancel it", "“重建面部”正在运行; 按 Esc 取消"),
        (
            "The face box has 12 x 7.5 pixels: draw one of at least 24 on each side.",
            "面部框只有 12 x 7.5 像素: 请画一个每边至少 24 像素的框.",
        ),
        ("Face.001 reconstructed from two faces.png", "已从 two faces.png 重建 Face.001"),
        ("Something unheard of", "Something unheard of"),
    ],
)
def test_finished_sentences_are_translated(sentence: str, said: str) -> None:
    assert translations.translate_with("zh_HANS", sentence) == said


def test_progress_is_translated_with_its_stage() -> None:
    assert translations.translate_with("zh_HANS", "Finding the face 25%") == "正在查找面部 25%"
    assert (
        translations.translate_with("zh_HANS", "Reconstruct Face: Finding the face 25%   (Esc to cancel)")
        == "重建面部: 正在查找面部 25%   (Esc 取消)"
    )


def test_english_stays_as_it_is(texts: dict[str, str]) -> None:
    assert translations.translate("Reconstruct Face: cancelled") == "Reconstruct Face: cancelled"


def test_catalogue_joins_lines_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "xx.po"
    path.write_text(
        '# comment\nmsgid ""\nmsgstr "head"\n\nmsgid "a "\n"b"\nmsgstr "c\\n"\n"d"\n\nmsgid "e"\nmsgstr ""\n'
    )
    assert read_catalogue(path) == {"a b": "c\nd"}
    path.write_text('msgid "a"\nmsgstr "b"\nmsgid "a"\nmsgstr "c"\n')
    with pytest.raises(ValueError, match="'a' is there twice"):
        read_catalogue(path)
    path.write_text('msgctxt "x"\n')
    with pytest.raises(ValueError, match=r"line 1: 'msgctxt' is not known"):
        read_catalogue(path)
