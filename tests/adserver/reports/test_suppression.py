"""No table, and no difference of tables, shows what fewer than fifty readers stand behind."""

from collections import Counter
from datetime import date
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from adserver.reports.numbers import Numbers
from adserver.reports.suppression import LEAST, OTHER, Cell, published
from kernel.money import Micros

DAYS = [date(2027, 2, 28), date(2027, 3, 1)]
delivered = st.one_of(st.integers(0, 60), st.integers(0, 2_000))
cells = st.dictionaries(
    st.tuples(
        st.sampled_from(DAYS), st.sampled_from(["a", "b"]), st.sampled_from("DE FR IT".split())
    ),
    delivered,
    max_size=12,
).map(
    lambda counted: [
        Cell(*key, Numbers(delivered=shown, clicks=shown // 20, spend=Micros(shown * 7)))
        for key, shown in counted.items()
    ]
)


def by_table(found: list[Cell]) -> dict[tuple[date, str], Numbers]:
    tables: dict[tuple[date, str], Numbers] = {}
    for cell in found:
        key = cell.day, cell.group
        tables[key] = tables.get(key, Numbers()) + cell.numbers
    return tables


@given(cells)
def test_sums_stay_what_they_were(cells: list[Cell]) -> None:
    assert by_table(published(cells)) == by_table(cells)


@given(cells)
def test_every_cell_that_is_named_has_its_fifty(cells: list[Cell]) -> None:
    assert all(cell.numbers.delivered >= LEAST for cell in published(cells) if cell.value != OTHER)


@given(cells)
def test_what_is_hidden_cannot_be_had_by_taking_tables_from_each_other(cells: list[Cell]) -> None:
    # Whoever has every table has the published cells and, from unsuppressed reports, the totals by
    # campaign and day; everything else is a sum of these. What they can find out about hidden cells
    # is therefore the row "other": it must stand for fifty, or for the whole table.
    shown = published(cells)
    totals = by_table(cells)
    named = Counter((cell.day, cell.group) for cell in shown if cell.value != OTHER)
    for cell in shown:
        if cell.value == OTHER and named[cell.day, cell.group]:
            assert cell.numbers.delivered >= LEAST
        if cell.value == OTHER and not named[cell.day, cell.group]:
            assert cell.numbers == totals[cell.day, cell.group]


@given(cells)
def test_no_sum_of_days_and_campaigns_less_another_is_a_small_cell(cells: list[Cell]) -> None:
    shown = published(cells)
    wholes = {(cell.day, cell.group) for cell in shown}
    pieces = [
        cell.numbers.delivered
        for cell in shown
        if cell.value != OTHER
        or any(
            one.value != OTHER and (one.day, one.group) == (cell.day, cell.group) for one in shown
        )
    ]

    for size in (1, 2):
        for some in combinations(pieces[:8], size):
            assert sum(some) >= LEAST * size
    assert wholes == {(cell.day, cell.group) for cell in cells}


def test_the_smallest_cell_that_could_be_shown_joins_a_small_rest() -> None:
    day = DAYS[0]
    found = published(
        [
            Cell(day, "a", "DE", Numbers(delivered=400)),
            Cell(day, "a", "FR", Numbers(delivered=90)),
            Cell(day, "a", "IT", Numbers(delivered=3)),
        ]
    )

    assert [(cell.value, cell.numbers.delivered) for cell in found] == [("DE", 400), (OTHER, 93)]
