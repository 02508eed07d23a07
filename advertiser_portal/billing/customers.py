"""Who an advertiser is at the till: one customer each, and the card that may be charged.

The row is inserted before anything is asked of the processor, and the operation's key is derived
from the advertiser, so that two requests at once make one customer.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from advertiser_portal.billing.gateway import Card, Declined, Done
from advertiser_portal.billing.operations import Operations, Outcome, plan
from advertiser_portal.billing.tables import BillingCustomer, StripeOperation
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.errors import Conflict, Unavailable
from ledger.rows import insert_missing
from ledger.tables import rows_of


async def customer_of(session: AsyncSession, advertiser_id: str) -> BillingCustomer | None:
    return await session.get(BillingCustomer, advertiser_id)


async def ensure_customer(
    database: Database,
    operations: Operations,
    advertiser_id: str,
    *,
    email: str,
    name: str,
    clock: Clock,
) -> str:
    """The Stripe customer of an advertiser, made once. Raises Unavailable when Stripe is away."""
    async with database.writing() as tx:
        row = await tx.get(BillingCustomer, advertiser_id)
        if row is not None and row.stripe_customer_id is not None:
            return row.stripe_customer_id
        operation_id = await _planned(tx, advertiser_id, email=email, name=name, clock=clock)
    await operations.perform(operation_id)
    async with database.reading() as session:
        found = await session.get_one(BillingCustomer, advertiser_id)
        if found.stripe_customer_id is None:
            raise Unavailable(
                "Payments are not reachable right now. Nothing was charged; try again."
            )
        return found.stripe_customer_id


async def _planned(
    tx: WriteSession, advertiser_id: str, *, email: str, name: str, clock: Clock
) -> str:
    # Inserted unless there: of two visits at once, the second waits for the first and finds it.
    customer = {"advertiser_id": advertiser_id, "created_at": clock.now()}
    await insert_missing(tx, rows_of(BillingCustomer), [customer])
    await tx.get_one(BillingCustomer, advertiser_id, with_for_update=True)
    operation_id = f"op_{advertiser_id}"[:40]
    if await tx.get(StripeOperation, operation_id) is None:
        params = {"email": email, "name": name}
        await plan(tx, "customer", advertiser_id, params, clock=clock, operation_id=operation_id)
    return operation_id


async def settle_customer(tx: WriteSession, row: StripeOperation, outcome: Outcome) -> None:
    """Note the customer that was made."""
    match outcome:
        case Done(stripe_id=stripe_id):
            customer = await tx.get_one(BillingCustomer, row.owner_id)
            if customer.stripe_customer_id not in {None, stripe_id}:
                raise Conflict("This advertiser has another customer already.")
            customer.stripe_customer_id = stripe_id
        case Declined():
            # A refusal would be final under this key: the next visit asks anew.
            row.state = "planned"
            row.idempotency_key += f":{row.attempts}"


async def keep_card(tx: WriteSession, advertiser_id: str, card: Card) -> None:
    """Remember the card to charge when nobody is there."""
    customer = await tx.get_one(BillingCustomer, advertiser_id)
    customer.card_id, customer.card_brand = card.id, card.brand
    customer.card_last4, customer.card_expires = card.last4, card.expires
