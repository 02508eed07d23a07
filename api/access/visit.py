"""One request on its way through the quotas: entered, measured, left.

The visit is carried in a context variable, so that the book of keys, the heart and the row of the
call can reach it without knowing of each other. Requests outside a visit are not limited: that is
how tests and tools use the parts alone.
"""

import ipaddress
import math
from contextvars import ContextVar
from functools import lru_cache
from typing import Final

from api.access.answer_cache import AnswerCache
from api.access.key_book import Caller, KeyBook
from api.access.limits import QuotaPlan, Tier
from api.access.quota import QuotaBook, Standing, Subject
from api.access.refusals import EVERYONE

#: What is set aside for an answer before its request is read.
OUTPUT_GUESS: Final = 500
_Headers = list[tuple[bytes, bytes]]


class Visit:
    """What one request has used of whose quota. `leave` it in any case."""

    __slots__ = (
        "_book", "_counts", "_entered", "_plan", "_reserved", "_subjects", "cache", "caller",
        "is_from_cache", "kept_as", "notes", "prompt_group", "wants_similar",
    )  # fmt: skip

    def __init__(self, book: QuotaBook, plan: QuotaPlan, *, tokens: int, counts: bool) -> None:
        self._book, self._plan = book, plan
        self._counts, self._reserved = counts, tokens
        self._subjects: list[Subject] = []
        self._entered: list[Subject] = []
        self.notes: _Headers = []
        self.caller: Caller | None = None
        self.prompt_group: str | None = None
        self.cache: AnswerCache | None = None
        self.is_from_cache = self.wants_similar = False
        self.kept_as = "hit"

    @property
    def tier(self) -> Tier:
        """The tier of the caller, `standard` before one is known."""
        return self._plan.tier(self.caller.tier if self.caller is not None else "")

    def come_from(self, address: str | None) -> None:
        """Count the prefix that the request came from. Raises QuotaExceeded."""
        prefix = prefix_of(address)
        if prefix is not None:
            own = [self._book.subject("address", prefix, self._plan.address)]
            self._subjects += own
            self._enter(own)

    def admit(self, caller: Caller) -> None:
        """Count the request for key, app and service. Raises QuotaExceeded."""
        self.caller = caller
        own = subjects_of(
            self._book, self._plan, self.tier, key_id=caller.key_id, app_id=caller.app_id
        )
        self._subjects += own
        # Counted with the caller's own, told to nobody: it is no caller's to plan with.
        self._enter([*own, self._book.subject(EVERYONE, "all", self._plan.everyone)])

    def may_write(self, tokens: int) -> None:
        """The answer may be so long, beyond what was set aside for it. Raises QuotaExceeded."""
        more = tokens - OUTPUT_GUESS
        if more > 0 and self._entered:
            self._book.set_aside(self._entered, self._reserved, self._reserved + more)
            self._reserved += more

    def used(self, tokens: int) -> None:
        """The call's row is written: this many tokens it really was."""
        self._book.correct(self._entered, self._reserved, tokens)
        self._reserved = tokens

    def leave(self, *, refund: bool) -> None:
        """The answer has ended; `refund` when it was none. Call it once."""
        if refund:
            self.used(0)
        self._book.leave(self._entered)

    def standings(self) -> list[Standing]:
        """Every limit that holds for this caller."""
        return self._book.standings(self._subjects)

    def open_answers(self) -> list[tuple[str, int, int]]:
        """For each scope: how many answers are being written, and how many may be."""
        return [
            (one.scope, one.open + one.elsewhere, one.limits.concurrent) for one in self._subjects
        ]

    def headers(self) -> _Headers:
        """The six of OpenAI, each for the limit that is nearest, and what was noted."""
        headers = list(self.notes)
        for unit, limit, remaining, resets_in in self._book.nearest(self._subjects):
            name = unit.encode()
            headers += [
                (b"x-ratelimit-limit-" + name, b"%d" % limit),
                (b"x-ratelimit-remaining-" + name, b"%d" % remaining),
                (b"x-ratelimit-reset-" + name, b"%ds" % math.ceil(resets_in)),
            ]
        if self.caller is not None:
            headers.append((b"x-tollfree-tier", self.tier.name.encode()))
        return headers

    def _enter(self, subjects: list[Subject]) -> None:
        if self._counts:
            self._book.enter(subjects, self._reserved)
            self._entered += subjects


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


def subjects_of(
    book: QuotaBook, plan: QuotaPlan, tier: Tier, *, key_id: str, app_id: str
) -> list[Subject]:
    """The counters of a key and its app, with the limits of a tier."""
    key, app = plan.key, plan.app
    if tier.factor != 1.0:
        key, app = key.times(tier.factor), app.times(tier.factor)
    return [book.subject("key", key_id, key), book.subject("app", app_id, app)]


def current_visit() -> Visit | None:
    """The visit that this task serves."""
    return _visit.get()


def begin(visit: Visit) -> None:
    """Make it the visit of this task and of those that it starts."""
    _visit.set(visit)


@lru_cache(maxsize=10_000)
def prefix_of(address: str | None) -> str | None:
    """The network that an address is counted under: a /24 or a /48.

    None for private and loopback addresses: a proxy stands there, and it is not one caller.
    """
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    if not parsed.is_global:
        return None
    size = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, size), strict=False))


class GuardedKeys(KeyBook):
    """The book of keys, with the quotas behind it: who is known must also have something left."""

    async def verify(self, authorization: str | None) -> Caller:
        """As the book's, and raises QuotaExceeded."""
        caller = await super().verify(authorization)
        visit = current_visit()
        if visit is not None and visit.caller is None:
            visit.admit(caller)
        return caller
