"""Which prompt a call belongs to: by the caller's own name for it, ``metadata.prompt``, or by its look.

A name of plain characters is kept as it is; any other may be text of a conversation and becomes a
digest. Without a name the group is a fingerprint of the system prompt, or else of the first words of
the user, with numbers and other particulars taken out, so that one template is one group. Digests are
keyed with a secret of this installation and the app: nobody can find a prompt by trying.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)
_DIGITS: Final = re.compile(r"\d+")
_ADDRESS: Final = re.compile(r"https?://\S+")
_QUOTED: Final = re.compile(r'"[^"]{1,200}"')
_LOOKED_AT: Final = 500


def group_of(body: Mapping[str, Any], app_id: str = "", *, key: bytes = b"") -> str | None:
    """The group of a request: ``"checkout/summary-v3"`` or ``"fp-9f86d081884c7d65"``."""
    metadata = body.get("metadata")
    name = metadata.get("prompt") if isinstance(metadata, dict) else None
    if isinstance(name, str) and name:
        return name if _PLAIN.fullmatch(name) else _digest("unnamed", name, app_id, key)
    text = _opening(body.get("messages"))
    if not text:
        return None
    return _digest("fp", _template(text), app_id, key)


def _template(text: str) -> str:
    """The text without its particulars: addresses, what is quoted, numbers."""
    if "://" in text:
        text = _ADDRESS.sub("0", text)
    if '"' in text:
        text = _QUOTED.sub("0", text)
    return " ".join(_DIGITS.sub("0", text).lower().split())


def _opening(messages: Any) -> str:
    """The system prompt, or else the first words of the user."""
    if not isinstance(messages, list):
        return ""
    spoken = ""
    for message in messages:
        content = message.get("content")
        if not isinstance(content, str) or not content:
            continue
        if message.get("role") in ("system", "developer"):
            return content[:_LOOKED_AT]
        spoken = spoken or content[:_LOOKED_AT]
    return spoken


def _digest(kind: str, text: str, app_id: str, key: bytes) -> str:
    digest = hashlib.blake2b(app_id.encode(), digest_size=8, key=key[:64])
    digest.update(text.encode("utf-8", "surrogatepass"))
    return f"{kind}-{digest.hexdigest()}"
