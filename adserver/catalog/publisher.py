"""A publisher: a service that shows ads and earns a share of what they cost.

Publisher zero is our own free API; it keeps the same books as everybody else. A publisher decides
what it does not want to show. Only the digest of its key is known here.
"""

from dataclasses import dataclass
from typing import Final

from kernel.money import ZERO, Micros
from ledger.account import PUBLISHER_ZERO
from tollfree_sdk.contract import Format

__all__ = ["PUBLISHER_ZERO", "STANDARD_SHARE_BP", "Publisher"]

STANDARD_SHARE_BP: Final = 7_000


@dataclass(frozen=True, slots=True)
class Publisher:
    """``Publisher("pub_…", "Paperplane Chat", share_bp=7_000, floor=Micros(50_000))``.

    Of a click at $0.50 it earns $0.35. `floor` is the least that a click must pay; blocked domains
    cover their subdomains.
    """

    publisher_id: str
    name: str
    share_bp: int = STANDARD_SHARE_BP
    floor: Micros = ZERO
    blocked_categories: frozenset[str] = frozenset()
    blocked_domains: frozenset[str] = frozenset()
    blocked_advertisers: frozenset[str] = frozenset()
    formats: tuple[str, ...] = tuple(form.value for form in Format)

    @property
    def is_zero(self) -> bool:
        """Whether this is our own API."""
        return self.publisher_id == PUBLISHER_ZERO

    def blocks(self, *, category: str, domain: str) -> bool:
        """Whether this publisher refuses a category or an advertiser's domain."""
        if category in self.blocked_categories:
            return True
        parts = domain.casefold().split(".")
        suffixes = {".".join(parts[start:]) for start in range(len(parts))}
        return not self.blocked_domains.isdisjoint(suffixes)
