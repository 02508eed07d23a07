"""Disguised words are read as they were meant, and ordinary ones are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from language import spelling
from language.spelling import looks_odd, plain_text, readings, words_in


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


TRICKY = st.text(st.sampled_from("aabcz '`.-_*#@$!|019\n\téж’Z")) | st.text(max_size=40)


@given(TRICKY)
def test_signs_of_disguise_are_seen_as_they_are_written_down(text: str) -> None:
    plain = plain_text(text)
    assert looks_odd(plain) == (spelling._ODD.search(plain) is not None)


@given(TRICKY)
def test_words_are_runs_of_letters_and_digits_without_apostrophes(text: str) -> None:
    plain = plain_text(text)
    assert words_in(plain) == spelling._WORD.findall(spelling._APOSTROPHES.sub("", plain))
