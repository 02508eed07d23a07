"""What advertisers report: conversions by their servers, and by a pixel on their pages.

    POST /ads/v1/conversions   Bearer tf_adv_…   {"event", "event_id", "click_id", "value", …}
    GET  /ads/v1/pixel.gif     ?event=…&event_id=…&click_id=…&value=…   no key, counted only

The click id is the `tf_click` parameter of the landing page. Reporting an event again is reporting
it once. The pixel always answers with its image: a page must not break over it.
"""

import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from adserver.catalog.queries import organisation_of
from adserver.events.click_rows import decided_of
from adserver.events.conversion_rules import Reported
from adserver.events.conversions import Conversion, record_conversion
from adserver.http.bodies import read_object
from adserver.http.decision_ids import is_decision_id
from kernel.clock import Clock
from kernel.database import Database
from kernel.errors import BadRequest, NotFound, TollfreeError
from kernel.money import ZERO, Micros
from kernel.telemetry import counter

_reports = counter("conversions", "Conversions that were reported, by outcome", "outcome")
_EVENT_ID: Final = re.compile(r"[\w.:/@+-]{1,80}", re.ASCII)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_MOST: Final = Micros(10**15)
_PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


#: The organisation behind an Authorization header. Raises Unauthenticated or Forbidden.
Callers = Callable[[str | None], Awaitable[str]]


def routes(database: Database, clock: Clock, callers: Callers) -> APIRouter:
    """The call and the pixel; `callers` knows the tokens with which advertisers report."""
    router = APIRouter(prefix="/ads/v1", tags=["conversions"])

    @router.post("/conversions")
    async def report(request: Request) -> dict[str, Any]:
        organisation = await callers(request.headers.get("authorization"))
        reported = read_report(await read_object(request), clock.now())
        async with database.writing() as tx:
            advertiser = await _clicked_of(tx, organisation, reported.click_id)
            conversion = await record_conversion(tx, advertiser, reported, clock=clock)
        _reports.labels(conversion.outcome).inc()
        return _told(conversion, reported)

    @router.get("/pixel.gif", include_in_schema=False)
    async def pixel(request: Request) -> Response:
        try:
            await _count(dict(request.query_params))
        except TollfreeError as refused:
            _reports.labels(refused.code).inc()
        return Response(_PIXEL, media_type="image/gif", headers={"cache-control": "no-store"})

    async def _count(query: dict[str, str]) -> None:
        # One order is one event, also where its page is loaded twice.
        query.setdefault("event_id", f"{query.get('click_id', '')}:{query.get('event', '')}")
        reported = read_report(query, clock.now(), is_pixel=True)
        async with database.reading() as session:
            decided = await decided_of(session, reported.click_id)
        if decided is None or decided.advertiser_id is None:
            return
        async with database.writing() as tx:
            counted = await record_conversion(tx, decided.advertiser_id, reported, clock=clock)
        _reports.labels(counted.outcome).inc()

    return router


def read_report(body: Mapping[str, Any], at: datetime, *, is_pixel: bool = False) -> Reported:
    """A report from a body or a query. Raises BadRequest that names the wrong member."""
    click_id = body.get("click_id")
    if not isinstance(click_id, str) or not is_decision_id(click_id):
        raise BadRequest(
            "click_id is the tf_click parameter of the landing page.", param="click_id"
        )
    refunds = body.get("refund_of")
    return Reported(
        event_id=_text(body, "event_id", _EVENT_ID, "1 to 80 letters, digits or . : / @ + - _"),
        click_id=click_id,
        name=_text(body, "event", _NAME, "a word such as purchase or signup"),
        value=_value(body.get("value")),
        currency=_currency(body),
        happened_at=_moment(body.get("happened_at"), at),
        refunds=None
        if refunds is None or is_pixel
        else _text(body, "refund_of", _EVENT_ID, "the event_id of the conversion"),
        is_pixel=is_pixel,
    )


async def _clicked_of(session: AsyncSession, organisation: str, click_id: str) -> str:
    """The organisation's advertiser whose ad was clicked. Raises NotFound."""
    decided = await decided_of(session, click_id)
    advertiser = None if decided is None else decided.advertiser_id
    if advertiser is None or await organisation_of(session, advertiser) != organisation:
        raise NotFound("There is no such click of yours.", param="click_id")
    return advertiser


def _told(conversion: Conversion, reported: Reported) -> dict[str, Any]:
    price = conversion.price
    return {
        "event_id": conversion.event_id,
        "click_id": reported.click_id,
        "outcome": conversion.outcome.value,
        "price_micros": None if price is None else price.amount,
        "repeated": conversion.repeated,
    }


def _text(body: Mapping[str, Any], name: str, shape: re.Pattern[str], wanted: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise BadRequest(f"{name} must be {wanted}.", param=name)
    return value


def _value(given: Any) -> Micros | None:
    if given is None:
        return None
    try:
        # A JSON number is read as it was written, not as the nearest binary fraction.
        value = Micros.from_units(Decimal(str(given)))
    except (ArithmeticError, ValueError):
        raise BadRequest("value must be an amount such as 59.90.", param="value") from None
    if isinstance(given, bool) or not ZERO <= value <= _MOST:
        raise BadRequest("value must be an amount such as 59.90.", param="value")
    return value


def _currency(body: Mapping[str, Any]) -> str | None:
    if body.get("value") is None:
        return None
    given = body.get("currency", "USD")
    if not isinstance(given, str) or not _CURRENCY.fullmatch(given):
        raise BadRequest("currency must be three capitals such as USD.", param="currency")
    return given


def _moment(given: Any, at: datetime) -> datetime:
    if given is None:
        return at
    try:
        moment = datetime.fromisoformat(str(given))
    except ValueError:
        raise BadRequest("happened_at must be a time in ISO 8601.", param="happened_at") from None
    return min(at, moment.replace(tzinfo=moment.tzinfo or UTC))
