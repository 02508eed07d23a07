"""Check that an answer with an ad is the model's own answer, but for the ad.

    verify(content, field, public_key)      True: nothing but the ad was added

`content` is what was delivered, `field` its `tollfree` object, `public_key` one of those at the
service's ``/.well-known/tollfree.json``. Takes the spans out, compares the digest, and checks the
service's Ed25519 signature of it (RFC 8032) with the standard library alone; a few milliseconds.
"""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

_Point = tuple[int, int, int, int]

_P: Final = 2**255 - 19
_L: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT: Final = pow(2, (_P - 1) // 4, _P)


def signed_words(decision_id: str, organic_sha256: str) -> bytes:
    """What the signature is over."""
    return f"tollfree organic v1\n{decision_id}\n{organic_sha256}".encode()


def organic_text(content: str, field: Mapping[str, Any]) -> str:
    """The delivered content of choice 0 with every span taken back."""
    spans = [span for ad in field["ads"] for span in ad["spans"] if span["choice"] == 0]
    for span in sorted(spans, key=lambda one: -one["start"]):
        content = content[: span["start"]] + (span["original"] or "") + content[span["end"] :]
    return content


def verify(content: str, field: Mapping[str, Any], public_key: str) -> bool:
    """Whether the service vouches for this answer, and the answer is the one it vouches for."""
    try:
        organic = organic_text(content, field).encode("utf-8", "surrogatepass")
        digest = field["organic_sha256"]
        if hashlib.sha256(organic).hexdigest() != digest:
            return False
        key_id, _, signature = field["organic_signature"].partition(".")
        if not public_key.startswith(key_id):
            return False
        words = signed_words(field["decision_id"], digest)
        return _verifies(_bytes(public_key), words, _bytes(signature))
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    if len(key) != 32 or len(signature) != 64:
        return False
    owner, commitment = _point(key), _point(signature[:32])
    answer = int.from_bytes(signature[32:], "little")
    if owner is None or commitment is None or answer >= _L:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % _L
    right = _sum(commitment, _times(challenge, owner))
    return _same(_times(answer, _base()), right)


def _base() -> _Point:
    y = 4 * pow(5, _P - 2, _P) % _P
    x = _x_of(y, 0)
    assert x is not None
    return x, y, 1, x * y % _P


def _x_of(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    return _P - x if x & 1 != sign else x


def _point(raw: bytes) -> _Point | None:
    number = int.from_bytes(raw, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = None if y >= _P else _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % _P)


def _sum(one: _Point, other: _Point) -> _Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % _P
    b = (one[1] + one[0]) * (other[1] + other[0]) % _P
    c = 2 * one[3] * other[3] * _D % _P
    d = 2 * one[2] * other[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: _Point) -> _Point:
    result: _Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = _sum(result, point)
        point, number = _sum(point, point), number >> 1
    return result


def _same(one: _Point, other: _Point) -> bool:
    return (one[0] * other[2] - other[0] * one[2]) % _P == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % _P == 0


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
