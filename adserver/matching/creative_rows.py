"""Creatives, row after row: a few numbers in memory, the words in a file.

A creative's words are read only when it has won, so they stand in an unnamed file and cost no
memory; at hand are the numbers that filter and rank. What a campaign says for all of its creatives
is kept once, in a template. Append-only, like the vectors beside it: a row never changes, an edited
creative is a new row. One writer, any number of readers.
"""

import os
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from adserver.catalog.queries import LiveCreative
from language.letters import Letters

# What a creative has for itself; everything else is its campaign's or its advertiser's.
OF_CREATIVE: Final = (
    "creative_id number version title body cta landing_url display_domain facts example_prompts "
    "keywords category language is_house"
).split()
_COLUMNS: Final[Mapping[str, Any]] = {
    "number": np.int64,
    "version": np.int32,
    "campaign": np.int32,
    "category": np.int16,
    "language": np.int16,
    "domain": np.int32,
    "is_house": np.bool_,
    "text_from": np.int64,
}
_BLANK: Final[Mapping[str, Any]] = {
    "creative_id": "",
    "number": 0,
    "version": 0,
    **dict.fromkeys(("title", "body", "cta", "landing_url", "display_domain", "category"), ""),
    **dict.fromkeys(("facts", "example_prompts", "keywords"), ()),
    "language": "",
    "is_house": False,
}
_ROOM_AT_FIRST: Final = 1_024
_REMEMBERED: Final = 4_000


class Names:
    """Words as small numbers, in the order in which they came."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._number: dict[str, int] = {}

    def number(self, word: str) -> int:
        found = self._number.get(word)
        if found is None:
            found = self._number[word] = len(self.all)
            self.all.append(word)
        return found


class CreativeRows:
    """Columns by name in `column(name)`, and words by position in `creative`."""

    def __init__(self, folder: Path | None = None) -> None:
        self.categories, self.languages, self.domains = Names(), Names(), Names()
        self.campaign_ids = Names()
        self._columns = {name: np.empty(_ROOM_AT_FIRST, kind) for name, kind in _COLUMNS.items()}
        self._length, self._end = 0, 0
        # By position, for a few thousand creatives that are near to many turns.
        self.letters: dict[int, Letters] = {}
        # What wins today wins often.
        self._read_lately: dict[int, tuple[LiveCreative, LiveCreative]] = {}
        self._file = _unnamed_file(folder)
        weakref.finalize(self, os.close, self._file)

    def __len__(self) -> int:
        return self._length

    def column(self, name: str, length: int) -> NDArray[Any]:
        """The first `length` values of a column; later rows never show up in it."""
        values = self._columns[name][:length]
        values.setflags(write=False)
        return values

    def append(self, creatives: Sequence[LiveCreative]) -> None:
        """Add creatives after the last row."""
        self._make_room(self._length + len(creatives) + 1)
        texts = []
        for at, creative in enumerate(creatives, start=self._length):
            text = orjson.dumps({name: getattr(creative, name) for name in OF_CREATIVE})
            for name, value in self._values(creative).items():
                self._columns[name][at] = value
            texts.append(text)
            self._end += len(text)
        _write_all(self._file, b"".join(texts))
        self._length += len(creatives)

    def creative(self, position: int, campaigns: Sequence[LiveCreative]) -> LiveCreative:
        """The creative at a position, words included; `campaigns` are the templates to use."""
        template = campaigns[self._columns["campaign"][position]]
        known = self._read_lately.get(position)
        if known is not None and known[0] is template:
            return known[1]
        start, end = self._span(position)
        own: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in orjson.loads(os.pread(self._file, end - start, start)).items()
        }
        found: LiveCreative = replace(template, **own)
        if len(self._read_lately) >= _REMEMBERED:
            self._read_lately.clear()
        self._read_lately[position] = template, found
        return found

    def _values(self, creative: LiveCreative) -> dict[str, Any]:
        return {
            "number": creative.number,
            "version": creative.version,
            "campaign": self.campaign_ids.number(creative.campaign_id),
            "category": self.categories.number(creative.category),
            "language": self.languages.number(creative.language.partition("-")[0]),
            "domain": self.domains.number(creative.display_domain.casefold()),
            "is_house": creative.is_house,
            "text_from": self._end,
        }

    def _span(self, position: int) -> tuple[int, int]:
        starts = self._columns["text_from"]
        last = position + 1 == self._length
        return int(starts[position]), self._end if last else int(starts[position + 1])

    def _make_room(self, wanted: int) -> None:
        room = len(self._columns["number"])
        if wanted <= room:
            return
        for name, values in self._columns.items():
            # Snapshots keep the shorter arrays they were made with.
            grown = np.empty(max(wanted, room + room // 2), values.dtype)
            grown[: self._length] = values[: self._length]
            self._columns[name] = grown


def template_of(creative: LiveCreative) -> LiveCreative:
    """What this creative's campaign says for all of its creatives, with nothing of its own."""
    return replace(creative, **_BLANK)


def knows_every_field() -> bool:
    """Whether each field of a live creative is either its own or its campaign's, once."""
    return set(_BLANK) == set(OF_CREATIVE) <= {field.name for field in fields(LiveCreative)}


def _unnamed_file(folder: Path | None) -> int:
    file, path = tempfile.mkstemp(prefix="creatives-", dir=folder)
    Path(path).unlink()
    return file


def _write_all(file: int, content: bytes) -> None:
    written = 0
    while written < len(content):
        written += os.write(file, content[written:])
