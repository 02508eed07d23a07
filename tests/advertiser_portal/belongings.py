"""One of each thing that an address of any portal can name, all of one house.

`mark` stands in every name that the house gave, so that a page which shows it gives itself away.
"""

import sqlalchemy as sa

from adserver.catalog.commands import create_publisher
from adserver.catalog.queries import advertiser_of
from advertiser_portal import onboarding, saved_views
from advertiser_portal.billing.payout_tables import Payout
from advertiser_portal.billing.tables import AutoRecharge
from api.access.keys import create_app, create_key
from api.chat.usage import write_completions
from fakestripe.resources import checkout
from kernel.clock import FrozenClock
from kernel.database import Database
from tests.advertiser_portal.billing.till_world import CARD, Bench
from tests.advertiser_portal.houses import House
from tests.api.monitoring.test_calls import a_row
from web import members
from web.access_tokens import create_token
from web.account_tables import PasskeyRow
from web.people import person_by_email
from web.roles import Role, TokenRole
from web.sessions import open_session
from web.tables import SignInSessionRow


async def everything_of(
    bench: Bench, house: House, clock: FrozenClock, *, mark: str
) -> dict[str, str]:
    """What stands in addresses, by the name of the place: ``{"campaign_id": "cmp_…", …}``."""
    return {
        "campaign_id": house.campaign_id,
        "creative_id": house.creative_id,
        "decision_id": f"dec_{house.organisation_id[4:]}",
        "step": "page",
        "act": "pause",
        "digest": "0",
        "name": "portal.css",
        **await _papers_of(bench.database, house, clock, mark=mark),
        **await _keys_of(bench.database, house, clock, mark=mark),
        **await _payment_of(bench, house),
        **await _payout_of(bench, house, clock, mark=mark),
    }


async def _papers_of(
    database: Database, house: House, clock: FrozenClock, *, mark: str
) -> dict[str, str]:
    """People, invitations, tokens, views and a wizard that was begun."""
    async with database.writing() as tx:
        person = await person_by_email(tx, house.email)
        assert person is not None
        await open_session(tx, person.id, clock=clock, address="192.0.2.7", user_agent="Firefox")
        row = await tx.scalar(
            sa.select(SignInSessionRow.id).where(SignInSessionRow.person_id == person.id)
        )
        key, invitation = await members.invite(
            tx,
            organisation_id=house.organisation_id,
            email=f"guest@{house.organisation_id}.example",
            role=Role.VIEWER,
            by=person.id,
            clock=clock,
        )
        made = await create_token(
            tx,
            organisation_id=house.organisation_id,
            name=f"{mark} nightly",
            role=TokenRole.OWNER,
            created_by=person.id,
            days=None,
            clock=clock,
        )
        await saved_views.keep(
            tx, house.organisation_id, name=f"{mark} view", query="", clock=clock
        )
        view = (await saved_views.views_of(tx, house.organisation_id))[0]
        advertiser = await advertiser_of(tx, house.organisation_id)
        assert advertiser is not None
        wizard = await onboarding.begin(tx, house.organisation_id, advertiser, clock=clock)
        passkey = PasskeyRow(
            id=f"psk_{house.organisation_id[4:]}",
            person_id=person.id,
            credential_digest=house.organisation_id,
            credential_id="x",
            public_key="x",
            sign_count=0,
            name="laptop",
            created_at=clock.now(),
        )
        tx.add(passkey)
    return {
        "person_id": person.id,
        "session_id": str(row),
        "invitation_id": key,
        "token": invitation,
        "token_id": made.token.token_id,
        "view_id": view.view_id,
        "wizard_id": wizard.wizard_id,
        "passkey_id": passkey.id,
    }


async def _keys_of(
    database: Database, house: House, clock: FrozenClock, *, mark: str
) -> dict[str, str]:
    """An app with a key that was used."""
    async with database.writing() as tx:
        app = await create_app(
            tx, organisation_id=house.organisation_id, name=f"{mark} app", clock=clock
        )
        key = await create_key(tx, app, clock=clock)
        calls = [
            a_row(clock, app_id=app, key_id=key.key_id, prompt_group=f"{mark} prompt", total_ms=ms)
            for ms in (90.0, 120.0, 410.0)
        ]
        await write_completions(tx, calls)
    return {"app_id": app, "key_id": key.key_id}


async def _payment_of(bench: Bench, house: House) -> dict[str, str]:
    """A payment with a saved card, and a recharge that the bank asks about."""
    bench.advertiser = house.advertiser_id
    operation = await bench.plan_top_up(100, save_card=True)
    done = await bench.till.operations.perform(operation)
    paid = checkout.complete(bench.fake.platform, done.stripe_id, number=CARD)
    await bench.hear()
    intent = str(paid["payment_intent"])
    await bench.set_recharge(20, 100, 500)
    async with bench.database.writing() as tx:
        rule = await tx.get_one(AutoRecharge, house.advertiser_id)
        rule.last_error = "authentication_required"
        rule.confirm_url = f"/advertiser/billing/confirm/{intent}"
    return {"operation_id": operation, "payment_id": intent, "intent_id": intent}


async def _payout_of(
    bench: Bench, house: House, clock: FrozenClock, *, mark: str
) -> dict[str, str]:
    """A publisher that was paid once and has earned since."""
    async with bench.database.writing() as tx:
        made = await create_publisher(
            tx,
            name=f"{mark} chat",
            key_digest=None,
            organisation_id=house.organisation_id,
            clock=clock,
        )
    publisher = made.publisher_id
    await bench.payee(publisher)
    bench.deposit(1_000)
    await bench.earned(60, publisher)
    await bench.till.pay_publishers()
    await bench.hear()
    await bench.earned(12, publisher)
    async with bench.database.reading() as session:
        payout = await session.scalar(sa.select(Payout.id).where(Payout.publisher_id == publisher))
    return {"publisher_id": publisher, "payout_id": str(payout)}
