"""What a program calls on a network, the same from threads and from an event loop.

    ads.match(messages=…)      the ad for a turn, or the reason for none
    ads.start(messages=…)      the same, on its way while your model writes
    ads.stream(messages=…)     the same, around any source of text
    events.report(…)           an ad was rendered, or viewable
    conversions.create(…)      a click became a sale

`Tollfree` gives values, `AsyncTollfree` what can be awaited for them; this knows neither.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Generic, TypeVar

from tollfree_sdk.contract import Step
from tollfree_sdk.reporting import CONVERSIONS, EVENTS, conversion_body, event_body

Pending = TypeVar("Pending")
Matched = TypeVar("Matched")
Streamed = TypeVar("Streamed")
Told = TypeVar("Told")


class Ads(Generic[Pending, Matched, Streamed]):
    """``tollfree.ads``. All three take the same options, by the names of `AdRequest`."""

    def __init__(
        self,
        start: Callable[[Iterable[Any], Mapping[str, Any]], Pending],
        result: Callable[[Pending], Matched],
        around: Callable[[Pending, str], Streamed],
    ) -> None:
        self._start, self._result, self._around = start, result, around

    def match(self, *, messages: Iterable[Any], **options: Any) -> Matched:
        """The ad for the last turn of `messages`, or the reason for none."""
        return self._result(self._start(messages, options))

    def start(self, *, messages: Iterable[Any], **options: Any) -> Pending:
        """The same, on its way: ask before your model, take the `result` after it."""
        return self._start(messages, options)

    def stream(
        self, *, messages: Iterable[Any], delivery: str = "content", **options: Any
    ) -> Streamed:
        """The same, around any source of text; see `tollfree_sdk.streaming`."""
        return self._around(self._start(messages, options), delivery)


class Events(Generic[Told]):
    """``tollfree.events``."""

    def __init__(self, tell: Callable[[str, dict[str, Any]], Told]) -> None:
        self._tell = tell

    def report(self, decision_id: str, step: Step | str) -> Told:
        """Say that an ad was rendered or viewable; whether it arrived. Safe to repeat."""
        return self._tell(EVENTS, event_body(decision_id, step))


class Conversions(Generic[Told]):
    """``tollfree.conversions``."""

    def __init__(self, tell: Callable[[str, dict[str, Any]], Told]) -> None:
        self._tell = tell

    def create(
        self,
        *,
        event: str,
        event_id: str,
        click_id: str,
        value: Decimal | float | str | None = None,
        currency: str = "USD",
    ) -> Told:
        """Say that a click became a sale; whether it arrived. Safe to repeat."""
        body = conversion_body(
            event=event, event_id=event_id, click_id=click_id, value=value, currency=currency
        )
        return self._tell(CONVERSIONS, body)
