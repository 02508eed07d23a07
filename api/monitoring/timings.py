"""Histograms of every call, for Prometheus: time to the first token, to the last, and our own part."""

from typing import Final

from kernel.telemetry import histogram

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_first: Final = histogram(
    "first_token_seconds", "From a request's arrival to the first of its answer.", "upstream",
    buckets=_SECONDS,
)  # fmt: skip
_total: Final = histogram(
    "answer_seconds", "From a request's arrival to the last of its answer.", "upstream",
    buckets=_SECONDS,
)  # fmt: skip

_own: Final = histogram(
    "overhead_seconds", "From a request's arrival until an upstream is asked.",
    buckets=(0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05),
)  # fmt: skip


def observe_own(seconds: float) -> None:
    """Count how long we took before an upstream was asked."""
    _own.observe(seconds)


def observe(upstream: str, *, first_token_ms: float | None, total_ms: float) -> None:
    """Count one call."""
    if first_token_ms is not None:
        _first.labels(upstream).observe(first_token_ms / 1000)
    _total.labels(upstream).observe(total_ms / 1000)
