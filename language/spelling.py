"""The words of a text, also of one that was written to slip past a word list.

Owns two readings: the plain one, and, where a text shows signs of disguise, one with look-alike
letters, digits for letters, stars, spread-out and repeated letters undone. Phrases are looked for
in both. Pure.
"""

import re
import unicodedata
from typing import Final

import numpy as np

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
# Without one of these, and in plain letters, only repetition and letters apart are signs.
_SIGNS: Final = re.compile(r"[*#_@$!|0-9]")
_VOWELS: Final = "aeiou"
_NOT_LETTERS: Final = re.compile(r"[^a-z]")
_EDGES: Final = re.compile(r"^[^\w@$*]+|[^\w@$*]+$")
_LONGEST_READ: Final = 60_000
_BETWEEN_WORDS: Final = {
    code: " " for code in range(128) if not (chr(code).islower() or chr(code).isdigit())
}
_NEW_LINE: Final = ord("\n")
_LETTER, _APART = 1, 2
_KINDS: Final = np.zeros(128, dtype=np.uint8)
_KINDS[ord("a") : ord("z") + 1] = _LETTER
_KINDS[[code for code in range(128) if chr(code).isspace() or chr(code) in ".-_*"]] = _APART


def readings(text: str) -> list[list[str]]:
    """The words of `text` as written and, if anything looks disguised, as meant."""
    plain = plain_text(text[:_LONGEST_READ])
    words = words_in(plain)
    meant = _undisguised(plain)
    return [words, meant] if meant else [words]


def words_in(plain: str) -> list[str]:
    """The words of a plain text: runs of letters and digits, apostrophes left out."""
    if plain.isascii():
        # Four times as fast as the expressions, and every conversation comes through here.
        return plain.replace("'", "").replace("`", "").translate(_BETWEEN_WORDS).split()
    return _WORD.findall(_APOSTROPHES.sub("", plain))


def plain_text(text: str) -> str:
    """Small letters without accents, invisible characters or compatibility forms."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKD", text).lower()
    return "".join(
        letter for letter in folded if unicodedata.category(letter) not in {"Mn", "Cf", "Me"}
    )


def looks_odd(plain: str) -> bool:
    """Whether a plain text shows any sign of disguise: what `_ODD` finds, in a fraction of the time."""
    if not plain.isascii() or _SIGNS.search(plain):
        return _ODD.search(plain) is not None
    signs = np.frombuffer(plain.encode(), dtype=np.uint8)
    same = signs[1:] == signs[:-1]
    if bool(np.any(same[1:] & same[:-1] & (signs[2:] != _NEW_LINE))):
        return True
    kinds = _KINDS[signs]
    letter, apart = kinds == _LETTER, kinds == _APART
    alone = letter.copy()
    alone[1:] &= ~letter[:-1]
    alone[:-1] &= ~letter[1:]
    spread = alone[:-4] & apart[1:-3] & alone[2:-2] & apart[3:-1] & alone[4:]
    return bool(np.any(spread))


def _undisguised(plain: str) -> list[str]:
    """The words behind the disguises, with two neighbours each so that phrases still match."""
    if not looks_odd(plain):
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
