"""Where the network is, as whom it is asked, and what went wrong so far.

Failures are counted by name, warned of once a minute, and stop the asking when they repeat. What is
logged says what to do and quotes neither a conversation nor a key.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from tollfree_sdk.asking import ad_request, without_ads
from tollfree_sdk.breaker import CircuitBreaker
from tollfree_sdk.contract import AdRequest
from tollfree_sdk.errors import AdNetworkError, AdNetworkRefused
from tollfree_sdk.surroundings import now, told

_WARN_EVERY_S: Final = 60.0
# The rest of a turn's time is for waking up: on a busy machine a thread that may run is not yet one
# that runs, and the promise is about when `match` is over.
_OF_ITS_TIME: Final = 0.88

_log = logging.getLogger("tollfree")


class Watch:
    """What went wrong: counted, warned of now and then, and a reason not to ask again."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self.breaker = CircuitBreaker()
        self._lock, self._warned_at = threading.Lock(), -_WARN_EVERY_S

    def failed(self, error: AdNetworkError) -> None:
        self.failures[type(error).__name__] += 1
        if isinstance(error, AdNetworkRefused) and error.status < 429:
            # It is up, and will say the same to every try; whoever runs this has to read it.
            self.breaker.success()
        else:
            self.breaker.failure()
        with self._lock:
            at = now()
            is_due = at - self._warned_at >= _WARN_EVERY_S
            self._warned_at = at if is_due else self._warned_at
        if is_due:
            _log.warning("Answers go out without ads: %s", error)


class Connection:
    """Where the network is, as whom it is asked, and for how long; `base_url` and `key` as told."""

    def __init__(
        self, key: str | None, base_url: str | None, *, timeout: float, strict: bool
    ) -> None:
        self.key = key or told("TOLLFREE_API_KEY")
        self.base_url = (base_url or told("TOLLFREE_BASE_URL")).rstrip("/")
        if not self.key or not self.base_url:
            raise ValueError(
                "The ad network needs a key and an address. Pass them, or set TOLLFREE_API_KEY to "
                "your publisher key (tf_pub_…) and TOLLFREE_BASE_URL to the network's address."
            )
        self.timeout, self.strict, self.watch = timeout, strict, Watch()

    def until(self) -> float:
        """When a turn that begins now must have its answer from the network."""
        return now() + self.timeout * _OF_ITS_TIME

    def request_for(self, messages: Iterable[Any], options: Mapping[str, Any]) -> AdRequest:
        """What is asked for a turn. Raises TypeError for an unknown option."""
        return ad_request(without_ads(messages, base_url=self.base_url), options)

    @property
    def failures(self) -> Counter[str]:
        """How often what went wrong, by the name of the error."""
        return self.watch.failures
