"""Logs and metrics that cannot leak.

A log line is JSON: an event name that we wrote and fields from an allow-list. Any other field is
replaced by its type's name, so that text of a conversation cannot slip in through a keyword.
Exceptions are logged by class and place, without message or locals. Metrics are Prometheus'; label
values come from closed sets only.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from functools import cache
from typing import Any, Final, cast

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client import Counter as _Counter
from prometheus_client import Histogram as _Histogram

# structlog would load rich, pygments and attrs, to draw tracebacks that we never print: 5 MB and a
# twentieth of a start. For the length of one import there is no rich.
_HAD_RICH: Final = sys.modules.get("rich")
sys.modules["rich"] = None  # type: ignore[assignment]
import structlog  # noqa: E402

if _HAD_RICH is None:
    del sys.modules["rich"]
else:
    sys.modules["rich"] = _HAD_RICH

REGISTRY: Final = CollectorRegistry()

_ALLOWED: Final = frozenset(
    "event level timestamp module request_id code status method route reason kind stage count "
    "attempts duration_ms upstream model port url path version revision check job_id decision_id "
    "campaign_id creative_id advertiser_id publisher_id app_id key_id index_generation creatives "
    "error where step".split()
)

_EventDict = MutableMapping[str, Any]


def configure_logging(*, level: str = "INFO") -> None:
    """Send JSON lines to standard error. Call once, from the composition root."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_the_exception,
            _only_allowed_fields,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of a module: ``_log = logger(__name__)``."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(module=name))


class Counter(_Counter):
    """Prometheus' counter, which remembers its children: looking one up takes a lock there."""

    @cache  # noqa: B019  Metrics live as long as the process, and label values come from closed sets.
    def labels(self, *values: Any, **named: Any) -> "Counter":
        return super().labels(*values, **named)


class Histogram(_Histogram):
    """Prometheus' histogram, which remembers its children."""

    @cache  # noqa: B019
    def labels(self, *values: Any, **named: Any) -> "Histogram":
        return super().labels(*values, **named)


def counter(name: str, text: str, *labels: str) -> Counter:
    """A counter of this process, ``tollfree_<name>_total``."""
    return Counter(f"tollfree_{name}", text, labels, registry=REGISTRY)


def gauge(name: str, text: str, *labels: str) -> Gauge:
    """A gauge of this process, ``tollfree_<name>``."""
    return Gauge(f"tollfree_{name}", text, labels, registry=REGISTRY)


def histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...]) -> Histogram:
    """A histogram of this process; `buckets` in the unit that its name ends with."""
    return Histogram(f"tollfree_{name}", text, labels, buckets=buckets, registry=REGISTRY)


def _name_the_exception(_logger: Any, _method: str, line: _EventDict) -> _EventDict:
    problem = line.pop("exc_info", None)
    if problem is True:
        problem = sys.exc_info()[1]
    if isinstance(problem, BaseException):
        line["error"] = type(problem).__name__
        frames = traceback.extract_tb(problem.__traceback__)[-3:]
        line["where"] = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
    return line


def _only_allowed_fields(_logger: Any, _method: str, line: _EventDict) -> _EventDict:
    return {
        name: value if name in _ALLOWED else f"<{type(value).__name__}>"
        for name, value in line.items()
    }
