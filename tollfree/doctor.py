"""``tollfree doctor``: is this installation healthy, and which command mends what is not.

    ✓ fine   ! works, but not as well as it could   ✗ does not work
    exit code 0 all fine, 1 something could be better, 2 something does not work

Changes nothing and prints no secret.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Final

from kernel.errors import TollfreeError
from tollfree import examinations, surroundings
from tollfree.finding import Finding
from tollfree.settings import ServeSettings, serve_settings

_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}
_EXIT = {"ok": 0, "warning": 1, "problem": 2}
#: In the order in which they are printed.
_CHECKS: Final[Mapping[str, Callable[[ServeSettings], Awaitable[Finding]]]] = {
    "versions": examinations.versions,
    "port": examinations.port,
    "disk": surroundings.disk,
    "database": examinations.database,
    "clock": surroundings.clock,
    "shared state": examinations.shared_state,
    "signing keys": surroundings.signing_keys,
    "embedder": examinations.embedder,
    "upstream": examinations.upstream,
    "webhooks": surroundings.webhooks,
    "worker": surroundings.worker,
    "books": surroundings.books,
    "reserve": surroundings.reserve,
}


@dataclass(frozen=True)
class Examined:
    """One line of the report."""

    check: str
    state: str
    says: str
    mend: str | None


def run(asked: argparse.Namespace) -> int:
    """Print the report; returns the exit code."""
    lines = asyncio.run(_examine(asked.data))
    if asked.json:
        sys.stdout.write(json.dumps([asdict(line) for line in lines]) + "\n")
    else:
        for line in lines:
            mend = f"\n    → {line.mend}" if line.mend else ""
            sys.stdout.write(f"{_MARKS[line.state]} {line.check:<14}{line.says}{mend}\n")
    return max(_EXIT[line.state] for line in lines)


async def _examine(data: str | None) -> list[Examined]:
    settings = serve_settings(data)
    lines = []
    for name, examine in _CHECKS.items():
        try:
            found = await examine(settings)
        except TollfreeError as error:
            found = Finding("problem", error.message, "see docs/settings.md")
        except Exception as error:  # noqa: BLE001  a check reports, it never fails itself
            found = Finding("problem", f"the check failed ({type(error).__name__})", "make install")
        lines.append(Examined(name, found.state, found.says, found.mend))
    return lines
