"""Codes sent by e-mail: eight digits, good for fifteen minutes, once, and for few guesses.

Kept as digests in shared state. When that is lost, a new code is a click away; nothing else is.
"""

import hashlib
import hmac
from typing import Final

from kernel.errors import BadRequest
from kernel.ids import new_secret
from kernel.shared_state import SharedState
from web.attempts import Attempts

_GOOD_FOR_SECONDS: Final = 900
_GUESSES: Final = 6


class EmailCodes:
    """Issues and redeems codes for addresses."""

    def __init__(self, shared_state: SharedState, attempts: Attempts) -> None:
        self._state, self._attempts = shared_state, attempts

    async def issue(self, address: str) -> str:
        """A new code, which replaces an older one: ``"4711 0815"``. Raises Unavailable."""
        number = int.from_bytes(new_secret(8), "big") % 10**8
        code = f"{number:08}"
        await self._state.put(_name(address), _digest(address, code), ttl_seconds=_GOOD_FOR_SECONDS)
        return f"{code[:4]} {code[4:]}"

    async def redeem(self, address: str, code: str) -> None:
        """Use a code up. Raises BadRequest for a wrong one, QuotaExceeded after too many."""
        await self._attempts.count("code-guess", address, most=_GUESSES)
        typed = "".join(code.split())
        kept = await self._state.get(_name(address))
        if kept is None or not hmac.compare_digest(kept, _digest(address, typed)):
            raise BadRequest(
                "This code does not fit, or is older than fifteen minutes.", param="code"
            )
        await self._state.remove(_name(address))

    async def spend_once(self, challenge: str, *, seconds: float) -> None:
        """Note that a challenge was used. Raises BadRequest when it was used before."""
        name = f"proof:{hashlib.sha256(challenge.encode()).hexdigest()[:32]}"
        if not await self._state.put_if_absent(name, b"1", ttl_seconds=seconds):
            raise BadRequest("This form was sent before. Reload the page.", param="proof")


def _name(address: str) -> str:
    return f"e-mail-code:{hashlib.sha256(address.encode()).hexdigest()[:32]}"


def _digest(address: str, code: str) -> bytes:
    return hashlib.sha256(f"{address}\0{code}".encode()).digest()
