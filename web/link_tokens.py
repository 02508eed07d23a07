"""Tokens that travel in letters: random, used once, stored as a digest only."""

import hashlib
from base64 import urlsafe_b64encode

from kernel.ids import new_secret


def new_token() -> tuple[str, str]:
    """A token for a link, and the digest to store."""
    token = urlsafe_b64encode(new_secret(24)).decode().rstrip("=")
    return token, digest(token)


def digest(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
