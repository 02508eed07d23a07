"""Random offers, turns, pauses and caps, with the inventory changing all the while.

The short form runs in the suite, the long one in bench/eligibility.py. What is counted as wrong: a
hit or a winner that its own filters rule out, that is gone, capped, or whose campaign has no money.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import numpy as np

from adserver.catalog.targeting import FrequencyCap
from adserver.decision.budget import Books, BudgetBook, Funds, books_of
from adserver.decision.eligibility import rejection
from adserver.decision.frequency import Seen
from adserver.decision.inventory import Inventory
from adserver.decision.judging import Scene, Terms
from adserver.decision.nearby import Nearby
from adserver.decision.outcome import settle
from adserver.decision.settings import DecisionSettings
from adserver.decision.shortlist import contenders
from adserver.decision.vocabulary import Offer, Opportunity
from adserver.matching.index import CreativeIndex
from kernel.clock import FrozenClock
from kernel.money import ZERO, Micros
from tests.adserver.decision.live import live
from tests.adserver.decision.offers import NOON, a_turn, an_offer
from tollfree_sdk.contract import Format

COUNTRIES, LANGUAGES, CATEGORIES = ("CA", "DE", "US"), ("de", "en"), ("running", "games", "coffee")
DOMAINS = ("a.example", "b.example", "shop.a.example")
FORMATS = (Format.UNIT, Format.MENTION)
DIMENSIONS, AT_FIRST = 16, 240
QUESTIONS, REBOOKED = 6, 0.2


class Storm:
    """One seeded run; `wrong` stays empty."""

    def __init__(self, seed: int) -> None:
        self.dice = np.random.default_rng(seed)
        self.clock = FrozenClock()
        self.number = 0
        self.paused: set[str] = set()
        self.wrong: Counter[str] = Counter()
        self.asked = self.won = 0
        offers = [self._offer() for _ in range(AT_FIRST)]
        self.index = CreativeIndex(
            [live(offer) for offer in offers], self._vectors(AT_FIRST), model_id="test/1/fp32"
        )
        self._arrange(None)

    def run(self, rounds: int, *, whole_every: int = 8, change_every: int = 60) -> None:
        for at in range(rounds):
            if at % change_every == change_every - 1:
                self._change()
            turn, query = self._turn(), self._vectors(1)
            self.asked += 1
            if at % whole_every == 0:
                # Few different questions, so that what was found for one is asked for again.
                self._decide(turn, self.questions[int(self.dice.integers(len(self.questions)))])
            else:
                self._search(turn, query)

    def _search(self, turn: Opportunity, query: np.ndarray) -> None:
        assert self.books is not None
        mask = self.inventory.standing(turn) & self.books.funded(self.inventory)
        for hit in self.index.search(query, mask, 5):
            self._check(self.inventory.offer(hit.position), turn)
            if not self.index.alive.has(np.array([hit.position]))[0]:
                self.wrong["gone"] += 1

    def _decide(self, turn: Opportunity, query: np.ndarray) -> None:
        campaigns = [one.campaign_id for one in self.index.campaigns]
        moments = [NOON.timestamp() - 60.0] * 3
        capped = self.dice.choice(campaigns, 40, replace=False).tolist()
        seen = Seen(dict(enumerate(capped[:12])), lately=dict.fromkeys(capped[12:], moments))
        settings = DecisionSettings(relevance_floor=0.0, campaign_per_session=1)
        terms = Terms(turn, seen, Micros(10_000), settings)
        if self.dice.random() < REBOOKED:
            self._look_at_the_books()
        scene = Scene(self.index, self.inventory, self.books, self.budget, nearby=self.nearby)
        candidates, _ = contenders(scene, terms, query)
        winner = settle(candidates, seed=self.asked, relevance_floor=0.0).winner
        if winner is None:
            return
        self.won += 1
        offer = self.inventory.offer(self.inventory.position_of(winner.number))
        self._check(offer, turn)
        if offer.campaign_id in capped[:12]:
            self.wrong["capped in the conversation"] += not turn.test
        if seen.is_capped(offer.campaign_id, offer.frequency, turn.at):
            self.wrong["capped for the reader"] += not turn.test

    def _check(self, offer: Offer, turn: Opportunity) -> None:
        reason = rejection(offer, turn)
        if reason is not None:
            self.wrong[str(reason)] += 1
        if not offer.is_house and self.funds[offer.campaign_id].wallet <= ZERO:
            self.wrong["no money"] += 1
        if offer.campaign_id in self.paused:
            self.wrong["paused"] += 1

    def _change(self) -> None:
        """Pauses, arrivals and new terms; what is asked next sees all of them or, before, none."""
        positions = self.index.alive.positions()
        gone = self.dice.choice(positions, 12, replace=False)
        self.paused |= {self.inventory.offer(int(at)).campaign_id for at in gone}
        also = [at for at in positions if self.inventory.offer(int(at)).campaign_id in self.paused]
        edited = [
            live(replace(self._offer(), campaign_id=self.inventory.offer(int(at)).campaign_id))
            for at in self.dice.choice(positions, 5, replace=False)
        ]
        added = [live(self._offer()) for _ in range(12)]
        self.index = self.index.followed_by(
            added=added,
            vectors=self._vectors(12),
            gone=also,
            campaigns=edited,
            generation=self.index.generation + 1,
        )
        self._arrange(self.inventory)

    def _arrange(self, before: Inventory | None) -> None:
        self.inventory = Inventory(self.index, before)
        self.nearby, self.questions = Nearby(), [self._vectors(1) for _ in range(QUESTIONS)]
        self.budget = BudgetBook(None, None, self.clock)  # type: ignore[arg-type]
        self.books: Books | None = None
        self._look_at_the_books()

    def _look_at_the_books(self) -> None:
        funds = [
            Funds(one.campaign_id, one.advertiser_id, Micros(int(self.dice.random() < 0.8) * 10**8))
            for one in self.index.campaigns
        ]
        self.funds = {one.campaign_id: one for one in funds}
        self.books = books_of(0.0, funds, self.books)

    def _offer(self) -> Offer:
        self.number += 1
        hours = self.dice.integers(-2, 3, 2)
        return an_offer(
            self.number,
            category=self._one(CATEGORIES),
            language=self._one(LANGUAGES),
            domains=frozenset({self._one(DOMAINS), self._one(DOMAINS)}),
            countries=self._some(COUNTRIES),
            languages=self._some(LANGUAGES),
            formats=self._some(FORMATS) or frozenset({Format.UNIT}),
            starts_at=NOON + timedelta(hours=int(hours.min()))
            if self.dice.random() < 0.3
            else None,
            ends_at=NOON + timedelta(hours=int(hours.max())) if self.dice.random() < 0.3 else None,
            frequency=FrequencyCap(2, 24) if self.dice.random() < 0.5 else None,
            is_house=bool(self.dice.random() < 0.05),
        )

    def _turn(self) -> Opportunity:
        return a_turn(
            formats=self._some(FORMATS) or frozenset(FORMATS),
            country=self._one((None, *COUNTRIES)),
            language=self._one(LANGUAGES),
            blocked_categories=self._some(CATEGORIES, 0.15),
            blocked_domains=self._some(DOMAINS, 0.1),
            blocked_advertisers=frozenset({f"adv_{self.dice.integers(1, self.number)}"}),
            viewable=bool(self.dice.random() < 0.5),
            test=bool(self.dice.random() < 0.05),
        )

    def _vectors(self, rows: int) -> np.ndarray:
        drawn = self.dice.normal(size=(rows, DIMENSIONS)).astype(np.float32)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)

    def _one(self, values: tuple) -> object:  # type: ignore[type-arg]
        return values[int(self.dice.integers(len(values)))]

    def _some(self, values: tuple, share: float = 0.4) -> frozenset:  # type: ignore[type-arg]
        return frozenset(value for value in values if self.dice.random() < share)
