"""The chat on the landing page, as the page knows it: a question in, an answer and its ads out."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class SaidAd:
    """An ad that came with an answer; its label is part of the page, not of the ad."""

    advertiser: str
    title: str
    body: str
    cta: str
    click_url: str
    why_url: str


@dataclass(frozen=True)
class Said:
    """An answer, its ad if there is one, and the reason if there is none."""

    text: str
    ads: tuple[SaidAd, ...]
    no_ad_reason: str | None


class Talk(Protocol):
    """Answers through the API, as any caller is answered. Raises Unavailable."""

    async def ask(self, question: str) -> Said: ...
