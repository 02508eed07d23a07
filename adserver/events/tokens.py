"""The token in a click link: 44 characters that say which ad of which decision was clicked.

    key id (1 byte) | decision id (16) | creative number (6) | tag (10), in base64url

Pure. Holds no destination and no price: both come from our own rows. A token that was not made by
us, byte for byte, reads as None.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from kernel.ids import id_from_bytes, id_to_bytes
from kernel.signing import SigningKeys

_PURPOSE: Final = "click"
_TAG_SIZE: Final = 10
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{44}")


@dataclass(frozen=True, slots=True)
class ClickToken:
    """What a genuine token says."""

    decision_id: str
    creative_number: int
    key_id: int


class ClickTokens:
    """Makes and reads click tokens with the keys of this installation."""

    def __init__(self, keys: SigningKeys) -> None:
        self._keys = keys

    def mint(self, decision_id: str, creative_number: int) -> str:
        """The token of an ad: ``mint("dec_…", 17)``."""
        content = id_to_bytes(decision_id) + creative_number.to_bytes(6, "big")
        key_id = self._keys.current
        tag = self._keys.tag(_PURPOSE, content, size=_TAG_SIZE, key_id=key_id)
        return base64.urlsafe_b64encode(bytes([key_id]) + content + tag).decode()

    def read(self, token: str) -> ClickToken | None:
        """What the token says, or None when we did not make it."""
        if not _SHAPE.fullmatch(token):
            return None
        try:
            raw = base64.urlsafe_b64decode(token)
        except (ValueError, binascii.Error):
            return None
        key_id, content, tag = raw[0], raw[1:23], raw[23:]
        if not self._keys.verifies(_PURPOSE, content, tag, key_id=key_id):
            return None
        return ClickToken(
            decision_id=id_from_bytes("dec", content[:16]),
            creative_number=int.from_bytes(content[16:], "big"),
            key_id=key_id,
        )

    def verifies(self, token: str) -> bool:
        """Whether we made this token."""
        return self.read(token) is not None
