"""The live creatives of one index snapshot, arranged so that a turn is filtered in one sweep.

Positions are those of the matching index. `standing` answers for all creatives at once what
`eligibility.rejection` answers for one, except negative keywords, which read the text and are asked
only of the few that the search returns. Holds numbers by position and sets as bits; an offer is put
together for a position that is asked for. Immutable but for what it remembers, and safe from many
threads: a set computed twice is the same set.
"""

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.decision.campaign_terms import FOREVER, CampaignTerms
from adserver.decision.eligibility import fits_format, is_in_country, with_parents
from adserver.decision.vocabulary import Offer, Opportunity
from adserver.intent.wording import mentions
from adserver.matching.bits import Bits
from adserver.matching.index import CreativeIndex
from kernel.recent import Recent

_MOST_SETS: Final = 512
_MOST_OFFERS: Final = 20_000


class Inventory:
    """Offers by position, and the sets of positions that filter them."""

    def __init__(self, index: CreativeIndex, before: "Inventory | None" = None) -> None:
        self._index = index
        self.terms: CampaignTerms = CampaignTerms(
            index.campaigns, None if before is None else before.terms
        )
        self._campaign_of = index.column("campaign")
        self._language_of = index.column("language")
        alive = index.alive
        house = Bits.of(index.column("is_house").astype(np.bool_))
        self.house, self._paid = house & alive, alive.without(house)
        self.languages = frozenset(
            index.rows.languages.all[number]
            for number in np.unique(self._language_of[alive.positions()])
        )
        self._domains: dict[str, list[int]] | None = None
        self._in_flight: tuple[float, float, Bits] | None = None
        self._sets: dict[tuple[str, Hashable], Bits] = {}
        self._offers: dict[int, Offer] = {}
        self._positions: dict[int, int] = {}
        self._standing: Recent[Hashable, Bits] = Recent(_MOST_SETS)

    def offer(self, position: int) -> Offer:
        """The offer at a position."""
        found = self._offers.get(position)
        if found is None:
            found = self._offer(position)
            if len(self._offers) < _MOST_OFFERS:
                self._offers[position] = found
                self._positions[found.number] = position
        return found

    def campaign(self, campaign_id: str) -> Offer | None:
        """What a campaign asks for, for no creative in particular; None if it is not here."""
        number = self.terms.number(campaign_id)
        return None if number is None else self.terms.offers[number]

    def category_of(self, campaign_id: str) -> str | None:
        """The category of a campaign's first creative."""
        number = self.terms.number(campaign_id)
        positions = np.flatnonzero(self._campaign_of == number)
        if number is None or not len(positions):
            return None
        category = int(self._index.column("category")[positions[0]])
        return self._index.rows.categories.all[category]

    def position_of(self, number: int) -> int:
        """Where the creative of this number stands; it must be there."""
        known = self._positions.get(number)
        if known is not None:
            return known
        return int(np.flatnonzero(self._index.column("number") == number)[-1])

    def standing(self, turn: Opportunity) -> Bits:
        """Which positions pass every filter but negative keywords; turns alike share the object."""
        since, _, flying = self._flying(turn.at.timestamp())
        key = (
            turn.test,
            since,
            turn.country,
            turn.language,
            turn.formats,
            turn.viewable,
            turn.blocked_categories,
            turn.blocked_advertisers,
            turn.blocked_domains,
        )
        found = self._standing.get(key)
        if found is None:
            found = self._passing(turn, flying)
            self._standing.put(key, found)
        return found

    def _passing(self, turn: Opportunity, flying: Bits) -> Bits:
        found = self.house if turn.test else self._paid
        found = found & flying
        found &= self._in_country(turn)
        found &= self._speaking(turn.language)
        found &= self._fitting(turn)
        if not turn.viewable:
            found &= self._remembered("bid_type", "", lambda: self._not_by_views())
        if turn.blocked_categories:
            found = found.without(self._of_categories(turn.blocked_categories))
        if turn.blocked_advertisers:
            found = found.without(self._of_advertisers(turn.blocked_advertisers))
        if turn.blocked_domains:
            found = found.without(self._of_domains(turn.blocked_domains))
        return found

    def named(self, turn: Opportunity) -> Bits:
        """Which positions speak the turn's language and have one of their keywords in it."""
        speaking = self._speaking(turn.language)
        campaigns = np.unique(self._campaign_of[speaking.positions()])
        verdicts = np.zeros(len(self.terms), dtype=np.bool_)
        for campaign in campaigns:
            keywords = self.terms.offers[campaign].keywords
            verdicts[campaign] = any(mentions(turn.words, keyword) for keyword in keywords)
        return speaking & self.of_campaigns(verdicts)

    def of_campaigns(self, verdicts: NDArray[np.bool_]) -> Bits:
        """The positions of campaigns that pass; one verdict for each campaign number."""
        return Bits.of(verdicts[self._campaign_of])

    def _offer(self, position: int) -> Offer:
        creative = self._index.creatives[position]
        terms = self.terms.offers[self._campaign_of[position]]
        found: Offer = replace(
            terms,
            number=creative.number,
            creative_id=creative.creative_id,
            creative_version=creative.version,
            category=creative.category,
            language=creative.language.partition("-")[0],
            domains=terms.domains | {creative.display_domain.casefold()},
            is_house=creative.is_house,
        )
        return found

    def _flying(self, at: float) -> tuple[float, float, Bits]:
        """Who is on schedule, and from when to when that stays so."""
        known = self._in_flight
        if known is None or not known[0] <= at < known[1]:
            starts, ends = self.terms.starts, self.terms.ends
            edges = np.concatenate((starts, ends, [-FOREVER, FOREVER]))
            now = self.of_campaigns((starts <= at) & (at < ends))
            known = float(edges[edges <= at].max()), float(edges[edges > at].min()), now
            self._in_flight = known
        return known

    def _in_country(self, turn: Opportunity) -> Bits:
        return self._remembered(
            "country",
            turn.country,
            lambda: self.of_campaigns(
                self.terms.verdicts("countries", lambda offer: is_in_country(offer, turn))
            ),
        )

    def _fitting(self, turn: Opportunity) -> Bits:
        return self._remembered(
            "formats",
            turn.formats,
            lambda: self.of_campaigns(
                self.terms.verdicts("formats", lambda offer: fits_format(offer, turn))
            ),
        )

    def _speaking(self, language: str | None) -> Bits:
        def compute() -> Bits:
            wanted = self.terms.verdicts(
                "languages", lambda offer: not offer.languages or language in offer.languages
            )
            names = self._index.rows.languages.all
            speaks = np.array([name == language for name in names], dtype=np.bool_)
            return self.of_campaigns(wanted) & Bits.of(speaks[self._language_of])

        return self._remembered("language", language, compute)

    def _not_by_views(self) -> Bits:
        return self.of_campaigns(
            self.terms.verdicts("bid_type", lambda offer: offer.bid_type != "cpm")
        )

    def _of_categories(self, blocked: frozenset[str]) -> Bits:
        def compute() -> Bits:
            names = self._index.rows.categories.all
            out = np.array([name in blocked for name in names], dtype=np.bool_)
            return Bits.of(out[self._index.column("category")])

        return self._remembered("categories", blocked, compute)

    def _of_advertisers(self, blocked: frozenset[str]) -> Bits:
        return self._remembered(
            "advertisers",
            blocked,
            lambda: self.of_campaigns(self.terms.where(advertisers=blocked)),
        )

    def _of_domains(self, blocked: frozenset[str]) -> Bits:
        def compute() -> Bits:
            names = self._index.rows.domains.all
            shown = np.array([_is_under(name, blocked) for name in names], dtype=np.bool_)
            owned = self.terms.verdicts(
                "domains", lambda offer: any(_is_under(name, blocked) for name in offer.domains)
            )
            return self.of_campaigns(owned) | Bits.of(shown[self._index.column("domain")])

        return self._remembered("domains", blocked, compute)

    def _remembered(self, kind: str, key: Hashable, compute: Callable[[], Bits]) -> Bits:
        found = self._sets.get((kind, key))
        if found is None:
            found = compute()
            if len(self._sets) < _MOST_SETS:
                self._sets[kind, key] = found
        return found


def _is_under(domain: str, blocked: frozenset[str]) -> bool:
    return not blocked.isdisjoint(with_parents(domain))
