"""Money over the advertiser API: what is asked and what is answered.

Amounts are whole micros. Nothing here names more of a card than its brand, four digits and expiry.
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, Field

from advertiser_portal.api.wire import Wire
from advertiser_portal.billing.gateway import micros
from advertiser_portal.billing.overview import BillingOverview
from advertiser_portal.billing.recharge import RechargeRule
from advertiser_portal.billing.tables import AutoRecharge, RefundRow, StripeOperation, TopUp
from kernel.money import Micros
from ledger.balances import StatementLine


class TopUpRequest(Wire):
    """Funds to add: the answer has the address of the page where a person pays."""

    amount_micros: int = Field(examples=[100_000_000])
    save_card: bool = Field(False, description="Keep the card for automatic recharge")


class RechargeRequest(Wire):
    """When to charge the saved card, and how much in a month at most."""

    threshold_micros: int = Field(examples=[20_000_000], description="Below this, recharge")
    amount_micros: int = Field(examples=[100_000_000], description="What one recharge adds")
    monthly_cap_micros: int = Field(examples=[500_000_000], description="Never more in a month")

    def rule(self) -> RechargeRule:
        """The rule. Raises BadRequest."""
        return RechargeRule(
            Micros(self.threshold_micros),
            Micros(self.amount_micros),
            Micros(self.monthly_cap_micros),
        )


class CodeRequest(Wire):
    code: str = Field(examples=["WELCOME-25"])


class RefundRequest(Wire):
    """Unspent cash to send back to the cards it came from, newest payment first."""

    amount_micros: int | None = Field(None, description="Null for all that can be refunded")


class PromoLeft(BaseModel):
    left_micros: int
    expires_at: datetime


class DailyCap(BaseModel):
    """What a new advertiser may spend in a UTC day, until when."""

    amount_micros: int
    left_micros: int
    until: datetime


class CardShown(BaseModel):
    brand: str
    last4: str
    expires: str = Field(examples=["2030-04"])


class RechargeAnswer(BaseModel):
    """Automatic recharge as it stands; `last_error` says why it waits or is off."""

    enabled: bool
    threshold_micros: int
    amount_micros: int
    monthly_cap_micros: int
    planned_this_month_micros: int
    last_error: str | None
    confirm_url: str | None = Field(description="Where a person confirms a charge with the bank")

    @classmethod
    def of(cls, rule: AutoRecharge) -> Self:
        """As the till remembers it."""
        return cls(
            enabled=rule.enabled,
            threshold_micros=rule.threshold.amount,
            amount_micros=rule.amount.amount,
            monthly_cap_micros=rule.monthly_cap.amount,
            planned_this_month_micros=rule.month_planned.amount,
            last_error=rule.last_error,
            confirm_url=rule.confirm_url,
        )


class BillingAnswer(BaseModel):
    """The wallet: what may be spent, what is on its way back, what is owed."""

    available_micros: int
    promotional: list[PromoLeft] = Field(description="Spent before cash, soonest expiry first")
    on_hold_micros: int = Field(description="Refunds that are not paid yet")
    owed_micros: int = Field(description="A debt after a chargeback")
    refundable_micros: int
    days_left: int | None = Field(description="At the pace of the last seven days")
    daily_cap: DailyCap | None
    card: CardShown | None
    recharge: RechargeAnswer | None
    test_money: bool

    @classmethod
    def of(cls, shown: BillingOverview, *, test_money: bool) -> Self:
        """As the billing page shows it."""
        cap, card = shown.cap, shown.customer
        return cls(
            available_micros=shown.available.amount,
            promotional=[
                PromoLeft(left_micros=one.left.amount, expires_at=one.expires_at)
                for one in shown.grants
            ],
            on_hold_micros=shown.on_hold.amount,
            owed_micros=shown.owed.amount,
            refundable_micros=shown.refundable.amount,
            days_left=shown.days_left,
            daily_cap=cap
            and DailyCap(
                amount_micros=cap.amount.amount, left_micros=cap.left.amount, until=cap.until
            ),
            card=CardShown(
                brand=card.card_brand or "", last4=card.card_last4, expires=card.card_expires or ""
            )
            if card and card.card_last4
            else None,
            recharge=RechargeAnswer.of(shown.rule) if shown.rule else None,
            test_money=test_money,
        )


class TransactionAnswer(BaseModel):
    """One movement of the wallet, with the balance after it."""

    id: str
    at: datetime
    kind: str = Field(examples=["charge"])
    reference: str
    change_micros: int
    balance_micros: int

    @classmethod
    def of(cls, place: str, line: StatementLine) -> Self:
        """As the ledger has it."""
        return cls(
            id=place,
            at=line.at,
            kind=line.kind,
            reference=line.ref_id,
            change_micros=line.change.amount,
            balance_micros=line.balance.amount,
        )


class TransactionList(BaseModel):
    data: list[TransactionAnswer]
    next: str | None


class TopUpAnswer(BaseModel):
    """A payment that was asked for; `url` is where a person pays while it is open."""

    id: str
    status: Literal["open", "paid", "failed", "expired"]
    amount_micros: int = Field(description="Net of tax, which the page adds where it is due")
    url: str | None

    @classmethod
    def of(cls, row: StripeOperation, url: str | None) -> Self:
        """As the till remembers it."""
        status = row.outcome or ("failed" if row.state == "failed" else "open")
        amount = micros(row.params["cents"]).amount
        return cls.model_validate(
            {"id": row.id, "status": status, "amount_micros": amount, "url": url}
        )


class PaymentAnswer(BaseModel):
    """A payment that is in the wallet, with its papers."""

    id: str
    at: datetime
    net_micros: int
    tax_micros: int
    automatic: bool
    receipt_path: str = Field(description="A PDF, with the same token")
    invoice_url: str | None
    invoice_pdf: str | None

    @classmethod
    def of(cls, paid: TopUp, receipt_path: str) -> Self:
        """As the till remembers it."""
        return cls(
            id=paid.payment_intent_id,
            at=paid.created_at,
            net_micros=paid.net.amount,
            tax_micros=paid.tax.amount,
            automatic=paid.automatic,
            receipt_path=receipt_path,
            invoice_url=paid.invoice_url,
            invoice_pdf=paid.invoice_pdf,
        )


class PaymentList(BaseModel):
    data: list[PaymentAnswer]
    next: str | None


class RefundAnswer(BaseModel):
    """Part of a refund: one payment's share. Held, then paid or failed; failed is spendable again."""

    id: str
    payment: str
    status: Literal["held", "paid", "failed"]
    cash_micros: int
    tax_micros: int
    at: datetime

    @classmethod
    def of(cls, row: RefundRow) -> Self:
        """As the till remembers it."""
        return cls.model_validate(
            {
                "id": row.operation_id,
                "payment": row.payment_intent_id,
                "status": row.state,
                "cash_micros": row.cash.amount,
                "tax_micros": row.tax.amount,
                "at": row.created_at,
            }
        )


class RefundList(BaseModel):
    data: list[RefundAnswer]
    next: str | None


class GrantAnswer(BaseModel):
    """Promotional money that a code gave."""

    id: str
    amount_micros: int
    expires_at: datetime
