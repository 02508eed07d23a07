"""Build the till: Stripe where a key is set, its stand-in in a demo, none otherwise.

The stand-in is served by the same process under ``/fakestripe`` and spoken to over HTTP by the same
client as the real one; its state lives in the data folder. What it takes is test money, and every
page of it says so.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from adserver.catalog import commands, queries
from adserver.catalog.campaign import CampaignStatus
from advertiser_portal.billing.disputes import StopAds
from advertiser_portal.billing.haste import Caution
from advertiser_portal.billing.pause import a_tenth, no_pause
from advertiser_portal.billing.stripe_gateway import StripeGateway
from advertiser_portal.billing.till import Till
from fakestripe import keeping
from fakestripe.app import FakeStripe, build
from fakestripe.shapes import shape
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from tollfree.crew import Crew, every
from tollfree.foundations import Foundations
from tollfree.settings import ServeSettings

STAND_IN: Final = "/fakestripe"
_HOOK: Final = "/hooks/stripe"
_TEST_KEY: Final = "sk_test_tollfree"
_EVERY_SECONDS: Final = 1.0
_HOURLY: Final = 3_600.0
_DAILY: Final = 24 * _HOURLY
# What an hourly look goes back over; the daily one takes the month.
_LATELY: Final = timedelta(days=1)


@dataclass(frozen=True)
class StripeKeys:
    """What it takes to speak to Stripe: ``StripeKeys("sk_live_…", ("whsec_…",))``."""

    secret_key: str
    webhook_secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return "StripeKeys(…)"


def stripe_keys(settings: ServeSettings) -> StripeKeys | None:
    """The keys in the settings. Raises SettingsInvalid for a key without a webhook secret."""
    given = settings.stripe()
    return None if given is None else StripeKeys(*given)


@dataclass(frozen=True)
class TillSide:
    """The till of this process, and the stand-in that it speaks to, if it does."""

    till: Till
    gateway: StripeGateway
    stand_in: FakeStripe | None
    state_file: Path | None

    def start(self, crew: Crew, *, work_inside: bool) -> None:
        """Start what follows up on payments."""
        if self.stand_in is not None:
            crew.start("fakestripe", self._deliver)
            crew.start("fakestripe_state", lambda: every(_EVERY_SECONDS, self._save))
        if work_inside:
            # A demo's sample wallets were filled without a payment: there is nothing to compare.
            start_work(crew, self.till, compare=self.stand_in is None)

    async def close(self) -> None:
        if self.stand_in is not None:
            await self._save()
        await self.gateway.close()

    async def _deliver(self) -> None:
        assert self.stand_in is not None
        async with httpx.AsyncClient(timeout=10) as client:

            async def post(url: str, body: bytes, headers: dict[str, str]) -> int:
                try:
                    return (await client.post(url, content=body, headers=headers)).status_code
                except httpx.HTTPError:
                    return 0

            await self.stand_in.platform.events.run(post)

    async def _save(self) -> None:
        assert self.stand_in is not None
        assert self.state_file is not None
        await asyncio.to_thread(keeping.save, self.stand_in.platform, self.state_file)


def start_work(crew: Crew, till: Till, *, compare: bool) -> None:
    """Start what follows up on payments: events, recharges, payouts and, to `compare`, the books."""

    async def work() -> None:
        # What was told while nobody listened comes first.
        await till.catch_up()
        await every(_EVERY_SECONDS, till.work)

    crew.start("till", work)
    crew.start("till_payouts", lambda: every(_HOURLY, till.pay_publishers))
    if compare:
        lately = partial(till.reconciler.run, window=_LATELY)
        crew.start("till_reconciliation", lambda: every(_HOURLY, lately))
        crew.start("till_month", lambda: every(_DAILY, till.reconciler.run))


def build_till_side(
    grounds: Foundations,
    keys: StripeKeys | None,
    *,
    stand_in: bool,
    caution: Caution,
    tax: bool = False,
) -> TillSide | None:
    """The till with real keys, with the stand-in, or none; with `tax` payments are taxed."""
    if keys is not None:
        gateway = _real_gateway(keys)
        till = _till(grounds, gateway, caution, test_money=False, tax=tax)
        return TillSide(till, gateway, None, None)
    if not stand_in:
        return None
    secret = grounds.signing.derive("fakestripe").hex()
    fake = build(public_url=grounds.public_url + STAND_IN, secret_key=_TEST_KEY)
    state_file = grounds.data / "fakestripe.json"
    keeping.load(fake.platform, state_file)
    _listen(fake, grounds.public_url + _HOOK, secret)
    gateway = StripeGateway(
        secret_key=_TEST_KEY, webhook_secrets=[secret], base_url=grounds.public_url + STAND_IN
    )
    till = _till(grounds, gateway, caution, test_money=True, tax=tax)
    return TillSide(till, gateway, fake, state_file)


def working_till(settings: ServeSettings, database: Database, clock: Clock) -> Till | None:
    """The till of a worker, which has no pages; None where payments are off."""
    keys = stripe_keys(settings)
    if keys is None:
        return None
    return Till(
        database,
        _real_gateway(keys),
        public_url=settings.public_url or "",
        stop_ads=_stop_ads(clock),
        clock=clock,
        tax=settings.stripe_tax,
        caution=Caution(*settings.caution()),
        pause=a_tenth,
    )


def _real_gateway(keys: StripeKeys) -> StripeGateway:
    return StripeGateway(
        secret_key=keys.secret_key, webhook_secrets=keys.webhook_secrets, pause=a_tenth
    )


def _till(
    grounds: Foundations,
    gateway: StripeGateway,
    caution: Caution,
    *,
    test_money: bool,
    tax: bool,
) -> Till:
    return Till(
        grounds.database,
        gateway,
        public_url=grounds.public_url,
        stop_ads=_stop_ads(grounds.clock),
        clock=grounds.clock,
        test_money=test_money,
        tax=tax,
        caution=caution,
        pause=no_pause if test_money else a_tenth,
    )


def _listen(fake: FakeStripe, url: str, secret: str) -> None:
    """One endpoint, at the address of this run: the port may have changed since the last."""
    objects = fake.platform.objects
    for endpoint in objects.every("webhook_endpoint"):
        objects.remove("webhook_endpoint", endpoint["id"])
    objects.add(
        shape(
            "webhook_endpoint",
            id="we_tollfree",
            created=fake.platform.clock.now(),
            enabled_events=["*"],
            secret=secret,
            status="enabled",
            url=url,
        )
    )


def _stop_ads(clock: Clock) -> StopAds:
    async def stop(tx: WriteSession, advertiser_id: str) -> None:
        for campaign in await queries.campaigns_of(tx, advertiser_id):
            if campaign.status is CampaignStatus.LIVE:
                await commands.pause_campaign(tx, campaign.campaign_id, clock=clock)

    return stop
