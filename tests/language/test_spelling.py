"""Disguised words are read as they were meant, and ordinary ones are left alone."""

import pytest

from language.spelling import readings


def meant(text: str) -> set[str]:
    return {word for reading in readings(text)[1:] for word in reading}


@pytest.mark.parametrize(
    "text",
    [
        "su1c1de",
        "$uicide",
        "su*cide",
        "suuuicide",
        "s u i c i d e",
        "s.u.i.c.i.d.e",
        "ѕuісіdе",
        "about su1cide, please",
    ],
)
def test_a_disguise_is_undone(text: str) -> None:
    assert "suicide" in meant(text)


@pytest.mark.parametrize(
    "text", ["suícide", "sui\u200bcide", "ｓｕｉｃｉｄｅ", "SUICIDE", "suicide's"]
)
def test_accents_and_invisible_characters_change_nothing(text: str) -> None:
    assert readings(text)[0][0].startswith("suicide")


def test_ordinary_text_is_read_once() -> None:
    assert len(readings("What is the best laptop for video editing, under $1500?")) == 1


def test_apostrophes_are_dropped() -> None:
    assert readings("I don’t, can't")[0] == ["i", "dont", "cant"]
