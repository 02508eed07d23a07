"""Promotional codes: an operator makes them, an advertiser redeems them once.

Redeeming is one transaction: the redemption, the use of the code and the money stand together or
not at all. A wrong code and one that is over get the same answer, so that nobody learns which
codes exist. The money cannot be refunded, and what is left of it at its expiry is taken back.
"""

import re
from datetime import datetime, timedelta
from typing import Any, Final, cast

import sqlalchemy as sa

from advertiser_portal.billing import haste
from advertiser_portal.billing.haste import USUAL, Caution
from advertiser_portal.billing.promo_tables import PromoCode, PromoRedemption
from kernel.clock import Clock
from kernel.database import WriteSession
from kernel.errors import BadRequest, Conflict
from kernel.ids import new_id
from kernel.money import ZERO, Micros
from ledger.grants import Grant, give
from ledger.rows import insert_missing
from ledger.tables import rows_of

_SHAPE: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{5,38}[A-Z0-9]")


async def make_code(
    tx: WriteSession,
    code: str,
    *,
    amount: Micros,
    uses: int,
    good_until: datetime,
    lasts_days: int = 90,
    clock: Clock,
) -> str:
    """Offer a code; returns it as it will be shown. Raises Conflict when it is taken."""
    shown = _as_shown(code)
    if not _SHAPE.fullmatch(shown):
        raise BadRequest("A code has 7 to 40 letters, digits and dashes.", param="code")
    if amount <= ZERO or uses < 1 or lasts_days < 1:
        raise BadRequest("A code gives a positive amount, at least once, for at least a day.")
    row = {
        "code": shown,
        "amount_micros": amount,
        "uses": uses,
        "used": 0,
        "good_until": good_until,
        "lasts_days": lasts_days,
        "created_at": clock.now(),
    }
    if not await insert_missing(tx, rows_of(PromoCode), [row]):
        raise Conflict("This code exists already.", param="code")
    return shown


async def redeem(
    tx: WriteSession, code: str, *, advertiser_id: str, clock: Clock, caution: Caution = USUAL
) -> Grant:
    """Give the advertiser what the code gives; who has not paid yet may spend it by and by.

    Raises BadRequest for a code that gives nothing (any more), and Conflict for one that this
    advertiser has redeemed before; the caller's transaction should then end.
    """
    offer = await _use(tx, _as_shown(code), clock=clock)
    expires_at = clock.now() + timedelta(days=offer.lasts_days)
    grant = Grant(new_id("grt"), advertiser_id, offer.amount_micros, expires_at)
    row = {
        "code": offer.code,
        "advertiser_id": advertiser_id,
        "grant_id": grant.grant_id,
        "at": clock.now(),
    }
    if not await insert_missing(tx, rows_of(PromoRedemption), [row]):
        raise Conflict("You have redeemed this code already.", param="code")
    await give(tx, grant, clock=clock)
    await haste.cap_if_first(tx, advertiser_id, caution=caution, clock=clock)
    return grant


async def _use(tx: WriteSession, code: str, *, clock: Clock) -> PromoCode:
    used = cast(
        "sa.CursorResult[Any]",
        await tx.execute(
            sa.update(PromoCode)
            .where(
                PromoCode.code == code,
                PromoCode.used < PromoCode.uses,
                PromoCode.good_until > clock.now(),
            )
            .values(used=PromoCode.used + 1)
            .execution_options(synchronize_session=False)
        ),
    )
    if used.rowcount != 1:
        raise BadRequest("This code is not valid, or not any more.", param="code")
    return await tx.get_one(PromoCode, code)


def _as_shown(code: str) -> str:
    return code.strip().upper()
