"""Answers that are kept for a while, readable only with the caller's API key.

The key to them is derived from the secret that the caller sends and that we store nowhere: between
two calls with it, nobody on our side can read a copy. AES-256-GCM, bound to the name it is kept by.
The door to the `cryptography` package for everything that hides.
"""

import hashlib
import hmac
from typing import Final

from kernel.ids import new_secret

_NONCE: Final = 12


class Seal:
    """Seals and opens for one API key."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def name_of(self, key: str) -> str:
        """What a caller's Idempotency-Key is kept by; says nothing about the key."""
        return self._derived("name", key.encode()).hex()

    def fingerprint(self, body: bytes) -> bytes:
        """Tells two bodies apart, and nothing else."""
        return self._derived("body", body)[:16]

    def seal(self, name: str, content: bytes) -> bytes:
        """`content`, sealed."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = new_secret(_NONCE)
        return nonce + AESGCM(self._derived("seal")).encrypt(nonce, content, name.encode())

    def opened(self, name: str, sealed: bytes) -> bytes | None:
        """What was sealed; None when it was not sealed with this key, or was changed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, content = sealed[:_NONCE], sealed[_NONCE:]
        try:
            return AESGCM(self._derived("seal")).decrypt(nonce, content, name.encode())
        except (InvalidTag, ValueError):
            return None

    def _derived(self, purpose: str, message: bytes = b"") -> bytes:
        scoped = b"tollfree once " + purpose.encode() + b"\x00" + message
        return hmac.digest(self._secret, scoped, hashlib.sha256)
