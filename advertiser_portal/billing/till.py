"""The till put together: operations, events, reconciliation, and the work that follows by itself.

One `Till` per process, built in the composition root with a real gateway or one that speaks to the
stand-in. `work` is what the worker calls every second or so.
"""

import contextlib
from datetime import timedelta

from advertiser_portal.billing import (
    bank_payouts,
    customers,
    payouts,
    recharge,
    refunds,
)
from advertiser_portal.billing.disputes import StopAds
from advertiser_portal.billing.events import EventDesk, receive
from advertiser_portal.billing.gateway import Done, PaymentGateway
from advertiser_portal.billing.haste import USUAL, Caution
from advertiser_portal.billing.operations import Operations, each
from advertiser_portal.billing.pause import Pause, no_pause
from advertiser_portal.billing.reconcile import Reconciler
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import Unavailable

# Events are kept by the processor for thirty days.
_EVENTS_LIVE = timedelta(days=30)


class Till:
    """Everything behind the billing pages. `tax` asks the processor to add tax to payments."""

    def __init__(
        self,
        database: Database,
        gateway: PaymentGateway,
        *,
        public_url: str,
        stop_ads: StopAds,
        clock: Clock,
        test_money: bool = False,
        tax: bool = False,
        caution: Caution = USUAL,
        pause: Pause = no_pause,
    ) -> None:
        self.database, self.gateway, self.clock = database, gateway, clock
        self.public_url, self.test_money, self.tax = public_url, test_money, tax
        self.caution, self._pause = caution, pause
        self.operations = Operations(
            database,
            gateway,
            {
                "customer": each(customers.settle_customer),
                "recharge": each(recharge.settle_recharge(public_url, clock)),
                "refund": each(refunds.settle_refund(clock)),
                "payee": each(payouts.settle_payee),
                "transfer": payouts.settle_transfers(clock),
                "bank_payout": bank_payouts.settle_bank_payouts(clock),
            },
            {"transfer": payouts.same_account},
            clock=clock,
        )
        self.desk = EventDesk(database, gateway, stop_ads=stop_ads, clock=clock, caution=caution)
        self.reconciler = Reconciler(database, gateway, self.desk, clock=clock, pause=pause)

    async def work(self) -> None:
        """Act on stored events, recharge low wallets, carry on with what was left open."""
        await self.desk.drain()
        for operation_id in await recharge.plan_due(
            self.database, clock=self.clock, caution=self.caution
        ):
            outcome = await self.operations.perform(operation_id)
            if isinstance(outcome, Done):
                # Not only by event: one that never comes must not leave the wallet empty.
                await self._follow("payment", outcome.stripe_id)
        for payment_id in await recharge.uncredited(self.database, clock=self.clock):
            await self._follow("payment", payment_id)
        await self.operations.resume()

    async def catch_up(self) -> int:
        """After a pause: store the events that nobody took from the processor; returns how many."""
        since = self.clock.now() - _EVENTS_LIVE
        missed = await self.gateway.undelivered(since)
        return await receive(self.database, *missed, clock=self.clock)

    async def pay_publishers(self) -> int:
        """Pay every publisher over the threshold, and on to the banks.

        Returns how many transfers came to an end. Once a day is enough, more often is harmless.
        """
        database, gateway, pause = self.database, self.gateway, self._pause
        transfers = await payouts.plan_payouts(database, clock=self.clock)
        ended = await self.operations.perform_all(transfers, pause=pause)
        await bank_payouts.follow_sent(database, gateway, clock=self.clock, pause=pause)
        onwards = await bank_payouts.plan_bank_payouts(
            database, gateway, clock=self.clock, pause=pause
        )
        await self.operations.perform_all(onwards, pause=pause)
        return len(ended)

    async def _follow(self, about: str, object_id: str) -> None:
        # Whoever asked comes again: with the event, with the next round of work, or tomorrow.
        with contextlib.suppress(Unavailable, LookupError):
            await self.desk.follow(about, object_id)
