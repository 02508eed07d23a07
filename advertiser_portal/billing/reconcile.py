"""Does the ledger agree with the till? Every line of Stripe's account is explained, or stands out.

Reads balance transactions of a window with overlap (a crash may have left a gap), books the fees,
follows what we missed, and parks what nobody can explain in `suspense`, which raises an alarm until
it is empty again. Afterwards `stripe_clearing` equals what Stripe holds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from advertiser_portal.billing.attention import Suspect, suspects
from advertiser_portal.billing.events import EventDesk, receive
from advertiser_portal.billing.gateway import Movement, PaymentGateway, micros
from advertiser_portal.billing.pause import Pause, no_pause
from advertiser_portal.billing.payout_tables import Payout
from advertiser_portal.billing.tables import BalanceTransaction, DisputeRow, RefundRow, TopUp
from kernel.clock import Clock
from kernel.database import Database, WriteSession
from kernel.money import ZERO, Micros
from kernel.telemetry import gauge, logger
from ledger import journal, till_postings
from ledger.account import STRIPE_CLEARING, SUSPENSE
from ledger.balances import balances
from ledger.postings import Posting, reversal
from ledger.recorded import is_booked, posting_of

_log = logger(__name__)
_difference = gauge("till_difference_micros", "Stripe's balance minus the ledger's, in micros")

OVERLAP: Final = timedelta(days=3)
_BANK: Final = {"payout", "payout_failure", "payout_cancel", "topup", "topup_reversal"}


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How the two accounts compare: `difference` and `suspense` are zero when all is well.

    `suspects` are the movements behind the suspense, of this window or an older one.
    """

    seen: int
    explained: int
    unexplained: int
    held: Micros
    booked: Micros
    suspense: Micros
    suspects: tuple[Suspect, ...] = ()

    @property
    def difference(self) -> Micros:
        return self.held - self.booked

    @property
    def is_clean(self) -> bool:
        return not self.difference and not self.suspense


