"""A little work before a letter is sent: cheap for one person, dear for ten thousand sign-ups.

    find a nonce such that SHA-256(challenge + ":" + nonce) starts with 14 zero bits

A challenge is signed and good for ten minutes; it is used up by the one who spends it. Pure.
"""

import hashlib
import hmac
from typing import Final

from kernel.errors import BadRequest
from kernel.ids import new_secret
from kernel.signing import SigningKeys

BITS: Final = 14
GOOD_FOR_SECONDS: Final = 600
_LONGEST: Final = 200


class Challenges:
    """Makes challenges and checks what came back."""

    def __init__(self, signing: SigningKeys, *, bits: int = BITS) -> None:
        self._secret, self.bits = signing.derive("proof of work"), bits

    def new(self, now: float) -> str:
        """A fresh challenge: when it ends, a random part, and our tag."""
        body = f"{int(now) + GOOD_FOR_SECONDS}.{new_secret(12).hex()}"
        return f"{body}.{self._tag(body)}"

    def check(self, challenge: str, nonce: str, now: float) -> None:
        """Raises BadRequest unless the challenge is ours, in time, and the work is done."""
        body, _, tag = challenge[:_LONGEST].rpartition(".")
        ends, _, _ = body.partition(".")
        ours = hmac.compare_digest(tag.encode(), self._tag(body).encode())
        if not ours or not ends.isdigit() or int(ends) < now:
            raise BadRequest("This page was open for too long. Try again.", param="proof")
        if not is_solved(challenge, nonce[:_LONGEST], self.bits):
            raise BadRequest(
                "The little task against mass sign-ups is not done. Turn on JavaScript, or run the "
                "command that stands on the page, and try again.",
                param="proof",
            )

    def _tag(self, body: str) -> str:
        return hmac.digest(self._secret, body.encode(), "sha256")[:16].hex()


def is_solved(challenge: str, nonce: str, bits: int) -> bool:
    """Whether the nonce does the work."""
    digest = hashlib.sha256(f"{challenge}:{nonce}".encode()).digest()
    return int.from_bytes(digest, "big") >> (256 - bits) == 0


def solved(challenge: str, bits: int) -> str:
    """A nonce that does, as a browser finds it."""
    nonce = 0
    while not is_solved(challenge, str(nonce), bits):
        nonce += 1
    return str(nonce)
