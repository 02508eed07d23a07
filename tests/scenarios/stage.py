"""Sets up the advertisers of a scenario, as its JSON describes them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adserver.catalog import commands
from adserver.catalog.publisher import PUBLISHER_ZERO, Publisher
from kernel.ids import new_id
from kernel.money import Micros
from ledger.charging import LimitKey
from ledger.journal import Charged, Split, charge
from tests.adserver.decision.world import World

MEMBERS = frozenset(
    "advertiser title body category example_prompts language bid wallet total_budget daily_budget "
    "spent_today targeting house paused reviewed starts_in_hours".split()
)
WALLET = "20.00"


class Stage:
    """Advertisers by name, and the campaign that each set up last."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._advertisers: dict[str, str] = {}
        self.campaigns: dict[str, str] = {}

    async def set_up(self, wanted: Mapping[str, Any]) -> None:
        """One campaign with one creative, live and approved unless it says otherwise."""
        assert wanted.keys() <= MEMBERS, "A campaign has a member that nobody reads."
        name = wanted["advertiser"]
        advertiser = await self._advertiser(name, wanted.get("wallet", WALLET))
        campaign, _ = await self._world.creative(
            advertiser,
            name=name,
            title=wanted["title"],
            body=wanted["body"],
            category=wanted["category"],
            prompts=tuple(wanted["example_prompts"]),
            language=wanted.get("language", "en"),
            bid=micros(wanted["bid"]),
            total=optional(wanted, "total_budget"),
            daily=optional(wanted, "daily_budget"),
            house=wanted.get("house", False),
            reviewed=wanted.get("reviewed", True),
            starts_in=timedelta(hours=wanted.get("starts_in_hours", -24)),
            **wanted.get("targeting", {}),
        )
        self.campaigns[name] = campaign
        await self._spend_today(wanted, advertiser, campaign)
        if wanted.get("paused", False):
            async with self._world.database.writing() as tx:
                await commands.pause_campaign(tx, campaign, clock=self._world.clock)

    async def _advertiser(self, name: str, wallet: str) -> str:
        if name not in self._advertisers:
            self._advertisers[name] = await self._world.advertiser(name, wallet=micros(wallet))
        return self._advertisers[name]

    async def _spend_today(self, wanted: Mapping[str, Any], advertiser: str, campaign: str) -> None:
        spent = optional(wanted, "spent_today")
        if spent is None:
            return
        async with self._world.database.writing() as tx:
            outcome = await charge(
                tx,
                key=new_id("click"),
                payer=advertiser,
                limits=(LimitKey("campaign_day", campaign),),
                price=Micros(spent),
                split=Split(PUBLISHER_ZERO, 7_000),
                ref="earlier today",
                clock=self._world.clock,
            )
        assert isinstance(outcome, Charged)


def publisher_of(wanted: Mapping[str, Any]) -> Publisher:
    """Our own API, with the wishes of the scenario."""
    return Publisher(
        PUBLISHER_ZERO,
        "Tollfree API",
        floor=Micros(micros(wanted.get("floor", "0"))),
        blocked_categories=frozenset(wanted.get("blocked_categories", ())),
        blocked_domains=frozenset(wanted.get("blocked_domains", ())),
    )


def micros(dollars: str) -> int:
    return Micros.from_units(dollars).amount


def optional(wanted: Mapping[str, Any], member: str) -> int | None:
    return micros(wanted[member]) if member in wanted else None