class Reconciler:
    """Compares and explains; safe to run at any time, twice, or beside itself."""

    def __init__(
        self,
        database: Database,
        gateway: PaymentGateway,
        desk: EventDesk,
        *,
        clock: Clock,
        pause: Pause = no_pause,
    ) -> None:
        self._database, self._gateway = database, gateway
        self._desk, self._clock, self._pause = desk, clock, pause

    async def run(self, *, window: timedelta = timedelta(days=30)) -> Reconciliation:
        """Explain what moved in `window` and compare the sums."""
        since = self._clock.now() - window - OVERLAP
        missed = await self._gateway.undelivered(since)
        await receive(self._database, *missed, clock=self._clock)
        await self._desk.drain()
        movements = await self._gateway.movements(since)
        known = await self._explained_since(since)
        explained = 0
        for movement in reversed(movements):
            explained += movement.id in known or await self._explain(movement)
        return await self._compare(len(movements), explained)

    async def _explained_since(self, since: datetime) -> set[str]:
        """What an earlier run has explained: the greater part of every window."""
        rows = BalanceTransaction
        query = sa.select(rows.id).where(
            rows.created_at >= since,
            rows.explained_by.is_not(None),
            rows.explained_by.not_like("suspense:%"),
        )
        async with self._database.reading() as session:
            return set(await session.scalars(query))

    async def _explain(self, movement: Movement) -> bool:
        key = await self._key_of(movement)
        if key is None and await self._missed(movement):
            await self._pause()
            key = await self._key_of(movement)
        async with self._database.writing() as tx:
            row = await self._row_of(tx, movement)
            return await self._book(tx, row, movement, key)

    async def _row_of(self, tx: WriteSession, movement: Movement) -> BalanceTransaction:
        row = await tx.get(BalanceTransaction, movement.id)
        if row is None:
            row = BalanceTransaction(
                id=movement.id,
                type=movement.type,
                amount_cents=movement.amount_cents,
                fee_cents=movement.fee_cents,
                source=movement.source,
                created_at=movement.created,
            )
            tx.add(row)
            await tx.flush()
        return row

    async def _book(
        self, tx: WriteSession, row: BalanceTransaction, movement: Movement, key: str | None
    ) -> bool:
        if movement.fee_cents:
            fee = till_postings.processor_fee(
                micros(movement.fee_cents),
                key=f"fee:{movement.id}",
                dispute=movement.type == "adjustment",
            )
            await journal.post(tx, fee, clock=self._clock)
        amount = micros(movement.amount_cents)
        if key is None and movement.type in _BANK and amount:
            key = f"bank:{movement.id}"
            booked = till_postings.moved_to_bank(-amount, key=key)
            await journal.post(tx, booked, clock=self._clock)
        if key is None:
            await self._park(tx, row, amount)
            return False
        await self._unpark(tx, row)
        row.explained_by = key
        return True

    async def _park(self, tx: WriteSession, row: BalanceTransaction, amount: Micros) -> None:
        if row.explained_by is None and amount:
            row.explained_by = f"suspense:{row.id}"
            parked: Posting = till_postings.unexplained(amount, key=row.explained_by)
            await journal.post(tx, parked, clock=self._clock)
            _log.error("till_unexplained", kind=row.type)

    async def _unpark(self, tx: WriteSession, row: BalanceTransaction) -> None:
        if row.explained_by is not None and row.explained_by.startswith("suspense:"):
            parked = await posting_of(tx, row.explained_by)
            assert parked is not None, "A parked movement has its posting."
            undone = reversal(parked, f"un{row.explained_by}")
            await journal.post(tx, undone, clock=self._clock)

    async def _missed(self, movement: Movement) -> bool:
        """Follow what a movement speaks of, as its webhook would have made us do."""
        about = {"charge": "payment", "refund": "refund", "refund_failure": "refund"}.get(
            movement.type
        )
        source = movement.source
        if movement.type == "adjustment" and source and source.startswith(("dp_", "du_")):
            about = "dispute"
        if about is None or source is None:
            return False
        try:
            if about == "payment":
                source = await self._gateway.charge_payment(source)
            if source is None:
                return False
            await self._desk.follow(about, source)
        except LookupError:
            return False
        return True

    async def _key_of(self, movement: Movement) -> str | None:
        """The key under which the ledger knows this movement, if it does."""
        async with self._database.reading() as session:
            keys = {
                "charge": sa.select("top_up:" + TopUp.payment_intent_id).where(
                    TopUp.charge_id == movement.source
                ),
                "refund": sa.select("refund:" + RefundRow.operation_id + ":paid").where(
                    RefundRow.stripe_refund_id == movement.source
                ),
                "refund_failure": sa.select("refund:" + RefundRow.operation_id + ":returned").where(
                    RefundRow.stripe_refund_id == movement.source
                ),
                "transfer": sa.select("payout:" + Payout.id + ":sent").where(
                    Payout.stripe_transfer_id == movement.source
                ),
                "adjustment": sa.select(
                    "dispute:"
                    + DisputeRow.dispute_id
                    + (":withdrawn" if movement.amount_cents < 0 else ":reinstated")
                ).where(DisputeRow.dispute_id == movement.source),
            }
            query = keys.get(movement.type)
            key = None if query is None else await session.scalar(query)
            return str(key) if key and await is_booked(session, str(key)) else None

    async def _compare(self, seen: int, explained: int) -> Reconciliation:
        holdings = await self._gateway.holdings()
        async with self._database.reading() as session:
            found = await balances(session, [STRIPE_CLEARING, SUSPENSE])
            parked = await suspects(session)
        held = micros(holdings.total_cents)
        result = Reconciliation(
            seen=seen,
            explained=explained,
            unexplained=seen - explained,
            held=held,
            booked=found[STRIPE_CLEARING].posted,
            suspense=found[SUSPENSE].posted if SUSPENSE in found else ZERO,
            suspects=parked,
        )
        _difference.set(result.difference.amount)
        if not result.is_clean:
            _log.error("till_differs", count=result.unexplained)
        return result
