"""Our word, signed, that an answer without its ads is what the model wrote.

Ed25519 over the decision's id and `organic_sha256`, by a key that is derived from the signing keys;
the public half stands at ``/.well-known/tollfree.json``, so that anybody can check an answer that
they were given. Only answers with an ad are signed: there is nothing to prove about the others.
"""

import base64
from typing import Any, Final

from tollfree_sdk.contract import TollfreeField
from tollfree_sdk.proof import signed_words
from tollfree_sdk.wire import field_to_json

_KEY_ID_LETTERS: Final = 8


class Attestation:
    """Signs for one installation; `seed` has 32 bytes."""

    def __init__(self, seed: bytes) -> None:
        # Not needed before the first ad, and not quick to import.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = _base64(self._key.public_key().public_bytes_raw())
        self.key_id = self.public_key[:_KEY_ID_LETTERS]

    def signature(self, field: TollfreeField) -> str:
        """``<key id>.<signature>``, both base64url."""
        words = signed_words(field.decision_id or "", field.organic_sha256)
        return f"{self.key_id}.{_base64(self._key.sign(words))}"


def field_of_answer(field: TollfreeField, attestation: Attestation | None) -> dict[str, Any]:
    """The `tollfree` object as it stands in an answer."""
    body = field_to_json(field)
    if attestation is not None and field.ads:
        body["organic_signature"] = attestation.signature(field)
    return body


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
