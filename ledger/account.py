"""The chart of accounts: which codes exist, which side they live on, what they may not do.

    adv:{id}:cash                 what an advertiser paid in and has not spent; never below zero
    pub:{id}:accruing             what a publisher earned; our own API is publisher `zero`
    ad_revenue                    the platform's part of every charge
    adv:{id}:promo:{grant}        what we gave an advertiser to try ads with, until it expires
    promo_expense                 what such gifts cost us
    stripe_clearing               money that the till holds for us
    pub:{id}:payable              the same after the hold period: it can be paid out
    upstream_payable              what the models of our own API cost; paid by publisher zero
    suspense                      what nobody can explain yet; must be empty

A *deferred* account gets its entries with each charge, and its balance columns from settlement
only: every click touches it, and a row that every click updates is a queue.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Side = Literal["debit", "credit"]

PUBLISHER_ZERO: Final = "zero"
AD_REVENUE: Final = "ad_revenue"
STRIPE_CLEARING: Final = "stripe_clearing"
PROMO_EXPENSE: Final = "promo_expense"
UPSTREAM_PAYABLE: Final = "upstream_payable"
SUSPENSE: Final = "suspense"


@dataclass(frozen=True, slots=True)
class AccountKind:
    """What all accounts of one kind share.

    `side` is the side on which the account grows: debit for what we have and spend, credit for
    what we owe and earn. ``kind_of("adv:adv_1:cash")`` grows by credits and is never negative.
    """

    name: str
    side: Side
    no_negative: bool = False
    deferred: bool = False


def _kinds(*kinds: AccountKind) -> dict[str, AccountKind]:
    return {kind.name: kind for kind in kinds}


_PLATFORM: Final = _kinds(
    AccountKind(STRIPE_CLEARING, "debit"),
    AccountKind("stripe_pending_payout", "debit"),
    AccountKind("bank", "debit"),
    AccountKind(UPSTREAM_PAYABLE, "credit"),
    AccountKind(AD_REVENUE, "credit", deferred=True),
    AccountKind(PROMO_EXPENSE, "debit"),
    AccountKind("ivt_credit", "debit"),
    AccountKind("refunds_in_flight", "credit"),
    AccountKind("affiliate_receivable", "debit"),
    AccountKind("affiliate_deferred", "credit"),
    AccountKind("platform_fee", "credit"),
    AccountKind("processor_fees", "debit"),
    AccountKind("dispute_fees", "debit"),
    AccountKind("tax_payable", "credit"),
    AccountKind("breakage", "credit"),
    AccountKind("rounding", "credit"),
    AccountKind(SUSPENSE, "debit"),
)

_OWNED: Final = {
    "adv": _kinds(
        AccountKind("cash", "credit", no_negative=True),
        AccountKind("promo", "credit", no_negative=True),
        AccountKind("receivable", "debit"),
        AccountKind("dispute_hold", "credit"),
    ),
    "pub": _kinds(
        AccountKind("accruing", "credit", deferred=True),
        AccountKind("payable", "credit", no_negative=True, deferred=True),
        AccountKind("payout_in_flight", "credit", deferred=True),
        AccountKind("receivable", "debit", deferred=True),
    ),
    "campaign": _kinds(AccountKind("lease", "credit", no_negative=True)),
}

_CODE: Final = re.compile(
    r"(adv|pub|campaign):([A-Za-z0-9_-]{1,40}):([a-z_]+)(:[A-Za-z0-9_-]{1,40})?"
)


@lru_cache(maxsize=16_384)
def kind_of(code: str) -> AccountKind:
    """The kind of the account `code`. Raises ValueError for a code that is not in the chart."""
    if code in _PLATFORM:
        return _PLATFORM[code]
    parts = _CODE.fullmatch(code)
    if parts is not None:
        owner, _, name, grant = parts.groups()
        kind = _OWNED[owner].get(name)
        # Only promotional money is kept apart by grant, because each grant has its own expiry.
        if kind is not None and (grant is not None) == (name == "promo"):
            return kind
    raise ValueError(f"There is no account {code!r} in the chart of accounts.")


def cash(advertiser_id: str) -> str:
    """The wallet of an advertiser: ``adv:adv_01k…:cash``."""
    return f"adv:{advertiser_id}:cash"


def promo(advertiser_id: str, grant_id: str) -> str:
    """One grant of promotional money: ``adv:adv_01k…:promo:grt_01k…``."""
    return f"adv:{advertiser_id}:promo:{grant_id}"


def accruing(publisher_id: str) -> str:
    """What a publisher has earned: ``pub:zero:accruing`` for our own API."""
    return f"pub:{publisher_id}:accruing"
