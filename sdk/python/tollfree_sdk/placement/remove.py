"""Take our own ads out of a resent conversation, so that the model never sees one.

A span is ours if it has the fixed frame and a click link under our public URL whose token verifies;
no look-up, no guess. Cutting it restores the model's answer to the byte. A span that the client
has edited out of its frame is left alone and counted, and so is everything that is not ours. Only assistant
turns are read.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tollfree_sdk.placement.links.book import LinkBook
from tollfree_sdk.placement.links.restore import restore
from tollfree_sdk.placement.mention import MENTION_FRAME
from tollfree_sdk.placement.unit import UNIT_FRAME

_TOKEN: Final = r"[A-Za-z0-9_-]{8,128}"  # noqa: S105 - a pattern, not a secret
_TEXT_PARTS: Final = frozenset({"text", "output_text"})


@dataclass(frozen=True, slots=True)
class Removed:
    """The conversation without our ads, how many were cut, and how many had been edited."""

    messages: list[dict[str, Any]]
    removed: int
    altered: int


def remove(
    messages: Sequence[Mapping[str, Any]],
    *,
    public_url: str,
    verifies: Callable[[str], bool],
    links: LinkBook | None = None,
) -> Removed:
    """`messages` without our ads; messages without one are the same objects as before.

    With the operator's book of affiliate accounts, our links lose tag and note as well.
    """
    cutter = _Cutter(_frames(public_url.rstrip("/")), verifies, links)
    kept: list[Any] = [_without_ads(message, cutter) for message in messages]
    return Removed(kept, cutter.removed, cutter.altered)


def well_formed(token: str) -> bool:
    """For services that hold no signing key: whether a token has the shape of a click token."""
    return re.fullmatch(r"[A-Za-z0-9_-]{44}", token) is not None


@dataclass(frozen=True, slots=True)
class _Frames:
    """What ads of one public URL look like."""

    click_start: str
    click: re.Pattern[str]
    ad: re.Pattern[str]


@lru_cache(maxsize=16)
def _frames(public_url: str) -> _Frames:
    click = re.escape(f"{public_url}/c/")
    why = re.escape(f"{public_url}/why/") + r"[A-Za-z0-9_-]+"
    unit = UNIT_FRAME.replace("{click}", f"{click}({_TOKEN})").replace("{why}", why)
    mention = MENTION_FRAME.replace("{click}", f"{click}({_TOKEN})")
    return _Frames(
        click_start=f"{public_url}/c/",
        click=re.compile(f"{click}({_TOKEN})"),
        ad=re.compile(f"{unit}|{mention}"),
    )


class _Cutter:
    """Cuts text by text, and counts."""

    def __init__(
        self, frames: _Frames, verifies: Callable[[str], bool], links: LinkBook | None
    ) -> None:
        self.removed = self.altered = 0
        self._frames, self._verifies, self._links = frames, verifies, links

    def cut(self, text: str) -> str:
        """The same object if nothing was cut."""
        left = self._without_frames(text) if self._frames.click_start in text else text
        if self._links is None:
            return left
        restored = restore(left, self._links)
        self.removed += restored.restored
        self.altered += restored.altered
        return restored.text

    def _without_frames(self, text: str) -> str:
        def nothing(found: re.Match[str]) -> str:
            if not self._verifies(found[1] or found[2]):
                return found[0]
            self.removed += 1
            return ""

        before = self.removed
        left = self._frames.ad.sub(nothing, text)
        tokens = self._frames.click.findall(left)
        self.altered += sum(1 for token in tokens if self._verifies(token))
        return text if self.removed == before else left


def _without_ads(message: Any, cutter: _Cutter) -> Any:
    if not isinstance(message, Mapping) or message.get("role") != "assistant":
        return message
    content = message.get("content")
    if isinstance(content, str):
        text = cutter.cut(content)
        return message if text is content else {**message, "content": text}
    if isinstance(content, list):
        parts = [_part_without_ads(part, cutter) for part in content]
        if any(new is not old for new, old in zip(parts, content, strict=True)):
            return {**message, "content": parts}
    return message


def _part_without_ads(part: Any, cutter: _Cutter) -> Any:
    if not isinstance(part, Mapping) or part.get("type") not in _TEXT_PARTS:
        return part
    old = part.get("text")
    if not isinstance(old, str):
        return part
    text = cutter.cut(old)
    return part if text is old else {**part, "text": text}
