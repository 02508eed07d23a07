"""``tollfree demo``: everything on this machine, in one command.

Needs no settings: makes a data folder with random secrets, migrates, moves the sample advertisers
in, finds who answers, and serves. What it prints goes to standard output, progress and problems to
standard error, so that `--json` leaves exactly one line.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from adserver.decision.settings import DecisionSettings
from advertiser_portal.billing.haste import Caution
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.errors import SettingsInvalid
from kernel.settings import read_settings
from kernel.telemetry import configure_logging
from tollfree import banner, ports, sample_chat, serving
from tollfree.compose import Plan, Road, opened_road
from tollfree.data_folder import DataFolder
from tollfree.doorway import App
from tollfree.household import moved_in
from tollfree.migrate import migrate
from tollfree.portal_side import portal_plan
from tollfree.settings import ServeSettings, serve_settings
from tollfree.till_side import stripe_keys
from tollfree.upstreams import ProviderKeys, configured, found_in

_PATIENT_MS = 250


@dataclass(frozen=True)
class RunningDemo:
    """A road and what is to be said about it."""

    road: Road
    announced: banner.Announcement

    @property
    def app(self) -> App:
        return self.road.app

    def shut_down(self) -> None:
        self.road.shut_down()


def run(asked: argparse.Namespace) -> int:
    """Serve until a signal; returns the exit code."""
    settings = serve_settings(asked.data)
    quiet = "log_level" not in settings.model_fields_set
    configure_logging(level="ERROR" if quiet else settings.log_level)
    folder = DataFolder(settings.data).open()
    try:
        if asked.reset:
            _reset(folder, settings)
        host = asked.host or settings.host
        port = settings.port if asked.port is None else asked.port
        with ports.listen(host, port, or_next=True) as listener:
            address = settings.public_url or "http://{}:{}".format(*ports.address_of(listener))
            demo = _Demo(settings, folder, address)
            serving.run(listener, demo.opened, when_ready=_announcer(asked))
    finally:
        folder.close()
    return 0


class _Demo:
    """The way from an empty folder to a running road, with progress on standard error."""

    def __init__(self, settings: ServeSettings, folder: DataFolder, address: str) -> None:
        self._settings, self._folder, self._address = settings, folder, address

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[RunningDemo]:
        settings, clock = self._settings, SystemClock()
        _progress("preparing the database")
        await asyncio.to_thread(migrate, settings)
        database = Database(settings.database())
        household = await moved_in(database, self._folder, clock)
        await database.close()
        _progress("looking for a model that answers")
        upstream = configured(settings) or await found_in(read_settings(ProviderKeys), clock)
        _progress("indexing the ads")
        plan = Plan(
            database_url=settings.database(),
            redis_url=settings.shared_state(),
            public_url=self._address,
            signing=self._folder.secrets().ring(),
            upstream=upstream,
            model_folder=settings.model_folder,
            data=settings.data,
            # A busy laptop may take longer than the rule allows. While an answer is still being
            # written that costs nothing; how long an answer waits at its end stays as it is.
            decisions=DecisionSettings(deadline_ms=max(_PATIENT_MS, settings.decision_deadline_ms)),
            answer_waits_ms=settings.decision_deadline_ms,
            programs_pay=True,
            stripe=stripe_keys(settings),
            caution=Caution(*settings.caution()),
            tax=settings.stripe_tax,
            test_money=True,
            portal=portal_plan(settings, demo=True, talk_key=household.api_key),
        )
        async with opened_road(plan) as road:
            _progress("")
            yield RunningDemo(
                road,
                banner.Announcement(
                    address=self._address,
                    household=household,
                    upstream=upstream.kind,
                    says=upstream.says,
                    passed_over=upstream.passed_over,
                    database_url=settings.database(),
                ),
            )


def _announcer(asked: argparse.Namespace) -> serving.WhenReady[RunningDemo]:
    async def announce(demo: RunningDemo) -> None:
        announced = demo.announced
        if asked.json:
            sys.stdout.write(banner.as_json(announced) + "\n")
            sys.stdout.flush()
            return
        sys.stdout.write("\n" + banner.as_text(announced, colour=sys.stdout.isatty()) + "\n")
        sys.stdout.flush()
        if not asked.no_sample:
            sample_chat.send(announced.base_url, announced.household.api_key)

    return announce


def _reset(folder: DataFolder, settings: ServeSettings) -> None:
    if settings.database_url is not None:
        raise SettingsInvalid(
            "--reset empties the data folder, but DATABASE_URL names a database elsewhere. Unset "
            "DATABASE_URL, or empty that database yourself.",
            param="DATABASE_URL",
        )
    folder.empty()


def _progress(step: str) -> None:
    """Rewrite the progress line on a terminal; write nothing elsewhere."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{f'  {step} …' if step else ''}")
        sys.stderr.flush()
