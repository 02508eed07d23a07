"""``tollfree top``: how fast, how sound and how costly the calls are, in the terminal.

Reads the rows of calls; once, or every two seconds with `--watch` until it is stopped. Prompts have
the names that callers gave them in ``metadata.prompt``, or fingerprints; there is no text to show.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from typing import Any, Final

from api.monitoring.calls import CallReport, Group, report
from kernel.clock import Clock, SystemClock
from kernel.database import Database
from tollfree.migrate import explained
from tollfree.settings import store_settings

_AGAIN_SECONDS: Final = 2.0
_CLEAR: Final = "\x1b[H\x1b[2J"
_HEAD: Final = (
    "calls", "failed", "tokens", "cost",
    "first p50", "p90", "p95", "p99", "total p50", "p90", "p95", "p99",
)  # fmt: skip
_BY: Final[dict[str, tuple[str, Callable[[CallReport], Sequence[Group]]]]] = {
    "upstream": ("UPSTREAM", lambda found: found.upstreams),
    "app": ("APP", lambda found: found.apps),
    "model": ("MODEL", lambda found: found.models),
}


def run(asked: argparse.Namespace) -> int:
    """Print the report; returns the exit code."""
    shown = _json if asked.json else partial(_text, by=asked.by)
    asyncio.run(_top(asked, shown))
    return 0


async def _top(asked: argparse.Namespace, shown: Callable[[CallReport], str]) -> None:
    settings, clock = store_settings(asked.data), SystemClock()
    database = Database(settings.database())
    try:
        with explained():
            sys.stdout.write(shown(await _read(database, clock, asked.minutes)))
            while asked.watch:
                sys.stdout.flush()
                await asyncio.sleep(_AGAIN_SECONDS)
                text = shown(await _read(database, clock, asked.minutes))
                sys.stdout.write(text if asked.json else _CLEAR + text)
    finally:
        await database.close()


async def _read(database: Database, clock: Clock, minutes: int) -> CallReport:
    since = clock.now() - timedelta(minutes=max(1, minutes))
    async with database.reading() as session:
        return await report(session, since=since)


def _json(found: CallReport) -> str:
    return json.dumps(asdict(found, dict_factory=_plain), default=str) + "\n"


def _plain(members: list[tuple[str, Any]]) -> Any:
    """A dictionary; money as its micros."""
    return members[0][1] if members[0][0] == "amount" else dict(members)


def _text(found: CallReport, *, by: str) -> str:
    sampled = " (prompts: the newest of them)" if found.is_sampled else ""
    lines = [f"Calls since {found.since:%Y-%m-%d %H:%M} UTC{sampled}; times in milliseconds"]
    title, groups_of = _BY[by]
    lines += ["", *_table(title, [*groups_of(found), found.overall], nameless="all")]
    if any(group.name is not None for group in found.costliest):
        lines += ["", *_table("COSTLIEST PROMPT", found.costliest, nameless="(no name)")]
        lines += ["", *_table("SLOWEST PROMPT", found.slowest, nameless="(no name)")]
    if found.overall.signals:
        told = sorted(found.overall.signals.items(), key=lambda one: -one[1])
        lines += ["", "ANSWERS  " + "  ".join(f"{word} {count}" for word, count in told)]
    return "\n".join(lines) + "\n"


def _table(title: str, groups: Sequence[Group], *, nameless: str) -> list[str]:
    rows = [(title, *_HEAD), *(_row(group, nameless) for group in groups)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]


def _row(group: Group, nameless: str) -> tuple[str, ...]:
    times = (group.first_token, group.total)
    return (
        group.name or nameless,
        str(group.calls),
        f"{group.failure_rate:.1%}",
        str(group.tokens),
        group.cost.text(decimals=4),
        *(_ms(value) for one in times for value in (one.p50, one.p90, one.p95, one.p99)),
    )


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"
