"""Every call under OpenTelemetry's names for generative AI, for whoever collects them.

The conventions are still moving, so all names stand in one table. We are the server here: times run
from a request's arrival with us, tokens are those that a provider bills. Kept only where an exporter
asks for it. Attributes are from closed sets; there is no text in them. Pure.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from api.monitoring.called import Called

_SECONDS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)  # fmt: skip
_FIRST_BOUNDS: Final = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)  # fmt: skip
_EACH_BOUNDS: Final = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5)
_TOKENS: Final = tuple(4**power for power in range(14))

REQUEST: Final = "gen_ai.server.request.duration"
FIRST: Final = "gen_ai.server.time_to_first_token"
EACH: Final = "gen_ai.server.time_per_output_token"
USED: Final = "gen_ai.client.token.usage"

#: Name, unit, and the bounds that the conventions advise.
INSTRUMENTS: Final[dict[str, tuple[str, tuple[float, ...]]]] = {
    REQUEST: ("s", _SECONDS),
    FIRST: ("s", _FIRST_BOUNDS),
    EACH: ("s", _EACH_BOUNDS),
    USED: ("{token}", _TOKENS),
}
_MOST_SERIES: Final = 2_000

Attributes = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Histogram:
    """Counts between explicit bounds, since the process began."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def add(self, value: float) -> None:
        """A value that equals a bound is below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class GenAiMetrics:
    """The histograms of this process, by name and attributes; bounded."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, Attributes], Histogram] = {}

    def note(self, call: Called) -> None:
        """Count one call."""
        of: Attributes = (
            ("gen_ai.operation.name", "chat"),
            ("gen_ai.provider.name", call.upstream),
            ("gen_ai.request.model", call.model),
        )
        if call.status >= 400:
            self._add(REQUEST, (*of, ("error.type", str(call.status))), call.total_ms / 1000)
            return
        self._add(REQUEST, of, call.total_ms / 1000)
        first = call.first_token_ms
        if first is not None:
            self._add(FIRST, of, first / 1000)
            if call.completion_tokens > 1:
                each = (call.total_ms - first) / 1000 / (call.completion_tokens - 1)
                self._add(EACH, of, each)
        # The conventions forbid to report what was only guessed.
        if not call.tokens_estimated:
            self._add(USED, (*of, ("gen_ai.token.type", "input")), call.prompt_tokens)
            self._add(USED, (*of, ("gen_ai.token.type", "output")), call.completion_tokens)

    def points(self) -> Iterator[tuple[str, Attributes, Histogram]]:
        """Every series, by name."""
        for (name, attributes), histogram in sorted(self._series.items(), key=lambda one: one[0]):
            yield name, attributes, histogram

    def _add(self, name: str, attributes: Attributes, value: float) -> None:
        series = self._series.get((name, attributes))
        if series is None:
            if len(self._series) >= _MOST_SERIES:
                return
            series = self._series[name, attributes] = Histogram(INSTRUMENTS[name][1])
        series.add(value)


def otlp(metrics: GenAiMetrics, *, started_ns: int, now_ns: int, instance: str) -> dict[str, Any]:
    """Everything so far as the JSON form of OTLP: cumulative, 64-bit numbers as text."""
    named: dict[str, list[dict[str, Any]]] = {}
    for name, attributes, histogram in metrics.points():
        point = {
            "attributes": [_attribute(*pair) for pair in attributes],
            "startTimeUnixNano": str(started_ns),
            "timeUnixNano": str(now_ns),
            "count": str(sum(histogram.counts)),
            "sum": histogram.sum,
            "bucketCounts": [str(count) for count in histogram.counts],
            "explicitBounds": list(histogram.bounds),
        }
        named.setdefault(name, []).append(point)
    of = {"service.name": "tollfree", "service.instance.id": instance}
    cumulative = 2
    shown = [
        {
            "name": name,
            "unit": INSTRUMENTS[name][0],
            "histogram": {"aggregationTemporality": cumulative, "dataPoints": points},
        }
        for name, points in named.items()
    ]
    scope = {"scope": {"name": "tollfree.api"}, "metrics": shown}
    resource = {"attributes": [_attribute(*pair) for pair in of.items()]}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [scope]}]}


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}
