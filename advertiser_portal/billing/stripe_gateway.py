"""The only door to the `stripe` package: our words in, Stripe's calls out.

The API version is pinned, so that an upgrade is a decision. The library's own retries are off:
`operations` retries, under the key that stands in the row. Stripe's objects never leave this file.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from advertiser_portal.billing.gateway import (
    BankPayout,
    Card,
    Declined,
    Dispute,
    Done,
    Holdings,
    Invoice,
    KeyKnown,
    Movement,
    Notice,
    Operation,
    Payment,
    Refund,
    Session,
    Unclear,
    Warned,
)
from advertiser_portal.billing.stripe_calls import LOOK_UPS, WRITES
from kernel.errors import Forbidden, Unavailable

API_VERSION: Final = "2026-10-28.endive"
_TOLERANCE_SECONDS: Final = 300
_PAGE: Final = 100


class StripeGateway:
    """`gateway.PaymentGateway` over stripe-python. `base_url` points it at a stand-in."""

    def __init__(
        self,
        *,
        secret_key: str,
        webhook_secrets: Sequence[str],
        base_url: str | None = None,
        timeout_seconds: float = 20,
        http_client: Any = None,
        pause: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        import stripe

        self._stripe: Any = stripe
        self._pause = pause
        self._secrets = [secret for secret in webhook_secrets if secret]
        addresses: Any = {"api": base_url} if base_url else {}
        self._http: Any = http_client or stripe.HTTPXClient(
            timeout=timeout_seconds, allow_sync_methods=False
        )
        self._client: Any = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses=addresses,
            max_network_retries=0,
            http_client=self._http,
        )

    async def close(self) -> None:
        await self._http.close_async()

    async def perform(self, operation: Operation) -> Done | Declined:
        errors = self._stripe
        try:
            return await WRITES[operation.kind](self._client, operation)
        except errors.CardError as error:
            intent = getattr(error.error, "payment_intent", None)
            return Declined(error.code or "card_declined", intent.id if intent else None)
        except errors.InvalidRequestError as error:
            return Declined(error.code or "invalid_request")
        except errors.IdempotencyError:
            raise KeyKnown("Stripe knows this key with other parameters.") from None
        except errors.StripeError as error:
            raise Unclear(f"Stripe did not answer clearly ({type(error).__name__}).") from None

    async def look_up(self, operation: Operation) -> Done | Declined | None:
        made: Done | Declined | None = await self._reading(
            LOOK_UPS[operation.kind], self._client, operation
        )
        return made

    def read_event(self, body: bytes, signature: str) -> Notice:
        # An empty secret would verify against an empty key, which anyone can sign with.
        for secret in self._secrets:
            try:
                event = self._stripe.Webhook.construct_event(
                    body, signature, secret, tolerance=_TOLERANCE_SECONDS
                )
            except (self._stripe.SignatureVerificationError, ValueError):
                continue
            return _notice(event)
        raise Forbidden("This event is not signed by our payment processor.")

    async def payment(self, payment_id: str) -> Payment:
        found = await self._reading(self._client.v1.payment_intents.retrieve_async, payment_id)
        return Payment(
            id=found.id,
            status=found.status,
            amount_cents=found.amount,
            charge_id=found.latest_charge,
            customer_id=found.customer,
            card_id=found.payment_method,
            metadata=found.metadata.to_dict(),
        )

    async def session(self, session_id: str) -> Session:
        found = await self._reading(self._client.v1.checkout.sessions.retrieve_async, session_id)
        details = found.total_details
        return Session(
            id=found.id,
            status=found.status,
            payment_status=found.payment_status,
            mode=found.mode,
            payment_id=found.payment_intent,
            setup_id=found.setup_intent,
            customer_id=found.customer,
            tax_cents=details.amount_tax if details else 0,
            invoice_id=found.invoice,
            metadata=found.metadata.to_dict() if found.metadata else {},
            url=found.url,
        )

    async def saved_card(self, setup_id: str) -> Card | None:
        setup = await self._reading(self._client.v1.setup_intents.retrieve_async, setup_id)
        return await self.card(setup.payment_method) if setup.payment_method else None

    async def card(self, card_id: str) -> Card:
        found = await self._reading(self._client.v1.payment_methods.retrieve_async, card_id)
        expires = f"{found.card.exp_year}-{found.card.exp_month:02d}"
        return Card(found.id, found.card.brand, found.card.last4, expires)

    async def refund(self, refund_id: str) -> Refund:
        found = await self._reading(self._client.v1.refunds.retrieve_async, refund_id)
        return Refund(
            id=found.id,
            status=found.status,
            amount_cents=found.amount,
            payment_id=found.payment_intent,
            came_back=getattr(found, "failure_balance_transaction", None) is not None,
            metadata=found.metadata.to_dict() if found.metadata else {},
        )

    async def dispute(self, dispute_id: str) -> Dispute:
        found = await self._reading(self._client.v1.disputes.retrieve_async, dispute_id)
        lines = found.balance_transactions
        return Dispute(
            id=found.id,
            status=found.status,
            amount_cents=found.amount,
            charge_id=found.charge,
            payment_id=found.payment_intent,
            withdrawn_cents=-sum(line.amount for line in lines if line.amount < 0),
            reinstated_cents=sum(line.amount for line in lines if line.amount > 0),
            fee_cents=sum(line.fee for line in lines),
        )

    async def warning(self, warning_id: str) -> Warned:
        warnings = self._client.v1.radar.early_fraud_warnings
        found = await self._reading(warnings.retrieve_async, warning_id)
        return Warned(found.id, found.charge, found.payment_intent, found.actionable)

    async def bank_payout(self, payout_id: str, *, account_id: str) -> BankPayout:
        retrieve = self._client.v1.payouts.retrieve_async
        found = await self._reading(retrieve, payout_id, {}, {"stripe_account": account_id})
        return BankPayout(found.id, found.status, found.failure_code)

    async def bankable_cents(self, account_id: str) -> int:
        retrieve = self._client.v1.balance.retrieve_async
        found = await self._reading(retrieve, {}, {"stripe_account": account_id})
        return sum(line.amount for line in found.available if line.currency == "usd")

    async def invoice(self, invoice_id: str) -> Invoice:
        found = await self._reading(self._client.v1.invoices.retrieve_async, invoice_id)
        return Invoice(found.hosted_invoice_url, found.invoice_pdf)

    async def charge_payment(self, charge_id: str) -> str | None:
        found = await self._reading(self._client.v1.charges.retrieve_async, charge_id)
        intent: str | None = found.payment_intent
        return intent

    async def confirm_address(
        self, payment_id: str, *, card_id: str, return_url: str
    ) -> str | None:
        confirm = self._client.v1.payment_intents.confirm_async
        found = await self._reading(
            confirm, payment_id, {"payment_method": card_id, "return_url": return_url}
        )
        action = found.next_action
        address: str | None = action.redirect_to_url.url if action else None
        return address

    async def can_receive(self, account_id: str) -> bool:
        found = await self._reading(self._client.v2.core.accounts.retrieve_async, account_id)
        recipient = found.configuration.recipient if found.configuration else None
        if recipient is None:
            return False
        status: str = recipient.capabilities.stripe_balance.stripe_transfers.status
        return status == "active"

    async def movements(self, since: datetime) -> list[Movement]:
        lines = await self._all(
            self._client.v1.balance_transactions.list_async,
            {"created": {"gte": int(since.timestamp())}},
        )
        return [
            Movement(
                id=line.id,
                type=line.type,
                amount_cents=line.amount,
                fee_cents=line.fee,
                source=line.source,
                created=datetime.fromtimestamp(line.created, UTC),
            )
            for line in lines
        ]

    async def undelivered(self, since: datetime) -> list[Notice]:
        events = await self._all(
            self._client.v1.events.list_async,
            {"delivery_success": False, "created": {"gte": int(since.timestamp())}},
        )
        return [_notice(event) for event in reversed(events)]

    async def holdings(self) -> Holdings:
        found = await self._reading(self._client.v1.balance.retrieve_async)
        sums: dict[str, int] = {}
        for line in [*found.available, *found.pending]:
            sums[line.currency] = sums.get(line.currency, 0) + line.amount
        return Holdings(sums.get("usd", 0), sums)

    async def _all(
        self, listing: Callable[..., Awaitable[Any]], params: dict[str, Any]
    ) -> list[Any]:
        found: list[Any] = []
        more = True
        while more:
            after = {"starting_after": found[-1].id} if found else {}
            page = await self._reading(listing, params | {"limit": _PAGE} | after)
            found += page.data
            more = page.has_more
            if more and self._pause is not None:
                await self._pause()
        return found

    async def _reading(self, call: Callable[..., Awaitable[Any]], *given: Any) -> Any:
        try:
            return await call(*given)
        except self._stripe.InvalidRequestError as error:
            if error.code == "resource_missing":
                raise LookupError("Stripe knows no such object.") from None
            raise Unavailable(f"Stripe could not be read ({error.code}).") from None
        except self._stripe.StripeError as error:
            raise Unavailable(f"Stripe could not be read ({type(error).__name__}).") from None


def _notice(event: Any) -> Notice:
    return Notice(event.id, event.type, event.data.object.id)
