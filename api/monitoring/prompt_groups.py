"""Which prompt a call belongs to, by the caller's own name for it: ``metadata.prompt``.

A name of plain characters is kept as it is. Anything else may be text of a conversation and becomes
a digest, so that the group still can be counted and nothing can be read.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}", re.ASCII)


def group_of(body: Mapping[str, Any]) -> str | None:
    """The group that a request names: ``"checkout/summary-v3"``; None for none."""
    metadata = body.get("metadata")
    name = metadata.get("prompt") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        return None
    if _PLAIN.fullmatch(name):
        return name
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8)
    return f"unnamed-{digest.hexdigest()}"
