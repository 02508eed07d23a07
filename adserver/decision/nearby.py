"""What stands near to a turn, found and judged once for as long as nothing about it changes.

The same words, among the same creatives, by the same beliefs, have the same candidates but for what
only the moment knows: what a campaign can pay and what this reader saw. So that much is remembered,
for one pair of index and inventory, in memory and bounded. An entry holds what its key is made of:
while it is remembered, nothing else can have the same identity.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from adserver.decision.click_rate import ClickRates
from adserver.decision.vocabulary import Candidate, Offer
from adserver.matching.bits import Bits
from kernel.recent import Recent

# Some 13 kB each.
_REMEMBERED: Final = 320


@dataclass(frozen=True, slots=True)
class Near:
    """The candidates of one search, each with its offer, and the subject that they speak for.

    `is_cut`: creatives that lie farther away could fit as well.
    """

    candidates: tuple[Candidate, ...]
    offers: tuple[Offer, ...]
    topic: str | None
    cluster: str | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    vectors: NDArray[np.float32]
    among: Bits
    rates: ClickRates
    near: Near


class Nearby:
    """Remembers `Near` by what it was computed from."""

    def __init__(self) -> None:
        self._entries: Recent[Hashable, _Entry] = Recent(_REMEMBERED)

    def of(
        self,
        vectors: NDArray[np.float32],
        among: Bits,
        rates: ClickRates,
        terms: Hashable,
        compute: Callable[[], Near],
    ) -> Near:
        """What was computed for this before, else what `compute` gives; `terms` is all the rest."""
        key = (id(vectors), id(among), terms)
        known = self._entries.get(key)
        if known is not None and known.rates is rates:
            return known.near
        near = compute()
        self._entries.put(key, _Entry(vectors, among, rates, near))
        return near
