"""What an upstream's account there allows: how much may be sent to it, and what its terms forbid.

    Bounds(rpm=30, tpm=12_000)            30 requests and 12,000 tokens in a minute, by all workers
    Bounds(carries_ads=False)             never asked for an answer that an ad may stand in

`no-ads` and `no-resale` forbid the same thing here: an ad is how an answer is paid for. Pure.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

#: What an operator may write in `terms`.
TERMS: Final = frozenset({"no-ads", "no-resale"})
_ENDLESS: Final = 10**15

Images = Literal["link", "inline"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Requests and tokens per minute and UTC day; `images` is how it wants to be given them."""

    rpm: int = _ENDLESS
    rpd: int = _ENDLESS
    tpm: int = _ENDLESS
    tpd: int = _ENDLESS
    carries_ads: bool = True
    images: Images = "link"
    #: Whether calls have to be counted at all.
    is_limited: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        least = min(self.rpm, self.rpd, self.tpm, self.tpd)
        object.__setattr__(self, "is_limited", least < _ENDLESS)


UNBOUND: Final = Bounds()
