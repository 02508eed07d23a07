"""A report as a file and as JSON: the rows of the page, to the micro.

Cells that a spreadsheet would run as a formula are marked as text. The last line is the total, which
the roll-ups added up by themselves.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from adserver.reports.numbers import NAMES, Numbers
from advertiser_portal.report import Line, Report, rates_of
from kernel.money import Micros
from web import formats
from web.spreadsheets import harmless

# What a publisher earns is the publisher's to know.
_TOLD: Final = tuple(name for name in NAMES if name != "earned")
_MONEY: Final = {
    *("spend", "credited", "value", "net_spend", "cost_per_click", "cost_per_mille"),
}
_RATES: Final = ("click_rate", "cost_per_click", "cost_per_mille", "return_on_spend")


def as_csv(report: Report) -> str:
    """The table with its total."""
    written = io.StringIO()
    writer = csv.writer(written)
    compared = report.total_before is not None
    before = [f"{name}_before" for name in _TOLD] if compared else []
    writer.writerow([report.dimension.value, "name", *_TOLD, "net_spend", *_RATES, *before])
    for line in _with_total(report):
        rates = rates_of(line.numbers)
        writer.writerow(
            [
                harmless(line.key),
                harmless(line.name),
                *(_cell(getattr(line.numbers, name)) for name in _TOLD),
                _cell(line.numbers.net_spend),
                *(_cell(getattr(rates, name)) for name in _RATES),
                *(_cell(getattr(line.before, name)) for name in (_TOLD if line.before else ())),
            ]
        )
    return written.getvalue()


def as_json(report: Report) -> dict[str, Any]:
    """The same for programs: money in micros."""
    return {
        "by": report.dimension.value,
        "from": report.span.first.isoformat(),
        "to": report.span.last.isoformat(),
        "rows": [_line(line) for line in report.lines],
        "total": _numbers(report.total),
        "total_before": None if report.total_before is None else _numbers(report.total_before),
        "days": [_line(line) for line in report.days],
    }


def _with_total(report: Report) -> Iterator[Line]:
    yield from report.lines
    yield Line("total", "Total", report.total, report.total_before)


def _line(line: Line) -> dict[str, Any]:
    row = {"key": line.key, "name": line.name, **_numbers(line.numbers)}
    if line.before is not None:
        row["before"] = _numbers(line.before)
    return row


def _numbers(numbers: Numbers) -> dict[str, Any]:
    rates = rates_of(numbers)
    said: dict[str, Any] = {name: getattr(numbers, name) for name in _TOLD}
    said["net_spend"] = numbers.net_spend
    said |= {name: getattr(rates, name) for name in _RATES}
    return {
        f"{name}_micros" if name in _MONEY else name: (
            value.amount if isinstance(value, Micros) else value
        )
        for name, value in said.items()
    }


def _cell(value: float | Micros | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Micros):
        return formats.exact(value)
    return str(value) if isinstance(value, int) else f"{value:.6f}"
