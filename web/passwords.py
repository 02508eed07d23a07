"""Passwords: argon2id hashes, made and checked off the event loop.

At most two are worked on at once, because each takes 64 MiB and a burst of sign-ins must not take
the machine. An unknown address costs the same time as a wrong password. Refuses passwords that
are too short to protect money, or so long that hashing them is an attack.
"""

import asyncio
import threading
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from kernel.errors import BadRequest

SHORTEST: Final = 10
LONGEST: Final = 200

_HASHER: Final = PasswordHasher()
_AT_ONCE: Final = threading.BoundedSemaphore(2)
# The hash of a random secret that nobody kept: what an unknown address is compared with.
_NOBODY: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$2xtFJAhgGI/N2GxNT6Jybw"
    "$84Ug0TEL2STCeKD/Ub+FlLV8xmFgp+X+u/D9tquUouA"
)


async def hash_password(password: str) -> str:
    """The hash to store. Raises BadRequest for a password outside 10-200 characters."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadRequest(f"A password has {SHORTEST} to {LONGEST} characters.", param="password")
    return await asyncio.to_thread(_hash, password)


async def is_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits; takes as long when there is no hash to compare with."""
    if len(password) > LONGEST:
        return False
    fits = await asyncio.to_thread(_fits, password, password_hash or _NOBODY)
    return fits and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(password_hash)


def _hash(password: str) -> str:
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def _fits(password: str, password_hash: str) -> bool:
    with _AT_ONCE:
        try:
            return _HASHER.verify(password_hash, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


def _normal(password: str) -> str:
    # The same keys typed on two systems can arrive composed or decomposed.
    return unicodedata.normalize("NFKC", password)
