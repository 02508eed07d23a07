"""Houses: organisations with an advertiser, money and a campaign; and the portal over them."""

from dataclasses import dataclass

from fastapi import FastAPI

from adserver.catalog import commands
from adserver.catalog.campaign import CampaignTerms
from adserver.catalog.creative import CreativeCopy
from adserver.catalog.targeting import Targeting
from adserver.events.record import DecisionEvent, StepEvent, write_decisions, write_steps
from adserver.events.tables import StepRow
from adserver.reports.rollup import catch_up
from advertiser_portal.billing.till import Till
from advertiser_portal.drafting import Drafter
from advertiser_portal.match_panel import Matcher
from advertiser_portal.public import pages as public
from advertiser_portal.routes import routes
from kernel.clock import FrozenClock
from kernel.database import Database
from kernel.http import RequestIds, install_error_handlers
from kernel.ids import new_id
from kernel.money import Micros
from kernel.shared_state import InProcessState
from kernel.signing import SigningKeys
from ledger.charging import LimitKey, Split
from ledger.journal import charge, post
from ledger.postings import top_up
from tollfree_sdk.contract import Step
from web import assets
from web.access_tokens import create_token
from web.front_desk import front_desk
from web.letters import Post
from web.organisations import add_member, create_organisation
from web.people import create_person, person_by_email
from web.roles import Role, TokenRole

PASSWORD = "correct horse battery"
BID = Micros(450_000)
PRICE = Micros(310_000)
TOP_UP = Micros(50_000_000)
DAILY = Micros(20_000_000)


@dataclass(frozen=True)
class House:
    """An organisation with one owner, one advertiser and one live campaign."""

    email: str
    organisation_id: str
    advertiser_id: str
    campaign_id: str
    creative_id: str


async def a_house(database: Database, clock: FrozenClock, name: str) -> House:
    """``await a_house(database, clock, "Strideworks")`` signs in as ada@strideworks.example."""
    domain = f"{name.lower()}.example"
    email = f"ada@{domain}"
    async with database.writing() as tx:
        person = await create_person(tx, email=email, password=PASSWORD, clock=clock)
        house = await create_organisation(tx, name=name, clock=clock)
        await add_member(tx, organisation_id=house.id, person_id=person.id, clock=clock)
        advertiser = await commands.create_advertiser(
            tx, organisation_id=house.id, name=name, domain=domain, clock=clock
        )
        await post(tx, top_up(advertiser.advertiser_id, TOP_UP, f"seed {name}"), clock=clock)
        campaign = await commands.create_campaign(
            tx,
            advertiser_id=advertiser.advertiser_id,
            terms=CampaignTerms(f"{name} spring", BID, None, DAILY, "UTC", clock.now()),
            targeting=Targeting(),
            clock=clock,
        )
        await commands.start_campaign(tx, campaign.campaign_id, clock=clock)
        creative = await commands.create_creative(
            tx, campaign_id=campaign.campaign_id, copy=_copy(domain), clock=clock
        )
        await commands.submit_creative(
            tx, creative.creative_id, auto_approve_after_lint=True, clock=clock
        )
        creative_id = creative.creative_id
    return House(email, house.id, advertiser.advertiser_id, campaign.campaign_id, creative_id)


async def a_member(
    database: Database, clock: FrozenClock, house: House, role: Role, *, email: str
) -> None:
    """Another person in the house."""
    async with database.writing() as tx:
        person = await create_person(tx, email=email, password=PASSWORD, clock=clock)
        await add_member(
            tx,
            organisation_id=house.organisation_id,
            person_id=person.id,
            role=role,
            clock=clock,
        )


async def an_ad_was_delivered(database: Database, clock: FrozenClock, house: House) -> str:
    """One delivered ad of the house; returns the decision's id."""
    decision_id = new_id("dec")
    async with database.writing() as tx:
        await write_decisions(
            tx,
            [
                DecisionEvent(
                    decision_id=decision_id,
                    at=clock.now(),
                    publisher_id="zero",
                    advertiser_id=house.advertiser_id,
                    campaign_id=house.campaign_id,
                    creative_id=house.creative_id,
                    creative_number=1,
                    creative_version=1,
                    format="unit",
                    bid=BID,
                    price=PRICE,
                    relevance=0.8,
                )
            ],
        )
        await write_steps(tx, [StepEvent(decision_id, Step.DELIVERED, clock.now())])
    await catch_up(database, clock)
    return decision_id


async def it_was_clicked(
    database: Database, clock: FrozenClock, house: House, decision_id: str
) -> None:
    """A billed click: the step and its charge."""
    async with database.writing() as tx:
        tx.add(
            StepRow(
                decision_id=decision_id,
                step=Step.CLICK.value,
                at=clock.now(),
                billable=True,
                price_micros=PRICE,
            )
        )
        await charge(
            tx,
            key=f"click:{decision_id}",
            payer=house.advertiser_id,
            limits=[LimitKey("campaign_day", house.campaign_id)],
            price=PRICE,
            split=Split("zero", 7_000),
            ref=decision_id,
            clock=clock,
        )
    await catch_up(database, clock)


def portal_app(
    database: Database,
    clock: FrozenClock,
    *,
    public_url: str,
    post: Post | None = None,
    matcher: Matcher | None = None,
    drafter: Drafter | None = None,
    auto_approve_after_lint: bool = False,
    till: Till | None = None,
) -> FastAPI:
    """The portal alone, as the composition root puts it together."""
    front = front_desk(
        database=database,
        clock=clock,
        shared_state=InProcessState(clock),
        signing=SigningKeys({1: b"a key of thirty-two bytes or more"}),
        public_url=public_url,
        post=post,
    )
    app = FastAPI()
    app.add_middleware(RequestIds)
    install_error_handlers(app)
    app.include_router(assets.routes(front.assets))
    app.include_router(
        routes(
            front,
            till,
            matcher=matcher,
            drafter=drafter,
            auto_approve_after_lint=auto_approve_after_lint,
        )
    )
    app.include_router(public.routes(front))
    return app


def _copy(domain: str) -> CreativeCopy:
    return CreativeCopy(
        title="Arch One: support that does not fight you",
        body="Firm where the arch needs it, soft where the road is hard. Free returns.",
        cta="See the shoe",
        landing_url=f"https://{domain}/arch-one",
        category="running",
        example_prompts=(
            "Which running shoes help with flat feet?",
            "Best stability shoes for beginners",
            "Which trainers last 800 km?",
        ),
        facts=("Sixty days to try them", "Firm medial post", "238 g in size 42"),
    )


async def a_token(
    database: Database, clock: FrozenClock, house: House, role: Role = Role.OWNER
) -> str:
    """The secret of an API token of the house."""
    async with database.writing() as tx:
        owner = await person_by_email(tx, house.email)
        assert owner is not None
        made = await create_token(
            tx,
            organisation_id=house.organisation_id,
            name=f"for the {role.value}",
            role=TokenRole(role),
            created_by=owner.id,
            days=None,
            clock=clock,
        )
    return made.secret
