"""Follow a click: send the reader on, and charge for it once or say why not.

Signature first; the desk follows.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClickOutcome:
    """Where to send the reader and what became of the charge.

    `url` is None where only a neutral page may be shown. `reason` says why nothing was billed.
    """

    url: str | None
    billed: bool
    reason: str | None = None
