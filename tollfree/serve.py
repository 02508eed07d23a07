"""``tollfree serve``: the server with the settings of its environment.

Makes up nothing: the public address and the signing keys must be set, the database must be at the
newest schema, and a port that is taken is an error. On SQLite this is the only process, so it holds
the data folder's lock and does the worker's part itself.
"""

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from advertiser_portal.billing.haste import Caution
from kernel.clock import SystemClock
from kernel.database import Database
from kernel.telemetry import configure_logging, logger
from tollfree import migrations, ports, serving
from tollfree.ads_only import AdNetworkProcess, opened_ads
from tollfree.affiliates import affiliates_in
from tollfree.api_side import Collector, SpendPlan
from tollfree.compose import Plan, Road, opened_road
from tollfree.data_centres import data_centres_in
from tollfree.data_folder import DataFolder
from tollfree.migrate import explained
from tollfree.otlp import headers_from
from tollfree.portal_side import portal_plan
from tollfree.settings import ServeSettings, serve_settings, signing_keys_from
from tollfree.till_side import stripe_keys
from tollfree.upstreams import configured, demo_only

_log = logger(__name__)


def run(asked: argparse.Namespace) -> int:
    """Serve until a signal; returns the exit code."""
    settings = serve_settings(asked.data).required()
    configure_logging(level=settings.log_level)
    plan = plan_of(settings)
    on_sqlite = settings.database().startswith("sqlite")
    folder = DataFolder(settings.data).open() if on_sqlite else None
    try:
        port = settings.port if asked.port is None else asked.port
        with ports.listen(asked.host or settings.host, port) as listener:
            if asked.only == "ads":
                serving.run(listener, lambda: _opened_ads(plan), when_ready=_announce)
            else:
                serving.run(listener, lambda: _opened(plan), when_ready=_announce)
    finally:
        if folder is not None:
            folder.close()
    return 0


def plan_of(settings: ServeSettings) -> Plan:
    """The plan of a server with these settings. Raises SettingsInvalid."""
    upstream = configured(settings)
    if upstream is None:
        sys.stderr.write("! No TOLLFREE_UPSTREAM_URL is set: the demo model answers.\n")
        upstream = demo_only(SystemClock())
    assert settings.public_url is not None
    assert settings.signing_keys is not None
    return Plan(
        database_url=settings.database(),
        redis_url=settings.shared_state(),
        public_url=settings.public_url,
        signing=signing_keys_from(settings.signing_keys.get_secret_value()),
        upstream=upstream,
        model_folder=settings.model_folder,
        data=settings.data,
        decisions=settings.decisions(),
        answer_waits_ms=settings.decision_deadline_ms,
        quotas=settings.quotas(),
        spend=SpendPlan(*settings.spend()),
        affiliates=affiliates_in(settings.affiliates),
        data_centres=data_centres_in(settings.data_centres),
        collector=_collector(settings),
        stripe=stripe_keys(settings),
        caution=Caution(*settings.caution()),
        tax=settings.stripe_tax,
        portal=portal_plan(settings),
        work_inside=settings.work_inside or settings.database().startswith("sqlite"),
    )


def _collector(settings: ServeSettings) -> Collector | None:
    if settings.otlp_endpoint is None:
        return None
    headers = settings.otlp_headers.get_secret_value() if settings.otlp_headers else ""
    return settings.otlp_endpoint, headers_from(headers)


@asynccontextmanager
async def _opened(plan: Plan) -> AsyncIterator[Road]:
    await _require_schema(plan)
    async with opened_road(plan) as road:
        yield road


async def _require_schema(plan: Plan) -> None:
    database = Database(plan.database_url)
    try:
        with explained():
            await migrations.require_newest(database)
    finally:
        await database.close()


@asynccontextmanager
async def _opened_ads(plan: Plan) -> AsyncIterator[AdNetworkProcess]:
    await _require_schema(plan)
    async with opened_ads(plan) as network:
        yield network


async def _announce(road: Road | AdNetworkProcess) -> None:
    _log.info("server_ready", url=road.grounds.public_url)
