"""A synthetic inventory of any size around real subjects, and messages that nobody has sent yet."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from adserver.catalog.queries import LiveCreative
from adserver.catalog.targeting import Targeting
from kernel.money import Micros
from language.embedder import Embedder

CHUNK = 10_000
PER_CAMPAIGN = 20
SEED = Path(__file__).resolve().parents[1] / "tollfree" / "seed"
# Half of the campaigns run anywhere, the rest in one of these; with the formats and the money that
# some lack, about a quarter of them may stand in an American turn.
_COUNTRIES = ((), (), ("US",), ("DE",), ("GB",), ("FR",), ("JP",), ("BR",), ("IN",), ("CA",))
_WISHES = (
    "Which one should I buy for about {a} dollars, and where is it in stock near {city}?",
    "I want to order one this week for under {a} euros, delivered to {city}; which is best?",
    "What are the best deals right now up to {a} dollars that ship to {city} in {b} days?",
    "Please recommend the best one to buy under {a} dollars with a warranty of {b} months.",
)
_AND = "Mine broke after a year of daily use."
_CITIES = "Lisbon Oslo Denver Leeds Turin Ghent Austin Porto Graz Malmo Lyon Perth".split()


class Market:
    """Creatives and vectors by position; the same for the same position, however often asked."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._copies = [copy for copy in _seed_copies() if len(copy["example_prompts"]) >= 3]
        texts = [f"{', '.join(copy['keywords'])}. {copy['title']}" for copy in self._copies]
        self._centres = np.stack([embedder.embed(text) for text in texts])
        # Real texts lie in fewer directions than a vector has; so does what sets ads apart.
        bank = [text for copy in self._copies for text in copy["example_prompts"][:4]]
        spread = np.stack([embedder.embed(text) for text in bank])
        self._spread = spread - spread.mean(axis=0)
        self._targetings = [
            Targeting(countries=countries, formats=("unit",) if at % 3 else ("mention",))
            for at, countries in enumerate(_COUNTRIES * 3)
        ]

    def vectors(self, start: int, end: int) -> np.ndarray:
        """Unit vectors near two subjects each; noise keeps the rest apart."""
        dice = np.random.default_rng(1_000 + start)
        count = end - start
        own = np.arange(start, end) % len(self._centres)
        other = dice.integers(0, len(self._centres), count)
        share = dice.uniform(0.0, 0.6, (count, 1)).astype(np.float32)
        among = dice.standard_normal((count, len(self._spread)), dtype=np.float32)
        noise = dice.standard_normal((count, self._centres.shape[1]), dtype=np.float32)
        mixed = self._centres[own] + share * self._centres[other]
        mixed += 0.6 * _unit(among @ self._spread) + 0.01 * noise
        return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)

    def creatives(self, start: int, end: int) -> list[LiveCreative]:
        return [self._creative(at) for at in range(start, end)]

    def _creative(self, at: int) -> LiveCreative:
        copy, campaign = self._copies[at % len(self._copies)], at // PER_CAMPAIGN
        return replace(
            _BLANK,
            creative_id=f"crt_{at:026d}",
            number=at + 1,
            campaign_id=f"cmp_{campaign:026d}",
            advertiser_id=f"adv_{campaign // 2:026d}",
            advertiser_name=f"Brand {campaign // 2}",
            advertiser_domain=f"brand{campaign // 2}.example",
            display_domain=f"brand{campaign // 2}.example",
            title=f"{copy['title'][:50]} {at}",
            body=copy["body"],
            keywords=tuple(copy["keywords"]),
            facts=tuple(copy.get("facts", ())),
            example_prompts=tuple(copy["example_prompts"]),
            category=copy["category"],
            bid=Micros(200_000 + campaign * 7919 % 800_000),
            targeting=self._targetings[campaign % len(self._targetings)],
        )


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def new_messages(count: int) -> list[str]:
    """Questions of some 40 tokens, each one new."""
    dice = np.random.default_rng(7)
    prompts = [prompt for copy in _seed_copies() for prompt in copy["example_prompts"]]
    found = []
    for at in range(count):
        wish = _WISHES[at % len(_WISHES)].format(
            a=int(dice.integers(20, 900)), b=int(dice.integers(2, 28)), city=_pick(_CITIES, dice)
        )
        found.append(f"{_pick(prompts, dice).rstrip('?.')}? {_AND} {wish}")
    return found


def _pick(words: Sequence[str], dice: np.random.Generator) -> str:
    return words[int(dice.integers(len(words)))]


def _seed_copies() -> list[dict[str, list[str]]]:
    return [
        copy
        for path in sorted(SEED.glob("*.json"))
        for campaign in json.loads(path.read_text(encoding="utf-8")).get("campaigns", ())
        for copy in campaign["creatives"]
    ]


_BLANK = LiveCreative(
    creative_id="",
    number=0,
    version=1,
    campaign_id="",
    advertiser_id="",
    organisation_id="org_1",
    advertiser_name="",
    advertiser_domain="",
    title="",
    body="",
    cta="See it",
    landing_url="https://brand.example/",
    display_domain="",
    facts=(),
    example_prompts=(),
    keywords=(),
    category="",
    language="en",
    is_house=False,
    bid=Micros(1),
    total_budget=None,
    daily_budget=None,
    time_zone="UTC",
    starts_at=datetime(2026, 1, 1, tzinfo=UTC),
    ends_at=None,
    targeting=Targeting(),
)
