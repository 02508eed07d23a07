"""Phrases match words in order, with stems, alternatives and gaps."""

import pytest

from language.lexicon import Lexicon, mask


def labels(phrase: str, text: str) -> list[str]:
    return [found.phrase.label for found in Lexicon([("found", phrase)]).find(text.split())]


@pytest.mark.parametrize(
    ("phrase", "text", "matches"),
    [
        ("kill", "kill it", True),
        ("kill", "killer app", False),
        ("kill*", "killer app", True),
        ("shoot|shot photo*", "shot photographs all day", True),
        ("shoot|shot photo*", "shoot the photo", False),
        ("shoot ~2 photo*", "shoot the best photo", True),
        ("shoot ~2 photo*", "shoot the very best photo", False),
        ("cut ~3 wrist*", "cut here then there my wrists", False),
        ("end my life", "to end my", False),
        ("end ~1 my life", "end my life", True),
        ("a ~3 b c", "a b x b c", True),
    ],
)
def test_a_phrase_matches_as_written(phrase: str, text: str, matches: bool) -> None:
    assert bool(labels(phrase, text)) is matches


def test_a_harmless_phrase_blanks_its_words_and_no_others() -> None:
    harmless = Lexicon([("harmless", "kill ~1 process")])

    assert mask("please kill the process or kill me".split(), harmless) == (
        ["please", "", "", "", "or", "kill", "me"]
    )


def test_a_phrase_that_could_match_anything_is_refused() -> None:
    for phrase in ("*", "a* b", "kill |x"):
        with pytest.raises(ValueError, match="empty word or too short"):
            Lexicon([("x", phrase)])
