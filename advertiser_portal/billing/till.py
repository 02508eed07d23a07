"""The till put together: operations, events, reconciliation, and the work that follows by itself.

One `Till` per process, built in the composition root with a real gateway or one that speaks to the
stand-in. `work` is what the worker calls every second or so.
"""

from datetime import timedelta

from advertiser_portal.billing import customers, payouts, recharge, refunds
from advertiser_portal.billing.disputes import StopAds
from advertiser_portal.billing.events import EventDesk, receive
from advertiser_portal.billing.gateway import PaymentGateway
from advertiser_portal.billing.operations import Operations
from advertiser_portal.billing.reconcile import Reconciler
from kernel.clock import Clock
from kernel.database import Database

# Events are kept by the processor for thirty days.
_EVENTS_LIVE = timedelta(days=30)


class Till:
    """Everything behind the billing pages."""

    def __init__(
        self,
        database: Database,
        gateway: PaymentGateway,
        *,
        public_url: str,
        stop_ads: StopAds,
        clock: Clock,
        test_money: bool = False,
    ) -> None:
        self.database, self.gateway, self.clock = database, gateway, clock
        self.public_url, self.test_money = public_url, test_money
        self.operations = Operations(
            database,
            gateway,
            {
                "customer": customers.settle_customer,
                "recharge": recharge.settle_recharge(public_url, clock),
                "refund": refunds.settle_refund(clock),
                "payee": payouts.settle_payee,
                "transfer": payouts.settle_transfer(clock),
            },
            clock=clock,
        )
        self.desk = EventDesk(database, gateway, stop_ads=stop_ads, clock=clock)
        self.reconciler = Reconciler(database, gateway, self.desk, clock=clock)

    async def work(self) -> None:
        """Act on stored events, recharge low wallets, carry on with what was left open."""
        await self.desk.drain()
        for operation_id in await recharge.plan_due(self.database, clock=self.clock):
            await self.operations.perform(operation_id)
        await self.operations.resume()

    async def catch_up(self) -> int:
        """After a pause: store the events that nobody took from the processor; returns how many."""
        since = self.clock.now() - _EVENTS_LIVE
        missed = await self.gateway.undelivered(since)
        return sum([await receive(self.database, notice, clock=self.clock) for notice in missed])

    async def pay_publishers(self) -> int:
        """Pay every publisher over the threshold; returns how many payments were made."""
        planned = await payouts.plan_payouts(self.database, clock=self.clock)
        outcomes = [await self.operations.perform(operation_id) for operation_id in planned]
        return sum(outcome is not None for outcome in outcomes)
