"""How much of an upstream's own limits is left, so that we stop before it has to refuse us.

Counted in the book of quotas, so all workers share what an account allows. A call is counted when it
is made, with a guess at its tokens that its row replaces; one that failed has cost a request.
"""

from api.access.limits import Limits
from api.access.quota import QuotaBook, Subject
from api.upstream.routing import Leg

_ANY_NUMBER = 10**9


class Room:
    """Asked only for legs whose bounds are limited."""

    def __init__(self, book: QuotaBook) -> None:
        self._book = book

    def wait(self, leg: Leg, tokens: int) -> float:
        """Seconds until a call of so many tokens fits; 0 where it does now."""
        return self._book.wait(self._subject(leg), tokens) if leg.bounds.is_limited else 0.0

    def enter(self, leg: Leg, tokens: int) -> None:
        """A call is made."""
        if leg.bounds.is_limited:
            self._book.count(self._subject(leg), tokens)

    def correct(self, leg: Leg, guessed: int, used: int) -> None:
        """What the call really used."""
        if leg.bounds.is_limited:
            self._book.correct((self._subject(leg),), guessed, used)

    def _subject(self, leg: Leg) -> Subject:
        bounds = leg.bounds
        limits = Limits(bounds.rpm, bounds.rpd, bounds.tpm, bounds.tpd, _ANY_NUMBER)
        return self._book.subject("upstream", leg.upstream.name, limits)
