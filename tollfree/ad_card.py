"""An ad as a terminal shows it: a frame with its label, who pays, and where to read why.

What a model or an advertiser wrote is printed as letters only: a control character could move the
cursor, change colours or the window's title, so none gets through. Pure.
"""

import textwrap
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

_WIDTH: Final = 72
_KEPT: Final = frozenset("\n\t")


def plain(text: str) -> str:
    """The text without anything that a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(
        sign for sign in text if sign in _KEPT or unicodedata.category(sign) not in {"Cc", "Cf"}
    )


def card(about: Mapping[str, Any]) -> str:
    """The card of the first ad in a `tollfree` object, or one line that says why there is none."""
    ads = about.get("ads") or ()
    if not ads:
        reason = about.get("no_fill_reason")
        return f"\n(no ad: {plain(str(reason))})\n" if reason else ""
    ad = ads[0]
    head = f" {ad.get('label', 'Ad')} · {ad.get('advertiser', {}).get('name', '')} "
    lines = [*_wrapped(ad.get("title")), *_wrapped(ad.get("body"))]
    links = [
        f"{ad.get('cta', 'See it')}: {ad.get('click_url', '')}",
        f"Why: {ad.get('why_url', '')}",
    ]
    frame = [f"╭─{plain(head)}{'─' * max(1, _WIDTH - len(head) - 2)}"]
    frame += [f"│ {plain(line)}" for line in (*lines, *links)]
    return "\n".join(["", *frame, f"╰{'─' * (_WIDTH - 1)}", ""])


def _wrapped(text: Any) -> list[str]:
    return textwrap.wrap(text, _WIDTH - 4) if isinstance(text, str) else []
