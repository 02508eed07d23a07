"""Show only cells that many readers stand behind. Pure.

A dimension that is taken from a conversation or its sender is shown by campaign and day, cell by cell, where at least 50 decisions were delivered; all others of that campaign and day are one row
"other". Where those are too few themselves, the smallest cell that could be shown joins them, so
that a total less what is shown never gives away a small cell. Every coarser table is a sum of cells
that were published this way: no two tables differ by less than a published cell.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adserver.reports.numbers import NOTHING, Numbers

LEAST: Final = 50
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a dimension in one group, on one day: ``Cell(day, "cmp_…", "DE", …)``."""

    day: date
    group: str
    value: str
    numbers: Numbers


def published(cells: Iterable[Cell]) -> list[Cell]:
    """The cells that may be shown, day by day and group by group; sums stay what they were."""
    tables: defaultdict[tuple[date, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        tables[cell.day, cell.group].append(cell)
    return [shown for key in sorted(tables) for shown in _table(tables[key])]


def _table(cells: Sequence[Cell]) -> list[Cell]:
    # What nobody knows the value of is not a cell: it tells nothing about anybody.
    ordered = sorted(cells, key=lambda cell: (cell.numbers.delivered, cell.value))
    hidden = [cell for cell in ordered if cell.numbers.delivered < LEAST or not cell.value]
    shown = [cell for cell in ordered if cell.numbers.delivered >= LEAST and cell.value]
    while hidden and shown and _delivered(hidden) < LEAST:
        hidden.append(shown.pop(0))
    if not hidden:
        return sorted(shown, key=lambda cell: cell.value)
    rest = sum((cell.numbers for cell in hidden), start=NOTHING)
    other = Cell(cells[0].day, cells[0].group, OTHER, rest)
    return [*sorted(shown, key=lambda cell: cell.value), other]


def _delivered(cells: Sequence[Cell]) -> int:
    return sum(cell.numbers.delivered for cell in cells)
