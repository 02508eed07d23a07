"""Drafts from a landing page: up to three creatives, and the questions they would fit.

Put together from the page's own words, cut to length, and only where the policy has nothing to say
against them; nothing is invented. Everything is a draft for a person to change. What cannot be read
is left empty rather than guessed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from adserver.catalog.categories import CATEGORIES, RESTRICTED
from adserver.catalog.creative import LONGEST_BODY, LONGEST_TITLE, CreativeCopy
from adserver.catalog.lint import lint
from advertiser_portal.landing_page import LandingPage, read_page
from kernel.egress import EgressRefused, Fetches

LARGEST_PAGE: Final = 2_000_000
SECONDS: Final = 8.0
MOST: Final = 3
_BAR: Final = re.compile(r"\s+[|·•–—-]\s+")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_WORD: Final = re.compile(r"[a-z]{3,}")
_NOISE: Final = frozenset("and for the with from your our home page shop store online".split())
# Words of a page that speak for a topic besides those in its name.
_SIGNS: Final = {
    "running": "runner runners trainers marathon sneaker sneakers shoe shoes",
    "hotels": "hotel rooms stay bed breakfast apartment hostel",
    "flights": "flight airline airport fly",
    "computers": "laptop laptops computer notebook desktop",
    "audio": "headphones earbuds speaker speakers",
    "coffee": "coffee espresso tea beans roast grinder",
    "cooking": "pan pans knife knives cookware kitchen pot",
    "bicycles": "bike bikes bicycle cycling cyclist",
    "gardening": "garden plants seeds lawn soil compost",
    "language-learning": "language languages vocabulary speaking lessons",
    "productivity": "tasks team project projects planner kanban",
    "cloud-hosting": "hosting server servers cloud deploy database",
    "cameras": "camera lens lenses photo photography",
    "furniture": "desk chair sofa furniture office table",
    "pets": "dog cat puppy kitten pet food treats",
    "camping": "tent camping hiking sleeping backpack trail",
    "skincare": "skin cream serum sunscreen moisturiser",
    "books": "book books novel reading author",
    "car-rental": "rental rent car cars",
    "music": "guitar piano drum instrument strings",
}


@dataclass(frozen=True)
class Drafts:
    """What could be drafted, and what went wrong where nothing could."""

    copies: tuple[CreativeCopy, ...]
    intents: tuple[str, ...]
    category: str
    problem: str | None = None


class Drafter:
    """Fetches a page and drafts from it."""

    def __init__(self, egress: Fetches) -> None:
        self._egress = egress

    async def draft(self, url: str, *, domain: str) -> Drafts:
        """Drafts for the page at `url`; with a problem in words when it cannot be read."""
        try:
            fetched = await self._egress.fetch(
                url,
                max_bytes=LARGEST_PAGE,
                timeout_s=SECONDS,
                accept=("text/html", "application/xhtml+xml"),
            )
        except EgressRefused as refused:
            return Drafts((), (), "", refused.message)
        if fetched.status != 200:
            return Drafts((), (), "", f"The page answered with the status {fetched.status}.")
        return drafts_from(read_page(fetched.body, fetched.content_type), url=url, domain=domain)


def drafts_from(page: LandingPage, *, url: str, domain: str) -> Drafts:
    """The drafts for what a page says."""
    category = _category(page)
    intents = _intents(page, category)
    titles = list(_sound("title", _titles(page), LONGEST_TITLE, url, domain))
    bodies = list(_sound("body", _bodies(page), LONGEST_BODY, url, domain))
    facts = tuple(_sound("facts", _facts(page), 120, url, domain))[:5]
    copies = tuple(
        CreativeCopy(
            title=titles[at],
            body=bodies[at % len(bodies)] if bodies else "",
            cta="See more",
            landing_url=url,
            category=category,
            example_prompts=intents[:5],
            facts=facts,
            language=page.language if page.language.isalpha() else "en",
        )
        for at in range(min(MOST, len(titles)))
    )
    problem = None if copies else "The page has too little text to draft from. Write it by hand."
    return Drafts(copies, intents, category, problem)


def _titles(page: LandingPage) -> Iterator[str]:
    parts = [part for part in _BAR.split(page.title) if part]
    yield from page.headings[:1]
    yield from parts[:1]
    yield from page.headings[1:]
    yield from (_SENTENCE.split(page.description)[:1] if page.description else ())


def _bodies(page: LandingPage) -> Iterator[str]:
    yield page.description
    yield from (point for point in page.points if len(point) > 50)
    yield from (_SENTENCE.split(page.description)[0],)


def _facts(page: LandingPage) -> Iterator[str]:
    return (point for point in page.points if 12 <= len(point) <= 120)


def _sound(field: str, texts: Iterable[str], longest: int, url: str, domain: str) -> Iterator[str]:
    """Those that the policy lets pass, cut at a sentence or a word, each once."""
    seen = set()
    for text in texts:
        cut = _cut(text, longest)
        if len(cut) < 8 or cut.casefold() in seen:
            continue
        seen.add(cut.casefold())
        copy = CreativeCopy(cut, cut[:LONGEST_BODY], "", url, "books", (), facts=(cut,))
        if not any(
            one.field in (field, "facts")
            for one in lint(copy, domain=domain)
            if one.code not in ("too_long", "empty")
        ):
            yield cut


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text.strip()
    kept = ""
    for sentence in _SENTENCE.split(text):
        if len(kept) + len(sentence) + 1 > longest:
            break
        kept = f"{kept} {sentence}".strip()
    if kept:
        return kept
    return text[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,;:-") + "…"


def _category(page: LandingPage) -> str:
    words = _WORD.findall(page.text.lower())
    counts = {
        key: sum(
            words.count(sign)
            for sign in {*_WORD.findall(label.lower()), *_SIGNS.get(key, "").split()} - _NOISE
        )
        for key, label in CATEGORIES.items()
        if key not in RESTRICTED and key != "house"
    }
    likeliest = max(counts, key=lambda key: counts[key])
    return likeliest if counts[likeliest] else ""


def _intents(page: LandingPage, category: str) -> tuple[str, ...]:
    what = CATEGORIES[category].lower() if category else ""
    thing = _cut(_BAR.split(page.headings[0] if page.headings else page.title)[0], 50)
    phrases = []
    if what:
        phrases += [
            f"Which {what} would you recommend?",
            f"What should I look for when choosing {what}?",
            f"I need {what} for a beginner, what is good?",
            f"Compare {what} for everyday use",
            f"Where can I find good {what} at a fair price?",
        ]
    if len(thing) >= 4:
        phrases += [f"Is {thing} worth it?", f"What are alternatives to {thing}?"]
    phrases += [f"Tell me about {_cut(one, 60).lower()}" for one in page.headings[1:4]]
    return tuple(dict.fromkeys(phrase[:200] for phrase in phrases))[:8]
