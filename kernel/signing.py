"""Keyed tags over short messages, with rotation.

Every tag names its purpose, so that one made for a click can never pass for another thing, and
the id of the key that made it, so that a key can be replaced while older tags still verify.
HMAC-SHA-256 (RFC 2104), truncated from the right as RFC 2104 §5 allows, never under ten bytes.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SigningKeys:
    """A ring of secrets by id (0-255) and the id that signs now.

    Removing a key ends everything signed with it; adding one and moving `current` rotates.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    current: int = 1
    _macs: dict[int, hmac.HMAC] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError(f"Signing key {self.current} is current but missing from the ring.")
        for key_id, secret in self.keys.items():
            if not 0 <= key_id <= 255 or len(secret) < 32:
                raise ValueError(
                    f"Signing key {key_id} needs an id in 0-255 and at least 32 bytes."
                )
        macs = {key_id: hmac.new(key, digestmod="sha256") for key_id, key in self.keys.items()}
        object.__setattr__(self, "_macs", macs)

    def tag(
        self, purpose: str, message: bytes, *, size: int = 32, key_id: int | None = None
    ) -> bytes:
        """The first `size` bytes of the tag of `message` for `purpose`.

        Raises KeyError for a key that is not in the ring.
        """
        if not 10 <= size <= 32:
            raise ValueError("A tag has 10 to 32 bytes.")
        # A copy spares the key's schedule, which costs as much as a short message.
        mac = self._macs[self.current if key_id is None else key_id].copy()
        mac.update(purpose.encode() + b"\x00" + message)
        return mac.digest()[:size]

    def verifies(self, purpose: str, message: bytes, tag: bytes, *, key_id: int) -> bool:
        """Whether `tag` was made by us, for this purpose and message; constant time."""
        if key_id not in self.keys or not 10 <= len(tag) <= 32:
            return False
        expected = self.tag(purpose, message, size=len(tag), key_id=key_id)
        return hmac.compare_digest(expected, tag)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key of its own for `purpose`, from the current secret."""
        return self.tag("derive:" + purpose, b"")
