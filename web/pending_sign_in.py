"""Between password and code: who has shown the one and owes the other.

A signed note for ten minutes, worth nothing in another browser than the one that sent the password.
It is no session: all it opens is the form for the code.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from fastapi import Request

from kernel.clock import Clock
from kernel.signing import SigningKeys
from web.cookies import Cookies
from web.people import PersonId

_SECONDS: Final = 600
_PURPOSE: Final = "pending-sign-in"


class PendingSignIns:
    """Writes and reads the notes."""

    def __init__(self, keys: SigningKeys, cookies: Cookies, clock: Clock) -> None:
        self._keys, self._cookies, self._clock = keys, cookies, clock

    def note(self, person_id: PersonId, request: Request) -> str:
        """A note for the browser that asks."""
        until = int(self._clock.now().timestamp()) + _SECONDS
        said = f"{person_id}.{until}"
        tag = self._tag(said, self._binding(request))
        return f"{said}.{self._keys.current}.{urlsafe_b64encode(tag).decode()}"

    def person(self, note: str, request: Request) -> PersonId | None:
        """Whose note it is; None for one that is old, altered or from another browser."""
        try:
            person_id, until, key_id, tag = note.split(".")
            said, given = f"{person_id}.{until}", urlsafe_b64decode(tag)
            is_late = int(until) < self._clock.now().timestamp()
            message = f"{said}.{self._binding(request)}".encode()
            ours = self._keys.verifies(_PURPOSE, message, given, key_id=int(key_id))
        except ValueError:
            return None
        return PersonId(person_id) if ours and not is_late else None

    def _tag(self, said: str, binding: str) -> bytes:
        return self._keys.tag(_PURPOSE, f"{said}.{binding}".encode(), size=20)

    def _binding(self, request: Request) -> str:
        return next(iter(self._cookies.bindings(request)), "")
