"""The words of a text, also of one that was written to slip past a word list.

Owns two readings: the plain one, and, where a text shows signs of disguise, one with look-alike
letters, digits for letters, stars, spread-out and repeated letters undone. Phrases are looked for
in both. Pure.
"""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[a-z0-9]+")
_APOSTROPHES: Final = re.compile(r"['’‘`´ʼ]")
_CHUNK: Final = re.compile(r"\S+")
_LOOKALIKES: Final = str.maketrans("аеорсухіјѕԁһкмтвпгαορτκνι", "aeopcyxijsdhkmtbnraoptkvi")
_LEET: Final = str.maketrans("0134578@$!|€", "oieastbasiie")
_REPEATED: Final = re.compile(r"(.)\1{2,}")
_SPREAD: Final = re.compile(r"(?<!\w)(?:[a-z][\s.\-_*·]{1,2}){3,}[a-z](?!\w)")
_STARRED: Final = re.compile(r"([a-z]+)[*#_]([a-z]+)")
# A sign of disguise: within a word, anything but letters and everyday punctuation; or three of a
# kind; or letters standing alone.
_ODD: Final = re.compile(
    r"[^\x00-\x7f]|[a-z][*#_@$!|0-9]|[@$0-9][a-z]|(.)\1\1|(?<![a-z])[a-z][\s.\-_*][a-z][\s.\-_*][a-z](?![a-z])"
)
_VOWELS: Final = "aeiou"
_NOT_LETTERS: Final = re.compile(r"[^a-z]")
_EDGES: Final = re.compile(r"^[^\w@$*]+|[^\w@$*]+$")
_LONGEST_READ: Final = 60_000


def readings(text: str) -> list[list[str]]:
    """The words of `text` as written and, if anything looks disguised, as meant."""
    plain = plain_text(text[:_LONGEST_READ])
    words = _WORD.findall(_APOSTROPHES.sub("", plain))
    meant = _undisguised(plain)
    return [words, meant] if meant else [words]


def plain_text(text: str) -> str:
    """Small letters without accents, invisible characters or compatibility forms."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).lower()
    return "".join(
        letter for letter in folded if unicodedata.category(letter) not in {"Mn", "Cf", "Me"}
    )


def _undisguised(plain: str) -> list[str]:
    """The words behind the disguises, with two neighbours each so that phrases still match."""
    if not _ODD.search(plain):
        return []
    chunks = [_EDGES.sub("", chunk) for chunk in _CHUNK.findall(plain)]
    found: list[str] = []
    reached = 0
    for at, chunk in enumerate(chunks):
        meant = _meanings(chunk)
        if meant:
            start = max(reached, at - 2)
            found.extend(_NOT_LETTERS.sub("", near) for near in chunks[start:at])
            found.extend(meant)
            found.extend(_NOT_LETTERS.sub("", near) for near in chunks[at + 1 : at + 3])
            reached = at + 1
    found.extend(_NOT_LETTERS.sub("", spread) for spread in _SPREAD.findall(plain))
    return found


def _meanings(chunk: str) -> list[str]:
    """What a disguised word may stand for; nothing for an ordinary word."""
    if not _ODD.search(chunk):
        return []
    word = chunk
    if not word.isascii():
        word = word.translate(_LOOKALIKES)
    starred = _STARRED.fullmatch(word)
    if starred:
        return [f"{starred[1]}{vowel}{starred[2]}" for vowel in _VOWELS]
    letters = sum(letter.isalpha() for letter in word)
    if letters >= 2 and letters < len(word):
        word = _NOT_LETTERS.sub("", word.translate(_LEET))
    if _REPEATED.search(word):
        return [_REPEATED.sub(r"\1", word), _REPEATED.sub(r"\1\1", word)]
    return [word] if word != chunk and word.isalpha() else []
