"""Text as the keywords of campaigns meet it: lower-case words between single spaces. Pure."""

import re
from typing import Final

_NOT_A_WORD: Final = re.compile(r"[\W_]+")


def words_of(text: str) -> str:
    """Text as lower-case words parted, and bordered, by single spaces: ``" trail shoes "``."""
    return f" {_NOT_A_WORD.sub(' ', text.casefold()).strip()} "


def mentions(words: str, phrase: str) -> bool:
    """Whether normalised `words` contain a normalised phrase, at word borders."""
    return phrase != "  " and phrase in words
